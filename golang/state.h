/* What the steps of one golang_find share; each step fills its own part. Private to golang/. */
#ifndef GOLANG_STATE_H
#define GOLANG_STATE_H

#include "golang/deadline.h"
#include "golang/walk.h"

/* A map that was proved. */
struct golang_found {
	struct golang_header header;
	struct golang_census census;
	uint32_t first_choice, choices; /* in state->choices: map types that it can be of; none: it
	                                 * turned out to be no map */
	bool is_on_stack;
	bool has_one_layout;            /* by the claims of values: all choices keep keys and
	                                 * values, and the pointers in them, in the same places */
	/* By the claims: what its blocks hold, as asked for and as the runtime counts it. */
	uint64_t bytes[TRACE_ROLES], slot_bytes[TRACE_ROLES];
	uint64_t old_bytes; /* part of `bytes`: of the array that is being left, its chains too */
	uint64_t resident;  /* of buckets and overflow, as far as the kernel tells */
	uint64_t value_blocks, indirect_bytes, shared_bytes, residue;
};

struct golang_stack { /* of a goroutine: words from `low` up to `high` are in use */
	uint64_t start, low, high;
	uint64_t frame; /* frame pointer of its innermost function, or 0 */
	uint64_t pc;    /* where that one stands, or 0 */
	bool is_running;/* on a thread of which nothing is known */
};

/* What is known of each block, by its number: bits in one row each. */
struct golang_marks {
	uint64_t *reached; /* from a root */
	uint64_t *other;   /* ... also other than through a map's cell */
	uint32_t *owner;   /* map that it belongs to + 1; GOLANG_SHARED; 0: none */
	uint32_t *counted; /* map + 1 that last counted it among its values */
	uint64_t *parents; /* address of the word through which it was reached; 0: a register */
	uint64_t *queue;   /* addresses of blocks in the order in which they were reached */
	uint64_t queued;
	uint64_t *waiting; /* those of maps, which come last */
	uint64_t waiting_count;
	bool is_whole;     /* false: cut short */
};
#define GOLANG_SHARED UINT32_MAX

struct golang_state {
	const struct golang_input *input;
	struct golang_deadline deadline;
	struct memory *memory;
	struct golang_image image;
	struct golang_heap heap;
	struct golang_types types;
	struct array found;   /* struct golang_found, ascending by address */
	struct array choices; /* uint32_t: index of a map type; see choices.c */
	struct golang_choice_list *choice_index;
	struct array stacks;  /* struct golang_stack, ascending */
	struct golang_marks marks;
	struct array rows;    /* struct golang_map */
	struct array claims;  /* struct golang_claim */
	struct array refused; /* struct trace_refused */
	struct array scratch; /* uint64_t, of one step at a time */
	struct array texts;   /* bytes */
	uint32_t *text_index; /* where texts stand, by their hash */
	bool is_room_cut;      /* there was no room for all texts, or all choices */
	bool are_values_known; /* false: not all that leads to them was seen */
	struct golang_totals totals;
};

static inline const struct golang_map_type *
golang_choice(const struct golang_state *state, const struct golang_found *found, uint32_t i)
{
	uint32_t type = ((const uint32_t *)state->choices.at)[found->first_choice + i];
	return (const struct golang_map_type *)state->types.maps.at + type;
}

static inline const struct golang_shape *
golang_shape_of(const struct golang_state *state, const struct golang_map_type *type)
{
	return (const struct golang_shape *)state->types.shapes.at + type->shape;
}

static inline bool
golang_bit(const uint64_t *bits, uint64_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static inline void
golang_bit_set(uint64_t *bits, uint64_t i)
{
	bits[i / 64] |= 1ull << i % 64;
}

/* Adds to a map's claims. Returns 0, or -1 with errno. */
int golang_claim_add(struct golang_state *state, uint32_t map, enum trace_role role,
                     const struct golang_block *block, uint64_t bytes, uint64_t slot_bytes);

/* What the program can reach, between the claims of maps' own blocks and of what cells point at. */
void golang_reach_mark(struct golang_state *state);

/* Each returns 0, or -1 with errno when memory of our own was refused. */
int golang_stacks_find(struct golang_state *state);
int golang_maps_find(struct golang_state *state);
int golang_typing_narrow(struct golang_state *state);
int golang_typing_spread(struct golang_state *state);
int golang_claims_make(struct golang_state *state);  /* blocks of their own */
int golang_values_claim(struct golang_state *state); /* what their cells point at */
int golang_rows_make(struct golang_state *state);
int golang_marks_open(struct golang_state *state);
void golang_marks_close(struct golang_state *state);

/* Choices: what was added from `start` on becomes those of the map; -1: there is no room. And one
 * that is known becomes its only one. */
int golang_choices_open(struct golang_state *state);
int golang_choices_end(struct golang_state *state, struct golang_found *found, size_t start);
void golang_choices_one(struct golang_found *found, uint32_t type);

/* Whether the first entries of the map could be of this type. */
bool golang_fits(const struct golang_state *state, const struct golang_found *found,
                 const struct golang_map_type *type);

/* Bytes of buckets and overflow that a fresh map of these entries would have; see needed.c. */
struct golang_needed {
	uint64_t rebuilt;  /* after inserting the entries anew ... */
	uint64_t high;     /* ... at most: where an entry was moving, its bucket is not known */
	uint64_t pointers; /* with pointers in the place of values, or TRACE_UNKNOWN */
};
int golang_needed_of(struct golang_state *state, const struct golang_found *found,
                     const struct golang_map_type *type, struct golang_needed *needed);

/* Texts, one after the other; the first is empty. */
void golang_text_add(struct golang_state *state, const char *text);
void golang_text_number(struct golang_state *state, uint64_t number, unsigned base);

/* Ends the text begun at `start` and returns where it stands: where an equal one stood before. */
uint32_t golang_text_end(struct golang_state *state, size_t start);

/* What leads to the map: fills held, root, function, path and the place in words. */
void golang_place(struct golang_state *state, const struct golang_found *found,
                  struct golang_map *row);

/* The function that holds the code at `pc`; 0 if there is none, else the length of its name. */
size_t golang_function_name(const struct golang_image *image, uint64_t pc, char *into, size_t size);

#endif
