/*
 * The regions: windows of them by address, and leaves of words that are mapped as the heap grows
 * into them. Called by ledger.c.
 *
 * Rules: a region's words are stored before its first touched bit and never move. A page is given
 * back with changes stopped, where it is seen empty once more: a word that got lost would be a
 * wrong report.
 */
#include "preload/ledger/shadow.h"

#include "preload/hidden.h"
#include "preload/ledger/change.h"
#include "preload/lock.h"
#include "preload/shield.h"

#include <sys/mman.h>

enum {
	LEAF_SIZE = SHADOW_REGION / SHADOW_GRANULE * sizeof(uint32_t),
	LEAVES_AT_ONCE_MAX = 64, /* few mappings, also where the heap is large and scattered */
	TRIM_AT_ONCE = 64,
};

struct shadow_window *shadow_windows[SHADOW_PLANES * SHADOW_WINDOWS];
static size_t windows_end; /* the last one that was made is before it */
static size_t region_count;
static uint32_t *spare_leaves;
static size_t spare_count;
static uint32_t lock;

/* As many leaves at once as there are already; one, where memory is scarce. */
static uint32_t *
leaf_take(void)
{
	size_t many = region_count < LEAVES_AT_ONCE_MAX ? region_count : LEAVES_AT_ONCE_MAX;
	uint32_t *leaf;

	if (!spare_count) {
		spare_count = many > 1 ? many : 1;
		spare_leaves = hidden_map(spare_count * LEAF_SIZE);
		if (!spare_leaves) {
			spare_count = 1;
			spare_leaves = hidden_map(LEAF_SIZE);
		}
	}
	leaf = spare_leaves;
	spare_count = leaf ? spare_count - 1 : 0;
	spare_leaves = leaf ? leaf + LEAF_SIZE / sizeof(*leaf) : NULL;
	return leaf;
}

static struct shadow_window *
window_make(uint64_t place)
{
	size_t number = place / SHADOW_WINDOW;
	struct shadow_window **window = &shadow_windows[number];

	if (!*window)
		__atomic_store_n(window, hidden_map(sizeof(**window)), __ATOMIC_RELEASE);
	if (number >= windows_end)
		__atomic_store_n(&windows_end, number + 1, __ATOMIC_RELEASE);
	return *window;
}

static void
window_reach(struct shadow_window *window, uint32_t region)
{
	if (!window->end || region < window->first)
		__atomic_store_n(&window->first, region, __ATOMIC_RELEASE);
	if (region >= window->end)
		__atomic_store_n(&window->end, region + 1, __ATOMIC_RELEASE);
}

/* NULL: no memory. */
static struct shadow_region *
region_make(uint64_t place)
{
	struct shadow_window *window = window_make(place);
	struct shadow_region *region;
	uint32_t *leaf;

	if (!window)
		return NULL;
	region = &window->regions[place / SHADOW_REGION % SHADOW_WINDOW_REGIONS];
	if (region->words)
		return region;
	leaf = leaf_take();
	if (!leaf)
		return NULL;
	__atomic_store_n(&region->words, leaf, __ATOMIC_RELEASE);
	window_reach(window, place / SHADOW_REGION % SHADOW_WINDOW_REGIONS);
	region_count++;
	return region;
}

static __attribute__((noinline)) uint32_t *
shadow_add(uint64_t place)
{
	uint64_t page = UINT64_C(1) << place % SHADOW_REGION / SHADOW_PAGE;
	struct shadow_region *region;
	struct shield shield;

	shield_take(&shield, &lock);
	region = region_make(place);
	if (region)
		__atomic_store_n(&region->touched, region->touched | page, __ATOMIC_RELEASE);
	shield_release(&shield, &lock);
	return region ? shadow_find(place) : NULL;
}

uint32_t *
shadow_make(uint64_t place)
{
	uint32_t *word = shadow_find(place);

	return __builtin_expect(word != NULL, 1) ? word : shadow_add(place);
}

static inline uint32_t *
page_words(const struct shadow_region *region, unsigned page)
{
	return region->words + (size_t)page * SHADOW_PAGE_WORDS;
}

/* ---- all of them */

static void
regions_each(void (*visit)(struct shadow_region *region, uint64_t place, void *context),
             void *context)
{
	size_t windows = __atomic_load_n(&windows_end, __ATOMIC_ACQUIRE);

	for (uint64_t i = 0; i < windows; i++) {
		struct shadow_window *window =
		    __atomic_load_n(&shadow_windows[i], __ATOMIC_ACQUIRE);
		uint32_t end = window ? __atomic_load_n(&window->end, __ATOMIC_ACQUIRE) : 0;

		for (uint32_t j = end ? window->first : 0; j < end; j++) {
			if (__atomic_load_n(&window->regions[j].touched, __ATOMIC_ACQUIRE))
				visit(&window->regions[j],
				      i * SHADOW_WINDOW + (uint64_t)j * SHADOW_REGION, context);
		}
	}
}

struct pages_visit {
	void (*visit)(const uint32_t *words, uint64_t address, void *context);
	void *context;
};

static void
region_visit(struct shadow_region *region, uint64_t place, void *context)
{
	const struct pages_visit *pages = context;
	uint64_t address = shadow_address(place);

	for (unsigned page = 0; page < SHADOW_PAGES; page++) {
		if (region->touched >> page & 1)
			pages->visit(page_words(region, page),
			             address + (uint64_t)page * SHADOW_PAGE, pages->context);
	}
}

void
shadow_each(void (*visit)(const uint32_t *words, uint64_t address, void *context), void *context)
{
	regions_each(region_visit, &(struct pages_visit){ visit, context });
}

static void
region_drain(struct shadow_region *region, uint64_t place, void *context)
{
	region_visit(region, place, context);
	region->touched = 0;
	madvise(region->words, LEAF_SIZE, MADV_DONTNEED);
}

void
shadow_drain(void (*visit)(const uint32_t *words, uint64_t address, void *context), void *context)
{
	regions_each(region_drain, &(struct pages_visit){ visit, context });
}

/* ---- giving back */

struct empty_pages {
	unsigned count;
	struct empty_page {
		struct shadow_region *region;
		unsigned page;
	} at[TRIM_AT_ONCE];
};

static bool
page_is_empty(const uint32_t *words)
{
	uint32_t any = 0;

	for (unsigned i = 0; i < SHADOW_PAGE_WORDS && !any; i += 16)
		for (unsigned j = 0; j < 16; j++)
			any |= __atomic_load_n(&words[i + j], __ATOMIC_RELAXED);
	return !any;
}

/* Whether number `at` goes on where the one before it ends, and is still empty. */
static bool
run_goes_on(const struct empty_pages *pages, unsigned at)
{
	const struct empty_page *page = &pages->at[at];

	return at < pages->count && page->region == page[-1].region &&
	       page->page == page[-1].page + 1 &&
	       page_is_empty(page_words(page->region, page->page));
}

/* Gives back those from number `at` on that lie side by side, in one call. Returns the number of
 * the next one. */
static unsigned
run_give_back(const struct empty_pages *pages, unsigned at)
{
	struct shadow_region *region = pages->at[at].region;
	uint32_t *words = page_words(region, pages->at[at].page);
	uint64_t run = 0, size = 0;

	if (!page_is_empty(words))
		return at + 1;
	do {
		run |= UINT64_C(1) << pages->at[at++].page;
		size += SHADOW_PAGE_WORDS * sizeof(*words);
	} while (run_goes_on(pages, at));
	if (!madvise(words, size, MADV_DONTNEED))
		__atomic_store_n(&region->touched, region->touched & ~run, __ATOMIC_RELEASE);
	return at;
}

/* Where a thread did not come to rest, it may be about to write: nothing is given back. */
static void
pages_give_back(struct empty_pages *pages)
{
	struct shield shield;

	if (!pages->count)
		return;
	shield_raise(&shield);
	if (change_stop()) {
		for (unsigned i = 0; i < pages->count;)
			i = run_give_back(pages, i);
	}
	change_resume();
	shield_lower(&shield);
	pages->count = 0;
}

static void
region_trim(struct shadow_region *region, uint64_t unused, void *context)
{
	struct empty_pages *pages = context;

	for (unsigned page = 0; page < SHADOW_PAGES; page++) {
		if (!(region->touched >> page & 1) || !page_is_empty(page_words(region, page)))
			continue;
		pages->at[pages->count++] = (struct empty_page){ region, page };
		if (pages->count == TRIM_AT_ONCE)
			pages_give_back(pages);
	}
}

void
shadow_trim(void)
{
	struct empty_pages pages = { 0 };

	regions_each(region_trim, &pages);
	pages_give_back(&pages);
}

void
shadow_after_fork(void)
{
	lock_release(&lock);
}
