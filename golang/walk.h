/*
 * A map's header and the walk over its groups, the same for both layouts. The walk is the proof:
 * each array must be a block of exactly the size that the header implies, and the cells in use must
 * be as many as the header (and each table) says; one fewer while a growth moves an entry. What it
 * passes is handed to a visitor.
 */
#ifndef GOLANG_WALK_H
#define GOLANG_WALK_H

#include "golang/spans.h"
#include "golang/types.h"

enum { GOLANG_HEADER_SIZE = 48 };

/* Of a map as found in memory. What is not of its layout is 0. */
struct golang_header {
	uint64_t address, count;
	bool is_busy;            /* being written at this moment */
	uint8_t bits;            /* classic: B; Swiss: global depth */
	/* classic */
	bool is_same_size;       /* growing into an array of the same size */
	uint16_t overflow_counter;
	uint64_t array, groups, reserve;         /* reserve: overflow buckets behind the array */
	uint64_t old, old_groups, old_reserve;
	uint64_t moved;          /* buckets of the old array that are empty now, from its start
	                          * on */
	uint64_t extra;
	/* Swiss */
	uint64_t directory, length; /* of tables; length 0: `directory` is the one group */
	/* out, by the walk */
	uint64_t group_type;     /* that blocks carry in front; 0: they carry none */
};

enum golang_place { GOLANG_IN_ARRAY, GOLANG_IN_RESERVE, GOLANG_IN_CHAIN };

struct golang_group {
	uint64_t address;
	uint64_t index;     /* classic: number of its bucket; Swiss: directory index of its table */
	uint8_t live, dead; /* bit i: cell i holds an entry; held one (and cannot be used: Swiss) */
	uint8_t place;      /* enum golang_place */
	uint8_t depth;      /* Swiss: local depth of its table */
	bool is_old;
};

struct golang_visitor {
	/* Either may be NULL. False ends the walk as if it had failed. */
	bool (*visit_group)(struct golang_visitor *visitor, const struct golang_group *group);
	/* A block that the map owns. `bytes` of it were asked for. */
	bool (*visit_block)(struct golang_visitor *visitor, const struct golang_block *block,
	                    enum trace_role role, uint64_t bytes, bool is_old);
};

struct golang_census {
	uint64_t live, dead;
	uint64_t slots;          /* cells of the arrays, old ones left out */
	uint64_t used_groups;    /* classic: buckets whose chain has entries; Swiss: groups */
	uint64_t longest;        /* entries of the fullest of them */
	uint64_t tables;
	uint64_t reserve_used, chained, old_chained;
};

enum golang_walk {
	GOLANG_WALK_DONE,
	GOLANG_WALK_SHAPE,  /* its blocks are not of this shape's sizes: another shape, or no map */
	GOLANG_WALK_BROKEN, /* a pointer led elsewhere or a cell makes no sense */
	GOLANG_WALK_COUNT,  /* other than the header says */
	GOLANG_WALK_STOPPED,/* by the visitor */
	GOLANG_WALK_LATE,   /* time was up: nothing is known of it */
};

/* Whether these 48 bytes could be a map's header; fills `header`. */
bool golang_classic_read(const struct golang_heap *heap, uint64_t address,
                         struct golang_header *header);
bool golang_swiss_read(const struct golang_heap *heap, uint64_t address,
                       struct golang_header *header);

static inline bool
golang_header_read(const struct golang_heap *heap, uint64_t address, struct golang_header *header)
{
	return heap->image->release->is_swiss ? golang_swiss_read(heap, address, header)
	                                      : golang_classic_read(heap, address, header);
}

/* Walks it as of this shape. `visitor` may be NULL. */
enum golang_walk golang_walk(const struct golang_heap *heap, const struct golang_shape *shape,
                             struct golang_header *header, struct golang_visitor *visitor,
                             struct golang_census *census);

/* Whether one entry of the map lies in neither array at this moment: DONE all the same. */
bool golang_walk_is_moving(const struct golang_header *header, const struct golang_census *census);

/* What a classic array of 2^bits buckets takes: its reserve fills up what the runtime rounds to. */
uint64_t golang_classic_reserve(const struct golang_heap *heap, uint64_t group_size,
                                bool has_pointers, unsigned bits);

#endif
