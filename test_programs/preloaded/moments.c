/*
 * Snapshots amid the growth of maps that grow out of the test's reach: those of interpreters and
 * libraries. Preloaded before libmaptrace.so, so each call of the malloc family comes here first;
 * while the environment holds MOMENT, it marks both sides of what concerns a large block:
 *
 *     setenv MOMENT=1365  -->  insert  -->  realloc(90 KiB)  -->  mark "1365 realloc 92176 asked"
 *                                                                 [libmaptrace's realloc]
 *                                                                 mark "1365 realloc 92176 made"
 *
 * The guest sets it, to the number of entries that its map has, before what may make it grow.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <maptrace.h>
#include <stdio.h>
#include <stdlib.h>

enum { LARGE = 16 << 10 };

static __thread int is_marking;

static void
mark(const char *what, size_t size, const char *side)
{
	char label[64];
	const char *moment;

	if (size < LARGE || is_marking)
		return;
	is_marking = 1;
	moment = getenv("MOMENT");
	if (moment != NULL) {
		snprintf(label, sizeof(label), "%s %s %zu %s", moment, what, size, side);
		maptrace_mark(label);
	}
	is_marking = 0;
}

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void (*next_free)(void *);

static void *
next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	return found;
}

/* The functions that come after this library's. Free first: looking up the others frees. */
static void
find_next(void)
{
	if (next_malloc != NULL)
		return;
	*(void **)&next_free = next("free");
	*(void **)&next_calloc = next("calloc");
	*(void **)&next_realloc = next("realloc");
	*(void **)&next_malloc = next("malloc");
}

void *
malloc(size_t size)
{
	void *block;

	find_next();
	mark("malloc", size, "asked");
	block = next_malloc(size);
	mark("malloc", size, "made");
	return block;
}

void *
calloc(size_t count, size_t size)
{
	void *block;

	find_next();
	mark("calloc", count * size, "asked");
	block = next_calloc(count, size);
	mark("calloc", count * size, "made");
	return block;
}

void *
realloc(void *block, size_t size)
{
	find_next();
	mark("realloc", size, "asked");
	block = next_realloc(block, size);
	mark("realloc", size, "made");
	return block;
}

void
free(void *block)
{
	size_t size = malloc_usable_size(block);

	if (next_free == NULL)
		return; /* a message of the loader's, while the next free is looked up */
	mark("free", size, "asked");
	next_free(block);
	mark("free", size, "made");
}
