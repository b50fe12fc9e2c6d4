/*
 * Holds empty buckets for most of its run, in maps that all die before main returns: what a
 * snapshot at the end alone would let pass. Its seconds are told (told_time.h).
 *
 *     hold_empty [MEBIBYTES [SECONDS]]    default 64 MiB of buckets, 2 s
 */
#include "test_programs/numbers.h"
#include "test_programs/told_time.h"

enum {
	MAPS = 4,
	MEBIBYTES_MAX = 16 * 1024,
	SECONDS_MAX = 3600,
};

/* Fills until the bucket array has the size, and empties. */
static void
hold(struct gomap *map, uint64_t bytes)
{
	static const uint8_t value[GOMAP_INLINE_MAX];
	int64_t count = 0;
	do {
		gomap_insert(map, &count, value);
		count++;
	} while (gomap_usage(map).buckets < bytes);
	numbers_delete(map, count);
	gomap_collect(map);
}

int
main(int argc, char **argv)
{
	struct gomap *maps[MAPS];
	uint64_t bytes = (uint64_t)number_argument(argc, argv, 1, 64, MEBIBYTES_MAX) << 20;
	uint64_t seconds = (uint64_t)number_argument(argc, argv, 2, 2, SECONDS_MAX);

	for (int i = 0; i < MAPS; i++) {
		maps[i] = numbers_new();
		hold(maps[i], bytes / MAPS);
	}
	time_pass(seconds * TIME_SECOND);
	/* Work that allocates, so that who looks only at allocations sees the maps after the
	 * pause. */
	for (int i = 0; i < 1000; i++)
		free(calloc(1, 64));
	time_pass(100 * TIME_MS);
	for (int i = 0; i < MAPS; i++)
		gomap_free(maps[i]);
	return 0;
}
