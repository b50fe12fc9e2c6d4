/*
 * The map of numbers that the programs about processes and time fill and empty: a Go-style map with
 * int keys and values of 128 bytes in its buckets.
 */
#ifndef TEST_PROGRAMS_NUMBERS_H
#define TEST_PROGRAMS_NUMBERS_H

#include "test_programs/gomap.h"

#include <stdio.h>
#include <stdlib.h>

/* An empty map; its type lives as long as the program. */
static inline struct gomap *
numbers_new(void)
{
	static struct gomap_type type;
	type = gomap_type_of(sizeof(int64_t), GOMAP_INLINE_MAX, 0);
	return gomap_new(&type, 1);
}

static inline void
numbers_add(struct gomap *map, int64_t count)
{
	static const uint8_t value[GOMAP_INLINE_MAX];
	for (int64_t key = 0; key < count; key++)
		gomap_insert(map, &key, value);
}

static inline void
numbers_delete(struct gomap *map, int64_t count)
{
	for (int64_t key = 0; key < count; key++)
		gomap_delete(map, &key);
}

/* The argument of this number from 1 to most, or `otherwise` if it is not there; ends the program
 * with 2 if it is no such number. */
static inline long
number_argument(int argc, char **argv, int index, long otherwise, long most)
{
	char *end;
	if (index >= argc)
		return otherwise;
	long number = strtol(argv[index], &end, 10);
	if (end != argv[index] && *end == '\0' && number >= 1 && number <= most)
		return number;
	fprintf(stderr, "%s: %s: must be a number from 1 to %ld\n", argv[0], argv[index], most);
	exit(2);
}

#endif
