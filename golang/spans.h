/*
 * The Go heap: its spans, and with them what is a block. A span is a run of 8 KiB pages cut into
 * blocks of one size; the runtime keeps a list of all of them.
 *
 *     span:   | block 0 | block 1 | ... | block n-1 |
 *     in use:   below the free index all; above it those with their bit set
 *
 * Blocks have numbers across the whole heap, in order of address, so that what is known of each is
 * a bit in one long row.
 */
#ifndef GOLANG_SPANS_H
#define GOLANG_SPANS_H

#include "finder/array.h"
#include "golang/image.h"

enum {
	GOLANG_PAGE = 8192,
	GOLANG_SIZE_CLASSES = 68,
	GOLANG_SMALL_MAX = 32768,
	GOLANG_HEADER_MIN = 512, /* larger blocks with pointers start with their type, from 1.22
	                          * on */
	GOLANG_TYPE_HEADER = 8,
};

struct golang_span {
	uint64_t start, end;
	uint64_t object_size, objects; /* objects 0: a stack, or other memory that holds no
	                                * blocks */
	uint64_t free_index, allocated;
	uint64_t first;     /* number of block 0 */
	uint64_t large_type;
	uint8_t class;      /* size class * 2 + 1 where blocks hold no pointers */
};

struct golang_heap {
	struct memory *memory;
	const struct golang_image *image;
	struct array spans;       /* struct golang_span, ascending */
	uint64_t low, high;       /* of all of them */
	uint32_t *pages;          /* number of the span + 1, by page from `low`; NULL: too far
	                           * apart */
	uint64_t block_count;     /* blocks of all spans, in use or not */
	uint64_t of_kind[2];      /* ... that may hold pointers, and that hold none */
	bool has_odd_spans;       /* some that made no sense were left out */
};

/* A block of the heap. */
struct golang_block {
	uint64_t base, number;
	const struct golang_span *span;
};

/* Finds and reads all spans. Returns 0, or -1 with the reason: NULL where memory of our own was
 * refused (errno). Close in both cases. */
int golang_heap_open(struct golang_heap *heap, const struct golang_image *image,
                     const char **reason);
void golang_heap_close(struct golang_heap *heap);

/* The span that holds the address, or NULL. */
const struct golang_span *golang_span_of(const struct golang_heap *heap, uint64_t address);

/* The block in use that holds the address; false if there is none. */
bool golang_block_of(const struct golang_heap *heap, uint64_t address, struct golang_block *block);

/* Whether block `i` of the span is in use. */
bool golang_is_allocated(const struct golang_heap *heap, const struct golang_span *span,
                         uint64_t i);

/* What the runtime takes for so many bytes, and how many of them stand in front for the type. */
uint64_t golang_slot_size(const struct golang_heap *heap, uint64_t size, bool has_pointers);
uint64_t golang_front_size(const struct golang_heap *heap, uint64_t size, bool has_pointers);

/* Whether `address` is what the runtime would return for a block of `size` bytes; fills `block`. */
bool golang_is_block_of_size(const struct golang_heap *heap, uint64_t address, uint64_t size,
                             bool has_pointers, struct golang_block *block);

/* The type in front of a block of so many bytes, or 0. */
uint64_t golang_carried_type(const struct golang_heap *heap, const struct golang_block *block,
                             uint64_t bytes);

static inline bool
golang_span_has_pointers(const struct golang_span *span)
{
	return !(span->class & 1);
}

#endif
