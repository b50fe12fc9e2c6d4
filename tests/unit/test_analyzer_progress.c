/* The line that tells how far a command is: only on a terminal, only once its time has come. */
#include "analyzer/progress.h"

#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct terminal {
	int master, saved;
};

/* Standard error becomes a terminal whose other end is the result's master. */
static struct terminal
terminal_open(void)
{
	struct terminal terminal = {.saved = dup(STDERR_FILENO)};
	int slave;

	assert_int_equal(openpty(&terminal.master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(dup2(slave, STDERR_FILENO), STDERR_FILENO);
	close(slave);
	return terminal;
}

/* What was written, and standard error is what it was. The kernel brings it in pieces; once nobody
 * has the other end any more, the read after the last fails. */
static void
terminal_close(struct terminal *terminal, char said[256])
{
	ssize_t size;
	size_t all = 0;

	fflush(stderr);
	dup2(terminal->saved, STDERR_FILENO);
	close(terminal->saved);
	while (all < 255 && (size = read(terminal->master, said + all, 255 - all)) > 0)
		all += (size_t)size;
	said[all] = '\0';
	close(terminal->master);
}

static void
line_is_told_when_its_time_has_come_and_cleared(void **state)
{
	struct terminal terminal = terminal_open();
	struct progress progress;
	char said[256];

	progress_begin(&progress, "check", 100);
	progress.next_ns = 0; /* as if a second had passed */
	progress_tell(&progress, 7);
	progress_clear(&progress);
	terminal_close(&terminal, said);
	assert_string_equal(said, "\rmaptrace check: 7 of 100 traces\033[K\r\033[K");
}

static void
nothing_is_told_before_its_time(void **state)
{
	struct terminal terminal = terminal_open();
	struct progress progress;
	char said[256];

	progress_begin(&progress, "check", 100);
	assert_true(progress.next_ns > 0);
	progress.next_ns = UINT64_MAX;
	progress_tell(&progress, 7);
	progress_clear(&progress);
	terminal_close(&terminal, said);
	assert_string_equal(said, "");
}

static void
what_is_no_terminal_stays_clean(void **state)
{
	struct progress progress;
	int ends[2], saved = dup(STDERR_FILENO);
	char said[16];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	progress_begin(&progress, "check", 100);
	progress.next_ns = 0;
	progress_tell(&progress, 7);
	progress_clear(&progress);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(read(ends[0], said, sizeof said), 0);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(line_is_told_when_its_time_has_come_and_cleared),
	    cmocka_unit_test(nothing_is_told_before_its_time),
	    cmocka_unit_test(what_is_no_terminal_stays_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
