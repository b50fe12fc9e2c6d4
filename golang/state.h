/* What the steps of one golang_find share; each step fills its own part. Private to golang/. */
#ifndef GOLANG_STATE_H
#define GOLANG_STATE_H

#include "golang/walk.h"

/* A map that was proved. */
struct golang_found {
	struct golang_header header;
	struct golang_census census;
	uint32_t first_choice, choices; /* in state->choices: map types that it can be of */
	bool is_on_stack;
};

struct golang_stack { /* of a goroutine: words from `low` up to `high` are in use */
	uint64_t start, low, high;
	uint64_t frame; /* frame pointer of its innermost function, or 0 */
	uint64_t pc;    /* where that one stands, or 0 */
};

/* What is known of each block, by its number: bits in one row each. */
struct golang_marks {
	uint64_t *reached; /* from a root */
	uint64_t *other;   /* ... also other than through a map's cell */
	uint32_t *owner;   /* map that it belongs to + 1; GOLANG_SHARED; 0: none */
	uint64_t *parents; /* address of the word through which it was reached; 0: a register */
	uint64_t *queue;   /* numbers of blocks in the order in which they were reached */
	uint64_t *spans;   /* number of the span of each in the queue, beside it */
	uint64_t queued;
	bool is_whole;     /* false: cut short */
};
#define GOLANG_SHARED UINT32_MAX

struct golang_state {
	const struct golang_input *input;
	struct memory *memory;
	struct golang_image image;
	struct golang_heap heap;
	struct golang_types types;
	struct array found;   /* struct golang_found, ascending by address */
	struct array choices; /* uint32_t: index of a map type */
	struct array stacks;  /* struct golang_stack, ascending */
	struct golang_marks marks;
	struct array rows;    /* struct golang_map */
	struct array claims;  /* struct golang_claim */
	struct array refused; /* struct trace_refused */
	struct array texts;   /* bytes */
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

bool golang_is_late(const struct golang_state *state);

/* Each returns 0, or -1 with errno when memory of our own was refused. */
int golang_stacks_find(struct golang_state *state);
int golang_maps_find(struct golang_state *state);
int golang_typing_narrow(struct golang_state *state);
int golang_claims_make(struct golang_state *state);
int golang_reach_mark(struct golang_state *state);
int golang_values_claim(struct golang_state *state);
int golang_rows_make(struct golang_state *state);

/* Bytes of buckets and overflow that a fresh map of these entries would have; see needed.c. */
struct golang_needed {
	uint64_t rebuilt;  /* after inserting the entries anew */
	uint64_t pointers; /* with pointers in the place of values, or TRACE_UNKNOWN */
};
int golang_needed_of(struct golang_state *state, const struct golang_found *found,
                     const struct golang_map_type *type, struct golang_needed *needed);

/* The function that holds the code at `pc`; 0 if there is none, else the length of its name. */
size_t golang_function_name(const struct golang_image *image, uint64_t pc, char *into, size_t size);

#endif
