/*
 * A malloc that a signal handler may interrupt and call again: what is freed goes to a stack of its
 * size class by a compare and swap. Preloaded behind the library under test, as the next allocator,
 * so that handlers can meet the library at any instruction of its own.
 *
 *     | class | size | block ...... | class | size | block ... | -->
 *        8 B    8 B    16 B aligned
 *
 *     head of a class:  tag (32 bits) | offset of the first free block (32 bits)
 *
 * Rule: the tag changes with each exchange of a head, so that one taken from under us is seen.
 */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { UNIT = 16, CLASSES = 28, FIRST = 32, NO_CLASS = 255 };
#define ROOM (UINT64_C(64) << 20)
#define OFFSET UINT64_C(0xffffffff)

static _Atomic(uint64_t) next, heads[CLASSES];

static char *
room(void)
{
	static _Atomic(char *) known;
	char *fresh, *expected = NULL;

	if (atomic_load(&known))
		return atomic_load(&known);
	fresh = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!atomic_compare_exchange_strong(&known, &expected, fresh))
		munmap(fresh, ROOM);
	return atomic_load(&known);
}

static uint64_t *
word(uint64_t offset)
{
	return (uint64_t *)(void *)(room() + offset);
}

static uint64_t
pop(unsigned class)
{
	uint64_t head = atomic_load(&heads[class]), rest;

	do {
		if (!(head & OFFSET))
			return 0;
		rest = __atomic_load_n(word(head & OFFSET), __ATOMIC_RELAXED);
	} while (!atomic_compare_exchange_weak(&heads[class], &head,
	                                       ((head >> 32) + 1) << 32 | (rest & OFFSET)));
	return head & OFFSET;
}

static void
push(unsigned class, uint64_t offset)
{
	uint64_t head = atomic_load(&heads[class]);

	do {
		__atomic_store_n(word(offset), head & OFFSET, __ATOMIC_RELAXED);
	} while (!atomic_compare_exchange_weak(&heads[class], &head,
	                                       ((head >> 32) + 1) << 32 | offset));
}

/* Returns the offset of a fresh block, or 0. */
static uint64_t
carve(uint64_t class, size_t alignment, uint64_t size)
{
	uint64_t whole = size + alignment + UNIT, at = atomic_load(&next), block;

	do {
		if (at + whole > ROOM)
			return 0;
		block = (at + UNIT + alignment - 1) & ~(uint64_t)(alignment - 1);
	} while (!atomic_compare_exchange_weak(&next, &at, block + size));
	word(block)[-2] = class;
	return block;
}

void *
memalign(size_t alignment, size_t size)
{
	unsigned class = 0;
	uint64_t block = 0;

	if (size > ROOM / 2 || alignment > ROOM / 2)
		goto out;
	while ((uint64_t)FIRST << class < size)
		class++;
	if (alignment > UNIT)
		block = carve(NO_CLASS, alignment, (size + UNIT) & ~(uint64_t)(UNIT - 1));
	else if (!(block = pop(class)))
		block = carve(class, UNIT, (uint64_t)FIRST << class);
out:
	if (!block) {
		errno = ENOMEM;
		return NULL;
	}
	word(block)[-1] = size;
	return room() + block;
}

void *
malloc(size_t size)
{
	return memalign(UNIT, size);
}

void *
calloc(size_t count, size_t size)
{
	size_t bytes;
	void *block;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	block = memalign(UNIT, bytes);
	return block ? memset(block, 0, bytes) : NULL;
}

size_t
malloc_usable_size(void *block)
{
	return ((uint64_t *)block)[-1];
}

void
free(void *block)
{
	uint64_t class = block ? ((uint64_t *)block)[-2] : NO_CLASS;

	if (class != NO_CLASS)
		push((unsigned)class, (uint64_t)((char *)block - room()));
}

void *
realloc(void *block, size_t size)
{
	size_t old = block ? malloc_usable_size(block) : 0;
	void *moved = malloc(size);

	if (moved && block) {
		memcpy(moved, block, size < old ? size : old);
		free(block);
	}
	return moved;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int
posix_memalign(void **into, size_t alignment, size_t size)
{
	*into = memalign(alignment < UNIT ? UNIT : alignment, size);
	return *into ? 0 : ENOMEM;
}
