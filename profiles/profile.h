/*
 * One map implementation, compiled from its text (doc/profiles.md is the reference).
 *
 *     text --profile_compile--> struct profile --+--> role rules     (preload/; decide.h)
 *                                                +--> anchors, steps (finder/: header search)
 *                                                +--> walks          (finder/; bound.h)
 *                                                +--> title, advice  (analyzer/: reports)
 *
 * This room knows no trace, no finder and no guest: expressions see memory through struct
 * profile_memory. It runs inside the guest as well: no malloc, no stdio, no recursion without a
 * bound, errno untouched. A profile is untrusted: every table has a capacity, every loop a limit,
 * an expression that overflows, divides by 0 or reads what cannot be read refuses its candidate.
 */
#ifndef PROFILES_PROFILE_H
#define PROFILES_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROFILE_NAME_MAX = 64,
	PROFILE_LINE_MAX = 512,    /* bytes in one line of text */
	PROFILE_TEXT_MAX = 64 * 1024,
	PROFILE_NAMES_MAX = 98,    /* names an expression can use: fields, lets, loops, walks */
	PROFILE_CODE_MAX = 4096,   /* instructions of all expressions together */
	PROFILE_NUMBERS_MAX = 1024,/* members of all lists together */
	PROFILE_LISTS_MAX = 8,
	PROFILE_ROLES_MAX = 64,
	PROFILE_FRAMES_MAX = 6,    /* frames in one role rule */
	PROFILE_PATTERNS_MAX = 256,/* globs: wake, wrappers, frames */
	PROFILE_ANCHORS_MAX = 4,
	PROFILE_STEPS_MAX = 128,
	PROFILE_TESTS_MAX = 8,     /* of single fields, known before a proof begins */
	PROFILE_NEEDED_STEPS_MAX = 16,
	PROFILE_WALKS_MAX = 8,
	PROFILE_OUTSIDE_MAX = 4,   /* keys and values of an entry that have blocks of their own */
	PROFILE_PARTS_MAX = 16,
	PROFILE_REMEDIES_MAX = 4,
	PROFILE_IMPORTS_MAX = 4,   /* `wake import` lines */
	PROFILE_LOOP_MAX = 4096,   /* turns of a `loop` before it refuses */
};

/* The values are those of enum trace_role; a test holds the two against each other. */
enum profile_role_kind {
	PROFILE_BUCKETS, PROFILE_OVERFLOW, PROFILE_VALUES, PROFILE_HEADER, PROFILE_OTHER,
};

/* An integer or a real; integers are 64-bit signed and every operation is checked. */
struct profile_value {
	bool is_real;
	union { int64_t integer; double real; };
};

/* A live block of the guest. */
struct profile_block {
	uint64_t base;
	uint64_t size;  /* requested */
};

/* How expressions see the guest. Each returns false where there is nothing. */
struct profile_memory {
	void *context;
	bool (*read)(void *context, uint64_t address, void *into, size_t size);
	bool (*block)(void *context, uint64_t address, struct profile_block *out); /* that holds
	                                                                            * it */
	bool told_block; /* set by `block`, for is_sized below */
	/* Memory of the guest that lies in this process at its own addresses, so that a pointer
	 * reads it; `read` is asked for the rest and may move it. Size 0: none. */
	uint64_t window_start, window_size;
};

/* What a finished walk counted; expressions ask by live(W), dead(W), bytes(W), blocks(W),
 * fold(W, BITS), deepest(W, BITS), shallowest(W, BITS), regrown(W, V, BITS). Filled by finder/; a
 * walk whose `when` is not true is done as well, with nothing but zeros. */
struct profile_census {
	bool done;
	uint64_t live, dead;         /* cells (table), or live == nodes (chain) */
	uint64_t chained_blocks, chained_bytes; /* blocks of its own that the walk reached */
	uint64_t slots;              /* main slots of the table */
	const uint32_t *entries;     /* of each main slot and its chain, [slots]; NULL: not known,
	                              * as for a walk that is not folded */
	uint32_t cells;              /* cells of one bucket */
	const uint32_t *hashes;      /* of a chain's nodes, [hashed], as walked; NULL: not known */
	uint64_t hashed;
	uint32_t *room;              /* for regrown(W, V, BITS): two counters for ... */
	uint64_t room_slots;         /* ... each of so many slots */
	uint64_t used_slots, deepest_slot; /* where entries hang from slots: those that hold some,
	                                    * and the most in one */
};

/* The names of one candidate, as they get their values. */
struct profile_scope {
	struct profile_value values[PROFILE_NAMES_MAX];
	uint8_t known[PROFILE_NAMES_MAX];
	struct profile_census walks[PROFILE_WALKS_MAX];
	bool is_sized; /* a requirement was true after some expression asked for a block */
};

/* Names with a fixed place in every scope; the others follow in order of definition. */
enum profile_fixed_name {
	PROFILE_NAME_HEADER,   /* address of the header */
	PROFILE_NAME_BUCKET,   /* in a table: address of the present bucket ... */
	PROFILE_NAME_INDEX,    /* ... its number (of the main slot, in a chain too) ... */
	PROFILE_NAME_CELL,     /* ... and the number of the present cell in it */
	PROFILE_NAME_NODE,     /* in a chain: address of the present node */
	PROFILE_NAME_PLACE,    /* in a search: the place that is looked at ... */
	PROFILE_NAME_TURN,     /* ... and how often the search has gone on, that included */
	PROFILE_NAME_COUNT,    /* the proved count, from the `count` statement on */
	PROFILE_NAME_NEEDED,   /* bytes needed (high), from the `needed` statement on */
	PROFILE_NAME_HELD,     /* bytes held in buckets and overflow, from `needed` on */
	PROFILE_NAMES_FIXED
};

/* A compiled expression: a range of the profile's code. length 0: absent. */
struct profile_expression {
	uint16_t start;
	uint16_t length : 15;
	uint16_t is_whole : 1; /* no real can come up while it is run */
};

struct profile_instruction { /* stack machine; see operation.h */
	uint8_t operation;
	uint8_t depth;
	uint16_t operand;
	uint32_t line;
	int64_t immediate;
};

enum profile_type { /* of a field in memory */
	PROFILE_U8, PROFILE_I8, PROFILE_U16, PROFILE_I16, PROFILE_U32, PROFILE_I32, PROFILE_U64,
	PROFILE_I64, PROFILE_F32, PROFILE_F64, PROFILE_PTR,
};

enum profile_points { /* what an anchor's word equals */
	PROFILE_POINTS_BASE,   /* the start of a live block, plus `plus` */
	PROFILE_POINTS_INSIDE, /* any address within a live block, its end included */
};

/* A word from which a header is guessed: header = address of the word - offset. */
struct profile_anchor {
	uint16_t name;   /* scope index; the word's value */
	uint8_t points;  /* enum profile_points */
	int32_t offset;
	int64_t plus;
	struct profile_expression size; /* condition over `size` that its block meets; absent:
	                                 * any */
	uint32_t line;
};

/* Proof of one candidate: steps in order; the first that is not true refuses it. */
enum profile_step_kind { PROFILE_STEP_FIELD, PROFILE_STEP_LET, PROFILE_STEP_LOOP,
	PROFILE_STEP_REQUIRE, PROFILE_STEP_WALK, PROFILE_STEP_COUNT };

struct profile_step {
	uint8_t kind;     /* enum profile_step_kind */
	uint8_t type;     /* FIELD: enum profile_type */
	uint8_t row;      /* steps from this one on whose instructions run in a row; 0: none */
	uint16_t target;  /* FIELD, LET, LOOP: scope index; WALK: index into walks */
	uint32_t line;
	bool is_at_header;                   /* FIELD: its address is header + offset */
	int64_t offset;
	struct profile_expression value;     /* FIELD: address; LET; LOOP: start; REQUIRE; COUNT */
	struct profile_expression condition; /* LOOP: go on while */
	struct profile_expression next;      /* LOOP: next value */
	bool asks_census;   /* REQUIRE, LET, COUNT: its expression asks what a walk counted */
	bool is_busy_check; /* REQUIRE: failing means "being changed now", not "no map" */
};

/* An integer that a requirement tests, as far as the header alone gives it. */
struct profile_operand {
	int16_t offset;      /* from the header */
	uint8_t bytes;       /* 1, 2, 4 or 8 */
	bool is_signed;
	bool is_exponent;    /* 1 << what lies there */
	int64_t plus;        /* added to it */
};

/* What a requirement demands of one integer of the header, or of one out of two of them. */
enum profile_test_kind {
	PROFILE_TEST_RANGE,
	PROFILE_TEST_POW2,
	PROFILE_TEST_MEMBER,
	PROFILE_TEST_SIZE,    /* the anchor's block has `times` times its bytes */
	PROFILE_TEST_OF_SIZE, /* it is `times` times the bytes of the anchor's block */
};

struct profile_test {
	uint8_t kind;    /* enum profile_test_kind */
	uint8_t anchor;  /* SIZE, OF_SIZE: of whose block */
	uint16_t list;   /* MEMBER */
	uint16_t name;   /* scope index of what is tested */
	uint16_t operand_count; /* 1 or 2: one of them has to be as demanded */
	struct profile_operand operands[2];
	int64_t least, most; /* RANGE; POW2 and MEMBER besides */
	int64_t times;   /* SIZE, OF_SIZE */
};

/* A walk over a bucket array (table) or a linked list (chain). */
struct profile_walk {
	char name[PROFILE_NAME_MAX];
	bool is_chain;
	uint8_t role;      /* of blocks reached by next/nodes: enum profile_role_kind; OTHER: they
	                    * hold more than the map's nodes, which count, but take no bytes */
	bool is_folded;    /* some expression asks for entries by slot */
	uint32_t line;
	struct profile_expression when; /* walk only if; absent: always */
	/* table */
	struct profile_expression at, count, stride; /* first bucket, main slots, bytes a bucket */
	struct profile_expression cells;  /* cells a bucket; absent: 1 */
	struct profile_expression live;   /* this cell holds an entry (bucket, index, cell) */
	struct profile_expression dead;   /* this cell was used once and is free now */
	struct profile_expression entries;/* entries of this bucket, where no cell tells */
	/* table of open addressing: the way of a search to a live cell (bucket, index, cell); the
	 * way is seen as far as the map keeps its hashes */
	struct profile_expression home;   /* place where it begins; absent: no way is known */
	struct profile_expression onward; /* place where it goes on (place, turn) */
	struct profile_expression run;    /* places it looks at in a row, from `place` on; absent:
	                                   * 1 */
	struct profile_expression found;  /* the entry lies at `place`; absent: places are cells */
	struct profile_expression vacant; /* a search that comes to `place` ends there */
	/* chain, or in a table: a list of nodes that starts in each bucket */
	struct profile_expression from;   /* first node (bucket, index), 0 or `end`: none */
	struct profile_expression next;   /* chain: next node (node); table without from: next
	                                   * bucket of the same layout (bucket), in the array or on
	                                   * its own */
	struct profile_expression end;    /* node that ends the list, besides 0 */
	struct profile_expression block;  /* address within the node's block; absent: node or
	                                   * bucket, which must be the block's start */
	struct profile_expression size;   /* requested size that such a block must have */
	struct profile_expression valid;  /* list: what every node must meet, or the candidate is
	                                   * refused */
	struct profile_expression limit;  /* most nodes; more refuses */
	struct profile_expression hash;   /* chain: of the node's entry, its low 32 bits (node) */
	int8_t parted_by;  /* chain: number of the table walk whose slots hold the nodes behind
	                    * which another bucket's begin; -1: none. The first bucket's slot holds
	                    * what is no node of the list */
	/* both */
	/* Addresses of out-of-line keys and values of one entry; not the start of a live block (0
	 * among them): none. The first of length 0 ends the list. */
	struct profile_expression outside[PROFILE_OUTSIDE_MAX];
};

enum profile_part_kind { PROFILE_PART_HEADER, PROFILE_PART_BUCKETS, PROFILE_PART_OLD,
	PROFILE_PART_RESERVED, PROFILE_PART_OVERFLOW, PROFILE_PART_VALUES };

/* `part KIND in POINTER bytes EXPR`: these bytes of the block that holds POINTER are the map's. */
struct profile_part {
	uint8_t kind; /* enum profile_part_kind */
	uint32_t line;
	struct profile_expression in;    /* an address in the block; 0: no such part now */
	struct profile_expression bytes; /* all parts of one block add up to its size exactly */
};

struct profile_remedy {
	char name[PROFILE_NAME_MAX];   /* "rebuild", "pointers", "rehash(0)" */
	uint32_t text_offset, text_size; /* advice, within the profile's text */
	struct profile_expression leaves;    /* bytes of buckets and overflow afterwards */
	struct profile_expression transient; /* extra bytes while it runs */
	struct profile_expression when;      /* offered only if; absent: always */
};

/* Role by stack: first rule that matches. */
struct profile_rule {
	uint8_t role;             /* enum profile_role_kind */
	uint8_t frames;           /* patterns used, innermost first */
	uint8_t split_role;
	bool is_transient, is_reserved;
	uint16_t pattern[PROFILE_FRAMES_MAX];
	uint32_t split_share, split_whole; /* 1, 1 without a split */
	struct profile_expression size; /* condition over `size`; absent: any */
	uint32_t line;
};

struct profile_pattern { /* a glob (* and ?) within the text */
	uint32_t offset, size;
};

struct profile {
	char name[PROFILE_NAME_MAX];
	const char *text; /* the caller keeps it alive and unchanged */
	uint32_t text_size;
	struct profile_pattern title, about, verified, type; /* ranges of the text; size 0:
	                                                      * absent */
	bool wakes_always;
	bool is_outside; /* read by code of its own, from outside: names and advice, no layout */
	uint64_t minimum; /* blocks smaller than this are no bucket array */

	struct profile_pattern patterns[PROFILE_PATTERNS_MAX];
	uint16_t wake_modules[PROFILE_PATTERNS_MAX], wake_symbols[PROFILE_PATTERNS_MAX];
	struct { uint16_t first, count; } wake_imports[PROFILE_IMPORTS_MAX]; /* ranges of
	                                                                      * patterns */
	uint16_t wrappers[PROFILE_PATTERNS_MAX];
	uint16_t pattern_count, wake_module_count, wake_symbol_count, wake_import_count,
	    wrapper_count;

	struct profile_rule rules[PROFILE_ROLES_MAX];
	struct profile_anchor anchors[PROFILE_ANCHORS_MAX];
	struct profile_step steps[PROFILE_STEPS_MAX];
	struct profile_test tests[PROFILE_TESTS_MAX]; /* guard.c */
	struct profile_walk walks[PROFILE_WALKS_MAX];
	struct profile_part parts[PROFILE_PARTS_MAX];
	struct profile_remedy remedies[PROFILE_REMEDIES_MAX];
	uint16_t rule_count, anchor_count, step_count, test_count, walk_count, part_count,
	    remedy_count;

	struct profile_expression capacity, tombstones, growing;
	struct profile_expression used_buckets; /* where no walk sees what hangs from each bucket */
	struct profile_expression erasing; /* an entry is unlinked, but counted off only later */
	struct profile_step needed_steps[PROFILE_NEEDED_STEPS_MAX]; /* LET and LOOP before
	                                                             * `needed` */
	uint16_t needed_step_count;
	struct profile_expression needed_low, needed_high; /* the same where the rule is exact */
	bool needed_is_estimate;
	struct profile_expression keeps;  /* bytes that the own shrink rule may keep; absent:
	                                   * none */

	char names[PROFILE_NAMES_MAX][PROFILE_NAME_MAX];
	uint16_t name_count;
	int64_t numbers[PROFILE_NUMBERS_MAX]; /* lists, each ascending */
	struct { uint16_t start, count; char name[PROFILE_NAME_MAX]; } lists[PROFILE_LISTS_MAX];
	uint16_t number_count, list_count;
	struct profile_instruction code[PROFILE_CODE_MAX];
	uint16_t code_count;
};

struct profile_error {
	uint32_t line, column; /* from 1 */
	char message[256];     /* what is wrong and what would be right */
};

/* Compiles `text` into *profile (any memory; some 90 KiB). Stops at the first `limit` errors, which
 * it stores in order; returns how many it stored: 0 is success. `text` must outlive the profile. */
size_t profile_compile(struct profile *profile, const char *text, size_t size,
                       struct profile_error *errors, size_t limit);

/* Evaluates. False when it cannot be evaluated: overflow, division by 0, unreadable memory, a name
 * or census without a value yet; the candidate is refused then. */
bool profile_evaluate(const struct profile *profile, struct profile_expression expression,
                      const struct profile_scope *scope, const struct profile_memory *memory,
                      struct profile_value *out);

/* The same, as a count of bytes or entries: false for negative numbers too; reals are cut. */
bool profile_evaluate_unsigned(const struct profile *profile, struct profile_expression expression,
                               const struct profile_scope *scope,
                               const struct profile_memory *memory, uint64_t *out);

/* Whether a block of this requested size can be the one that the anchor points at: not below the
 * profile's minimum, and the anchor's condition holds. Depends on nothing else, so that answers can
 * be kept by size. */
bool profile_anchor_fits(const struct profile *profile, const struct profile_anchor *anchor,
                         uint64_t size);

/* False: the proof of this header, whose anchor of that number points at a block of `size` bytes,
 * would be refused before its size is proved. True: it may be, too; but this is cheap. */
bool profile_may_hold(const struct profile *profile, const struct profile_memory *memory,
                      uint64_t header, uint8_t anchor, uint64_t size);

/* Runs one FIELD, LET, LOOP, REQUIRE or COUNT step (not WALK): false refuses the candidate. */
bool profile_run_step(const struct profile *profile, const struct profile_step *step,
                      struct profile_scope *scope, const struct profile_memory *memory);

/* Runs the row of steps that begins with this one, or it alone, which is no WALK. Returns how many
 * were true; fewer than profile_row(): the next one refuses the candidate. */
uint16_t profile_run_row(const struct profile *profile, const struct profile_step *step,
                         struct profile_scope *scope, const struct profile_memory *memory);

static inline uint16_t
profile_row(const struct profile_step *step)
{
	return step->row ? step->row : 1;
}

/* A text of the profile (title, advice) without its quoting backslashes, cut to `size` - 1 bytes
 * and terminated, into `into`; returns it. */
const char *profile_text(const struct profile *profile, struct profile_pattern text, char *into,
                         size_t size);

/* Whether a glob matches the whole of `name`. */
bool profile_matches(const struct profile *profile, struct profile_pattern pattern,
                     const char *name, size_t size);

#endif
