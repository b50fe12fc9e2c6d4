/* The file behind a trace: its name, its rights, its descriptor, its space. */
#include "test_trace_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Takes the place of libc's: a file system that refuses with this errno, or the kernel's answer. */
static int fallocate_refusal;

int
fallocate(int fd, int mode, off_t offset, off_t size)
{
	if (fallocate_refusal == 0)
		return (int)syscall(SYS_fallocate, fd, mode, offset, size);
	errno = fallocate_refusal;
	return -1;
}

static uint32_t
node_count(const char *path)
{
	struct trace *trace = open_sound(path);
	uint32_t count = trace->node_count;

	trace_close(trace);
	return count;
}

/* Only its owner may read a trace, whatever the guest's umask says. */
static void
created_for_the_owner_only(void **state)
{
	struct trace_writer writer;
	struct stat status;

	for (int turn = 0; turn < 2; turn++) {
		mode_t mask = umask(turn ? 0 : 0777);

		assert_int_equal(trace_create(&writer, sample_path("mode.mtr"), "/bin/guest"), 0);
		umask(mask);
		assert_int_equal(stat(writer.path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		trace_remove(&writer);
		trace_leave(&writer);
	}
}

/* Containers reuse pids: a taken name gets .1, .2, and the old trace stays whole. */
static void
taken_names_get_a_number(void **state)
{
	struct trace_writer writer[13];
	char wanted[300];

	for (int i = 0; i < 13; i++) {
		assert_int_equal(
		    trace_create(&writer[i], sample_path("taken.mtr"), "/bin/guest"), 0);
		if (i == 0)
			snprintf(wanted, sizeof(wanted), "%s", sample_path("taken.mtr"));
		else
			snprintf(wanted, sizeof(wanted), "%s.%d", sample_path("taken.mtr"), i);
		assert_string_equal(writer[i].path, wanted);
	}
	for (int i = 0; i < 13; i++)
		trace_leave(&writer[i]);
}

/* A link laid out under our name is not followed: what it points at is not created. */
static void
symlinks_are_not_followed(void **state)
{
	struct trace_writer writer;
	char target[256], second[256];

	snprintf(target, sizeof(target), "%s", sample_path("victim"));
	assert_int_equal(symlink(target, sample_path("link.mtr")), 0);
	assert_int_equal(trace_create(&writer, sample_path("link.mtr"), "/bin/guest"), 0);
	snprintf(second, sizeof(second), "%s.1", sample_path("link.mtr"));
	assert_string_equal(writer.path, second);
	assert_int_not_equal(access(target, F_OK), 0);
	trace_leave(&writer);
}

/* A relative path would move with the guest's chdir; a long one could not be kept. */
static void
impossible_paths_are_refused(void **state)
{
	struct trace_writer writer;
	char path[TRACE_PATH_MAX + 10];

	assert_int_equal(trace_create(&writer, "relative.mtr", "/bin/guest"), -1);
	assert_int_equal(errno, EINVAL);
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(trace_create(&writer, path, "/bin/guest"), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(trace_create(&writer, "/nonexistent/folder/x.mtr", "/bin/guest"), -1);
	assert_int_equal(errno, ENOENT);
	assert_null(writer.header);
}

/* The guest's own open() returns the number that it would return without us. */
static void
descriptor_is_out_of_the_way(void **state)
{
	int before = open("/dev/null", O_RDONLY), after;
	struct trace_writer writer;

	close(before);
	assert_int_equal(trace_create(&writer, sample_path("number.mtr"), "/bin/guest"), 0);
	after = open("/dev/null", O_RDONLY);
	assert_int_equal(after, before);
	close(after);
	assert_true(writer.fd >= 32);
	assert_true(fcntl(writer.fd, F_GETFD) & FD_CLOEXEC);
	trace_leave(&writer);
	assert_int_equal(fcntl(writer.fd, F_GETFD), -1);
}

/* The guest closes all descriptors, or puts its own file where ours was: its file stays unharmed
 * and our trace goes on. */
static void
stolen_descriptor_is_opened_again(void **state)
{
	struct sample_tables tables;
	struct trace_writer writer;
	struct stat status;
	int theirs = open(sample_path("theirs"), O_RDWR | O_CREAT, 0600), stolen;

	sample_write(&writer, &tables, sample_path("stolen.mtr"), 10, 1);
	stolen = writer.fd;
	assert_int_equal(dup2(theirs, stolen), stolen);
	sample_append(&writer, &tables.nodes, 6000, sample_fill_node);
	assert_int_not_equal(writer.fd, stolen);
	assert_int_equal(fstat(stolen, &status), 0);
	assert_int_equal(status.st_size, 0);
	close(writer.fd);
	sample_append(&writer, &tables.nodes, 6000, sample_fill_node);
	assert_int_equal(node_count(writer.path), 12010);

	/* The name leads to another file now: neither written nor removed. */
	close(writer.fd);
	assert_int_equal(rename(sample_path("theirs"), writer.path), 0);
	for (int i = 0; i < 20000 && trace_table_next(&writer, &tables.nodes); i++)
		trace_table_publish(&writer, &tables.nodes);
	assert_null(trace_table_next(&writer, &tables.nodes));
	assert_int_equal(errno, EBADF);
	assert_int_equal(fstat(theirs, &status), 0);
	assert_int_equal(status.st_size, 0);
	trace_remove(&writer);
	assert_int_equal(access(writer.path, F_OK), 0);
	sample_release(&tables);
	trace_leave(&writer);
	assert_int_equal(fcntl(stolen, F_GETFD) < 0, 0); /* the guest's: left alone */
	close(stolen);
	close(theirs);
}

/* A full disk: an errno, a file that still opens, and writing goes on once there is room. */
static void
full_disk_is_an_errno(void **state)
{
	struct sample_tables tables;
	struct trace_writer writer;
	uint32_t chunks, before;

	sample_write(&writer, &tables, sample_path("full.mtr"), 10, 1);
	chunks = writer.header->chunks;
	fallocate_refusal = ENOSPC;
	before = tables.nodes.count;
	while (trace_table_next(&writer, &tables.nodes)) {
		sample_fill_node(trace_table_next(&writer, &tables.nodes), tables.nodes.count);
		trace_table_publish(&writer, &tables.nodes);
	}
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(tables.nodes.count, TRACE_CHUNK_PAYLOAD / sizeof(struct trace_node));
	assert_true(tables.nodes.count > before);
	for (int i = 0; i < 100; i++)
		assert_null(trace_table_next(&writer, &tables.nodes));
	assert_int_equal(writer.header->chunks, chunks);
	assert_int_equal(node_count(writer.path), tables.nodes.count);
	assert_int_equal(trace_text_append(&writer, &tables.text, sample_text, 4), 15);

	fallocate_refusal = 0;
	sample_append(&writer, &tables.nodes, 100, sample_fill_node);
	assert_int_equal(node_count(writer.path), tables.nodes.count);
	sample_release(&tables);
	trace_leave(&writer);
}

/* No room for the header: nothing is left behind. */
static void
failed_creation_leaves_nothing(void **state)
{
	struct trace_writer writer;

	fallocate_refusal = ENOSPC;
	assert_int_equal(trace_create(&writer, sample_path("nothing.mtr"), "/bin/guest"), -1);
	assert_int_equal(errno, ENOSPC);
	fallocate_refusal = 0;
	assert_null(writer.header);
	assert_int_equal(access(sample_path("nothing.mtr"), F_OK), -1);
}

/* File systems without fallocate get zeros written instead, not a hole. */
static void
works_without_fallocate(void **state)
{
	struct sample_tables tables;
	struct trace_writer writer;
	struct stat status;

	fallocate_refusal = EOPNOTSUPP;
	sample_write(&writer, &tables, sample_path("zeros.mtr"), 3000, 400);
	fallocate_refusal = 0;
	assert_int_equal(node_count(writer.path), 3000);
	assert_int_equal(stat(writer.path, &status), 0);
	assert_true(status.st_blocks * 512 >= status.st_size);
	sample_release(&tables);
	trace_leave(&writer);
}

/* Space is reserved, so that touching it cannot be a SIGBUS. */
static void
space_is_reserved_not_promised(void **state)
{
	struct sample_tables tables;
	struct trace_writer writer;
	struct stat status;

	sample_write(&writer, &tables, sample_path("reserved.mtr"), 3, 1);
	assert_int_equal(stat(writer.path, &status), 0);
	assert_true(status.st_blocks * 512 >= status.st_size);
	assert_int_equal(status.st_size, TRACE_HEADER_SIZE +
	                 (int64_t)writer.header->chunks * TRACE_CHUNK_SIZE);
	sample_release(&tables);
	trace_leave(&writer);
}

/* A guest with a limit on file sizes does not die of our SIGXFSZ. */
static void
file_size_limit_is_an_errno(void **state)
{
	char path[256];
	int status;
	pid_t child;

	snprintf(path, sizeof(path), "%s", sample_path("limit.mtr"));
	child = fork();
	if (child == 0) {
		struct rlimit limit = { 100000, 100000 };
		struct trace_table nodes;
		struct trace_writer writer;

		signal(SIGXFSZ, SIG_DFL);
		setrlimit(RLIMIT_FSIZE, &limit);
		if (trace_create(&writer, path, "/bin/guest") != 0 ||
		    trace_table_init(&nodes, TRACE_CHUNK_NODES, TRACE_NONE) != 0)
			_exit(1);
		while (trace_table_next(&writer, &nodes)) {
			sample_fill_node(trace_table_next(&writer, &nodes), nodes.count);
			trace_table_publish(&writer, &nodes);
		}
		_exit(errno == EFBIG ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(access(path, R_OK), 0);
}

/* A notice of any length is kept, cut to fit, and read back. */
static void
notices_are_cut_to_fit(void **state)
{
	struct trace_writer writer;
	char sentence[1000];
	struct trace *trace;

	assert_int_equal(trace_create(&writer, sample_path("notice.mtr"), "/bin/guest"), 0);
	memset(sentence, 'n', sizeof(sentence) - 1);
	sentence[sizeof(sentence) - 1] = '\0';
	trace_notice(&writer, sentence);
	trace = open_sound(writer.path);
	assert_int_equal(strlen(trace->header.notice), TRACE_TEXT_MAX - 1);
	trace_close(trace);
	trace_notice(&writer, "short");
	trace_end(&writer, TRACE_STOPPED);
	trace = open_sound(writer.path);
	assert_string_equal(trace->header.notice, "short");
	assert_int_equal(trace->header.end, TRACE_STOPPED);
	assert_int_equal(trace->header.pid, getpid());
	assert_int_equal(trace->header.parent_pid, getppid());
	assert_string_equal(trace->header.program, "/bin/guest");
	trace_close(trace);
	trace_remove(&writer);
	assert_int_equal(access(writer.path, F_OK), -1);
	trace_leave(&writer);
}

/* A guest that goes on without a trace keeps no file, no descriptor, and learns the first cause. */
static void
given_up_leaves_nothing(void **state)
{
	struct trace_writer writer;
	int fd;

	assert_int_equal(trace_create(&writer, sample_path("given_up.mtr"), "/bin/guest"), 0);
	fd = writer.fd;
	errno = ENOSPC;
	trace_abandon(&writer);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(access(writer.path, F_OK), -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_null(writer.header);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(created_for_the_owner_only),
		cmocka_unit_test(taken_names_get_a_number),
		cmocka_unit_test(symlinks_are_not_followed),
		cmocka_unit_test(impossible_paths_are_refused),
		cmocka_unit_test(descriptor_is_out_of_the_way),
		cmocka_unit_test(stolen_descriptor_is_opened_again),
		cmocka_unit_test(full_disk_is_an_errno),
		cmocka_unit_test(failed_creation_leaves_nothing),
		cmocka_unit_test(works_without_fallocate),
		cmocka_unit_test(space_is_reserved_not_promised),
		cmocka_unit_test(file_size_limit_is_an_errno),
		cmocka_unit_test(notices_are_cut_to_fit),
		cmocka_unit_test(given_up_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
