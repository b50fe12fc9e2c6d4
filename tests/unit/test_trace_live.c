/* A trace that is read while its guest writes it: sound at every moment. */
#include "test_trace_sample.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* What a guest does, as fast as it can: each record names the newest of what it may name, so that a
 * reader that copied in the wrong order would find it pointing past the end. */
struct guest {
	struct trace_writer writer;
	struct sample_tables tables;
	struct trace_rows rows[4]; /* of the snapshot under way: LIVE, CLAIMS, MAPS, REFUSED */
};

static void
append_profile(struct guest *guest)
{
	static const char text[] = "a text that a profile names, of some length";
	struct trace_profile *profile = trace_table_next(&guest->writer, &guest->tables.profiles);

	profile->text_offset = trace_text_append(&guest->writer, &guest->tables.text, text,
	                                         sizeof(text));
	profile->text_size = sizeof(text);
	strcpy(profile->name, "p");
	trace_table_publish(&guest->writer, &guest->tables.profiles);
}

static void
append_module(struct guest *guest)
{
	struct trace_module *module = trace_table_next(&guest->writer, &guest->tables.modules);

	sample_fill_module(module, guest->tables.modules.count);
	trace_table_publish(&guest->writer, &guest->tables.modules);
}

static void
append_stack(struct guest *guest)
{
	struct trace_site *site = trace_table_next(&guest->writer, &guest->tables.sites);
	struct trace_decision *decision;
	struct trace_stack *stack;
	struct trace_node *node;

	site->module = guest->tables.modules.count - 1;
	trace_table_publish(&guest->writer, &guest->tables.sites);
	node = trace_table_next(&guest->writer, &guest->tables.nodes);
	node->site = guest->tables.sites.count - 1;
	node->parent = guest->tables.nodes.count / 2;
	trace_table_publish(&guest->writer, &guest->tables.nodes);
	decision = trace_table_next(&guest->writer, &guest->tables.decisions);
	decision->profile = guest->tables.profiles.count - 1;
	decision->split_share = decision->split_whole = 1;
	trace_table_publish(&guest->writer, &guest->tables.decisions);
	stack = trace_table_next(&guest->writer, &guest->tables.stacks);
	stack->node = guest->tables.nodes.count - 1;
	stack->decision = guest->tables.decisions.count - 1;
	trace_table_publish(&guest->writer, &guest->tables.stacks);
}

static void
append_row(struct guest *guest, uint32_t which)
{
	uint32_t stack = guest->tables.stacks.count - 1, module = guest->tables.modules.count - 1;
	uint32_t profile = guest->tables.profiles.count - 1;
	const struct trace_live live = { .stack = stack, .blocks = 1 };
	const struct trace_claim claim = { .stack = stack };
	const struct trace_map map = { .stack = stack, .where_stack = stack,
		.where_module = module, .profile = profile };
	const struct trace_refused refused = { .profile = profile };
	const void *records[] = { &live, &claim, &map, &refused };

	if (trace_rows_add(&guest->rows[which], records[which], 1) != 0)
		_exit(4);
}

static void
take_snapshot(struct guest *guest)
{
	struct trace_snapshot *info = trace_table_next(&guest->writer, &guest->tables.snapshots);
	uint32_t index = trace_table_publish(&guest->writer, &guest->tables.snapshots);

	strcpy(info->label, "mark");
	for (uint32_t i = 0; i < 4; i++)
		if (trace_rows_begin(&guest->rows[i], &guest->writer, TRACE_CHUNK_LIVE + i,
		                     index) != 0)
			_exit(3);
	for (uint32_t i = 0; i < 400; i++) {
		append_stack(guest);
		append_row(guest, i % 4);
	}
	trace_rows_end(&guest->rows[0], &info->live);
	trace_rows_end(&guest->rows[1], &info->claims);
	trace_rows_end(&guest->rows[2], &info->maps);
	trace_rows_end(&guest->rows[3], &info->refused);
	__atomic_store_n(&info->state, TRACE_SNAPSHOT_COMPLETE, __ATOMIC_RELEASE);
}

static void
append_point(struct guest *guest)
{
	trace_table_next(&guest->writer, &guest->tables.series);
	trace_table_publish(&guest->writer, &guest->tables.series);
	if (guest->tables.series.count == TRACE_SERIES_MAX)
		trace_table_shorten(&guest->writer, &guest->tables.series, TRACE_SERIES_MAX / 2);
}

/* Small traces one after the other, so that the reader meets each of them young and grown. */
static void
run_guest(const char *path)
{
	static struct guest guest;

	for (;;) {
		if (trace_create(&guest.writer, path, "/bin/guest") != 0)
			_exit(1);
		sample_init(&guest.tables);
		for (int i = 0; i < 5; i++) {
			append_module(&guest);
			append_profile(&guest);
			take_snapshot(&guest);
			for (int point = 0; point < 1000; point++)
				append_point(&guest);
		}
		trace_remove(&guest.writer);
		sample_release(&guest.tables);
		trace_leave(&guest.writer);
	}
}

static pid_t
start_guest(const char *path)
{
	pid_t child = fork();

	if (child == 0) {
		run_guest(path);
		_exit(0);
	}
	assert_true(child > 0);
	return child;
}

static void
stop_guest(pid_t child)
{
	int status;

	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status)); /* it had not ended by itself */
}

/* Rows of a snapshot under way are whole: none is a record that is still being filled. */
static void
check_rows_are_whole(const struct trace_snapshot_rows *rows)
{
	for (uint32_t i = 0; i < rows->live_count; i++)
		assert_int_equal(rows->live[i].blocks, 1);
}

enum { LOOKS = 300 };

/* Many looks at a trace under full load, some at a snapshot under way and some at a complete one:
 * never damaged, never cut, the promise always kept. */
static void
running_guest_never_looks_damaged(void **state)
{
	const char *path = sample_path("live.mtr");
	unsigned opened = 0, unfinished = 0, complete = 0;
	pid_t child = start_guest(path);

	while (opened < LOOKS || !unfinished || !complete) {
		struct trace_error error;
		struct trace *trace = trace_open(path, &error);

		/* The moments between two traces, and before one has its header. */
		if (!trace && (error.kind == TRACE_ERROR_OPEN || error.kind == TRACE_ERROR_FOREIGN))
			continue;
		if (!trace) {
			stop_guest(child);
			fail_msg("after %u: %s", opened, error.message);
		}
		opened++;
		promise_holds(trace);
		for (uint32_t i = 0; i < trace->snapshot_count; i++) {
			unfinished += trace->snapshots[i].info.state == TRACE_SNAPSHOT_BEGUN;
			complete += trace->snapshots[i].info.state == TRACE_SNAPSHOT_COMPLETE;
			check_rows_are_whole(&trace->snapshots[i]);
		}
		trace_close(trace);
	}
	stop_guest(child);
}

/* A file cut short under the reader's hands is an error, not a SIGBUS. */
static void
file_cut_while_it_is_read_is_no_crash(void **state)
{
	const char *path = sample_path("cutting.mtr");
	struct sample_tables tables;
	struct trace_writer writer;
	size_t size;
	uint8_t *bytes;
	pid_t child;
	int status;

	sample_write(&writer, &tables, path, 5000, 500);
	sample_release(&tables);
	trace_leave(&writer);
	bytes = sample_read_file(path, &size);
	child = fork();
	if (child == 0) {
		int fd = open(path, O_RDWR);

		for (;;) {
			if (ftruncate(fd, rand() % (long)size) != 0 ||
			    pwrite(fd, bytes, size, 0) != (ssize_t)size)
				_exit(1);
		}
	}
	for (int i = 0; i < 300; i++) {
		struct trace_error error;
		struct trace *trace = trace_open(path, &error);

		if (trace)
			promise_holds(trace);
		trace_close(trace);
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(running_guest_never_looks_damaged),
		cmocka_unit_test(file_cut_while_it_is_read_is_no_crash),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
