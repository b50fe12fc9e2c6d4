/*
 * Reads the spans of a Go heap; see spans.h. The list of all spans is found without symbols: among
 * the program's zeroed data there is one slice whose elements all look like spans, which a size
 * class, its size and the number of blocks that fit prove well.
 *
 * What must never break: a span is taken only if its numbers agree with each other, so that no
 * block lies outside its span and no two spans overlap.
 */
#include "golang/spans.h"

#include "golang/word.h"

#include <string.h>

enum {
	SMALL_PAGES_MAX = 10,     /* of a span of blocks of a size class, in each release */
	SPAN_SIZE = 160,          /* bytes of one that are read */
	SAMPLE = 200,             /* elements of a list that must be spans before it is taken */
	LEAST_SPANS = 8,
	PAGES_MAX = 1 << 27,      /* of one span: 1 TiB */
	STATE_IN_USE = 1,
	STATE_MANUAL = 2,
	INDEX_PAGES_MAX = 1 << 27, /* 1 TiB of heap */
};
#define SPANS_MAX (1u << 26)

static const uint16_t class_sizes[GOLANG_SIZE_CLASSES] = {
	0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288,
	320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536,
	1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192,
	9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576,
	27264, 28672, 32768,
};

/* ---- one span */

enum span_state { SPAN_BAD, SPAN_DEAD, SPAN_TAKEN };

static bool
is_cut_right(const struct golang_span *span)
{
	uint64_t size = span->end - span->start;
	unsigned class = span->class >> 1;
	if (class >= GOLANG_SIZE_CLASSES || span->objects == 0)
		return false;
	if (class == 0)
		return span->objects == 1 && span->object_size > GOLANG_SMALL_MAX - 8 &&
		       span->object_size <= size;
	return span->object_size == class_sizes[class] && size <= SMALL_PAGES_MAX * GOLANG_PAGE &&
	       span->objects <= size / span->object_size;
}

static enum span_state
read_span(struct memory *memory, const struct golang_span_layout *layout, uint64_t address,
          struct golang_span *span)
{
	const void *at = address % 8 ? NULL : memory->view(memory, address, SPAN_SIZE);
	if (!at)
		return SPAN_BAD;
	uint64_t state = word_of(at, layout->state, 1), pages = word_of(at, 32, 8);
	if (state == 0 || state > STATE_MANUAL)
		return state ? SPAN_BAD : SPAN_DEAD;
	*span = (struct golang_span){.start = word_of(at, 24, 8)};
	if (span->start % GOLANG_PAGE || span->start == 0 || pages == 0 || pages > PAGES_MAX ||
	    span->start > UINT64_MAX - pages * GOLANG_PAGE)
		return SPAN_BAD;
	span->end = span->start + pages * GOLANG_PAGE;
	if (state == STATE_MANUAL)
		return SPAN_TAKEN;
	span->object_size = word_of(at, layout->object_size, 8);
	span->objects = word_of(at, layout->objects, layout->objects_size);
	span->free_index = word_of(at, layout->free_index, layout->free_index_size);
	span->allocated = word_of(at, layout->allocated, 8);
	span->class = (uint8_t)word_of(at, layout->span_class, 1);
	/* Small blocks have none: what stands there is of the span's life before. */
	if (layout->large_type && span->class >> 1 == 0)
		span->large_type = word_of(at, layout->large_type, 8);
	if (!is_cut_right(span))
		return SPAN_BAD;
	/* Both ends are there: no number in here can make us look at more than there is. */
	return memory->view(memory, span->start, 1) && memory->view(memory, span->end - 1, 1)
	           ? SPAN_TAKEN
	           : SPAN_BAD;
}

/* ---- the list of all */

/* How many spans the slice at these words would have; 0 if it is none. */
static uint64_t
count_list(struct golang_heap *heap, uint64_t list, uint64_t count, uint64_t room)
{
	const struct golang_span_layout *layout = &heap->image->release->span;
	struct memory *memory = heap->memory;
	uint64_t taken = 0, address;
	if (list == 0 || list % 8 || count < LEAST_SPANS || count > room || room > SPANS_MAX ||
	    !word_read(memory, list + 8 * (count - 1), 8, &address))
		return 0;
	for (uint64_t i = 0; i < count && i < SAMPLE; i++) {
		struct golang_span span;
		if (golang_tick(heap->image->deadline))
			return 0;
		enum span_state state =
		    read_span(memory, layout, word_at(memory, list + 8 * i), &span);
		if (state == SPAN_BAD)
			return 0;
		taken += state == SPAN_TAKEN;
	}
	return taken >= LEAST_SPANS / 2 ? count : 0;
}

/* Looks for the longest list in [start, end); `best` is the address of its slice. */
static void
find_list(struct golang_heap *heap, uint64_t start, uint64_t end, uint64_t *best,
          uint64_t *best_count)
{
	enum { STEP = 4096 };
	uint64_t words[STEP / 8 + 2];
	for (uint64_t at = (start + 7) & ~7ull;
	     at < end && end - at >= 24 && !golang_tick(heap->image->deadline); at += STEP) {
		uint64_t size = end - at < sizeof words ? (end - at) & ~7ull : sizeof words;
		if (memory_is_blank(heap->memory, at, size) ||
		    !memory_read(heap->memory, at, words, size))
			continue;
		for (size_t i = 0; 8 * i + 24 <= size; i++) {
			uint64_t count = 0;
			if (words[i])
				count = count_list(heap, words[i], words[i + 1], words[i + 2]);
			if (count > *best_count) {
				*best = words[i];
				*best_count = count;
			}
		}
	}
}

static int
compare_spans(const void *a, const void *b)
{
	const struct golang_span *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static int
read_list(struct golang_heap *heap, uint64_t list, uint64_t count)
{
	const struct golang_span_layout *layout = &heap->image->release->span;
	for (uint64_t i = 0; i < count; i++) {
		struct golang_span span, *kept;
		if (golang_tick(heap->image->deadline))
			break;
		uint64_t address = word_at(heap->memory, list + 8 * i);
		enum span_state is = read_span(heap->memory, layout, address, &span);
		heap->has_odd_spans |= is == SPAN_BAD;
		if (is != SPAN_TAKEN)
			continue;
		kept = array_add(&heap->spans, sizeof span, 1);
		if (!kept)
			return -1;
		*kept = span;
	}
	array_sort(&heap->spans, sizeof(struct golang_span), compare_spans);
	return 0;
}

/* Numbers the blocks and drops spans that overlap the one before. */
static void
number_blocks(struct golang_heap *heap)
{
	struct golang_span *spans = heap->spans.at;
	size_t kept = 0;
	for (size_t i = 0; i < heap->spans.count; i++) {
		if (kept && spans[i].start < spans[kept - 1].end) {
			heap->has_odd_spans = true;
			continue;
		}
		spans[kept] = spans[i];
		spans[kept].first = heap->block_count;
		heap->block_count += spans[i].objects;
		heap->of_kind[spans[i].class & 1] += spans[i].objects;
		kept++;
	}
	heap->spans.count = kept;
	heap->low = kept ? spans[0].start : 0;
	heap->high = kept ? spans[kept - 1].end : 0;
}

static int
index_pages(struct golang_heap *heap)
{
	const struct golang_span *spans = heap->spans.at;
	uint64_t pages = (heap->high - heap->low) / GOLANG_PAGE;
	if (pages > INDEX_PAGES_MAX)
		return 0;
	heap->pages = array_map(pages * sizeof *heap->pages);
	if (!heap->pages)
		return -1;
	for (size_t i = 0; i < heap->spans.count; i++)
		for (uint64_t at = spans[i].start; at < spans[i].end; at += GOLANG_PAGE)
			heap->pages[(at - heap->low) / GOLANG_PAGE] = (uint32_t)i + 1;
	return 0;
}

int
golang_heap_open(struct golang_heap *heap, const struct golang_image *image, const char **reason)
{
	uint64_t list = 0, count = 0;
	memset(heap, 0, sizeof *heap);
	heap->memory = image->memory;
	heap->image = image;
	*reason = NULL;
	find_list(heap, image->noptr_bss, image->noptr_bss_end, &list, &count);
	if (count == 0)
		find_list(heap, image->bss, image->bss_end, &list, &count);
	if (count == 0) {
		*reason = "the runtime's list of spans was not found: not started yet, or laid out "
			  "otherwise";
		return -1;
	}
	if (read_list(heap, list, count) != 0)
		return -1;
	number_blocks(heap);
	return index_pages(heap);
}

void
golang_heap_close(struct golang_heap *heap)
{
	array_release(&heap->spans);
	array_unmap(heap->pages);
}

/* ---- questions */

static const struct golang_span *
search_span(const struct golang_heap *heap, uint64_t address)
{
	const struct golang_span *spans = heap->spans.at;
	size_t count = heap->spans.count;
	size_t at = array_up_to(spans, count, sizeof *spans, offsetof(struct golang_span, end),
	                        address);
	return at < count && spans[at].start <= address ? &spans[at] : NULL;
}

const struct golang_span *
golang_span_of(const struct golang_heap *heap, uint64_t address)
{
	if (address < heap->low || address >= heap->high)
		return NULL;
	if (!heap->pages)
		return search_span(heap, address);
	uint32_t number = heap->pages[(address - heap->low) / GOLANG_PAGE];
	return number ? (const struct golang_span *)heap->spans.at + (number - 1) : NULL;
}

bool
golang_is_allocated(const struct golang_heap *heap, const struct golang_span *span, uint64_t i)
{
	uint64_t bits;
	if (i >= span->objects)
		return false;
	return i < span->free_index ||
	       (word_read(heap->memory, span->allocated + i / 8, 1, &bits) && (bits >> i % 8 & 1));
}

bool
golang_block_of(const struct golang_heap *heap, uint64_t address, struct golang_block *block)
{
	const struct golang_span *span = golang_span_of(heap, address);
	if (!span || span->objects == 0)
		return false;
	uint64_t i = (address - span->start) / span->object_size;
	if (!golang_is_allocated(heap, span, i))
		return false;
	*block = (struct golang_block){
		.base = span->start + i * span->object_size,
		.number = span->first + i,
		.span = span,
	};
	return true;
}

uint64_t
golang_front_size(const struct golang_heap *heap, uint64_t size, bool has_pointers)
{
	bool has_type = heap->image->release->has_type_headers && has_pointers &&
	                size > GOLANG_HEADER_MIN && size <= GOLANG_SMALL_MAX - GOLANG_TYPE_HEADER;
	return has_type ? GOLANG_TYPE_HEADER : 0;
}

uint64_t
golang_slot_size(const struct golang_heap *heap, uint64_t size, bool has_pointers)
{
	uint64_t wanted = size + golang_front_size(heap, size, has_pointers);
	size_t low = 1, high = GOLANG_SIZE_CLASSES - 1;
	if (wanted > GOLANG_SMALL_MAX)
		return wanted > UINT64_MAX - GOLANG_PAGE
		           ? UINT64_MAX
		           : (wanted + GOLANG_PAGE - 1) & -(uint64_t)GOLANG_PAGE;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (class_sizes[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return class_sizes[low];
}

bool
golang_is_block_of_size(const struct golang_heap *heap, uint64_t address, uint64_t size,
                        bool has_pointers, struct golang_block *block)
{
	return golang_block_of(heap, address, block) &&
	       block->base + golang_front_size(heap, size, has_pointers) == address &&
	       block->span->object_size == golang_slot_size(heap, size, has_pointers) &&
	       golang_span_has_pointers(block->span) == has_pointers;
}

uint64_t
golang_carried_type(const struct golang_heap *heap, const struct golang_block *block,
                    uint64_t bytes)
{
	if (!golang_span_has_pointers(block->span))
		return 0;
	if (golang_front_size(heap, bytes, true))
		return word_at(heap->memory, block->base);
	return block->span->large_type;
}
