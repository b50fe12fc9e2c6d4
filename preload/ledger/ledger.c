/*
 * The ledger's surprises, and its inspection. The straight way is in ledger.h; called by books.c
 * for all other events, by snapshots and around fork.
 *
 * A block that is in another's way was freed without our knowledge: it began at the same address,
 * or it began 16 bytes before and its size lies in the word that the new block begins with, or it
 * began where the new one's size is to lie. All three are taken out before the new one is put in.
 */
#include "preload/ledger/ledger.h"

#include "preload/ledger/aside.h"

#define TRIM_BYTES (UINT64_C(8) << 20) /* so much memory is worth nothing */
#define TRIM_EVERY_NS UINT64_C(100000000)

/* NULL: none was ever made. */
static inline uint32_t *
ledger_word(uint64_t address)
{
	return shadow_has_place(address) ? shadow_find(shadow_place(address)) : NULL;
}

bool
ledger_is_outer(uint64_t address)
{
	const uint32_t *word = ledger_word(address);

	return word && *word == ledger_head(LEDGER_OUTER, 0);
}

/* Whether a place is the last of its region: the words of the next one lie elsewhere. */
static inline bool
ledger_is_last(uint64_t place)
{
	return (place + SHADOW_GRANULE) % SHADOW_REGION == 0;
}

/* The words of a place and of the next one; NULL: no memory for them. */
static uint32_t *
ledger_make(uint64_t place)
{
	if (!ledger_is_last(place) && !shadow_make(place + SHADOW_GRANULE))
		return NULL;
	return shadow_make(place);
}

/* The word that is in the way of a new block of this size, or NULL. */
static uint32_t *
ledger_obstacle(uint64_t place, uint64_t size, uint32_t *word)
{
	if (word[0])
		return word;
	return size > SHADOW_GRANULE && !ledger_is_last(place) && word[1] ? &word[1] : NULL;
}

/* Whether a block begins one granule before this word and has its size in it. */
static bool
ledger_is_size(uint64_t place, const uint32_t *word)
{
	return !(*word & LEDGER_HEAD) && place % SHADOW_REGION && word[-1] & LEDGER_HEAD &&
	       ledger_code(word[-1]) == LEDGER_NEXT_WORD;
}

/* Takes one block out that is in the way; false: there is none. A word that belongs to no block (a
 * longjmp left its change) goes without a trace: the block before it may be another one by now. */
static bool
ledger_clear_way(uint64_t place, uint64_t size, uint32_t *word, struct ledger_block *stale)
{
	uint32_t *obstacle;

	while ((obstacle = ledger_obstacle(place, size, word))) {
		uint64_t at = place + (uint64_t)(obstacle - word) * SHADOW_GRANULE;
		bool is_size = ledger_is_size(at, obstacle);
		uint64_t begin = shadow_address(is_size ? at - SHADOW_GRANULE : at);

		*stale = (struct ledger_block){ begin, LEDGER_OUTER_SIZE, 0 };
		if (ledger_is_outer(begin))
			return true;
		if ((is_size || *obstacle & LEDGER_HEAD) && ledger_remove(begin, stale))
			return true;
		*obstacle = 0;
	}
	return false;
}

static bool
ledger_add_aside(const struct ledger_block *block, uint32_t *word, bool *full)
{
	*full = !aside_put(block);
	if (word && !*full)
		*word = ledger_head(LEDGER_ASIDE, 0);
	return false;
}

bool
ledger_add(const struct ledger_block *block, struct ledger_block *stale, bool *full)
{
	uint64_t address = block->address, place = shadow_place(address);
	uint32_t *word;

	*full = false;
	if (!shadow_has_place(address))
		return aside_look(address, true, stale) || ledger_add_aside(block, NULL, full);
	word = ledger_make(place);
	*full = !word;
	if (*full)
		return false;
	if (ledger_clear_way(place, block->size, word, stale))
		return true;
	if (block->size >= LEDGER_SIZES || block->stack >= LEDGER_STACKS || ledger_is_last(place))
		return ledger_add_aside(block, word, full);
	ledger_put(word, block->size, block->stack);
	return false;
}

/* What begins amid a granule, and what is kept aside. The word goes last: nobody else asks for
 * it. */
bool
ledger_remove_slowly(uint64_t address, struct ledger_block *out)
{
	uint32_t *word = ledger_word(address);

	if (word && ledger_read(word, address, out)) {
		ledger_take(word, out);
		return true;
	}
	if (shadow_has_place(address) && (!word || !(*word & LEDGER_HEAD)))
		return false;
	if (word && ledger_code(*word) == LEDGER_OUTER)
		return false;
	if (word)
		*word = 0;
	return aside_look(address, true, out);
}

bool
ledger_find(uint64_t address, struct ledger_block *out)
{
	const uint32_t *word;

	if (!shadow_has_place(address))
		return aside_look(address, false, out);
	word = ledger_word(address);
	if (!word || !(*word & LEDGER_HEAD))
		return false;
	return ledger_read(word, address, out) || aside_look(address, false, out);
}

/* The last word that says that a block begins, of those for [low, address]; low: none. Pages and
 * regions that were never made have none. */
static uint64_t
ledger_head_before(uint64_t address, uint64_t low)
{
	uint64_t at = address & ~(uint64_t)(SHADOW_GRANULE - 1);

	while (at > low && at >= SHADOW_REGION && at < SHADOW_END) {
		const uint32_t *word = shadow_find(at);
		const struct shadow_region *region = shadow_region(at);
		bool is_region = region && region->words;
		uint64_t step = word ? SHADOW_GRANULE : is_region ? SHADOW_PAGE : SHADOW_REGION;

		if (word && *word & LEDGER_HEAD)
			return at;
		at = (at & ~(step - 1)) - SHADOW_GRANULE;
	}
	return low;
}

bool
ledger_holding(uint64_t address, uint64_t reach, struct ledger_block *out)
{
	uint64_t low = reach < address ? address - reach : 0;

	low &= ~(uint64_t)(SHADOW_GRANULE - 1);
	return ledger_find(ledger_head_before(address, low), out) &&
	       (address == out->address || address - out->address < out->size);
}

void
ledger_set_outer(uint64_t address)
{
	uint32_t *word = ledger_word(address);

	if (word)
		*word = ledger_head(LEDGER_OUTER, 0);
}

void
ledger_clear_outer(uint64_t address)
{
	uint32_t *word = ledger_word(address);

	if (word)
		*word = 0;
}

/* ---- all of them */

struct visit {
	void (*block)(const struct ledger_block *block, void *context);
	void *context;
};

static void
visit_page(const uint32_t *words, uint64_t address, void *context)
{
	const struct visit *visit = context;
	struct ledger_block block;

	for (size_t i = 0; i < SHADOW_PAGE_WORDS; i++) {
		if (ledger_read(&words[i], address + i * SHADOW_GRANULE, &block))
			visit->block(&block, visit->context);
	}
}

void
ledger_each(void (*visit)(const struct ledger_block *block, void *context), void *context)
{
	struct visit all = { visit, context };

	shadow_each(visit_page, &all);
	aside_each(visit, context);
}

void
ledger_drain(void (*visit)(const struct ledger_block *block, void *context), void *context)
{
	struct visit all = { visit, context };

	shadow_drain(visit_page, &all);
	aside_each(visit, context);
}

static void
count_page(const uint32_t *words, uint64_t address, void *context)
{
	struct ledger_block block;
	size_t *count = context;

	for (size_t i = 0; i < SHADOW_PAGE_WORDS; i++)
		*count += ledger_read(&words[i], address + i * SHADOW_GRANULE, &block);
}

static void
count_block(const struct ledger_block *block, void *context)
{
	(void)block;
	++*(size_t *)context;
}

size_t
ledger_count(void)
{
	size_t count = 0;

	shadow_each(count_page, &count);
	aside_each(count_block, &count);
	return count;
}

void
ledger_trim(void)
{
	shadow_trim();
}

/* When live bytes have fallen to half of the most since the last time: what is looked through took
 * the guest longer to fill. Races make it sooner or later, not wrong. */
void
ledger_trim_if_due(uint64_t live_bytes, uint64_t now_ns)
{
	static uint64_t high = TRIM_BYTES, not_before_ns;
	uint64_t known = __atomic_load_n(&high, __ATOMIC_RELAXED);

	if (live_bytes > known)
		__atomic_store_n(&high, live_bytes, __ATOMIC_RELAXED);
	if (live_bytes >= known / 2 || now_ns < __atomic_load_n(&not_before_ns, __ATOMIC_RELAXED) ||
	    known == TRIM_BYTES ||
	    !__atomic_compare_exchange_n(&high, &known, TRIM_BYTES, false, __ATOMIC_RELAXED,
	                                 __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&not_before_ns, now_ns + TRIM_EVERY_NS, __ATOMIC_RELAXED);
	shadow_trim();
}

void
ledger_after_fork(void)
{
	shadow_after_fork();
	aside_after_fork();
}
