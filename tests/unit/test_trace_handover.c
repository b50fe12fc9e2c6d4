/* Tables of several: handed on to another file, used by processes and threads at once, left
 * behind. */
#include "test_trace_sample.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static void
clone_all(struct trace_writer *child, struct sample_tables *tables)
{
	assert_int_equal(trace_table_clone(child, &tables->modules), 0);
	assert_int_equal(trace_table_clone(child, &tables->sites), 0);
	assert_int_equal(trace_table_clone(child, &tables->nodes), 0);
	assert_int_equal(trace_table_clone(child, &tables->decisions), 0);
	assert_int_equal(trace_table_clone(child, &tables->text), 0);
	assert_int_equal(trace_table_clone(child, &tables->profiles), 0);
	assert_int_equal(trace_table_clone(child, &tables->stacks), 0);
	assert_int_equal(trace_table_clone(child, &tables->series), 0);
}

/* The file holds these bytes; frees them. */
static void
check_unchanged(const char *path, uint8_t *before, size_t size)
{
	size_t size_after;
	uint8_t *after = sample_read_file(path, &size_after);

	assert_int_equal(size, size_after);
	assert_memory_equal(before, after, size);
	free(before);
	free(after);
}

/* A forked child goes on in a file of its own with what its parent had; the parent's file and
 * records stay as they are. */
static void
clone_continues_in_another_file(void **state)
{
	struct trace_writer parent, child;
	struct sample_tables tables;
	struct trace *trace;
	uint8_t *before;
	size_t size;

	sample_write(&parent, &tables, sample_path("parent.mtr"), 15000, 1);
	before = sample_read_file(parent.path, &size);
	assert_int_equal(trace_create(&child, sample_path("child.mtr"), "/bin/guest"), 0);
	clone_all(&child, &tables);
	trace_leave(&parent);
	sample_append(&child, &tables.nodes, 5000, sample_fill_node);
	sample_append(&child, &tables.stacks, 10, sample_fill_stack);

	trace = open_sound(child.path);
	assert_int_equal(trace->node_count, 20000);
	assert_int_equal(trace->stack_count, 15010);
	assert_int_equal(trace->nodes[14999].pc, 0x1000 + 14999 % SAMPLE_SITES);
	assert_int_equal(trace->nodes[19999].pc, 0x1000 + 19999 % SAMPLE_SITES);
	assert_int_equal(trace->series_count, 10);
	assert_int_equal(trace->snapshot_count, 0);
	assert_memory_equal(trace->text, sample_text, strlen(sample_text));
	trace_close(trace);
	check_unchanged(sample_path("parent.mtr"), before, size);
	sample_release(&tables);
	trace_leave(&child);
}

/* What a child does to tables that it detached, and to the header, stays out of the file. */
static void
detached_tables_are_the_childs_own(void **state)
{
	struct trace_writer writer;
	struct sample_tables tables;
	uint8_t *before;
	size_t size;
	void *node;

	sample_write(&writer, &tables, sample_path("detached.mtr"), 15000, 1);
	before = sample_read_file(writer.path, &size);
	node = trace_table_at(&tables.nodes, 14999);
	trace_detach(&writer);
	trace_table_detach(&tables.nodes);
	assert_ptr_equal(trace_table_at(&tables.nodes, 14999), node);
	memset(node, 0xff, sizeof(struct trace_node));
	sample_append(&writer, &tables.nodes, 5000, sample_fill_node);
	writer.header->unrecorded = 4711;

	check_unchanged(writer.path, before, size);
	sample_release(&tables);
	trace_leave(&writer);
}

/* A draft: what it adds and changes is its own, in memory, and at the same addresses in a file
 * later; the parent's file stays as it is. */
static void
draft_becomes_a_file_in_place(void **state)
{
	struct trace_writer parent, draft, child;
	struct trace_header *header;
	struct sample_tables tables;
	struct trace *trace;
	uint8_t *before;
	size_t size;
	struct trace_profile *profile;
	void *node, *series;
	uint32_t awake;

	sample_write(&parent, &tables, sample_path("drafts_parent.mtr"), 15000, 1);
	before = sample_read_file(parent.path, &size);
	assert_int_equal(trace_draft(&draft, sample_path("draft.mtr"), "/bin/draft"), 0);
	trace_table_borrow(&tables.nodes);
	trace_table_borrow(&tables.profiles);
	trace_table_empty(&tables.series);
	node = trace_table_at(&tables.nodes, 14999);
	assert_int_equal(trace_table_own(&tables.profiles), 0);
	profile = trace_table_at(&tables.profiles, 0);
	profile->awake = awake = !profile->awake;
	sample_append(&draft, &tables.nodes, 5000, sample_fill_node);
	series = trace_table_next(&draft, &tables.series);
	assert_non_null(series);
	trace_table_publish(&draft, &tables.series);
	assert_int_equal(access(sample_path("draft.mtr"), F_OK), -1);
	draft.header->unrecorded = 4711;

	header = draft.header;
	assert_int_equal(trace_create(&child, sample_path("draft.mtr"), "/bin/guest"), 0);
	trace_continue(child.header, draft.header);
	clone_all(&child, &tables);
	assert_int_equal(trace_take_place(&child, draft.header), 0);
	assert_ptr_equal(child.header, header);
	assert_ptr_equal(trace_table_at(&tables.nodes, 14999), node);
	assert_ptr_equal(trace_table_at(&tables.series, 0), series);
	header->last_event_ns = 4712; /* of the file, now */
	sample_append(&child, &tables.stacks, 10, sample_fill_stack);

	trace = open_sound(child.path);
	assert_int_equal(trace->header.unrecorded, 4711);
	assert_int_equal(trace->header.last_event_ns, 4712);
	assert_int_equal(trace->node_count, 20000);
	assert_int_equal(trace->nodes[14999].pc, 0x1000 + 14999 % SAMPLE_SITES);
	assert_int_equal(trace->nodes[19999].pc, 0x1000 + 19999 % SAMPLE_SITES);
	assert_int_equal(trace->stack_count, 15010);
	assert_int_equal(trace->series_count, 1);
	assert_int_equal(trace->profiles[0].awake, awake);
	trace_close(trace);
	check_unchanged(sample_path("drafts_parent.mtr"), before, size);
	sample_release(&tables);
	trace_leave(&child);
	trace_leave(&parent);
}

static void
append_owned_rows(struct trace_writer *writer, uint32_t owner, uint32_t rows)
{
	struct trace_rows table;
	uint32_t told;

	if (trace_rows_begin(&table, writer, TRACE_CHUNK_LIVE, owner) != 0)
		_exit(1);
	for (uint32_t i = 0; i < rows; i++) {
		struct trace_live live = { .stack = TRACE_NONE };

		live.bytes = (uint64_t)owner << 32 | i;

		if (trace_rows_add(&table, &live, 1) != 0)
			_exit(2);
	}
	trace_rows_end(&table, &told);
}

struct thread_job {
	struct trace_writer *writer;
	uint32_t owner, rows;
};

static void *
append_in_thread(void *job)
{
	const struct thread_job *this = job;

	append_owned_rows(this->writer, this->owner, this->rows);
	return NULL;
}

/* The guest, its threads and its snapshot child take chunks at once: none is shared, none lost. */
static void
processes_and_threads_append_at_once(void **state)
{
	enum { WRITERS = 6, ROWS = 60000 };
	struct thread_job jobs[WRITERS];
	struct trace_table snapshots;
	struct trace_writer writer;
	pthread_t threads[WRITERS];
	struct trace *trace;
	pid_t children[2];
	int status;

	assert_int_equal(trace_create(&writer, sample_path("together.mtr"), "/bin/guest"), 0);
	assert_int_equal(trace_table_init(&snapshots, TRACE_CHUNK_SNAPSHOTS, TRACE_NONE), 0);
	for (int i = 0; i < WRITERS; i++) {
		assert_non_null(trace_table_next(&writer, &snapshots));
		trace_table_publish(&writer, &snapshots);
	}
	for (uint32_t i = 0; i < 2; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			append_owned_rows(&writer, i, ROWS);
			_exit(0);
		}
	}
	for (uint32_t i = 2; i < WRITERS; i++) {
		jobs[i] = (struct thread_job){ &writer, i, ROWS };
		assert_int_equal(pthread_create(&threads[i], NULL, append_in_thread, &jobs[i]), 0);
	}
	for (int i = 2; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	trace = open_sound(writer.path);
	assert_int_equal(trace->snapshot_count, WRITERS);
	for (uint32_t i = 0; i < WRITERS; i++) {
		assert_int_equal(trace->snapshots[i].live_count, ROWS);
		for (uint32_t row = 0; row < ROWS; row++)
			assert_int_equal(trace->snapshots[i].live[row].bytes,
			                 (uint64_t)i << 32 | row);
	}
	trace_close(trace);
	trace_table_release(&snapshots);
	trace_leave(&writer);
}

/* A guest that is killed at any moment leaves all that it had published. */
static void
killed_writer_leaves_its_records(void **state)
{
	for (int turn = 0; turn < 20; turn++) {
		int ready[2], status;
		uint32_t published;
		struct trace *trace;
		char path[256];
		pid_t child;

		snprintf(path, sizeof(path), "%s/killed-%d.mtr", sample_folder, turn);
		assert_int_equal(pipe(ready), 0);
		child = fork();
		if (child == 0) {
			struct sample_tables tables;
			struct trace_writer writer;

			sample_write(&writer, &tables, path, 10, 5);
			for (uint32_t i = 0;; i++) {
				sample_append(&writer, &tables.nodes, 50, sample_fill_node);
				if (i == 100 && write(ready[1], &tables.nodes.count, 4) != 4)
					_exit(1);
			}
		}
		close(ready[1]);
		assert_int_equal(read(ready[0], &published, 4), 4);
		usleep((useconds_t)(turn * 100));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		close(ready[0]);
		trace = open_sound(path);
		assert_true(trace->node_count >= published);
		assert_int_equal(trace->header.end, TRACE_RUNNING);
		assert_int_equal(trace->snapshot_count, 2);
		assert_false(trace_guest_is_running(trace));
		trace_close(trace);
		unlink(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clone_continues_in_another_file),
		cmocka_unit_test(detached_tables_are_the_childs_own),
		cmocka_unit_test(draft_becomes_a_file_in_place),
		cmocka_unit_test(processes_and_threads_append_at_once),
		cmocka_unit_test(killed_writer_leaves_its_records),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
