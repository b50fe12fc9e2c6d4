/* Whether the guest of a trace still runs, and what it left unfinished will be finished. */
#include "test_trace_sample.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A child that keeps a trace open until `end` is readable; says on `ready` that it does. */
static pid_t
start_idle_guest(const char *path, int *end)
{
	int ready[2], finish[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(finish), 0);
	child = fork();
	if (child == 0) {
		struct trace_writer writer;

		close(finish[1]);
		if (trace_create(&writer, path, "/bin/guest") != 0 ||
		    write(ready[1], &byte, 1) != 1)
			_exit(1);
		_exit(read(finish[0], &byte, 1) == 0 ? 0 : 2);
	}
	close(ready[1]);
	close(finish[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*end = finish[1];
	return child;
}

static bool
is_running(const char *path)
{
	struct trace_error error;
	struct trace *trace = trace_open(path, &error);
	bool running;

	assert_non_null(trace);
	running = trace_guest_is_running(trace);
	trace_close(trace);
	return running;
}

/* Alive while the process has the file mapped; not as a zombie, not when it is gone. */
static void
guest_is_seen_to_run_and_to_end(void **state)
{
	const char *path = sample_path("idle.mtr");
	int end, status;
	pid_t child = start_idle_guest(path, &end);
	siginfo_t info;

	assert_true(is_running(path));
	close(end);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_false(is_running(path));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_false(is_running(path));
}

static bool
is_being_written(const char *path)
{
	struct trace_error error;
	struct trace *trace = trace_open(path, &error);
	bool is_written;

	assert_non_null(trace);
	is_written = trace_is_being_written(trace);
	trace_close(trace);
	return is_written;
}

/* A snapshot is under way as long as its writer lives and has not said that it is done. */
static void
snapshot_under_way_is_told_from_one_that_was_cut_off(void **state)
{
	struct trace_writer writer;
	struct trace_table snapshots;
	struct trace_snapshot *record;

	assert_int_equal(trace_create(&writer, sample_path("writing.mtr"), "/bin/guest"), 0);
	assert_int_equal(trace_table_init(&snapshots, TRACE_CHUNK_SNAPSHOTS, TRACE_NONE), 0);
	assert_false(is_being_written(writer.path));
	record = trace_table_next(&writer, &snapshots);
	assert_non_null(record);
	record->pid = (uint32_t)getpid();
	trace_table_publish(&writer, &snapshots);
	assert_true(is_being_written(writer.path));
	record->pid = (uint32_t)getppid(); /* lives, and does not write here */
	assert_false(is_being_written(writer.path));
	record->pid = (uint32_t)getpid();
	record->state = TRACE_SNAPSHOT_COMPLETE;
	assert_false(is_being_written(writer.path));
	trace_table_release(&snapshots);
	trace_leave(&writer);
}

/* Another process with the guest's old pid is not the guest; nor is one that ended properly. */
static void
reused_pid_is_not_the_guest(void **state)
{
	struct trace_writer writer;
	char copy[1400];

	assert_int_equal(trace_create(&writer, sample_path("own.mtr"), "/bin/guest"), 0);
	assert_true(is_running(writer.path));
	snprintf(copy, sizeof(copy), "cp %s %s", writer.path, sample_path("copy.mtr"));
	assert_int_equal(system(copy), 0);
	assert_false(is_running(sample_path("copy.mtr")));
	writer.header->pid = 0;
	assert_false(is_running(writer.path));
	writer.header->pid = (uint32_t)getpid();
	trace_end(&writer, TRACE_ENDED);
	assert_false(is_running(writer.path));
	trace_leave(&writer);
}

/* What another user sees of our trace: 1 alive, 0 not. Root only. */
static int
seen_by_another_user(const struct trace *trace)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(2);
		_exit(trace_guest_is_running(trace));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Where we may not look at the guest's mappings, its start time decides: a process that began after
 * the trace did has only inherited the number. */
static void
start_time_decides_where_we_may_not_look(void **state)
{
	struct trace_error error;
	struct trace_writer writer;
	struct trace *trace;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(sample_folder, 0711), 0);
	assert_int_equal(trace_create(&writer, sample_path("other.mtr"), "/bin/guest"), 0);
	trace = trace_open(writer.path, &error);
	assert_non_null(trace);
	assert_int_equal(seen_by_another_user(trace), 1);
	trace->header.start_realtime_ns -= 3600ull * 1000000000;
	assert_int_equal(seen_by_another_user(trace), 0);
	trace->header.start_realtime_ns += 3600ull * 1000000000;
	trace->header.pid = 0x3fffffff;
	assert_int_equal(seen_by_another_user(trace), 0);
	trace_close(trace);
	trace_leave(&writer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guest_is_seen_to_run_and_to_end),
		cmocka_unit_test(snapshot_under_way_is_told_from_one_that_was_cut_off),
		cmocka_unit_test(reused_pid_is_not_the_guest),
		cmocka_unit_test(start_time_decides_where_we_may_not_look),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
