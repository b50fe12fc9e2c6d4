/*
 * Guests for finder_bench.c. Their allocator stands where malloc does (the linker wraps it), so
 * that the maps of gomap.c are the guest's too; what the benchmark needs for itself comes from
 * finder_guest_hide() and is never searched.
 */
#include "bench/finder_guest.h"

#include "preload/ledger/shadow.h"
#include "test_programs/gomap.h"
#include "test_programs/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

struct finder_guest finder_guest;

void *
finder_guest_hide(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED || finder_guest.hidden_count == FINDER_GUEST_HIDDEN_MAX) {
		perror("mmap");
		exit(1);
	}
	finder_guest.hidden[finder_guest.hidden_count++] = (struct memory_range){
		(uintptr_t)at, ((uintptr_t)at + size + PAGE - 1) & ~(uint64_t)(PAGE - 1),
	};
	return at;
}

/* ---- the guest's allocator: what gomap.c calls, and what the cases below do. In front of a block
 * lies its place in the list, and its size as malloc keeps it. */

enum { FRONT = 16 };

void *__real_calloc(size_t count, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *at);

static void *
allocate(size_t size)
{
	uint64_t *front = __real_calloc(1, FRONT + size);
	if (front == NULL || finder_guest.count == finder_guest.room) {
		fprintf(stderr, "no memory for the guest\n");
		exit(1);
	}
	front[0] = finder_guest.count;
	front[1] = size | 1;
	finder_guest.blocks[finder_guest.count++] = (struct finder_block){
		.base = (uintptr_t)front + FRONT, .size = size,
	};
	return (char *)front + FRONT;
}

void *
__wrap_malloc(size_t size)
{
	return allocate(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return allocate(count * size);
}

void
__wrap_free(void *at)
{
	if (at == NULL)
		return;
	uint64_t *front = (void *)((char *)at - FRONT);
	struct finder_block last = finder_guest.blocks[--finder_guest.count];
	finder_guest.blocks[front[0]] = last;
	*(uint64_t *)(uintptr_t)(last.base - FRONT) = front[0];
	__real_free(front);
}

/* ---- guests */

static uint64_t seed = RANDOM_FIRST;

/* Behind the others the ledger hands over what its words cannot say: blocks that begin in the last
 * granule of a region of them. */
static bool
is_aside(const struct finder_block *block)
{
	return block->base % SHADOW_REGION == SHADOW_REGION - SHADOW_GRANULE;
}

static int
compare(const void *a, const void *b)
{
	const struct finder_block *x = a, *y = b;
	if (is_aside(x) != is_aside(y))
		return is_aside(x) ? 1 : -1;
	return (x->base > y->base) - (x->base < y->base);
}

static void
make_many(size_t n)
{
	for (size_t i = 0; i < n; i++)
		allocate(40);
	for (size_t i = 0; i < n; i++)
		*(uint64_t *)finder_guest.blocks[i].base =
		    finder_guest.blocks[random_below(&seed, n)].base;
}

static void
make_unordered(size_t entries, size_t slots)
{
	struct header {
		void **buckets;
		uint64_t slots;
		void *first;
		uint64_t count;
		float load;
		uint64_t resize;
		void *single;
	} *header = allocate(sizeof(*header));
	header->slots = header->resize = slots;
	header->buckets = allocate(8 * slots);
	header->load = 1;
	header->count = entries;
	void **before = &header->first;
	for (size_t i = 0; i < entries; i++) {
		void **node = allocate(24);
		header->buckets[i] = before;
		*before = node;
		before = node;
	}
}

static void
make_chain(size_t n)
{
	make_unordered(n, n > 1447153 ? 14183539 : 1447153);
}

static void
make_many_unordered(size_t n)
{
	for (size_t i = 0; i < n; i++)
		make_unordered(10, 13);
}

static void
make_small(size_t n)
{
	uint64_t *array = allocate(8 * n);
	for (size_t i = 0; i < n; i++)
		array[random_below(&seed, n)] = (uintptr_t)allocate(128);
}

static void
make_plain(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t *at = allocate(1024);
		for (size_t k = 0; k < 128; k++)
			at[k] = random_below(&seed, 1000000);
	}
}

static struct gomap *
make_go(size_t n, size_t value_size, unsigned flags)
{
	static struct gomap_type type;
	static const uint8_t zero[256];
	type = gomap_type_of(sizeof(int64_t), (uint32_t)value_size, (uint8_t)flags);
	struct gomap *map = gomap_new(&type, 2023);
	for (int64_t key = 0; key < (int64_t)n; key++) {
		void *pointed = flags ? allocate(128) : NULL;
		gomap_insert(map, &key, flags ? (void *)&pointed : zero);
	}
	return map;
}

static void
make_inline(size_t n)
{
	make_go(n, 128, 0);
}

static void
make_pointer(size_t n)
{
	make_go(n, 8, GOMAP_POINTER_VALUE);
}

static void
make_big(size_t n)
{
	make_go(n, 129, 0);
}

static void
make_emptied(size_t n)
{
	struct gomap *map = make_go(n, 128, 0);
	for (int64_t key = 0; key < (int64_t)n; key++)
		gomap_delete(map, &key);
	gomap_collect(map);
}

const struct finder_guest_case finder_guest_cases[] = {
	{"inline", make_inline, 1000000, 1}, {"pointer", make_pointer, 1000000, 2},
	{"big", make_big, 1000000, 2}, {"emptied", make_emptied, 1000000, 1},
	{"many", make_many, 10000000, 1}, {"chain", make_chain, 1000000, 1},
	{"unordered", make_many_unordered, 100000, 12},
	{"small", make_small, 1000000, 1}, {"plain", make_plain, 1000000, 1},
	{NULL, NULL, 0, 0},
};

void
finder_guest_make(const struct finder_guest_case *one, size_t n)
{
	finder_guest.room = n * one->blocks + 1000;
	finder_guest.blocks = finder_guest_hide(finder_guest.room * sizeof(*finder_guest.blocks));
	one->make(n);
	qsort(finder_guest.blocks, finder_guest.count, sizeof(*finder_guest.blocks), compare);
}
