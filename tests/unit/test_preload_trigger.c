/*
 * When snapshots take themselves: whole runs of guests, simulated on a clock of our own. Each test
 * says what a run must not hide, or must not cost.
 */
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/snapshot/large.h"
#include "preload/snapshot/trigger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MS 1000000ull
#define SECOND 1000000000ull
#define MIB (1ull << 20)

enum {
	ARRAY = 0x7f0000001010,
	OTHER_ARRAY = 0x7f8000001010,
	NODE = 0x555500001000,
	TAKEN_MAX = 4096
};

static struct trace_header header;
static uint64_t now, spent, pause_ns;
static struct { uint64_t ns, live, leaving; } taken[TAKEN_MAX];
static size_t taken_count;

static int
setup(void **unused)
{
	memset(&header, 0, sizeof(header));
	header.start_monotonic_ns = UINT64_MAX; /* the real clock reads 0 */
	tracer.writer.header = &header;
	tracer_restart_clock();
	settings.automatic = true;
	trigger_after_fork();
	for (uint64_t i = 0; i < 64; i++)
		large_remove(ARRAY + i * MIB);
	large_remove(OTHER_ARRAY);
	large_review(0);
	now = spent = taken_count = 0;
	pause_ns = MS / 2;
	return 0;
}

static void
ask(uint64_t leaving)
{
	if (!trigger_is_due(now, leaving))
		return;
	assert_true(taken_count < TAKEN_MAX);
	taken[taken_count].ns = now;
	taken[taken_count].live = header.live_bytes;
	taken[taken_count++].leaving = leaving;
	spent += pause_ns;
	trigger_snapshot_taken(now, pause_ns, header.live_bytes);
}

static void
allocate(uint64_t address, uint64_t size)
{
	ask(0);
	header.live_bytes += size;
	trigger_allocation(address, size, now);
}

static void
release(uint64_t address, uint64_t size)
{
	ask(address);
	header.live_bytes -= size;
	trigger_free(address, size, now);
}

/* `bytes` in nodes of 1 KiB, evenly over `duration`. */
static void
fill(uint64_t bytes, uint64_t duration)
{
	uint64_t start = now, count = bytes / 1024;

	for (uint64_t i = 1; i <= count; i++) {
		now = start + duration * i / count;
		allocate(NODE, 1024);
	}
}

static void
drain(uint64_t bytes, uint64_t duration)
{
	uint64_t start = now, count = bytes / 1024;

	for (uint64_t i = 1; i <= count; i++) {
		now = start + duration * i / count;
		release(NODE, 1024);
	}
}

static void
sees_the_emptied_map_that_idled(void **unused)
{
	allocate(ARRAY, 64 * MIB);
	fill(64 * MIB, 300 * MS);
	drain(64 * MIB, 150 * MS);
	now += 5 * SECOND; /* idle or computing: no event at all */
	release(ARRAY, 64 * MIB);
	assert_true(taken_count > 0);
	assert_int_equal(taken[taken_count - 1].leaving, ARRAY);
	assert_int_equal(taken[taken_count - 1].live, 64 * MIB);
}

/* Deleting frees nothing, so the only fall is the end of the array itself. */
static void
sees_an_array_without_nodes_before_it_goes(void **unused)
{
	fill(2 * MIB, 20 * MS);
	allocate(ARRAY, 256 * MIB);
	for (int i = 0; i < 400; i++) { /* 8 s: 1 s is over early, 10 s never comes */
		now += 20 * MS;
		allocate(NODE, 64);
		release(NODE, 64);
	}
	release(ARRAY, 256 * MIB);
	assert_true(taken_count >= 2);
	assert_int_equal(taken[taken_count - 1].leaving, ARRAY);
}

static void
waits_for_the_end_of_a_fall(void **unused)
{
	allocate(ARRAY, 16 * MIB);
	fill(48 * MIB, 700 * MS);
	drain(48 * MIB, 8 * MS);
	now += 4 * MS;
	allocate(NODE, 100); /* what deletes may allocate, too */
	assert_int_equal(taken_count, 0);
	now += 10 * MS;
	allocate(NODE, 100);
	assert_int_equal(taken_count, 1);
	assert_true(taken[0].live < 17 * MIB);
}

/* Its destructor deletes the entries, clears the array (for some time, if it is large), frees
 * it. */
static void
passes_over_a_full_map_that_dies(void **unused)
{
	allocate(ARRAY, 64 * MIB);
	fill(128 * MIB, 2 * SECOND);
	taken_count = 0; /* it has stood for a second */
	drain(128 * MIB, 300 * MS);
	now += 60 * MS;
	release(ARRAY, 64 * MIB);
	assert_int_equal(taken_count, 0);
	now += SECOND;
	allocate(NODE, 100);
	assert_int_equal(taken_count, 1);
	assert_true(taken[0].live < MIB);
}

/* Other threads never let it become quiet: memory of theirs comes and goes all the time. */
static void
does_not_wait_for_ever(void **unused)
{
	allocate(ARRAY, 16 * MIB);
	while (now < 2 * SECOND) {
		fill(16 * MIB, 4 * MS);
		drain(16 * MIB, 4 * MS);
	}
	assert_true(taken_count > 0);
	assert_true(taken[0].ns <= SECOND + 600 * MS);
}

/* What requests allocate and free is no fall. */
static void
is_quiet_while_a_little_comes_and_goes(void **unused)
{
	allocate(ARRAY, 16 * MIB);
	fill(48 * MIB, 700 * MS);
	drain(48 * MIB, 40 * MS);
	for (int i = 0; i < 20 && !taken_count; i++) {
		fill(MIB, MS / 2);
		drain(MIB, MS / 2);
	}
	assert_int_equal(taken_count, 1);
}

/* A server that is emptied, and then killed while it waits for ever. */
static void
sees_a_fall_that_nothing_follows(void **unused)
{
	allocate(ARRAY, 16 * MIB);
	fill(48 * MIB, 500 * MS);
	drain(48 * MIB, 400 * MS);
	assert_true(taken_count > 0);
	assert_true(taken[taken_count - 1].live < 32 * MIB);
}

/* In the middle of a rehash no map is whole. */
static void
passes_over_arrays_that_are_replaced(void **unused)
{
	uint64_t size = 1 * MIB, address = ARRAY;

	allocate(address, size);
	for (int i = 0; i < 6; i++) {
		fill(size / 8, 80 * MS);
		allocate(address + MIB, 2 * size);
		now += 30 * MS;
		release(address, size);
		address += MIB;
		size *= 2;
	}
	for (size_t i = 0; i < taken_count; i++)
		assert_int_equal(taken[i].leaving, 0);
}

/* Nothing but a few small blocks that come and go. */
static void
idle_until(uint64_t end)
{
	while (now < end) {
		now += 100 * MS;
		allocate(NODE, 10);
		release(NODE, 10);
	}
}

static void
looks_after_1_10_and_100_seconds(void **unused)
{
	allocate(ARRAY, 8 * MIB);
	idle_until(150 * SECOND);
	assert_int_equal(taken_count, 3);
	assert_true(taken[0].ns >= SECOND && taken[0].ns < 2 * SECOND);
	assert_true(taken[1].ns >= 10 * SECOND && taken[1].ns < 11 * SECOND);
	assert_true(taken[2].ns >= 100 * SECOND && taken[2].ns < 101 * SECOND);
}

/* Go's own arrays are no blocks of malloc. */
static void
looks_at_a_go_heap_as_at_an_array_that_stands(void **unused)
{
	trigger_runtime(OTHER_ARRAY, now);
	idle_until(15 * SECOND);
	assert_int_equal(taken_count, 2);
	assert_true(taken[0].ns >= SECOND && taken[0].ns < 2 * SECOND);
	assert_true(taken[1].ns >= 10 * SECOND && taken[1].ns < 11 * SECOND);
}

/* A guest that fills and drains for ever, with a dear fork. */
static void
costs_under_two_percent_and_keeps_distance(void **unused)
{
	pause_ns = 7 * MS;
	allocate(ARRAY, 4 * MIB);
	while (now < 60 * SECOND) {
		fill(8 * MIB, 60 * MS);
		drain(8 * MIB, 40 * MS);
		if (taken_count > 1) /* the first one's cost can only be guessed */
			assert_true(spent * 50 <= now);
	}
	assert_true(taken_count > 5);
	for (size_t i = 1; i < taken_count; i++)
		assert_true((taken[i].ns - taken[i - 1].ns) * 10 >= taken[i].ns);
}

static void
leaves_small_heaps_alone(void **unused)
{
	for (int i = 0; i < 100; i++) {
		fill(900 * 1024, 50 * MS);
		drain(900 * 1024, 50 * MS);
	}
	assert_int_equal(taken_count, 0);
}

static void
can_be_switched_off(void **unused)
{
	settings.automatic = false;
	allocate(ARRAY, 64 * MIB);
	now += 20 * SECOND;
	release(ARRAY, 64 * MIB);
	now += SECOND;
	allocate(NODE, 10);
	assert_int_equal(taken_count, 0);
}

/* Whoever asks waits for nothing but an event: not for quiet, cost or distance, nor for
 * MAPTRACE_AUTO. Once answered it is over. */
static void
answers_a_request_at_the_next_event(void **unused)
{
	uint32_t number;

	for (int automatic = 0; automatic < 2; automatic++) {
		settings.automatic = automatic;
		now += SECOND;
		allocate(NODE, 64);
		trigger_snapshot_taken(now, SECOND, header.live_bytes); /* a dear one, just now */
		now += 5 * MS;
		assert_int_equal(trigger_is_due(now, 0), TRIGGER_NONE);
		header.requests++;
		assert_int_equal(trigger_is_due(now, NODE), TRIGGER_REQUEST);
		assert_true(trigger_claim_request(&number));
		assert_int_equal(number, header.requests);
		assert_false(trigger_claim_request(&number)); /* another thread */
		trigger_snapshot_taken(now, MS, header.live_bytes);
		for (int i = 0; i < 20; i++) {
			now += 5 * MS;
			assert_int_equal(trigger_is_due(now, 0), TRIGGER_NONE);
		}
	}
}

static void
gives_the_moment_to_one_thread(void **unused)
{
	allocate(ARRAY, 64 * MIB);
	now += 5 * SECOND;
	assert_true(trigger_is_due(now, 0));
	assert_false(trigger_is_due(now, 0));
}

static void
keeps_the_largest_of_too_many(void **unused)
{
	for (uint64_t i = 0; i < 20000; i++)
		large_add(0x100000000000 + i * MIB, LARGE_BYTES, 0);
	large_add(ARRAY, 512 * MIB, 0);
	for (uint64_t i = 20000; i < 40000; i++)
		large_add(0x100000000000 + i * MIB, LARGE_BYTES, 0);
	assert_int_equal(large_size(ARRAY), 512 * MIB);
	for (uint64_t i = 0; i < 40000; i++)
		large_remove(0x100000000000 + i * MIB);
	large_remove(ARRAY);
	large_review(0);
	assert_true(large_due() == TRACE_UNKNOWN);
}

/* A search takes processor time after its pause: looks that will come again wait for it. */
static void
a_dear_search_puts_the_next_one_off(void **unused)
{
	size_t before;

	allocate(ARRAY, 64 * MIB);
	while (taken_count == 0 && now < 100 * SECOND) {
		now += MS;
		ask(0);
	}
	assert_int_equal(taken_count, 1);
	trigger_snapshot_ended(4 * SECOND);
	spent += 4 * SECOND;
	before = taken_count;
	for (now += MS; now < 200 * SECOND; now += MS)
		ask(0);
	assert_int_equal(taken_count, before);
	for (; taken_count == before && now < 2000 * SECOND; now += MS)
		ask(0);
	assert_int_equal(taken_count, before + 1);
	assert_true(now >= 100 * (spent - pause_ns));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sees_the_emptied_map_that_idled, setup),
		cmocka_unit_test_setup(a_dear_search_puts_the_next_one_off, setup),
		cmocka_unit_test_setup(sees_an_array_without_nodes_before_it_goes, setup),
		cmocka_unit_test_setup(waits_for_the_end_of_a_fall, setup),
		cmocka_unit_test_setup(passes_over_a_full_map_that_dies, setup),
		cmocka_unit_test_setup(does_not_wait_for_ever, setup),
		cmocka_unit_test_setup(is_quiet_while_a_little_comes_and_goes, setup),
		cmocka_unit_test_setup(sees_a_fall_that_nothing_follows, setup),
		cmocka_unit_test_setup(passes_over_arrays_that_are_replaced, setup),
		cmocka_unit_test_setup(looks_after_1_10_and_100_seconds, setup),
		cmocka_unit_test_setup(looks_at_a_go_heap_as_at_an_array_that_stands, setup),
		cmocka_unit_test_setup(costs_under_two_percent_and_keeps_distance, setup),
		cmocka_unit_test_setup(leaves_small_heaps_alone, setup),
		cmocka_unit_test_setup(can_be_switched_off, setup),
		cmocka_unit_test_setup(answers_a_request_at_the_next_event, setup),
		cmocka_unit_test_setup(gives_the_moment_to_one_thread, setup),
		cmocka_unit_test_setup(keeps_the_largest_of_too_many, setup),
	};

	return cmocka_run_group_tests_name("trigger", tests, NULL, NULL);
}
