/*
 * Header search; see scan.h. Nearly all words are no anchors, so a word is dropped by the cheapest
 * test that can: the range of all blocks, then a bit table of the addresses that an anchor can hold,
 * and only then the exact index and the profile's own steps.
 *
 * What must never break: the bit tables may say yes too often, never no where an anchor is.
 */
#include "finder/scan.h"

#include "finder/prove.h"
#include "finder/refuse.h"

#include <string.h>

enum {
	CHUNK = 64 * 1024,
	SHIFTS_MAX = 32,       /* distinct `plus` of all anchors; more: no filter */
	PAGE_BITS = 12,
	WIDE_BITS = 24,        /* blocks of 16 MiB and more are marked in such steps */
	LEAST_BITS = 15,
	MOST_BITS = 27,
};

struct filter {
	uint64_t *bits;
	unsigned shift;        /* of the hash, to the index of a bit */
};

struct scan {
	struct finder *finder;
	struct finder_result *result;
	uint64_t lowest, span; /* an anchor's word w has w - lowest < span */
	struct filter starts;  /* base + plus of each block */
	struct filter insides; /* pages that a block touches */
	bool has_starts, has_insides;
	int64_t plus[SHIFTS_MAX];
	size_t plus_count;
	uint64_t minimum;      /* the least of all profiles */
	uint64_t *copy;        /* [CHUNK / 8]: of memory that pointers cannot read */
};

static uint64_t
hash(uint64_t value, unsigned shift)
{
	return value * 0x9e3779b97f4a7c15ull >> shift;
}

static int
filter_open(struct filter *filter, uint64_t entries)
{
	unsigned bits = LEAST_BITS;
	while (bits < MOST_BITS && entries > (1ull << bits) / 16)
		bits++;
	filter->shift = 64 - bits;
	filter->bits = array_map((1ull << bits) / 8);
	return filter->bits ? 0 : -1;
}

static void
filter_add(struct filter *filter, uint64_t value)
{
	uint64_t bit = hash(value, filter->shift);
	filter->bits[bit / 64] |= 1ull << bit % 64;
}

static inline bool
filter_has(const struct filter *filter, uint64_t value)
{
	uint64_t bit = hash(value, filter->shift);
	return filter->bits[bit / 64] >> bit % 64 & 1;
}

static bool
is_wide(uint64_t size)
{
	return size >> WIDE_BITS != 0;
}

/* A page number of wide blocks; the mark keeps it apart from those of the others. */
static uint64_t
wide_page(uint64_t address)
{
	return address >> WIDE_BITS | 1ull << 63;
}

static inline bool
may_be_inside(const struct scan *scan, uint64_t word)
{
	return filter_has(&scan->insides, word >> PAGE_BITS) ||
	       filter_has(&scan->insides, wide_page(word));
}

static inline bool
may_be_anchor(const struct scan *scan, uint64_t word)
{
	return (scan->has_starts && filter_has(&scan->starts, word)) ||
	       (scan->has_insides && may_be_inside(scan, word));
}

static void
note_plus(struct scan *scan, int64_t plus)
{
	for (size_t i = 0; i < scan->plus_count; i++)
		if (scan->plus[i] == plus)
			return;
	if (scan->plus_count < SHIFTS_MAX)
		scan->plus[scan->plus_count++] = plus;
}

/* What anchors there are, and the range of the words they can hold. */
static void
survey(struct scan *scan)
{
	const struct finder_input *input = scan->finder->input;
	const struct blocks *blocks = &scan->finder->blocks;
	int64_t least = 0, most = 0;
	scan->minimum = UINT64_MAX;
	for (size_t p = 0; p < input->profile_count; p++) {
		const struct profile *profile = input->profiles[p];
		if (profile->anchor_count && profile->minimum < scan->minimum)
			scan->minimum = profile->minimum;
		for (size_t a = 0; a < profile->anchor_count; a++) {
			const struct profile_anchor *anchor = &profile->anchors[a];
			if (anchor->points == PROFILE_POINTS_INSIDE) {
				scan->has_insides = true;
				continue;
			}
			scan->has_starts = true;
			note_plus(scan, anchor->plus);
			least = anchor->plus < least ? anchor->plus : least;
			most = anchor->plus > most ? anchor->plus : most;
		}
	}
	scan->lowest = blocks->lowest + (uint64_t)least;
	scan->span = blocks->highest + (uint64_t)most + 1 - scan->lowest;
}

static void
add_pages(struct filter *filter, const struct finder_block *block)
{
	uint64_t end = block->base + block->size; /* included: an anchor may point there */
	if (is_wide(block->size)) {
		for (uint64_t page = block->base >> WIDE_BITS; page <= end >> WIDE_BITS; page++)
			filter_add(filter, wide_page(page << WIDE_BITS));
		return;
	}
	for (uint64_t page = block->base >> PAGE_BITS; page <= end >> PAGE_BITS; page++)
		filter_add(filter, page);
}

static void
fill_filters(struct scan *scan)
{
	const struct blocks *blocks = &scan->finder->blocks;
	for (size_t i = 0; i < blocks->count; i++) {
		const struct finder_block *block = &blocks->at[i];
		if (block->size < scan->minimum)
			continue;
		for (size_t p = 0; p < scan->plus_count; p++)
			filter_add(&scan->starts, block->base + (uint64_t)scan->plus[p]);
		if (scan->has_insides && block->base + block->size >= block->base)
			add_pages(&scan->insides, block);
	}
}

static int
open_filters(struct scan *scan)
{
	const struct blocks *blocks = &scan->finder->blocks;
	uint64_t entries = 0, pages = 0;
	for (size_t i = 0; i < blocks->count; i++) {
		if (blocks->at[i].size < scan->minimum)
			continue;
		entries += scan->plus_count;
		pages += 2 + (blocks->at[i].size >>
		              (is_wide(blocks->at[i].size) ? WIDE_BITS : PAGE_BITS));
	}
	if (filter_open(&scan->starts, entries) != 0 ||
	    filter_open(&scan->insides, scan->has_insides ? pages : 0) != 0)
		return -1;
	fill_filters(scan);
	return 0;
}

/* Where a header lies: its rank among those that claim the same array. */
static enum trace_where
place_of(const struct finder *finder, uint64_t header)
{
	const struct memory_region *region = memory_region_of(finder->memory, header, 1);
	if (blocks_holding(&finder->blocks, header) != BLOCKS_NONE)
		return TRACE_WHERE_BLOCK;
	if (!region || region->kind == MEMORY_HEAP)
		return TRACE_WHERE_OTHER;
	return region->kind == MEMORY_GLOBAL ? TRACE_WHERE_GLOBAL : TRACE_WHERE_STACK;
}

/* The block that this word points at as the anchor demands, or BLOCKS_NONE. `start` is the block
 * that starts at the word, for the most common kind. */
static uint32_t
anchored_block(const struct finder *finder, const struct profile *profile,
               const struct profile_anchor *anchor, uint64_t word, uint32_t start)
{
	uint32_t block = start;
	if (anchor->points == PROFILE_POINTS_INSIDE)
		block = blocks_touching(&finder->blocks, word);
	else if (anchor->plus != 0)
		block = blocks_at(&finder->blocks, word - (uint64_t)anchor->plus);
	if (block == BLOCKS_NONE || finder->blocks.at[block].size < profile->minimum)
		return BLOCKS_NONE;
	return block;
}

/* Whether an anchor before this one leads to the same header, which then is known already. */
static bool
is_known(struct finder *finder, const struct profile *profile, size_t before, uint64_t header)
{
	for (size_t a = 0; a < before; a++) {
		const struct profile_anchor *anchor = &profile->anchors[a];
		uint64_t word, at = header + (uint64_t)(int64_t)anchor->offset;
		if (at % sizeof(word) == 0 &&
		    memory_read(finder->memory, at, &word, sizeof(word)) &&
		    anchored_block(finder, profile, anchor, word,
		                   blocks_at(&finder->blocks, word)) != BLOCKS_NONE)
			return true;
	}
	return false;
}

static void
try_candidate(struct finder *finder, struct candidate *candidate)
{
	enum proof_result result = prove_candidate(finder, candidate, false);
	if (result == PROOF_REFUSED && !finder->proof.is_sized)
		return; /* nearly all; they do not even cost a look at where they lie */
	candidate->where = (uint8_t)place_of(finder, candidate->header);
	if (result == PROOF_REFUSED)
		refuse_note(finder);
	if (result != PROOF_TRUE && result != PROOF_WALK_NEXT)
		return;
	struct candidate *added = array_add(&finder->candidates, sizeof(*added), 1);
	if (added)
		*added = *candidate;
	else
		finder->is_out_of_memory = true;
}

static __attribute__((noinline)) void
try_word(struct finder *finder, uint64_t address, uint64_t word)
{
	uint32_t start = blocks_at(&finder->blocks, word);
	for (size_t p = 0; p < finder->input->profile_count; p++) {
		const struct profile *profile = finder->input->profiles[p];
		for (size_t a = 0; a < profile->anchor_count; a++) {
			const struct profile_anchor *anchor = &profile->anchors[a];
			uint32_t block = anchored_block(finder, profile, anchor, word, start);
			if (block == BLOCKS_NONE)
				continue;
			uint64_t header = address - (uint64_t)(int64_t)anchor->offset;
			if (is_known(finder, profile, a, header))
				continue;
			struct candidate candidate = {
				.header = header,
				.block = block,
				.profile = (uint16_t)p,
				.anchor = (uint8_t)a,
			};
			try_candidate(finder, &candidate);
		}
	}
}

/* The guest's words are read whatever a sanitizer in this process thinks of them. */
__attribute__((no_sanitize("address"))) static void
scan_words(struct scan *scan, const uint64_t *words, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t word = words[i];
		if (__builtin_expect(word - scan->lowest >= scan->span, 1))
			continue;
		if (may_be_anchor(scan, word))
			try_word(scan->finder, address + i * sizeof(word), word);
	}
}

/* Proving a candidate uses up the view, so what is no plain memory is copied first. */
static void
scan_chunk(struct scan *scan, const struct memory_region *region, uint64_t address, uint64_t size)
{
	struct memory *memory = scan->finder->memory;
	const uint64_t *words = memory->view(memory, address, size);
	if (!words)
		return;
	if (!region->is_direct)
		words = memcpy(scan->copy, words, size);
	scan_words(scan, words, size / sizeof(*words), address);
}

static void
scan_region(struct scan *scan, const struct memory_region *region)
{
	struct finder *finder = scan->finder;
	uint64_t end = region->end & ~7ull;
	for (uint64_t at = (region->start + 7) & ~7ull; at < end;) {
		uint64_t size = CHUNK - at % CHUNK;
		if (size > end - at)
			size = end - at;
		finder->ticks = 0; /* a chunk is worth a look at the clock */
		if (finder_is_late(finder) || finder->is_out_of_memory)
			return;
		if (!memory_is_blank(finder->memory, at, size))
			scan_chunk(scan, region, at, size);
		scan->result->scanned_bytes += size;
		at += size;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->where != y->where)
		return x->where < y->where ? -1 : 1;
	if (x->header != y->header)
		return x->header < y->header ? -1 : 1;
	return (x->profile > y->profile) - (x->profile < y->profile);
}

int
scan_memory(struct finder *finder, struct finder_result *result)
{
	struct scan scan = {.finder = finder, .result = result};
	const struct memory *memory = finder->memory;
	for (size_t i = 0; i < memory->region_count; i++)
		result->scan_bytes += memory->regions[i].end - memory->regions[i].start;
	survey(&scan);
	scan.copy = array_map(CHUNK);
	int status = scan.copy ? open_filters(&scan) : -1;
	for (size_t i = 0; status == 0 && i < memory->region_count; i++)
		scan_region(&scan, &memory->regions[i]);
	array_unmap(scan.starts.bits);
	array_unmap(scan.insides.bits);
	array_unmap(scan.copy);
	array_sort(&finder->candidates, sizeof(struct candidate), compare);
	return status != 0 || finder->is_out_of_memory ? -1 : 0;
}
