/*
 * A trace, understood: what every command and writer reads.
 *
 *     file --trace_open--> struct trace --model_build--> struct model --> text, JSON, check, ...
 *                                        (load.c: what is there
 *                                         retained.c: what is needed, retained, unexplained
 *                                         reserve.c: room asked for in advance
 *                                         roles.c, drop.c: the heap over time
 *                                         names.c, group.c: who made each map)
 *
 * All that a writer prints is computed here; writers compute nothing. Numbers that the trace does
 * not tell are TRACE_UNKNOWN and never enter a sum. Sums stop at TRACE_UNKNOWN - 1: a trace is
 * untrusted and no number in it may wrap another. No module of the model prints or exits.
 */
#ifndef ANALYZER_MODEL_H
#define ANALYZER_MODEL_H

#include "profiles/profile.h"
#include "trace/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;
struct symbols_frame;

/* Whether room that a map does not need was asked for in advance. */
enum model_reserve {
	MODEL_NOT_RESERVED,
	MODEL_RESERVED, /* and nothing shows that it was ever filled: reserved, not retained */
	MODEL_RESERVED_FILLED, /* and filled once: retained; see struct model_map.remark */
};

/* One map in one snapshot. */
struct model_map {
	const struct trace_map *row;
	const struct profile *profile; /* NULL: its text in the trace is broken */
	const char *profile_name;
	const char *name; /* that the program gave it by maptrace_name, or NULL */
	const char *told_type; /* as the guest's memory tells it, or NULL: see names->type */
	const char *place; /* what holds the header, in the trace's words, or NULL */
	const struct model_snapshot *snapshot;
	uint64_t held;       /* buckets, old buckets and overflow */
	uint64_t needed_low; /* TRACE_UNKNOWN where no rule tells; else low <= high */
	uint64_t needed_high;
	uint64_t retained;      /* at least this much; TRACE_UNKNOWN where needed is */
	uint64_t retained_high; /* at most this much; the same where the rule is exact */
	uint64_t reserved;      /* room asked for in advance and never filled; not in retained */
	uint64_t unknown_cause; /* part of retained: nothing shows whether entries were deleted or
				 * its room was asked for in advance */
	enum model_reserve reserve;
	bool is_estimate; /* needed and retained come from an estimate */
	bool is_growing;
	const char *remark; /* static sentence that explains the above, or NULL */
};

/* What symbols say of a map. Strings belong to the model; NULL where not known. */
struct model_names {
	bool is_known;                      /* asked before */
	const struct symbols_frame *frames; /* allocation stack of its array, innermost first */
	size_t frame_count;
	const struct symbols_frame *maker; /* the frame to name: first one in the user's code */
	const struct symbols_frame *holder; /* the same of the block that holds the header */
	const char *type;         /* whole: "std::_Hashtable<int, std::pair<int const, ..." */
	const char *written_type; /* as a person wrote it: "std::unordered_map<int, ...>" */
	const char *variable;     /* name of the global that holds the header, or leads to it */
	const struct symbols_frame *function; /* whose frame on a stack holds it */
};

/* A remedy that the profile offers for a map now. */
struct model_remedy {
	const char *name;
	size_t name_size;
	char advice[PROFILE_LINE_MAX]; /* terminated */
	size_t advice_size;
	uint64_t leaves;    /* bytes of buckets and overflow afterwards */
	uint64_t transient; /* extra bytes while it runs */
	uint64_t gives;     /* held - leaves, above 0 */
};

/* The same over many maps. */
struct model_offer {
	const struct profile *profile;
	struct model_remedy remedy; /* gives and leaves: sums; transient: the largest */
	uint64_t maps;
};

enum { MODEL_OFFERS_MAX = 16 };

struct model_totals {
	uint64_t maps;
	uint64_t count, capacity;
	uint64_t held, needed_low, needed_high;
	uint64_t retained, retained_high, reserved, unknown_cause;
	uint64_t buckets, old_buckets, overflow, values, headers;
	uint64_t resident; /* of the maps whose pages could be asked for */
	uint64_t resident_maps;
	uint64_t longest_chain; /* in any of the maps whose chains the walk sees */
	uint64_t chained_maps;
	uint64_t longest_probe; /* the same of open addressing, where searches are seen */
	uint64_t probed_maps;
	uint64_t unknown_maps; /* maps without a rule: held counts, needed and retained do not */
	uint64_t unknown_held;
	uint64_t unknown_values_maps; /* maps whose keys and values out of line are not known */
	bool is_estimate;
};

/* Bytes and blocks by role. They add up to the live bytes. */
struct model_roles {
	uint64_t bytes[TRACE_ROLES], blocks[TRACE_ROLES];
	bool is_exact[TRACE_ROLES];
};

struct model_snapshot {
	const struct trace_snapshot_rows *rows;
	uint32_t index;
	bool is_complete;
	struct model_map *maps;              /* [rows->maps_count], in the trace's order */
	const struct model_map **by_address; /* the same, sorted by address, profile, array */
	struct model_names *names;     /* by index of the map; NULL until the first question */
	struct model_totals totals;    /* of all maps */
	struct model_roles roles;      /* by structure where a map reaches, else by stack */
	uint64_t reached[TRACE_ROLES]; /* bytes by structure alone */
	uint64_t by_stack; /* bucket and overflow bytes by stack, transient ones left out ... */
	uint64_t by_stack_reached; /* ... and how much of that maps explain */
	uint64_t superseded;       /* not explained, and gone by the next complete snapshot */
	uint64_t garbage;          /* of the live bytes: nothing holds them, a collector has yet to
	                            * come */
	uint64_t told;             /* in roles by the program's own word alone: maptrace_role */
	uint64_t unexplained;      /* not explained, and may belong to maps that were not found */
};

/* The fall in live bytes between two snapshots. For each part what fell and what grew; the sum of
 * fell - grew over all parts is `from` live bytes - `to` live bytes, exactly. */
enum model_part {
	MODEL_SUPERSEDED, /* arrays and chains that no map reaches in `from`, gone in `to`; and old
			   * arrays of growing maps */
	MODEL_DELETION,   /* buckets, overflow and header of maps present in both */
	MODEL_DELETION_VALUES, /* their out-of-line keys and values */
	MODEL_VANISHED,        /* maps that are in one only */
	MODEL_COLLECTED,       /* garbage that a collector had not taken yet, but for what maps in
	                        * it held */
	MODEL_OTHER,           /* memory that is no map's */
	MODEL_UNEXPLAINED,     /* what does not add up */
	MODEL_PARTS
};

struct model_drop {
	const struct model_snapshot *from, *to;
	uint64_t fell[MODEL_PARTS], grew[MODEL_PARTS];
	uint64_t stayed_maps, vanished_maps, new_maps;
	uint64_t deleted;  /* entries fewer in maps present in both */
	uint64_t inserted; /* entries more */
};

struct model {
	struct trace *trace;       /* owned */
	struct profile **profiles; /* [trace->profile_count]; NULL where the text is broken */
	struct model_snapshot *snapshots; /* [trace->snapshot_count] */
	uint32_t snapshot_count;
	struct model_snapshot *judged; /* the one that reports are about; NULL: none is complete */
	bool is_judged_by_name;        /* asked for, not chosen as the worst */
	struct model_roles peak;       /* at header.peak_bytes */
	struct model_roles now;        /* by stack, as of the last event */
	bool guest_is_running;
	bool has_go; /* a Go runtime lives in the guest, whose heap is counted in snapshots only */
	bool without_names; /* asked for: symbols are not read, frames are modules and offsets */
	char **warnings; /* broken profile texts, changed modules */
	size_t warning_count;
	struct symbols *symbols; /* opened at the first question */
	char **texts;            /* names that were made for it; see names.c */
	size_t text_count;
};

/* Opens and understands a trace; NULL with *error filled. */
struct model *model_open(const char *path, struct trace_error *error);

/* The same from a trace in memory, which belongs to the model from here on, also on failure. */
struct model *model_build(struct trace *trace, struct trace_error *error);
void model_close(struct model *model);

/* Chooses the snapshot to judge: the complete one with this label that retains most (then that
 * holds most, then the last), among all where label is NULL. -1: there is none; judged is then
 * NULL. */
int model_select(struct model *model, const char *label);

/* Which maps a command shows, and in which order. */
enum model_sort {
	MODEL_SORT_RETAINED, MODEL_SORT_HELD, MODEL_SORT_COUNT, MODEL_SORT_CHAIN, /* or probe */
	MODEL_SORT_ADDRESS,
};
struct model_filter {
	const char *profile; /* glob over profile names; NULL: all */
	uint64_t minimum;    /* held bytes */
	enum model_sort sort;
};

/* The maps of a snapshot that pass, sorted; free() the array. NULL with *count 0 where memory is
 * refused; a non-NULL pointer for an empty list. */
const struct model_map **model_list(const struct model_snapshot *snapshot,
				    const struct model_filter *filter, size_t *count);
struct model_totals model_sum(const struct model_map *const *maps, size_t count);
void model_add_totals(struct model_totals *sum, const struct model_totals *more);

/* <0 where `a` is worse: retains more, then holds more, then has the lower address; 0: the same. */
int model_compare_worst(const struct model_map *a, const struct model_map *b);

/* Maps that one place in the code made: the same profile, type, maker and name. */
struct model_group {
	const struct model_map *worst;
	const struct model_map *const *maps; /* [totals.maps], in no order that means anything */
	const struct model_names *names; /* of the worst */
	struct model_totals totals;
};

/* Groups maps of one snapshot, in the order of `sort`; free() the array. NULL: no memory. */
struct model_group *model_groups(struct model *model, const struct model_map *const *maps,
				 size_t count, enum model_sort sort, size_t *group_count);

/* How one number is spread over the maps of a group: what half and nine tenths of them do not
 * exceed. */
enum model_measure { MODEL_HELD, MODEL_RETAINED, MODEL_FILL, MODEL_COUNT, MODEL_MEASURES };
struct model_spread {
	uint64_t known; /* maps that have the number; the others are left out */
	uint64_t least, median, nine_tenths, most;
};

/* All zero where no map has it, or without memory. */
struct model_spread model_spread(const struct model_group *group, enum model_measure measure);

/* The map of a snapshot whose header is at `address`; `profile_name` may be NULL. NULL: none. */
const struct model_map *model_find(const struct model_snapshot *snapshot, uint64_t address,
				   const char *profile_name);

/* Names, found once and kept; never NULL, every field may be. */
const struct model_names *model_map_names(struct model *model, const struct model_map *map);

/* Symbolised frames of any stack of the trace, innermost first, inlined ones too. */
const struct symbols_frame *model_stack_frames(struct model *model, uint32_t stack, size_t *count);

/* Remedies offered for this map that give something, in the profile's order; returns how many. */
size_t model_remedies(const struct model_map *map, struct model_remedy out[TRACE_REMEDIES_MAX]);

/* What each remedy would give over all these maps; returns how many. */
size_t model_offers(const struct model_map *const *maps, size_t count,
		    struct model_offer out[MODEL_OFFERS_MAX]);

int model_drop(const struct model *model, const struct model_snapshot *from,
	       const struct model_snapshot *to, struct model_drop *drop); /* -1: no memory */

/* The falls that a report explains: the whole way from the highest snapshot to the judged one (to
 * the last, if the judged one came before), then the largest single steps that tell more, in order
 * of time. free() them. -1: no memory. */
int model_drops(const struct model *model, struct model_drop **drops, size_t *count);

/* The complete snapshot with most live bytes, and the last complete one; NULL: none. */
const struct model_snapshot *model_highest(const struct model *model);
const struct model_snapshot *model_last(const struct model *model);

/* Why a snapshot is not complete, in the trace's words where it has some: not yet escaped. Its
 * writer is a process of its own that can outlive its guest, so an unfinished one may still become
 * whole. */
const char *model_unfinished_reason(const struct model_snapshot *snapshot);

/* By address, profile and array: what makes a map the same one in two snapshots. <0, 0, >0. */
int model_compare_identity(const struct model_map *a, const struct model_map *b);

/* count / capacity in percent, 0..; TRACE_UNKNOWN where the capacity is 0 or either not known. */
uint64_t model_percent(uint64_t count, uint64_t capacity);
uint64_t model_fill_percent(const struct model_map *map);

/* Mean entries of a bucket that holds some; a negative number where that is not known. */
double model_mean_chain(const struct model_map *map);

/* Mean places that a search for an entry looks at; a negative number where that is not known. */
double model_mean_probe(const struct model_map *map);

/* a + b and a - b that stop at their ends instead of wrapping. */
static inline uint64_t
model_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) || sum == TRACE_UNKNOWN ? TRACE_UNKNOWN - 1 : sum;
}

static inline uint64_t
model_less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

#endif
