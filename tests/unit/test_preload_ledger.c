/*
 * The ledger against a plain array: random additions, removals and stale entries, growth, the whole
 * copied out; blocks that a word cannot say or that are in the way; memory.
 */
#include "preload/hidden.h"
#include "preload/ledger/change.h"
#include "preload/ledger/ledger.h"
#include "tests/unit/test_preload_ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PLACES = 4096, TURNS = 200000 };

static struct ledger_block expected[PLACES]; /* address 0: not there */
static uint32_t straight_adds;

static uint64_t
place_address(uint64_t place)
{
	return UINT64_C(0x7f0000000000) + place * 32;
}

/* As an event does it: in the straight way, or where that says no, in the other one. */
static bool
add(const struct ledger_block *block, struct ledger_block *stale, bool *full)
{
	uint32_t *word = NULL;

	if (block->size < LEDGER_SIZES)
		word = ledger_place(block->address, block->size, block->stack);
	if (!word)
		return ledger_add(block, stale, full);
	ledger_put(word, block->size, block->stack);
	straight_adds++;
	*full = false;
	return false;
}

static void
add_at(uint32_t place)
{
	struct ledger_block block = { place_address(place), (uint64_t)rand(),
		(uint32_t)rand() >> rand() % 8 }; /* half of them have words of their own */
	struct ledger_block stale;
	bool full, was_there = add(&block, &stale, &full);

	assert_false(full);
	assert_int_equal(was_there, expected[place].address != 0);
	if (was_there) {
		assert_same_block(&stale, &expected[place]);
		assert_false(ledger_add(&block, &stale, &full));
		assert_false(full);
	}
	expected[place] = block;
}

static void
remove_at(uint32_t place)
{
	struct ledger_block found;
	bool was_there = ledger_remove(place_address(place), &found);

	assert_int_equal(was_there, expected[place].address != 0);
	if (was_there)
		assert_same_block(&found, &expected[place]);
	expected[place].address = 0;
}

static void
look_at(uint32_t place)
{
	struct ledger_block found;
	bool is_there = ledger_find(place_address(place), &found);

	assert_int_equal(is_there, expected[place].address != 0);
	if (is_there)
		assert_same_block(&found, &expected[place]);
}

static void
agrees_with_an_array(void **unused)
{
	srand(1);
	for (int turn = 0; turn < TURNS; turn++) {
		uint32_t place = (uint32_t)rand() % PLACES;

		switch (rand() % 5) {
		case 0: case 1: add_at(place); break;
		case 2: case 3: remove_at(place); break;
		default: look_at(place);
		}
	}
	for (uint32_t place = 0; place < PLACES; place++)
		look_at(place);
	assert_in_range(straight_adds, 1000, TURNS);
}

struct copy {
	struct ledger_block blocks[PLACES];
	size_t count;
};

static void
add_copy(const struct ledger_block *block, void *context)
{
	struct copy *copy = context;

	if (copy->count < PLACES)
		copy->blocks[copy->count] = *block;
	copy->count++;
}

static void
tells_every_block_once(void **unused)
{
	static struct copy all;
	const struct ledger_block *copy = all.blocks;
	size_t count = 0;

	for (uint32_t place = 0; place < PLACES; place++)
		count += expected[place].address != 0;
	assert_int_equal(ledger_count(), count);
	ledger_each(add_copy, &all);
	assert_int_equal(all.count, count);
	for (size_t i = 0; i < all.count; i++) {
		uint32_t place = (uint32_t)((copy[i].address - place_address(0)) / 32);

		assert_same_block(&copy[i], &expected[place]);
		expected[place].address = 0; /* a second one would not be equal */
	}
}

/* Sizes and stacks at every border of what a word can say, at every place of a page of words. */
static void
keeps_what_a_word_cannot_say(void **unused)
{
	const uint64_t sizes[] = { 0, 1, 15, 16, 17, 18, 32, INT32_MAX, INT32_MAX + UINT64_C(1),
		UINT32_MAX, UINT64_C(1) << 40 };
	const uint32_t stacks[] = { 0, 1, LEDGER_STACKS - 1, LEDGER_STACKS, UINT32_MAX };
	const uint64_t places[] = { 0, 4, 8, 16, SHADOW_PAGE - 16, SHADOW_PAGE - 8, SHADOW_PAGE,
		SHADOW_PAGE + 8, SHADOW_REGION - 16, SHADOW_REGION - 8, SHADOW_REGION,
		SHADOW_REGION + 8 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t j = 0; j < sizeof(stacks) / sizeof(stacks[0]); j++)
			for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++) {
				uint64_t address = UINT64_C(0x7c0000000000) + places[k];

				add_block(address, sizes[i], stacks[j]);
				assert_holds(address, sizes[i], stacks[j]);
			}
}

/* Tagged pointers, and address spaces wider than the words reach. */
static void
keeps_what_has_no_words(void **unused)
{
	const uint64_t places[] = { SHADOW_END - 32, SHADOW_END, UINT64_C(0xb400000000000040),
		-UINT64_C(16) };

	for (size_t i = 0; i < 4; i++) {
		add_block(places[i], 40, (uint32_t)i);
		assert_holds(places[i], 40, (uint32_t)i);
	}
}

/* Blocks whose free went past us, under a new block: each is told once, and nothing of it stays. */
static void
tells_every_block_in_the_way(void **unused)
{
	uint64_t at = UINT64_C(0x7b0000000000);
	struct ledger_block block = { at + 16, 40, 9 }, stale;
	bool full;

	add_block(at, 100, 7);       /* its size lies where the new block begins */
	add_block(at + 32, 12, 8);   /* begins where the new block's size is to lie */
	assert_true(ledger_add(&block, &stale, &full));
	assert_true(stale.address == at && stale.size == 100 && stale.stack == 7);
	assert_true(ledger_add(&block, &stale, &full));
	assert_true(stale.address == at + 32 && stale.size == 12 && stale.stack == 8);
	assert_false(ledger_add(&block, &stale, &full));
	assert_false(ledger_find(at, &stale) || ledger_find(at + 32, &stale));
	assert_holds(at + 16, 40, 9);
}

/* Memory of regions without blocks goes back; what is live stays, also beside what has gone. */
static void
gives_pages_of_words_back(void **unused)
{
	enum { COUNT = 4096, KEPT = 37 };
	uint64_t first = UINT64_C(0x7a0000000000), step = SHADOW_PAGE / 2;
	struct ledger_block found;
	uint8_t resident[COUNT];
	uint32_t *words;
	size_t pages = 0;

	for (uint64_t i = 0; i < COUNT; i++)
		add_block(first + i * step, 24, (uint32_t)i);
	for (uint64_t i = 0; i < COUNT; i++)
		assert_true(i == KEPT || ledger_remove(first + i * step, &found));
	words = shadow_find(first + KEPT * step - KEPT * step % SHADOW_REGION);
	ledger_trim();
	assert_null(shadow_find(first));
	assert_null(shadow_find(first + (COUNT - 1) * step));
	assert_int_equal(mincore(words, SHADOW_PAGES * 4096, resident), 0);
	for (size_t i = 0; i < SHADOW_PAGES; i++)
		pages += resident[i] & 1;
	assert_int_equal(pages, 1);
	assert_holds(first + KEPT * step, 24, KEPT);
	add_block(first, 24, 1);
	assert_holds(first, 24, 1);
}

/* In a child, as a snapshot does: the ledger is of no use after that. */
static void
drains_every_block_and_its_memory(void **unused)
{
	enum { COUNT = 1000 };
	static struct copy all;
	const struct ledger_block *copy = all.blocks;
	uint64_t first = UINT64_C(0x790000000000), sum = 0;
	int status = -1;
	pid_t pid;

	for (uint64_t i = 0; i < COUNT; i++)
		add_block(first + i * 32, i, (uint32_t)i);
	pid = fork();
	if (pid == 0) {
		uint32_t *words = shadow_find(first);
		uint8_t resident = 1;

		ledger_drain(add_copy, &all);
		for (size_t i = 0; i < all.count && i < PLACES; i++)
			sum += copy[i].address - first == copy[i].size * 32 ? copy[i].size : 0;
		mincore(words, 4096, &resident);
		_exit(all.count < COUNT                ? 1
		      : sum != COUNT * (COUNT - 1) / 2 ? 2
		      : resident & 1                   ? 3
		                                       : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (uint64_t i = 0; i < COUNT; i++)
		assert_holds(first + i * 32, i, (uint32_t)i);
}

static size_t
hidden_bytes(void)
{
	static struct memory_range ranges[8192];
	size_t count = hidden_copy(ranges, 8192), bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += ranges[i].end - ranges[i].start;
	return bytes;
}

static void
does_not_grow_by_churning(void **unused)
{
	struct ledger_block stale;
	size_t before = 0;
	bool full;

	for (uint64_t turn = 0; turn < 50; turn++) {
		for (uint64_t i = 0; i < 3000; i++) {
			struct ledger_block block = { UINT64_C(0x7d0000000000) + i * 4096, turn,
				                      0 };

			assert_false(ledger_add(&block, &stale, &full));
		}
		for (uint64_t i = 3000; i-- > 0;)
			assert_true(ledger_remove(UINT64_C(0x7d0000000000) + i * 4096, &stale));
		if (turn == 0)
			before = hidden_bytes();
	}
	assert_int_equal(hidden_bytes(), before);
}

static void
knows_nothing_of_what_was_never_added(void **unused)
{
	struct ledger_block found;

	assert_false(ledger_remove(0x10, &found));
	assert_false(ledger_find(UINT64_MAX - 15, &found));
}

/* As a longjmp out of a signal handler leaves it: the size of a block whose head is gone. */
static void
takes_out_no_neighbour_of_a_word_left_behind(void **unused)
{
	struct ledger_block half = { place_address(PLACES + 8), 40, 7 };
	struct ledger_block small = { half.address, 16, 8 };
	struct ledger_block next = { half.address + SHADOW_GRANULE, 16, 9 }, stale, found;
	bool full;

	assert_false(ledger_add(&half, &stale, &full));
	*shadow_find(half.address) = 0;
	assert_false(ledger_add(&small, &stale, &full));
	assert_false(ledger_add(&next, &stale, &full));
	assert_true(ledger_remove(small.address, &found));
	assert_same_block(&found, &small);
	assert_true(ledger_remove(next.address, &found));
	assert_same_block(&found, &next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_an_array),
		cmocka_unit_test(tells_every_block_once),
		cmocka_unit_test(keeps_what_a_word_cannot_say),
		cmocka_unit_test(keeps_what_has_no_words),
		cmocka_unit_test(tells_every_block_in_the_way),
		cmocka_unit_test(takes_out_no_neighbour_of_a_word_left_behind),
		cmocka_unit_test(gives_pages_of_words_back),
		cmocka_unit_test(drains_every_block_and_its_memory),
		cmocka_unit_test(does_not_grow_by_churning),
		cmocka_unit_test(knows_nothing_of_what_was_never_added),
	};

	change_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
