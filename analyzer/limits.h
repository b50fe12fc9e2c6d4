/*
 * Limits: holds the maps of a trace against what the user allows. The gate's arithmetic and nothing
 * else: no options, no files, no output.
 *
 *     model, limits, leave-out list --limits_judge--> one finding for each limit
 *
 * What is measured is a range, low to high. Low: what is proved. High: with estimates at their
 * upper end, and with bytes that no proved map explains counted as if they were all wrong.
 *
 *     low > limit          over
 *     low <= limit < high  cannot judge
 *     high <= limit        within
 *
 * The rule that must never break: what cannot be judged never passes.
 */
#ifndef ANALYZER_LIMITS_H
#define ANALYZER_LIMITS_H

#include "analyzer/model.h"

enum limits_kind {
	LIMITS_RETAINED, /* bytes that all maps together retain */
	LIMITS_PER_MAP,  /* bytes that one map retains */
	LIMITS_FILL,     /* percent of its capacity that a map must fill */
	LIMITS_BUCKETS,  /* bytes of all bucket arrays together, old ones included */
	LIMITS_GROWTH,   /* bytes that maps retain more than in the baseline */
	LIMITS_CAUSE,    /* bytes that are retained and nothing shows why */
	LIMITS_KINDS
};

enum limits_verdict { LIMITS_WITHIN, LIMITS_UNJUDGED, LIMITS_OVER }; /* the worse, the larger */

struct baseline;

struct limits {
	bool is_set[LIMITS_KINDS];
	uint64_t allowed[LIMITS_KINDS];  /* bytes, or percent */
	uint64_t fill_minimum;           /* LIMITS_FILL is for maps that hold at least this much */
	const char *profile;             /* only maps of profiles that match; NULL: all */
	const char *snapshot;            /* only snapshots with this label; NULL: all */
	bool without_names;              /* judge without reading symbols */
	const struct baseline *baseline; /* for LIMITS_GROWTH, by limits_use_baseline ... */
	uint64_t baseline_unexplained;   /* ... and what it could not explain at its worst */
	/* Whether a map is left out, and whether unexplained bytes of a stack are. NULL: none is.
	 */
	bool (*leaves_out)(void *context, struct model *model, const struct model_map *map);
	bool (*leaves_out_stack)(void *context, struct model *model, uint32_t stack);
	void *context;
};

/* The worst that any judged snapshot shows for one limit. */
struct limits_finding {
	enum limits_kind kind;
	enum limits_verdict verdict;
	const struct model_snapshot *snapshot;
	const struct model_map *map; /* the one to name: it breaks the limit or weighs most */
	uint64_t low, high;          /* measured */
	uint64_t allowed;
	uint64_t unexplained; /* part of the distance from low to high */
	uint64_t unruled;     /* the same: held by maps whose need no rule tells */
	size_t maps;          /* maps that break a limit for single maps; else maps summed */
};

/* Fills findings[0..] with one finding for each limit that is set, in the order of the kinds;
 * returns how many. 0: no complete snapshot (with that label), nothing can be judged. */
size_t limits_judge(struct model *model, const struct limits *limits,
		    struct limits_finding findings[LIMITS_KINDS]);

/* Takes the judged snapshot of an earlier trace as what LIMITS_GROWTH compares with: those maps
 * that the limits are for. Returns limits->baseline, for baseline_release. NULL: no memory. */
struct baseline *limits_use_baseline(struct limits *limits, struct model *old);

/* "retained", "retained-per-map", "fill", "buckets", "growth": as in the options. */
const char *limits_name(enum limits_kind kind);

#endif
