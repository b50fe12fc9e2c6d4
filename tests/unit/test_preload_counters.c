/*
 * The counters against a model that keeps a copy of the whole heap at each new maximum: what the
 * trace says of the peak is equal to it, to the byte, for any sequence of events.
 */
#include "preload/counters.h"
#include "test_preload_counting.h"

#include <pthread.h>

enum { STACKS = 12, BLOCKS = 600, TURNS = 60000, THREADS = 4, THREAD_TURNS = 20000 };

static struct { uint32_t stack; uint64_t size; } blocks[BLOCKS]; /* size 0: free */
static uint64_t live[STACKS], at_peak[STACKS], blocks_at_peak[STACKS], blocks_live[STACKS];
static uint64_t total, peak;

static struct trace_stack *
stack_at(uint32_t id)
{
	return trace_table_at(&tracer.stacks, id);
}

static int
begin(void **unused)
{
	counting_begin();
	for (uint32_t i = 1; i < STACKS; i++)
		counting_add_stack(i % TRACE_ROLES, TRACE_OVERFLOW, 16, i % 3 ? 16 : 17);
	return 0;
}

static int
end(void **unused)
{
	guest_end();
	return 0;
}

static void
model_move(uint32_t stack, uint64_t size, int sign)
{
	live[stack] += sign * (int64_t)size;
	blocks_live[stack] += sign;
	total += sign * (int64_t)size;
	if (total > peak) {
		peak = total;
		memcpy(at_peak, live, sizeof(live));
		memcpy(blocks_at_peak, blocks_live, sizeof(blocks_live));
	}
}

static void
change_block(uint32_t at, bool grows)
{
	if (blocks[at].size) {
		counters_remove(blocks[at].stack, blocks[at].size);
		model_move(blocks[at].stack, blocks[at].size, -1);
		blocks[at].size = 0;
	} else if (grows) {
		blocks[at].stack = (uint32_t)rand() % STACKS;
		blocks[at].size = 1 + (uint64_t)rand() % 5000;
		counters_add(blocks[at].stack, blocks[at].size);
		model_move(blocks[at].stack, blocks[at].size, 1);
	}
}

static void
assert_agrees(void)
{
	const struct trace_header *header = tracer.writer.header;

	assert_int_equal(header->live_bytes, total);
	assert_int_equal(header->peak_bytes, peak);
	for (uint32_t id = 0; id < STACKS; id++) {
		const struct trace_stack *s = stack_at(id);
		bool saved = s->epoch == header->peak_epoch;

		assert_int_equal(s->live_bytes, live[id]);
		assert_int_equal(s->live_blocks, blocks_live[id]);
		assert_int_equal(saved ? s->saved_bytes : s->live_bytes, at_peak[id]);
		assert_int_equal(saved ? s->saved_blocks : s->live_blocks, blocks_at_peak[id]);
	}
}

static void
knows_the_heap_at_its_peak_to_the_byte(void **unused)
{
	srand(7);
	for (int turn = 0; turn < TURNS; turn++) {
		bool grows = turn / 5000 % 2 == 0 || rand() % 4 == 0;

		change_block((uint32_t)rand() % BLOCKS, grows);
		if (turn % 37 == 0)
			assert_agrees();
	}
	assert_agrees();
}

static void
splits_each_block_between_its_roles(void **unused)
{
	const struct trace_header *header = tracer.writer.header;
	uint64_t before_buckets = header->role_bytes[TRACE_BUCKETS];
	uint64_t before_overflow = header->role_bytes[TRACE_OVERFLOW];
	uint32_t id = counting_add_stack(TRACE_BUCKETS, TRACE_OVERFLOW, 16, 17);

	counters_add(id, 307494912); /* the array of the article and its reserved overflow */
	assert_int_equal(header->role_bytes[TRACE_BUCKETS] - before_buckets, 289406976);
	assert_int_equal(header->role_bytes[TRACE_OVERFLOW] - before_overflow, 18087936);
	assert_true(header->role_peak_bytes[TRACE_BUCKETS] >= 289406976);
	counters_remove(id, 307494912);
	assert_int_equal(header->role_bytes[TRACE_BUCKETS], before_buckets);
	assert_int_equal(header->role_bytes[TRACE_OVERFLOW], before_overflow);
	assert_int_equal(stack_at(id)->peak_bytes, 307494912);
	assert_int_equal(stack_at(id)->total_blocks, 1);
}

static void
a_failed_realloc_is_no_event(void **unused)
{
	const struct trace_header *header = tracer.writer.header;
	uint64_t allocations = header->allocations, frees = header->frees;

	counters_add(1, 100);
	counters_remove(1, 100);
	counters_undo_remove(1, 100);
	assert_int_equal(header->allocations, allocations + 1);
	assert_int_equal(header->frees, frees);
	counters_remove(1, 100);
}

static void *
churn(void *number)
{
	for (int i = 0; i < THREAD_TURNS; i++) {
		counters_add(1, 64);
		counters_add(2, 32);
		counters_remove(1, 64);
	}
	return NULL;
}

static void
counts_for_many_threads(void **unused)
{
	const struct trace_header *header = tracer.writer.header;
	uint64_t one = stack_at(1)->live_bytes, two = stack_at(2)->live_bytes;
	uint64_t all = header->live_bytes;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(stack_at(1)->live_bytes, one);
	assert_int_equal(stack_at(2)->live_bytes, two + 32ull * THREADS * THREAD_TURNS);
	assert_int_equal(header->live_bytes, all + 32ull * THREADS * THREAD_TURNS);
}

/* A run of any length fits: resolution halves, times keep ascending, the first point stays. */
static void
thins_the_series_out_when_it_is_full(void **unused)
{
	const struct trace_header *header = tracer.writer.header;
	uint64_t last = 0;

	for (uint64_t ns = 1; ns < UINT64_C(60000000000); ns += 1000000)
		counters_tick(ns);
	assert_in_range(header->series_points, TRACE_SERIES_MAX / 4, TRACE_SERIES_MAX);
	for (uint32_t i = 0; i < header->series_points; i++) {
		const struct trace_point *point = trace_table_at(&tracer.series, i);

		assert_true(point->ns > last);
		assert_true(i > 0 || point->ns == 1);
		last = point->ns;
	}
	assert_true(last > UINT64_C(59000000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_heap_at_its_peak_to_the_byte),
		cmocka_unit_test(splits_each_block_between_its_roles),
		cmocka_unit_test(a_failed_realloc_is_no_event),
		cmocka_unit_test(counts_for_many_threads),
		cmocka_unit_test(thins_the_series_out_when_it_is_full),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
