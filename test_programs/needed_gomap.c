/*
 * Go-style maps emptied to every count from 1 on, next to fresh ones with the same seed and keys:
 * B from 0 to 10, values by pointer.
 */
#include "test_programs/needed.h"

#include "test_programs/gomap.h"

#include <stdlib.h>

enum { SEED = 42 };

static struct gomap_type type;

static struct gomap *
map_new(uint64_t count)
{
	struct gomap *map = gomap_new(&type, SEED);
	void *value = NULL;
	if (map == NULL)
		abort();
	for (uint64_t key = 0; key < count; key++)
		gomap_insert(map, &key, &value);
	gomap_collect(map);
	return map;
}

int
main(void)
{
	type = gomap_type_of(sizeof(uint64_t), sizeof(void *), GOMAP_POINTER_VALUE);
	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		struct gomap *emptied = map_new(NEEDED_FROM), *fresh = map_new(count);
		for (uint64_t key = count; key < NEEDED_FROM; key++)
			gomap_delete(emptied, &key);
		gomap_collect(emptied);
		needed_tell("map", count, emptied, fresh);
	}
	needed_end();
	return 0;
}
