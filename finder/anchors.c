/*
 * Anchors; see anchors.h. Most words of a heap are pointers at blocks that no map keeps as an
 * array: their size says so. So a block's address enters the filter only if some anchor's condition
 * on the size holds; conditions are evaluated once a size, not once a block.
 *
 * What must never break: the filters may say yes too often, never no where an anchor is.
 */
#include "finder/anchors.h"

enum {
	PAGE_BITS = 12,
	WIDE_BITS = 24,  /* blocks of 16 MiB and more are marked in such steps */
	LEAST_BITS = 15, /* of a filter's size */
	MOST_BITS = 27,
	SIZES_BITS = 10,
};
_Static_assert(ANCHORS_SIZES == 1 << SIZES_BITS, "sizes are kept in a place by hash");

static inline uint64_t
hash(uint64_t value, unsigned shift)
{
	return value * 0x9e3779b97f4a7c15ull >> shift;
}

static int
filter_open(struct anchors_filter *filter, uint64_t entries)
{
	unsigned bits = LEAST_BITS;
	while (bits < MOST_BITS && entries > (1ull << bits) / 16)
		bits++;
	filter->shift = 64 - bits;
	filter->bits = array_map((1ull << bits) / 8);
	return filter->bits ? 0 : -1;
}

static void
filter_add(struct anchors_filter *filter, uint64_t value)
{
	uint64_t bit = hash(value, filter->shift);
	filter->bits[bit / 64] |= 1ull << bit % 64;
}

static inline bool
filter_has(const struct anchors_filter *filter, uint64_t value)
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

/* ---- which anchors there are */

static void
note_shift(struct anchors *anchors, int64_t plus, uint64_t set)
{
	for (size_t i = 0; i < anchors->shift_count; i++) {
		if (anchors->shifts[i].plus == plus) {
			anchors->shifts[i].set |= set;
			return;
		}
	}
	if (anchors->shift_count == ANCHORS_SHIFTS_MAX) {
		anchors->is_open = true;
		return;
	}
	anchors->shifts[anchors->shift_count].plus = plus;
	anchors->shifts[anchors->shift_count++].set = set;
}

static int
list_anchors(struct anchors *anchors)
{
	for (size_t p = 0; p < anchors->input->profile_count; p++) {
		const struct profile *profile = anchors->input->profiles[p];
		for (size_t a = 0; a < profile->anchor_count; a++) {
			size_t bit = anchors->all.count;
			struct anchors_one *one = array_add(&anchors->all, sizeof(*one), 1);
			if (!one)
				return -1;
			if (bit > ANCHORS_SHARED_BIT)
				bit = ANCHORS_SHARED_BIT;
			*one = (struct anchors_one){(uint16_t)p, (uint8_t)a, (uint8_t)bit};
			if (profile->anchors[a].points == PROFILE_POINTS_INSIDE)
				anchors->insides |= 1ull << bit;
			else
				note_shift(anchors, profile->anchors[a].plus, 1ull << bit);
		}
	}
	return 0;
}

/* The range of the words that anchors can hold. */
static void
measure(struct anchors *anchors, const struct blocks *blocks)
{
	const struct anchors_one *all = anchors->all.at;
	int64_t least = 0, most = 0;
	for (size_t i = 0; i < anchors->all.count; i++) {
		int64_t plus = anchors->input->profiles[all[i].profile]->anchors[all[i].anchor].plus;
		least = plus < least ? plus : least;
		most = plus > most ? plus : most;
	}
	anchors->lowest = blocks->lowest + (uint64_t)least;
	anchors->span = blocks->highest + (uint64_t)most + 1 - anchors->lowest;
}

static uint64_t
evaluate_fitting(const struct anchors *anchors, uint64_t size)
{
	const struct anchors_one *all = anchors->all.at;
	uint64_t set = 0;
	for (size_t i = 0; i < anchors->all.count; i++) {
		const struct profile *profile = anchors->input->profiles[all[i].profile];
		if (profile_anchor_fits(profile, &profile->anchors[all[i].anchor], size))
			set |= 1ull << all[i].bit;
	}
	return set;
}

uint64_t
anchors_fitting(struct anchors *anchors, uint64_t size)
{
	size_t place = hash(size, 64 - SIZES_BITS);
	if (__builtin_expect(anchors->kept[place].tag != size + 1, 0)) {
		anchors->kept[place].set = evaluate_fitting(anchors, size);
		anchors->kept[place].tag = size + 1;
	}
	return anchors->kept[place].set;
}

/* ---- the filters */

static void
add_pages(struct anchors_filter *filter, const struct finder_block *block)
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
fill_filters(struct anchors *anchors, const struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++) {
		const struct finder_block *block = &blocks->at[i];
		uint64_t set = anchors_fitting(anchors, block->size);
		if (!set)
			continue;
		for (size_t s = 0; s < anchors->shift_count; s++)
			if (set & anchors->shifts[s].set)
				filter_add(&anchors->starts,
				           block->base + (uint64_t)anchors->shifts[s].plus);
		if (set & anchors->insides && block->base + block->size >= block->base)
			add_pages(&anchors->pages, block);
	}
}

/* Counts first, so that a heap with few arrays gets filters that stay in the nearest cache. */
static int
open_filters(struct anchors *anchors, const struct blocks *blocks)
{
	uint64_t entries = 0, pages = 0;
	for (size_t i = 0; i < blocks->count; i++) {
		uint64_t size = blocks->at[i].size, set = anchors_fitting(anchors, size);
		if (!set)
			continue;
		for (size_t s = 0; s < anchors->shift_count; s++)
			entries += (set & anchors->shifts[s].set) != 0;
		if (set & anchors->insides)
			pages += 2 + (size >> (is_wide(size) ? WIDE_BITS : PAGE_BITS));
	}
	return filter_open(&anchors->starts, entries) != 0 ||
	       filter_open(&anchors->pages, pages) != 0 ? -1 : 0;
}

int
anchors_open(struct anchors *anchors, const struct finder_input *input,
             const struct blocks *blocks)
{
	anchors->input = input;
	if (list_anchors(anchors) != 0 || open_filters(anchors, blocks) != 0)
		return -1;
	measure(anchors, blocks);
	fill_filters(anchors, blocks);
	return 0;
}

void
anchors_close(struct anchors *anchors)
{
	array_release(&anchors->all);
	array_unmap(anchors->starts.bits);
	array_unmap(anchors->pages.bits);
}

void
anchors_prefetch(const struct anchors *anchors, uint64_t word)
{
	const struct anchors_filter *starts = &anchors->starts;
	__builtin_prefetch(&starts->bits[hash(word, starts->shift) / 64]);
}

bool
anchors_may_be(const struct anchors *anchors, uint64_t word)
{
	if (filter_has(&anchors->starts, word) || anchors->is_open)
		return true;
	return anchors->insides && (filter_has(&anchors->pages, word >> PAGE_BITS) ||
	                            filter_has(&anchors->pages, wide_page(word)));
}
