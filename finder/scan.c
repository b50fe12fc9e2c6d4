/*
 * Header search; see scan.h. Nearly all words are no anchors, so a word is dropped by the cheapest
 * test that can: the range of all blocks, then the class of the block before it, then a glance at
 * what lies around the word, then the block itself and the profile's guard, and only then the
 * profile's own steps.
 *
 *     words --range--> queue --class--> glance --> block, guard --> steps --> candidates
 *
 * A heap full of pointers misses the caches at each of these tests, so words go through them in
 * groups, and the memory that the next test reads is asked for before the first of a group needs
 * it.
 */
#include "finder/scan.h"

#include "finder/anchors.h"
#include "finder/prove.h"
#include "finder/refuse.h"
#include "finder/sieve.h"

#include <string.h>

enum {
	CHUNK = 64 * 1024,
	RUN_MAX = 64 << 20, /* between two looks at the clock */
	QUEUE = BLOCKS_GROUP,
};

struct scan {
	struct finder *finder;
	struct finder_result *result;
	struct anchors anchors;
	uint64_t addresses[QUEUE], words[QUEUE]; /* that are in range */
	uint32_t before[QUEUE];  /* the block that starts at or before the word */
	uint64_t sets[QUEUE];    /* the anchors that it can be */
	size_t queued;
	uint64_t shift;          /* from an address of this chunk to where it is read ... */
	uint64_t first, span;    /* ... if address - first < span, its surroundings as well */
	uint64_t copy[CHUNK / 8]; /* of memory that pointers cannot read */
};

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

/* The block that this word points at as the anchor demands, or BLOCKS_NONE. `before`: the block
 * that starts at or before the word, or BLOCKS_NONE. */
static inline uint32_t
anchored_block(const struct finder *finder, const struct profile_anchor *anchor, uint64_t word,
               uint32_t before)
{
	uint64_t into = before == BLOCKS_NONE ? 0 : word - finder->blocks.at[before].base;
	if (anchor->points == PROFILE_POINTS_BASE && anchor->plus != 0)
		return before != BLOCKS_NONE && into == (uint64_t)anchor->plus
			? before : blocks_at(&finder->blocks, word - (uint64_t)anchor->plus);
	if (before == BLOCKS_NONE)
		return BLOCKS_NONE;
	if (anchor->points == PROFILE_POINTS_INSIDE)
		return into <= finder->blocks.at[before].size ? before : BLOCKS_NONE;
	return into == 0 ? before : BLOCKS_NONE;
}

/* Whether an anchor of the profile before this one leads to the same header, which then is known
 * already. */
static bool
is_known(struct scan *scan, const struct anchors_one *one, uint64_t header)
{
	struct finder *finder = scan->finder;
	const struct profile *profile = finder->input->profiles[one->profile];
	for (uint8_t before = one->anchor; before > 0; before--) {
		const struct anchors_one *other = one - before;
		const struct profile_anchor *anchor = &profile->anchors[other->anchor];
		uint64_t word, at = header + (uint64_t)(int64_t)anchor->offset;
		if (at % sizeof(word) != 0 || !memory_read(finder->memory, at, &word, sizeof(word)))
			continue;
		uint32_t block;
		blocks_before(&finder->blocks, &word, 1, &block);
		block = anchored_block(finder, anchor, word, block);
		if (block != BLOCKS_NONE &&
		    anchors_fit(&scan->anchors, other, &finder->blocks, block))
			return true;
	}
	return false;
}

static void
try_candidate(struct finder *finder, struct candidate *candidate)
{
	enum proof_result result = prove_candidate(finder, candidate, false);
	if (result == PROOF_REFUSED && !refuse_is_kept(finder))
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

/* Takes word number `at` of the queue for this anchor. */
static inline void
try_anchor(struct scan *scan, const struct anchors_one *one, size_t at)
{
	struct finder *finder = scan->finder;
	const struct profile *profile = finder->input->profiles[one->profile];
	const struct profile_anchor *anchor = &profile->anchors[one->anchor];
	struct candidate candidate = {
		.header = scan->addresses[at] - (uint64_t)(int64_t)anchor->offset,
		.block = anchored_block(finder, anchor, scan->words[at], scan->before[at]),
		.profile = one->profile,
		.anchor = one->anchor,
	};
	if (candidate.block != BLOCKS_NONE &&
	    anchors_fit(&scan->anchors, one, &finder->blocks, candidate.block) &&
	    (finder->input->keeps_all_refusals ||
	     profile_may_hold(profile, &finder->view, candidate.header, one->anchor,
	                      finder->blocks.at[candidate.block].size)) &&
	    !is_known(scan, one, candidate.header))
		try_candidate(finder, &candidate);
}

static void
try_word(struct scan *scan, size_t at)
{
	const struct anchors_one *all = scan->anchors.all.at;
	for (uint64_t set = scan->sets[at]; set; set &= set - 1) {
		size_t i = (size_t)__builtin_ctzll(set);
		try_anchor(scan, &all[i], at);
		for (i++; i > ANCHORS_SHARED_BIT && i < scan->anchors.all.count; i++)
			try_anchor(scan, &all[i], at);
	}
}

/* Moves a word that can still be these anchors to place `to` of the queue, and asks for its
 * block. */
static inline void
keep_word(struct scan *scan, size_t to, size_t at, uint64_t set)
{
	scan->addresses[to] = scan->addresses[at];
	scan->words[to] = scan->words[at];
	scan->before[to] = scan->before[at];
	scan->sets[to] = set;
	if (scan->before[to] != BLOCKS_NONE)
		__builtin_prefetch(&scan->finder->blocks.at[scan->before[to]].base);
}

/* Drops the words that stand before or in blocks that no anchor is for, and those that are no
 * anchors by what lies around them, as far as that can be read. Most words point into the middle of
 * a block, if at one at all: a stale pointer, a number. */
static void
drop_words(struct scan *scan)
{
	const struct anchors *anchors = &scan->anchors;
	uint64_t span = scan->finder->input->keeps_all_refusals ? 0 : scan->span;
	uint64_t starts = blocks_before(&scan->finder->blocks, scan->words, scan->queued,
	                                scan->before);
	size_t left = 0;
	for (size_t i = 0; i < scan->queued; i++)
		anchors_prefetch(anchors, scan->before[i]);
	for (size_t i = 0; i < scan->queued; i++, starts >>= 1) {
		uint8_t class = anchors_class(anchors, scan->before[i]);
		uint64_t set = anchors_of_class(anchors, class), at = scan->addresses[i];
		if (!(starts & 1))
			set &= anchors->beside;
		if (set && at - scan->first < span)
			set = anchors_glance(anchors, set, (uintptr_t)(at + scan->shift), class);
		if (set)
			keep_word(scan, left++, i, set);
	}
	scan->queued = left;
}

/* Takes the queued words through the tests, one test after the other. */
static __attribute__((noinline)) void
try_queue(struct scan *scan)
{
	drop_words(scan);
	for (size_t i = 0; i < scan->queued; i++)
		try_word(scan, i);
	scan->queued = 0;
}

/* Takes at most SIEVE_GROUP words, for which there is room: each is put down, and stays if it is in
 * range. The guest's words are read whatever a sanitizer in this process thinks of them. */
__attribute__((no_sanitize("address", "thread"))) static inline void
queue_words(struct scan *scan, const uint64_t *words, size_t count, uint64_t address)
{
	uint64_t lowest = scan->anchors.lowest, span = scan->anchors.span;
	size_t queued = scan->queued;
	for (size_t i = 0; i < count; i++) {
		uint64_t word = words[i];
		scan->addresses[queued] = address + i * sizeof(word);
		scan->words[queued] = word;
		queued += word - lowest < span;
	}
	scan->queued = queued;
	if (queued > QUEUE - SIEVE_GROUP)
		try_queue(scan);
}

/* Most memory holds no pointers at all, so whole groups are dropped at once. */
static void
scan_words(struct scan *scan, const uint64_t *words, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i += SIEVE_GROUP) {
		i = sieve_next(words, i, count, scan->anchors.lowest, scan->anchors.span);
		size_t size = count - i < SIEVE_GROUP ? count - i : SIEVE_GROUP;
		queue_words(scan, words + i, size, address + i * sizeof(*words));
	}
	try_queue(scan);
}

/* Where words can be read together with their surroundings. */
static void
set_glance(struct scan *scan, const uint64_t *words, uint64_t address, uint64_t first, uint64_t end)
{
	scan->shift = (uintptr_t)words - address;
	scan->first = first + GLANCE_REACH;
	scan->span = end - first > 2 * GLANCE_REACH ? end - first - 2 * GLANCE_REACH : 0;
}

/* Proving a candidate uses up the view, so what is no plain memory is copied first. */
static void
scan_chunk(struct scan *scan, const struct memory_region *region, uint64_t address, uint64_t size)
{
	struct memory *memory = scan->finder->memory;
	const uint64_t *words = memory->view(memory, address, size);
	if (!words)
		return;
	if (region->is_direct) {
		set_glance(scan, words, address, region->start, region->end);
	} else {
		words = memcpy(scan->copy, words, size);
		set_glance(scan, words, address, address, address + size);
	}
	scan_words(scan, words, size / sizeof(*words), address);
}

static inline uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How much from `at` on was never touched, of what is left: asked for in ever larger pieces, since
 * a guest may reserve gigabytes and use little of them. */
static uint64_t
blank_run(struct memory *memory, uint64_t at, uint64_t left)
{
	uint64_t run = 0, size = CHUNK - at % CHUNK;
	for (; run < left && run < RUN_MAX; run += size, size *= 2) {
		size = least(size, left - run);
		if (!memory_is_blank(memory, at + run, size))
			break;
	}
	return run;
}

static void
scan_region(struct scan *scan, const struct memory_region *region)
{
	struct finder *finder = scan->finder;
	uint64_t end = region->end & ~7ull, size;
	for (uint64_t at = (region->start + 7) & ~7ull; at < end; at += size) {
		finder->ticks = 0; /* a chunk is worth a look at the clock */
		if (finder_is_late(finder) || finder->is_out_of_memory)
			return;
		size = blank_run(finder->memory, at, end - at);
		if (!size) {
			size = least(CHUNK - at % CHUNK, end - at);
			scan_chunk(scan, region, at, size);
		}
		scan->result->scanned_bytes += size;
	}
}

/* On a stack the higher address first: a caller's map outlives what the functions that change it
 * copied of it, and may have left behind. */
static int
compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->where != y->where)
		return x->where < y->where ? -1 : 1;
	if (x->header != y->header)
		return (x->header < y->header) != (x->where == TRACE_WHERE_STACK) ? -1 : 1;
	return (x->profile > y->profile) - (x->profile < y->profile);
}

int
scan_memory(struct finder *finder, struct finder_result *result)
{
	const struct memory *memory = finder->memory;
	struct scan *scan = array_map(sizeof(*scan));
	if (!scan)
		return -1;
	scan->finder = finder;
	scan->result = result;
	for (size_t i = 0; i < memory->region_count; i++)
		result->scan_bytes += memory->regions[i].end - memory->regions[i].start;
	int status = anchors_open(&scan->anchors, finder->input, &finder->blocks);
	for (size_t i = 0; status == 0 && i < memory->region_count; i++)
		scan_region(scan, &memory->regions[i]);
	anchors_close(&scan->anchors);
	array_unmap(scan);
	array_sort(&finder->candidates, sizeof(struct candidate), compare);
	return status != 0 || finder->is_out_of_memory ? -1 : 0;
}
