/*
 * The verdict on one trace, standing on its own: everything that a writer of `check` says of it,
 * copied out of the model, so that hundreds of traces can be judged without keeping them open.
 *
 *     path --verdict_reach--> struct verdict --> text, JSON, JUnit, GitHub
 *
 * Strings are the trace's own words, unescaped: each writer escapes for its own form.
 */
#ifndef ANALYZER_VERDICT_H
#define ANALYZER_VERDICT_H

#include "analyzer/limits.h"

#include <stddef.h>

enum verdict_outcome { /* the worse, the larger: the exit code goes by the worst of all traces */
		       VERDICT_WITHIN,
		       VERDICT_UNJUDGED,
		       VERDICT_OVER,
		       VERDICT_UNREADABLE,
		       VERDICT_OUTCOMES
};

/* The map that a finding names. Strings are NULL where not known; type, function, file, line and
 * module are asked for only where the limit is broken, or may be. */
struct verdict_map {
	char *profile, *name, *type, *function, *file, *module;
	uint32_t line;
	uint64_t address, count, capacity, held, retained, retained_high, fill;
	char *remedy, *advice; /* what gives most back; NULL: the profile knows of nothing */
	uint64_t gives, transient;
};

struct verdict_finding {
	struct limits_finding measured; /* its pointers into the model are NULL */
	char *label;                    /* of the snapshot */
	uint64_t ns;
	bool has_map;
	struct verdict_map map;
};

struct verdict {
	enum verdict_outcome outcome;
	char *path;
	char *program; /* path of the executable; NULL: not readable */
	uint32_t pid;
	uint32_t
	    complete; /* complete snapshots, all of which were judged unless a label was given */
	struct verdict_finding findings[LIMITS_KINDS];
	size_t finding_count;
	char *problem; /* why it is unreadable or cannot be judged, besides findings; or NULL */
	char *note;    /* what else to know: still running, killed; or NULL */
};

/* Opens and judges the trace at `path`. Never fails: trouble is a verdict too (no memory:
 * VERDICT_UNREADABLE). */
void verdict_reach(struct verdict *verdict, const char *path, const struct limits *limits);

/* A verdict without a trace: on an empty folder. Copies its texts. */
void verdict_without_trace(struct verdict *verdict, const char *path, enum verdict_outcome outcome,
			   const char *problem);
void verdict_release(struct verdict *verdict);

/* "retains 293.25 MiB, 1.00 MiB allowed: 292.25 MiB over", for any outcome of any limit. */
void verdict_sentence(char *into, size_t size, const struct limits_finding *finding);

/* "pass", "unjudged", "over", "unreadable". */
const char *verdict_word(enum verdict_outcome outcome);

#endif
