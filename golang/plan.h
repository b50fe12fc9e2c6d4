/*
 * Where a value of a type holds what leads to other typed values: its pointers, slices, maps and
 * interfaces, flattened over the structs and arrays inside it, made once for each type.
 *
 *     type { int; *T; [2]map[K]V }   -->   8 pointer to T | 16 map | 24 map
 */
#ifndef GOLANG_PLAN_H
#define GOLANG_PLAN_H

#include "golang/types.h"

/* Of one type. What follows is not looked at: maps that only it leads to keep all the types that
 * fit them, and no figure hangs on which it is (golang_found.has_one_layout). */
enum { GOLANG_SLOTS_MAX = 1024 };

struct golang_slot {
	uint32_t offset;
	uint8_t kind;        /* of golang_kind: POINTER, SLICE, MAP, INTERFACE */
	bool is_empty;       /* interface without methods: its first word is the type itself */
	uint64_t element;    /* type pointed at; of a map the map type */
	uint64_t element_size;
};

struct golang_plans {
	const struct golang_types *types;
	uint32_t *by_type;   /* number of its plan + 1, by offset of the type / 8 */
	struct array plans;  /* struct golang_plan */
	struct array slots;  /* struct golang_slot */
};

struct golang_plan {
	uint32_t first, count;
	uint64_t size;       /* of the type */
};

int golang_plans_open(struct golang_plans *plans, const struct golang_types *types);
void golang_plans_close(struct golang_plans *plans);

/* The plan of the type at `address`; NULL if there is no such type or memory was refused. Valid
 * until the next call. */
const struct golang_plan *golang_plan_of(struct golang_plans *plans, uint64_t address);

#endif
