/* Asking for a snapshot through the trace: what the asker writes, and which files it leaves
 * alone. */
#include "test_trace_sample.h"
#include "trace/request.h"

#include <errno.h>
#include <fcntl.h>

static void
asks_in_the_header_and_sees_the_answer(void **state)
{
	struct trace_writer writer;
	struct trace_request first, second;

	assert_int_equal(trace_create(&writer, sample_path("ask.mtr"), "/bin/guest"), 0);
	assert_int_equal(trace_request_place(&first, writer.path, "loaded"), 0);
	assert_int_equal(writer.header->requests, 1);
	assert_string_equal(writer.header->request_label, "loaded");
	assert_false(trace_request_is_answered(&first));
	assert_int_equal(trace_request_place(&second, writer.path, ""), 0);
	writer.header->requests_answered = 1;
	assert_true(trace_request_is_answered(&first));
	assert_false(trace_request_is_answered(&second));
	writer.header->requests_answered = 2;
	assert_true(trace_request_is_answered(&first));
	assert_true(trace_request_is_answered(&second));
	trace_request_release(&first);
	trace_request_release(&second);
	trace_remove(&writer);
	trace_leave(&writer);
}

static void
cuts_a_label_that_is_too_long(void **state)
{
	struct trace_writer writer;
	struct trace_request request;
	char label[2 * TRACE_NAME_MAX];

	memset(label, 'x', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	assert_int_equal(trace_create(&writer, sample_path("long.mtr"), "/bin/guest"), 0);
	assert_int_equal(trace_request_place(&request, writer.path, label), 0);
	assert_int_equal(strlen(writer.header->request_label), TRACE_NAME_MAX - 1);
	trace_request_release(&request);
	trace_remove(&writer);
	trace_leave(&writer);
}

/* Not a byte of a file that is no trace, or another version's, is touched. */
static void
leaves_other_files_alone(void **state)
{
	struct trace_header header = { .magic = "MAPTRACF", .version = TRACE_VERSION,
		.byte_order = TRACE_BYTE_ORDER };
	static char before[TRACE_HEADER_SIZE], after[TRACE_HEADER_SIZE];
	const char *path = sample_path("foreign.mtr");
	struct trace_request request;

	for (int turn = 0; turn < 3; turn++) {
		size_t size = turn < 2 ? sizeof(before) : 100;
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

		memcpy(before, &header, sizeof(header));
		assert_int_equal(write(fd, before, size), size);
		assert_int_equal(trace_request_place(&request, path, "x"), -1);
		assert_int_equal(errno, EPROTO);
		trace_request_release(&request);
		assert_int_equal(pread(fd, after, size, 0), size);
		assert_memory_equal(before, after, size);
		close(fd);
		memcpy(header.magic, TRACE_MAGIC, sizeof(header.magic));
		header.version++;
	}
	unlink(path);
	assert_int_equal(trace_request_place(&request, path, "x"), -1);
	assert_int_equal(errno, ENOENT);
	trace_request_release(&request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_in_the_header_and_sees_the_answer),
		cmocka_unit_test(cuts_a_label_that_is_too_long),
		cmocka_unit_test(leaves_other_files_alone),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
