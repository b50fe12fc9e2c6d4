/*
 * The counters against a model that keeps a copy of the whole heap at each new maximum: what the
 * trace says of the peak is equal to it, to the byte, for any sequence of events.
 */
#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "test_preload_counting.h"
#include "trace/reader.h"

#include <pthread.h>

enum { STACKS = 12, BLOCKS = 600, TURNS = 60000, THREADS = 4, THREAD_TURNS = 20000 };

static struct { uint32_t stack; uint64_t size; } blocks[BLOCKS]; /* size 0: free */
static uint64_t live[STACKS], at_peak[STACKS], blocks_at_peak[STACKS], blocks_live[STACKS];
static uint64_t total, peak;
static uint32_t plain_adds, plain_removals, refused_removals;

static struct thread *self;

/* The trace as a reader finds it at this moment. */
static struct trace *
trace_now(void)
{
	struct trace_error error;
	struct trace *trace = trace_open(tracer.writer.path, &error);

	if (!trace)
		fail_msg("%s", error.message);
	return trace;
}

static int
begin(void **unused)
{
	counting_begin();
	self = thread_enter();
	assert_non_null(self);
	thread_leave(self);
	for (uint32_t i = 1; i < STACKS; i++)
		counting_add_stack(i % TRACE_ROLES, TRACE_OVERFLOW, 16, i % 3 ? 16 : 17);
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

/* As an event does it: in the straight way, or where that says no, in the other one. */
static void
add_to(uint32_t stack, uint64_t size)
{
	struct trace_counter *counter = counters_of(self, stack);

	if (counter && counters_add_plain(self, tracer.writer.header, counter, size))
		plain_adds++;
	else
		counters_add(self, stack, size);
}

static void
remove_from(uint32_t stack, uint64_t size)
{
	if (counters_remove_plain(self, tracer.writer.header, counters_of(self, stack), size)) {
		plain_removals++;
	} else {
		counters_remove(self, stack, size);
		refused_removals++;
	}
}

static void
change_block(uint32_t at, bool grows)
{
	if (blocks[at].size) {
		remove_from(blocks[at].stack, blocks[at].size);
		model_move(blocks[at].stack, blocks[at].size, -1);
		blocks[at].size = 0;
	} else if (grows) {
		blocks[at].stack = (uint32_t)rand() % STACKS;
		blocks[at].size = 1 + (uint64_t)rand() % 5000;
		add_to(blocks[at].stack, blocks[at].size);
		model_move(blocks[at].stack, blocks[at].size, 1);
	}
}

static void
assert_agrees(void)
{
	struct trace *trace = trace_now();

	assert_int_equal(trace->header.live_bytes, total);
	assert_int_equal(trace->header.peak_bytes, peak);
	for (uint32_t id = 0; id < STACKS; id++) {
		const struct trace_count *count = &trace->counts[id];

		assert_int_equal(count->live_bytes, live[id]);
		assert_int_equal(count->live_blocks, blocks_live[id]);
		assert_int_equal(count->at_peak_bytes, at_peak[id]);
		assert_int_equal(count->at_peak_blocks, blocks_at_peak[id]);
	}
	trace_close(trace);
}

static void
knows_the_heap_at_its_peak_to_the_byte(void **unused)
{
	srand(7);
	for (int turn = 0; turn < TURNS; turn++) {
		bool grows = turn / 5000 % 2 == 0 || rand() % 4 == 0;

		change_block((uint32_t)rand() % BLOCKS, grows);
		if (turn % 997 == 0)
			assert_agrees();
	}
	assert_agrees();
	assert_in_range(plain_adds, 1000, TURNS);
	assert_in_range(plain_removals, 1000, TURNS);
	assert_in_range(refused_removals, 1000, TURNS); /* stacks of two roles */
}

static void
splits_each_block_between_its_roles(void **unused)
{
	const struct trace_header *header = tracer.writer.header;
	uint64_t before_buckets = header->role_bytes[TRACE_BUCKETS];
	uint64_t before_overflow = header->role_bytes[TRACE_OVERFLOW];
	uint32_t id = counting_add_stack(TRACE_BUCKETS, TRACE_OVERFLOW, 16, 17);
	struct trace *trace;

	counters_add(self, id, 307494912); /* the array of the article and its reserved overflow */
	assert_int_equal(header->role_bytes[TRACE_BUCKETS] - before_buckets, 289406976);
	assert_int_equal(header->role_bytes[TRACE_OVERFLOW] - before_overflow, 18087936);
	assert_true(header->role_peak_bytes[TRACE_BUCKETS] >= 289406976);
	counters_remove(self, id, 307494912);
	assert_int_equal(header->role_bytes[TRACE_BUCKETS], before_buckets);
	assert_int_equal(header->role_bytes[TRACE_OVERFLOW], before_overflow);
	trace = trace_now();
	assert_int_equal(trace->counts[id].peak_bytes, 307494912);
	assert_int_equal(trace->counts[id].total_blocks, 1);
	assert_false(trace->counts[id].is_peak_bound);
	trace_close(trace);
}

static void
a_failed_realloc_is_no_event(void **unused)
{
	struct trace *before = trace_now(), *after;

	counters_add(self, 1, 100);
	counters_remove(self, 1, 100);
	counters_undo_remove(self, 1, 100);
	after = trace_now();
	assert_int_equal(after->counts[1].total_blocks, before->counts[1].total_blocks + 1);
	assert_int_equal(after->counts[1].live_blocks, before->counts[1].live_blocks + 1);
	counters_remove(self, 1, 100);
	trace_close(before);
	trace_close(after);
}

/* A copy of a running guest's file may have the header of one moment and a counter of a later
 * one. */
static void
sums_of_two_moments_are_no_peak(void **unused)
{
	struct trace_counter *counter = counters_of(self, 1);
	uint64_t known = tracer.writer.header->peak_bytes;
	struct trace *trace = trace_now();

	assert_false(trace->is_torn);
	trace_close(trace);
	counter->live_bytes += 2 * known;
	trace = trace_now();
	assert_true(trace->is_torn);
	assert_int_equal(trace->header.peak_bytes, known);
	trace_close(trace);
	counter->live_bytes -= 2 * known;
}

/* Ends with 32 bytes of stack 2 more for each turn, half of them counted by the main thread. */
static void *
churn(void *unused)
{
	for (int i = 0; i < THREAD_TURNS; i++) {
		struct thread *thread = thread_enter();
		struct trace_counter *counter;

		change_begin(thread);
		counter = counters_of(thread, 1);
		if (!counter || !counters_add_plain(thread, tracer.writer.header, counter, 64))
			counters_add(thread, 1, 64);
		counters_add(thread, 2, 64);
		if (!counters_remove_plain(thread, tracer.writer.header,
		                           counters_of(thread, 1), 64))
			counters_remove(thread, 1, 64);
		counters_remove(thread, 2, 32);
		change_end(thread);
		thread_leave(thread);
	}
	return NULL;
}

static void
run_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, NULL), 0);
	churn(NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void
counts_for_many_threads(void **unused)
{
	const struct trace_header *header = tracer.writer.header;
	struct trace *before = trace_now(), *after;
	uint64_t bytes = 32ull * (THREADS + 1) * THREAD_TURNS;
	uint64_t slack = (THREADS + 1) * (uint64_t)COUNTERS_SLACK;

	assert_int_equal(before->header.peak_slack_bytes_log2, 0);
	run_threads();
	after = trace_now();
	assert_int_equal(after->header.peak_slack_bytes_log2, COUNTERS_SLACK_LOG2);
	assert_int_equal(after->counts[1].live_bytes, before->counts[1].live_bytes);
	assert_int_equal(after->counts[2].live_bytes, before->counts[2].live_bytes + bytes);
	assert_int_equal(after->header.live_bytes, before->header.live_bytes + bytes);
	assert_in_range(header->live_bytes + slack - after->header.live_bytes, 0, 2 * slack);
	assert_in_range(after->header.peak_bytes, before->header.peak_bytes,
	                before->header.peak_bytes + bytes + slack);
	assert_true(after->counts[2].is_peak_bound);
	trace_close(before);
	trace_close(after);
}

/* The states of threads that have ended serve the next ones: the file knows no more of them. */
static void
needs_no_more_room_for_more_threads(void **unused)
{
	for (int i = 0; i < 5; i++)
		run_threads();
	assert_in_range(tracer.counters.count, 1, THREADS + 1);
}

/* A block that one thread allocated and another freed is nobody's. */
static void *
frees_what_others_made(void *unused)
{
	struct thread *thread = thread_enter();

	change_begin(thread);
	counters_remove(thread, 2, 32);
	change_end(thread);
	thread_leave(thread);
	return NULL;
}

static void
adds_up_what_threads_owe_each_other(void **unused)
{
	struct trace *before, *after;
	pthread_t thread;

	for (int i = 0; i < 100; i++)
		counters_add(self, 2, 32);
	before = trace_now();
	for (int i = 0; i < 100; i++) {
		assert_int_equal(pthread_create(&thread, NULL, frees_what_others_made, NULL), 0);
		pthread_join(thread, NULL);
	}
	after = trace_now();
	assert_int_equal(after->counts[2].live_bytes, before->counts[2].live_bytes - 3200);
	assert_int_equal(after->counts[2].live_blocks, before->counts[2].live_blocks - 100);
	assert_int_equal(after->header.live_bytes, before->header.live_bytes - 3200);
	trace_close(before);
	trace_close(after);
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
		cmocka_unit_test(sums_of_two_moments_are_no_peak),
		cmocka_unit_test(counts_for_many_threads),
		cmocka_unit_test(needs_no_more_room_for_more_threads),
		cmocka_unit_test(adds_up_what_threads_owe_each_other),
		cmocka_unit_test(thins_the_series_out_when_it_is_full),
	};

	change_open();
	thread_start();
	return cmocka_run_group_tests(tests, begin, guest_teardown);
}
