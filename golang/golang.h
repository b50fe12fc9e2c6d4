/*
 * Real Go programs: finds every map of a Go runtime in a memory image and tells what each holds.
 * Go never calls malloc, so nothing here comes from an allocator's record: the runtime's own spans
 * say what is a block, its type data say what maps there can be, and each map is proved by a walk
 * that counts its entries.
 *
 *     memory + address of the image --golang_find--> maps, claims, totals, or a refusal by name
 *
 *     image    version, module data             |  what the program is
 *     spans    the heap's blocks                |  what there is
 *     types    map types and their names        |  what could be there
 *     classic, swiss     prove and walk         |  what is there
 *     needed   the growth rule                  |  what it would take
 *     reach    marks from globals and stacks    |  who holds it
 *     typing, fits, spread                      |  what it is called
 *
 * Called by the analyzer on a stopped process or a core, and by the library's snapshot child where
 * a Go runtime lives in the guest: no malloc, no stdio, memory of its own from finder/array.h.
 *
 * What must never break: everything in an image is untrusted. Each address is read through
 * `memory`, each number is bounded, each work list is capped; a release or layout that is not known
 * is refused by name and never guessed at.
 */
#ifndef GOLANG_GOLANG_H
#define GOLANG_GOLANG_H

#include "finder/memory.h"
#include "trace/format.h"

enum { GOLANG_VERSION_MAX = 64, GOLANG_REGISTERS = 17 };

/* A thread of the guest. Where it runs a goroutine, that one's own saved registers are old. */
struct golang_thread {
	uint64_t stack_pointer, frame_pointer, pc;
	uint64_t registers[GOLANG_REGISTERS]; /* general ones in any order; 0 where not known */
};

struct golang_input {
	struct memory *memory; /* its view also serves the image's read-only segments */
	uint64_t image;        /* address at which the executable's (or library's) ELF header is
	                        * mapped */
	const struct golang_thread *threads; /* [thread_count]; none: of no thread anything is
	                                      * known */
	size_t thread_count;
	uint64_t deadline_ns;  /* CLOCK_MONOTONIC; 0: none */
};

enum golang_layout {
	GOLANG_CLASSIC, /* up to 1.23: buckets of 8 with overflow chains */
	GOLANG_SWISS,   /* from 1.24: groups of 8 in tables of up to 1024 slots */
	GOLANG_LAYOUTS
};

enum golang_held { /* what leads to a map */
	GOLANG_HELD_GLOBAL,  /* a word of the program's data: `root` */
	GOLANG_HELD_STACK,   /* a word of a goroutine's stack: `root`, `function` */
	GOLANG_HELD_REGISTER, /* of a thread */
	GOLANG_HELD_NOTHING, /* none of these: garbage not collected yet, or a record of the
	                      * runtime's */
	GOLANG_HELD_UNKNOWN, /* nothing that was seen: the search was cut short, or a goroutine ran
	                      * whose registers are not known (totals.running) */
};

/* A map. In `map`: `profile` and `stack` are TRACE_NONE and `where_module` is left to the caller;
 * `where` is BLOCK (where_base: its object) or STACK (of a goroutine: the map did not escape).
 * Texts (map.type, map.place and below) are offsets into result->texts, which has the form of a
 * snapshot's words. Bytes are those that the program asked for, as everywhere in maptrace; what the
 * runtime rounds them up to is in `slot_bytes`.
 *
 *     header_bytes    the map itself, of a classic one also its record of overflow buckets
 *     bucket_bytes    classic: 2^B buckets; Swiss: groups, tables and directory
 *     overflow_bytes  classic: overflow buckets, chained and reserved
 *     value_bytes     keys and values out of line, and what key and value pointers point at, where
 *                     nothing else holds it
 *     tombstones      Swiss: deleted slots that cannot be used again before a rehash
 *     used_buckets    classic: buckets with entries; Swiss: groups with entries
 *
 * remedies[0] is rebuilding the map, remedies[1] pointers instead of values (leaves TRACE_UNKNOWN
 * where that would not help). */
struct golang_map {
	struct trace_map map;
	uint64_t slot_bytes[TRACE_ROLES]; /* the same by role, as the runtime counts them */
	uint64_t directory_bytes; /* part of bucket_bytes: Swiss tables and directory */
	uint64_t indirect_bytes;  /* part of value_bytes: keys and values over 128 bytes */
	uint64_t shared_bytes;    /* that key and value pointers point at and others hold too: not
	                           * in value_bytes */
	uint64_t overflow_used_reserved; /* reserved overflow buckets that are in use */
	uint64_t residue;      /* free slots in which an old key still stands, as far as it shows */
	uint64_t element_bytes;/* of one cell: key and value slots */
	uint32_t overflow_counter; /* classic: the runtime's own count of overflow buckets; it is
	                            * only about right from B = 16 on */
	uint32_t bits;         /* classic: B; Swiss: global depth */
	uint32_t tables;       /* Swiss; 0: one group without a table */
	uint32_t held;         /* enum golang_held */
	uint64_t root;         /* address of the word that leads to it, 0: none */
	uint32_t candidates;   /* types that fit; all of them are in map.type, to the 16th. Where
	                        * they keep their pointers in different places, values, residue
	                        * and the pointers' remedy are not known; where their groups
	                        * differ in size, bytes are those of the smallest */
	uint32_t function;     /* text: of the stack frame that leads to it, "" if not known */
	uint32_t path;         /* text: blocks from the root to the map, "64 B +16 > map
	                        * 0xc000012000"; "" if the root holds it */
};

/* All blocks of one map in one role and span class. */
struct golang_claim {
	uint32_t map;          /* index into maps */
	uint8_t role;          /* enum trace_role */
	uint8_t span_class;    /* the runtime's: size class * 2 + 1 where without pointers */
	uint16_t zero;
	uint64_t blocks;
	uint64_t bytes;        /* asked for */
	uint64_t slot_bytes;   /* as the runtime counts them */
};

struct golang_totals {
	uint64_t spans, span_bytes;     /* in use by objects */
	uint64_t objects, object_bytes; /* allocated in them: what MemStats calls HeapAlloc, as far
	                                 * as it was swept */
	uint64_t reachable_objects, reachable_bytes; /* TRACE_UNKNOWN where not all was seen */
	uint64_t stack_bytes;           /* of goroutines */
	uint64_t goroutines;
	uint64_t running; /* on threads of which nothing is known, or in the middle of a change */
	uint64_t map_types;
	uint64_t candidates;            /* words and blocks that were tried as maps */
	uint64_t unexplained;           /* looked like a map with entries, and no type fitted */
};

struct golang_result {
	char version[GOLANG_VERSION_MAX]; /* "go1.19.8"; "" where none was found */
	uint32_t layout;                  /* enum golang_layout */
	struct golang_map *maps;          /* ascending by address */
	size_t map_count;
	struct golang_claim *claims;      /* ascending by map */
	size_t claim_count;
	struct trace_refused *refused;    /* one row a reason; `profile` is TRACE_NONE */
	size_t refused_count;
	const char *texts;
	size_t text_bytes;
	struct golang_totals totals;
	bool is_complete;
	bool has_plugins; /* and is not complete for that */
	const char *reason; /* static text: why nothing was read, or why it is not complete */
};

/* What golang_find says of an image. */
enum golang_outcome {
	GOLANG_FOUND = 0,
	GOLANG_NOT_GO,   /* no Go build information in it */
	GOLANG_REFUSED,  /* a Go program whose release or layout is not known: result->reason,
	                  * result->version */
	GOLANG_FAILED,   /* errno: memory of our own was refused */
};

/* Releases that are read, for messages, like "1.19 to 1.26". */
extern const char golang_releases[];

/* Fills `result` in each case; release it in each case. */
enum golang_outcome golang_find(const struct golang_input *input, struct golang_result *result);
void golang_release(struct golang_result *result);

#endif
