/*
 * Twins for the end-to-end test of what a map needs: one that was filled far beyond and emptied to
 * the same entries as a fresh one. Their program prints a JSON line for each pair; what maptrace
 * says that the first needs must be what the second holds.
 */
#ifndef TEST_PROGRAMS_NEEDED_H
#define TEST_PROGRAMS_NEEDED_H

#include <inttypes.h>
#include <maptrace.h>
#include <stdint.h>
#include <stdio.h>

#define NEEDED_TO UINT64_C(5000)   /* the largest pair */
#define NEEDED_FROM UINT64_C(6000) /* entries that the first of each pair once held */

/* The next count to try: each up to 60, then some 8 % apart, up to NEEDED_TO. */
static inline uint64_t
needed_after(uint64_t count)
{
	uint64_t next = count + 1 + (count > 60 ? count / 12 : 0);
	return count < NEEDED_TO && next > NEEDED_TO ? NEEDED_TO : next;
}

static inline void
needed_tell(const char *name, uint64_t count, const void *emptied, const void *fresh)
{
	printf("{\"name\": \"%s\", \"count\": %" PRIu64 ", \"emptied\": \"0x%" PRIxPTR
	       "\", \"fresh\": \"0x%" PRIxPTR "\"}\n",
	       name, count, (uintptr_t)emptied, (uintptr_t)fresh);
}

/* The same, and what the fresh one's allocator says that it holds. */
static inline void
needed_tell_held(const char *name, uint64_t count, const void *emptied, const void *fresh,
                 uint64_t held)
{
	printf("{\"name\": \"%s\", \"count\": %" PRIu64 ", \"emptied\": \"0x%" PRIxPTR
	       "\", \"fresh\": \"0x%" PRIxPTR "\", \"held\": %" PRIu64 "}\n",
	       name, count, (uintptr_t)emptied, (uintptr_t)fresh, held);
}

/* The implementation's own call was made on an emptied map, which took `transient` bytes more while
 * it ran. Between needed_end() and needed_shrunk_end(). */
static inline void
needed_tell_shrunk(const char *name, const char *remedy, uint64_t count, const void *map,
                   uint64_t transient)
{
	printf("{\"name\": \"%s\", \"remedy\": \"%s\", \"count\": %" PRIu64
	       ", \"shrunk\": \"0x%" PRIxPTR "\", \"transient\": %" PRIu64 "}\n",
	       name, remedy, count, (uintptr_t)map, transient);
}

/* The same of a call that makes the map anew, elsewhere. */
static inline void
needed_tell_rebuilt(const char *name, const char *remedy, uint64_t count, const void *map,
                    const void *now, uint64_t transient)
{
	printf("{\"name\": \"%s\", \"remedy\": \"%s\", \"count\": %" PRIu64
	       ", \"shrunk\": \"0x%" PRIxPTR "\", \"now\": \"0x%" PRIxPTR
	       "\", \"transient\": %" PRIu64 "}\n",
	       name, remedy, count, (uintptr_t)map, (uintptr_t)now, transient);
}

static inline void
needed_shrunk_end(void)
{
	fflush(stdout);
	maptrace_mark("shrunk");
}

static inline void
needed_end(void)
{
	fflush(stdout);
	maptrace_mark("needed");
}

#endif
