/* Why a process cannot be attached to: which setting it is, and what to do. */
#include "analyzer/attach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t
start_child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void
end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The message for a refusal where Yama's setting reads so; NULL: there is no Yama. */
static const char *
refused(pid_t pid, const char *setting)
{
	static char error[ATTACH_ERROR_SIZE];
	char path[] = "/tmp/maptrace_test_yama_XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	if (setting)
		assert_int_equal(write(fd, setting, strlen(setting)), strlen(setting));
	close(fd);
	if (!setting)
		unlink(path);
	attach_explain_by(pid, EPERM, path, error);
	unlink(path);
	return error;
}

static void
expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text);
}

static void
yamas_setting_is_named_with_what_to_do(void **state)
{
	pid_t pid = start_child();

	expect(refused(pid, "1\n"), "kernel.yama.ptrace_scope is 1: only a process's ancestors");
	expect(refused(pid, "1\n"), "sysctl kernel.yama.ptrace_scope=0");
	expect(refused(pid, "1\n"), "`maptrace go run -- PROGRAM`");
	expect(refused(pid, "2\n"),
	       "is 2: only processes with CAP_SYS_PTRACE may attach. Attach as root,");
	assert_null(strstr(refused(pid, "2\n"), "sysctl")); /* that alone would not do */
	expect(refused(pid, "3\n"), "is 3: nobody may attach until the next boot");
	end_child(pid);
}

static void
a_setting_that_allows_is_not_blamed(void **state)
{
	static const char *const settings[] = {"0\n", "7\n", "-1\n", "", "none\n", NULL};
	pid_t pid = start_child();

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		assert_null(strstr(refused(pid, settings[i]), "yama"));
		expect(refused(pid, settings[i]), "the kernel refuses to attach to process");
	}
	end_child(pid);
}

static void
who_has_ended_is_said_to_have_ended(void **state)
{
	char error[ATTACH_ERROR_SIZE];
	siginfo_t info;
	pid_t pid = start_child();

	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	attach_explain(pid, EPERM, error);
	expect(error, "a zombie");
	end_child(pid);
	attach_explain(pid, ESRCH, error);
	expect(error, "there is no process");
	attach_explain(getpid(), ESRCH, error);
	expect(error, "ended meanwhile");
	attach_explain(getpid(), ETIMEDOUT, error);
	expect(error, "does not stop");
	attach_explain(getpid(), EIO, error);
	expect(error, strerror(EIO));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yamas_setting_is_named_with_what_to_do),
		cmocka_unit_test(a_setting_that_allows_is_not_blamed),
		cmocka_unit_test(who_has_ended_is_said_to_have_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
