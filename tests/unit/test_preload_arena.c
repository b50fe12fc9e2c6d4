/*
 * Sub-blocks against a plain model: whatever comes and goes in blocks of the ledger and in memory
 * of no block, the bytes add up by stack, the blocks do not overlap, and nothing outlives what
 * holds it.
 */
#include "preload/ledger/arena.h"
#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "preload/ledger/named.h"
#include "preload/ledger/ordered.h"
#include "preload/stacks/stacks.h"
#include "test_preload_counting.h"
#include "trace/reader.h"

enum { OUTER = 1 << 16, OUTERS = 3, STACKS = 8, UNIT = 8, UNITS = OUTER / UNIT, TURNS = 60000 };

#define BASE UINT64_C(0x7e0000000000)
#define MAPPED (BASE + UINT64_C(0x40000000)) /* memory that the ledger never saw */

static struct thread *self;
static uint64_t live[STACKS];
static struct { uint64_t size; uint32_t stack; } model[OUTERS + 1][UNITS];

static int
begin(void **unused)
{
	counting_begin();
	self = thread_enter();
	assert_non_null(self);
	for (uint32_t i = 1; i < STACKS; i++)
		counting_add_stack(i % TRACE_ROLES, TRACE_OTHER, 1, 1);
	tracer.writer.header->live_bytes = 0;
	return 0;
}

static int
end(void **unused)
{
	thread_leave(self);
	guest_end();
	return 0;
}

static void
add_outer(uint64_t address, uint64_t size, uint32_t stack)
{
	struct ledger_block block = { address, size, stack }, stale;
	bool full;

	assert_false(ledger_add(&block, &stale, &full));
	assert_false(full);
	counters_add(self, stack, size);
	live[stack] += size;
}

static void
remove_outer(uint64_t address)
{
	struct ledger_block block;

	if (ledger_is_outer(address))
		arena_dissolve(self, address);
	assert_true(ledger_remove(address, &block));
	counters_remove(self, block.stack, block.size);
	live[block.stack] -= block.size;
}

static void
check_counters(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < STACKS; i++) {
		const struct trace_counter *counter = counters_of(self, i);

		assert_int_equal(counter ? counter->live_bytes : 0, live[i]);
		sum += live[i];
	}
	assert_int_equal(tracer.writer.header->live_bytes, sum);
}

static enum arena_outcome
add_sub(uint64_t address, uint64_t size, uint32_t stack)
{
	struct ledger_block sub = { address, size, stack };

	return arena_add(self, &sub);
}

struct seen {
	uint64_t bytes[STACKS], ends, parts, rests;
};

static void
see(const struct ledger_block *block, bool is_rest, void *context)
{
	struct seen *seen = context;

	seen->bytes[block->stack] += block->size;
	seen->rests += is_rest;
	seen->parts += !is_rest;
}

/* One place of one arena: what is there goes, or something comes that fits before the next. */
static void
turn_at(unsigned arena, uint64_t base, unsigned at)
{
	unsigned room = 1;

	if (model[arena][at].size) {
		assert_int_equal(arena_remove(self, base + at * UNIT), ARENA_DONE);
		live[model[arena][at].stack] -= model[arena][at].size;
		live[arena + 1] += arena < OUTERS ? model[arena][at].size : 0;
		model[arena][at].size = 0;
		return;
	}
	for (int before = (int)at - 1; before >= 0 && before > (int)at - 8; before--)
		if (model[arena][before].size > (at - (unsigned)before) * UNIT)
			return;
	while (room < 8 && at + room < UNITS && !model[arena][at + room].size)
		room++;
	model[arena][at].size = 1 + (uint64_t)rand() % (room * UNIT);
	if (at + room > UNITS)
		model[arena][at].size = 1;
	model[arena][at].stack = OUTERS + 1 + (uint32_t)rand() % (STACKS - OUTERS - 1);
	assert_int_equal(add_sub(base + at * UNIT, model[arena][at].size, model[arena][at].stack),
	                 ARENA_DONE);
	live[model[arena][at].stack] += model[arena][at].size;
	live[arena + 1] -= arena < OUTERS ? model[arena][at].size : 0;
}

static void
bytes_add_up_whatever_comes_and_goes(void **state)
{
	struct seen seen = { 0 };

	for (unsigned i = 0; i < OUTERS; i++)
		add_outer(BASE + (uint64_t)i * 2 * OUTER, OUTER, i + 1);
	for (int turn = 0; turn < TURNS; turn++) {
		unsigned arena = (unsigned)rand() % (OUTERS + 1);
		uint64_t base = arena < OUTERS ? BASE + (uint64_t)arena * 2 * OUTER : MAPPED;

		turn_at(arena, base, (unsigned)rand() % UNITS);
	}
	check_counters();
	arena_each(see, &seen);
	assert_int_equal(seen.rests, OUTERS);
	assert_memory_equal(seen.bytes, live, sizeof(live));
	for (unsigned i = 0; i < OUTERS; i++) {
		for (unsigned at = 0; at < UNITS; at++) {
			live[model[i][at].stack] -= model[i][at].size;
			live[i + 1] += model[i][at].size;
		}
		remove_outer(BASE + (uint64_t)i * 2 * OUTER);
		check_counters();
	}
	while (arena_remove_one(self, MAPPED, MAPPED + OUTER)) {
	}
	memset(live, 0, sizeof(live));
	check_counters();
}

static void
the_first_may_begin_where_its_block_does(void **state)
{
	struct ledger_block found;

	add_outer(BASE, 1000, 1);
	assert_int_equal(add_sub(BASE, 1000, 2), ARENA_DONE);
	assert_true(arena_find(BASE, &found));
	assert_int_equal(found.stack, 2);
	assert_int_equal(arena_remove(self, BASE), ARENA_DONE);
	assert_true(arena_find(BASE, &found));
	assert_int_equal(found.stack, 1);
	assert_int_equal(found.size, 1000);
	remove_outer(BASE);
	assert_false(arena_find(BASE, &found));
	check_counters();
}

static void
what_cannot_be_true_changes_nothing(void **state)
{
	add_outer(BASE, 1000, 1);
	assert_int_equal(add_sub(BASE + 990, 11, 2), ARENA_OUTSIDE);
	assert_int_equal(add_sub(BASE + 8, UINT64_MAX, 2), ARENA_OUTSIDE);
	assert_int_equal(add_sub(BASE - 64, 100, 2), ARENA_OUTSIDE);
	assert_int_equal(arena_remove(self, BASE), ARENA_UNKNOWN);
	assert_int_equal(arena_remove(self, BASE + 16), ARENA_UNKNOWN);
	assert_int_equal(arena_move(self, BASE + 16, 3), ARENA_UNKNOWN);
	check_counters();
	remove_outer(BASE);
}

static void
what_is_in_the_way_counts_as_freed(void **state)
{
	struct seen seen = { 0 };

	add_outer(BASE, 1000, 1);
	assert_int_equal(add_sub(BASE + 16, 32, 2), ARENA_DONE);
	assert_int_equal(add_sub(BASE + 64, 32, 2), ARENA_DONE);
	assert_int_equal(add_sub(BASE + 40, 32, 3), ARENA_OVERLAPS);
	arena_each(see, &seen);
	assert_int_equal(seen.parts, 1);
	live[1] = 968;
	live[3] = 32;
	check_counters();
	live[1] = 1000;
	live[3] = 0;
	remove_outer(BASE);
}

/* Its free went past us, and its memory is handed out anew. */
static void
a_block_in_the_way_takes_its_parts_along(void **state)
{
	struct ledger_block block = { BASE + 16, 64, 4 }, stale;
	bool full;

	add_outer(BASE + 16, 1000, 1);
	assert_int_equal(add_sub(BASE + 32, 32, 2), ARENA_DONE);
	assert_true(ledger_add(&block, &stale, &full));
	assert_int_equal(stale.size, LEDGER_OUTER_SIZE);
	arena_forget(self, stale.address);
	assert_true(ledger_add(&block, &stale, &full));
	assert_int_equal(stale.size, 1000);
	counters_remove(self, stale.stack, stale.size);
	assert_false(ledger_add(&block, &stale, &full));
	assert_true(ledger_remove(BASE + 16, &stale));
	memset(live, 0, sizeof(live));
	check_counters();
}

static void
a_role_moves_the_bytes(void **state)
{
	uint32_t told = stacks_told(1, TRACE_BUCKETS);
	struct ledger_block found;

	assert_int_equal(stacks_told(1, TRACE_BUCKETS), told);
	assert_true(tracer_decision(tracer_stack(told)->decision)->flags & TRACE_STACK_TOLD);
	assert_int_equal(tracer_decision(tracer_stack(told)->decision)->role, TRACE_BUCKETS);
	add_outer(BASE, 500, 1);
	assert_int_equal(arena_move(self, BASE, told), ARENA_DONE);
	assert_true(arena_find(BASE, &found));
	assert_int_equal(found.stack, told);
	assert_int_equal(counters_of(self, told)->live_bytes, 500);
	assert_int_equal(counters_of(self, told)->total_bytes, 500);
	live[1] = 0;
	assert_true(ledger_remove(BASE, &found));
	counters_remove(self, found.stack, found.size);
	check_counters();
}

static const char *
name_at(uint64_t address)
{
	static struct named_firsts firsts;
	struct trace_map maps[2] = { { .address = address + 8 }, { .address = address } };

	named_match(&firsts, maps, 2);
	return named_of(&firsts, address);
}

static void
a_name_goes_with_the_block_that_holds_its_map(void **state)
{
	add_outer(BASE, 1000, 1);
	assert_int_equal(add_sub(BASE + 504, 100, 2), ARENA_DONE);
	assert_int_equal(arena_name(BASE + 100, "old"), ARENA_DONE);
	assert_int_equal(arena_name(BASE + 100, "of the block"), ARENA_DONE);
	assert_int_equal(arena_name(BASE + 504, "of the sub-block"), ARENA_DONE);
	assert_int_equal(arena_name(MAPPED, "global"), ARENA_DONE);
	assert_string_equal(name_at(BASE + 108), "of the block");
	assert_string_equal(name_at(BASE + 504), "of the sub-block");
	assert_null(name_at(BASE + 100 + NAMED_REACH));
	assert_null(name_at(BASE + 99));
	assert_int_equal(arena_remove(self, BASE + 504), ARENA_DONE);
	assert_null(name_at(BASE + 504));
	remove_outer(BASE);
	assert_null(name_at(BASE + 100));
	assert_string_equal(name_at(MAPPED), "global");
	assert_int_equal(arena_name(MAPPED, NULL), ARENA_DONE);
	assert_null(name_at(MAPPED));
	check_counters();
}

static void
names_are_bounded(void **state)
{
	for (uint64_t i = 0; i < NAMED_MAX; i++)
		assert_true(named_put(BASE + (i * 7 % NAMED_MAX) * 64, "a"));
	assert_false(named_put(BASE + 1, "one more"));
	assert_true(named_put(BASE, "another"));
	named_remove_range(BASE, BASE + NAMED_MAX * 64);
	assert_true(named_put(BASE + 1, "one more"));
	named_remove(BASE + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_add_up_whatever_comes_and_goes),
		cmocka_unit_test(the_first_may_begin_where_its_block_does),
		cmocka_unit_test(what_cannot_be_true_changes_nothing),
		cmocka_unit_test(what_is_in_the_way_counts_as_freed),
		cmocka_unit_test(a_block_in_the_way_takes_its_parts_along),
		cmocka_unit_test(a_role_moves_the_bytes),
		cmocka_unit_test(a_name_goes_with_the_block_that_holds_its_map),
		cmocka_unit_test(names_are_bounded),
	};

	change_open();
	return cmocka_run_group_tests(tests, begin, end);
}
