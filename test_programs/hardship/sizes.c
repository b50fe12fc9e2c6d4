/* Sizes and alignments of all sorts, also those that cannot be had: prints what the allocator said,
 * errno included. */
#include "test_programs/hardship/hardship.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { GROWN = 1000 };

/* Through a volatile pointer, so that the compiler neither warns nor computes. */
static void *(*volatile any_malloc)(size_t) = malloc;
static void *(*volatile any_calloc)(size_t, size_t) = calloc;
static void *(*volatile any_realloc)(void *, size_t) = realloc;
static void *(*volatile any_reallocarray)(void *, size_t, size_t) = reallocarray;
static void *(*volatile any_aligned)(size_t, size_t) = aligned_alloc;

static void
say(const char *what, const void *block)
{
	printf("%s: %s, errno %d\n", what, block ? "a block" : "NULL", errno);
	errno = 0;
}

static void
zero(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		void *block = any_malloc(0);

		errno = 0;
		if (i == 0)
			say("malloc(0)", block);
		free(block);
		block = any_realloc(NULL, 0);
		if (i == 0)
			say("realloc(NULL, 0)", block);
		block = any_realloc(block, 10);
		block = any_realloc(block, 0);
		if (i == 0)
			say("realloc(block, 0)", block);
		free(any_calloc(0, 8));
		free(any_calloc(8, 0));
		free(NULL);
	}
}

static void
huge(unsigned times)
{
	const size_t sizes[] = { SIZE_MAX, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX / 2,
		SIZE_MAX - 4096 };
	char *kept = strcpy(malloc(20), "still here");

	errno = 0;
	for (unsigned i = 0; i < times; i++) {
		size_t size = sizes[i % 5];
		void *result;

		say("malloc", any_malloc(size));
		say("calloc", any_calloc(size / 2, 3));
		say("realloc", any_realloc(kept, size));
		say("reallocarray", any_reallocarray(kept, size / 2, 5));
		say("aligned_alloc", any_aligned(4096, size));
		printf("posix_memalign: %d\n", posix_memalign(&result, 64, size));
		puts(kept);
	}
	free(kept);
}

static void
alignments(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		for (size_t alignment = 8; alignment <= 1024 * 1024; alignment *= 2) {
			void *blocks[3] = { NULL };

			expect(!posix_memalign(&blocks[0], alignment, i % 100), "posix_memalign");
			blocks[1] = aligned_alloc(alignment, alignment);
			blocks[2] = memalign(alignment, 3);
			for (int j = 0; j < 3; j++) {
				expect(blocks[j] != NULL && (uintptr_t)blocks[j] % alignment == 0,
				       "the alignment");
				expect(malloc_usable_size(blocks[j]) >= (j == 0 ? i % 100 : 3),
				       "size");
				free(blocks[j]);
			}
		}
		free(valloc(10));
		free(pvalloc(10));
	}
	printf("posix_memalign(3): %d\n", posix_memalign(&(void *){ NULL }, 3, 8));
}

static void
realloc_storm(unsigned times)
{
	unsigned char *blocks[64] = { NULL };
	size_t sizes[64] = { 0 };
	uint32_t seed = 7;

	for (unsigned i = 0; i < times; i++) {
		unsigned place = (seed = seed * 1103515245u + 12345u) >> 16 & 63;
		size_t size = 1 + (seed >> 8) % (place ? 3000 : 3000000), common;

		common = size < sizes[place] ? size : sizes[place];
		blocks[place] = realloc(blocks[place], size);
		expect(blocks[place] != NULL, "realloc");
		expect(!common || (blocks[place][0] == place && blocks[place][common - 1] == place),
		       "the content");
		memset(blocks[place], (int)place, size);
		sizes[place] = size;
	}
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
}

/* The limit leaves room for some blocks: the program takes all there is, twice, and lives on. */
static void
no_memory(unsigned times)
{
	struct rlimit limit = { (rlim_t)1 << 28, (rlim_t)1 << 28 };
	struct block { struct block *next; } *all = NULL;

	expect(!setrlimit(RLIMIT_AS, &limit), "setrlimit");
	for (unsigned i = 0; i < times; i++) {
		size_t size = 64 * 1024;
		unsigned got = 0;

		for (; size >= 32; size /= 2) {
			struct block *block;

			while ((block = malloc(size))) {
				block->next = all;
				all = block;
				got++;
			}
			expect(errno == ENOMEM, "errno");
		}
		expect(got > 100, "blocks");
		while (all) {
			struct block *next = all->next;

			free(all);
			all = next;
		}
	}
}

static void
grow_one(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		char *block = NULL;

		for (size_t size = 1; size <= GROWN; size++)
			block = realloc(block, size * (i % 50 + 1));
		free(block);
	}
}

const struct hardship hardships[] = {
	{ "zero", zero, 1000, 1000000 },
	{ "huge", huge, 10, 1000 },
	{ "alignments", alignments, 200, 5000 },
	{ "realloc_storm", realloc_storm, 50000, 5000000 },
	{ "no_memory", no_memory, 2, 20 },
	{ "grow_one", grow_one, 50, 5000 },
	{ 0 },
};
