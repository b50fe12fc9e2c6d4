/* Running a program and finding its traces again: places, patterns, whose trace is whose,
 * signals. */
#include "analyzer/launch.h"
#include "analyzer/library.h"
#include "analyzer/run_help.h"
#include "analyzer/run_traces.h"
#include "tests/unit/test_instrument.h"
#include "tests/unit/test_trace_sample.h"
#include "trace/environment.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static void
place_becomes_absolute(void **state)
{
	char here[512], wanted[1024], *pattern = run_traces_pattern(NULL);

	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(wanted, sizeof(wanted), "%s/maptrace.%%n.%%p.mtr", here);
	assert_string_equal(pattern, wanted);
	free(pattern);
	pattern = run_traces_pattern("x.%p");
	snprintf(wanted, sizeof(wanted), "%s/x.%%p", here);
	assert_string_equal(pattern, wanted);
	free(pattern);
	pattern = run_traces_pattern("/a/x.%p");
	assert_string_equal(pattern, "/a/x.%p");
	free(pattern);
}

static void
folder_takes_the_default_name(void **state)
{
	const char *made = sample_path("made/");
	char wanted[512], *pattern = run_traces_pattern(sample_folder);
	struct stat file;

	snprintf(wanted, sizeof(wanted), "%s/maptrace.%%n.%%p.mtr", sample_folder);
	assert_string_equal(pattern, wanted);
	free(pattern);
	pattern = run_traces_pattern(made);
	snprintf(wanted, sizeof(wanted), "%s/made/maptrace.%%n.%%p.mtr", sample_folder);
	assert_string_equal(pattern, wanted);
	assert_int_equal(stat(made, &file), 0);
	free(pattern);
	errno = 0;
	assert_null(run_traces_pattern("/nonexistent/folder/"));
	assert_int_equal(errno, ENOENT);
}

static void
percent_signs_of_our_folder_are_kept(void **state)
{
	char *here = getcwd(NULL, 0), *pattern;

	assert_int_equal(mkdir(sample_path("100%p"), 0755), 0);
	assert_int_equal(chdir(sample_path("100%p")), 0);
	pattern = run_traces_pattern("x");
	assert_non_null(strstr(pattern, "/100%%p/x"));
	free(pattern);
	assert_int_equal(chdir(here), 0);
	free(here);
}

/* An empty trace of process `pid` that began at `start`. */
static void
write_trace(const char *name, uint32_t pid, uint64_t start)
{
	struct trace_writer writer = {0};

	assert_int_equal(trace_create(&writer, sample_path(name), "/bin/guest"), 0);
	writer.header->pid = pid;
	writer.header->start_realtime_ns = start;
	trace_end(&writer, TRACE_ENDED);
	trace_leave(&writer);
}

static void
traces_are_told_apart_by_their_headers(void **state)
{
	char pattern[512];
	struct run_traces traces;
	FILE *junk;

	write_trace("m.sh.7.mtr", 7, 100); /* before it called exec */
	write_trace("m.prog.7.mtr", 7, 200);
	write_trace("m.prog.8.mtr", 8, 150); /* a child */
	write_trace("m.prog.7.mtr", 7, 50);  /* an older process of this id: becomes .1 */
	junk = fopen(sample_path("m.junk.7.mtr"), "w");
	fputs("no trace", junk);
	fclose(junk);
	snprintf(pattern, sizeof(pattern), "%s/m.%%n.%%p.mtr", sample_folder);
	assert_int_equal(run_traces_find(&traces, pattern, 7, 100), 0);
	assert_string_equal(traces.own, sample_path("m.prog.7.mtr"));
	assert_int_equal(traces.count, 2);
	run_traces_release(&traces);
	assert_int_equal(run_traces_find(&traces, pattern, 9, 0), 0);
	assert_null(traces.own);
	assert_int_equal(traces.count, 4);
	run_traces_release(&traces);
}

static void
names_are_no_globs(void **state)
{
	char pattern[512];
	struct run_traces traces;

	write_trace("g[a]*.mtr", 7, 100);
	write_trace("ga.mtr", 7, 100);
	snprintf(pattern, sizeof(pattern), "%s/g[a]*.mtr", sample_folder);
	assert_int_equal(run_traces_find(&traces, pattern, 7, 0), 0);
	assert_string_equal(traces.own, sample_path("g[a]*.mtr"));
	assert_int_equal(traces.count, 0);
	run_traces_release(&traces);
}

static int
status_of(const char *script)
{
	char shell[] = "sh", option[] = "-c", *text = strdup(script);
	char *arguments[] = {shell, option, text, NULL};
	pid_t pid;
	int status = -1;

	assert_int_equal(launch_and_wait("/bin/sh", arguments, NULL, &pid, &status), 0);
	free(text);
	return status;
}

static void
wait_status_is_the_programs_own(void **state)
{
	assert_int_equal(WEXITSTATUS(status_of("exit 3")), 3);
	assert_int_equal(WTERMSIG(status_of("kill -KILL $$")), SIGKILL);
}

static void
what_cannot_start_is_an_errno(void **state)
{
	char name[] = "x", *arguments[] = {name, NULL};
	pid_t pid;
	int status;

	if (is_under("valgrind")) /* vfork is a fork there: why the program did not start is not
	                           * told */
		skip();
	assert_int_equal(launch_and_wait("/nonexistent", arguments, NULL, &pid, &status), ENOENT);
	assert_int_equal(launch_and_wait("/tmp", arguments, NULL, &pid, &status), EACCES);
}

static void
signals_from_others_go_on_to_the_program(void **state)
{
	int status;

	if (is_under("thread")) /* hands a signal on only when waitpid has returned */
		skip();
	/* the program asks us for the signal that we must survive and pass on */
	status = status_of("trap 'exit 9' TERM; kill -TERM $PPID; while :; do sleep 0.01; done");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 9);
}

static void
ignored_signals_stay_ignored(void **state)
{
	int status;

	signal(SIGHUP, SIG_IGN);
	status = status_of("kill -HUP $$; exit 4");
	signal(SIGHUP, SIG_DFL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
}

static void
handlers_are_put_back(void **state)
{
	struct sigaction after;

	signal(SIGUSR1, SIG_DFL);
	status_of("exit 0");
	sigaction(SIGUSR1, NULL, &after);
	assert_ptr_equal(after.sa_handler, SIG_DFL);
}

static void
library_that_cannot_be_preloaded_is_refused(void **state)
{
	char error[2 * 4096], *path;
	FILE *file = fopen(sample_path("lib maptrace.so"), "w");

	fclose(file);
	assert_null(library_find(sample_path("lib maptrace.so"), error, sizeof(error)));
	assert_non_null(strstr(error, "blanks or colons"));
	assert_null(library_find("/nonexistent.so", error, sizeof(error)));
	assert_non_null(strstr(error, "/nonexistent.so"));
	setenv("MAPTRACE_LIBRARY", "/also-nonexistent.so", 1);
	assert_null(library_find(NULL, error, sizeof(error)));
	assert_non_null(strstr(error, "/also-nonexistent.so"));
	unsetenv("MAPTRACE_LIBRARY");
	path = library_find("/dev/null", error, sizeof(error));
	assert_string_equal(path, "/dev/null");
	free(path);
}

static void
libraries_preloaded_before_stay(void **state)
{
	setenv("LD_PRELOAD", "/other.so", 1);
	assert_int_equal(library_prepare("/lib.so", "/t/%p"), 0);
	assert_string_equal(getenv("LD_PRELOAD"), "/lib.so:/other.so");
	assert_string_equal(getenv("MAPTRACE_OUT"), "/t/%p");
	unsetenv("LD_PRELOAD");
	assert_int_equal(library_prepare("/lib.so", "/t/%p"), 0);
	assert_string_equal(getenv("LD_PRELOAD"), "/lib.so");
	unsetenv("LD_PRELOAD");
	unsetenv("MAPTRACE_OUT");
}

static void
help_lists_every_variable(void **state)
{
	char *help = run_help_compose("Runs.\n");

	assert_int_equal(strncmp(help, "Runs.\n", 6), 0);
	for (int i = 0; i < TRACE_VARIABLES; i++)
		assert_non_null(strstr(help, trace_environment[i].name));
	for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") < 80);
	free(help);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(place_becomes_absolute),
	    cmocka_unit_test(folder_takes_the_default_name),
	    cmocka_unit_test(percent_signs_of_our_folder_are_kept),
	    cmocka_unit_test(traces_are_told_apart_by_their_headers),
	    cmocka_unit_test(names_are_no_globs),
	    cmocka_unit_test(wait_status_is_the_programs_own),
	    cmocka_unit_test(what_cannot_start_is_an_errno),
	    cmocka_unit_test(signals_from_others_go_on_to_the_program),
	    cmocka_unit_test(ignored_signals_stay_ignored),
	    cmocka_unit_test(handlers_are_put_back),
	    cmocka_unit_test(library_that_cannot_be_preloaded_is_refused),
	    cmocka_unit_test(libraries_preloaded_before_stay),
	    cmocka_unit_test(help_lists_every_variable),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
