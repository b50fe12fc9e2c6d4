/*
 * Runs one command and tells what it cost, with every process that it started. bench/measure.py
 * calls it for each run:
 *
 *     measure -o FILE [-t SECONDS] [-p MILLISECONDS] COMMAND...
 *
 * FILE gets one JSON object: wall_s until the command ended, tree_s until its last descendant did,
 * user_s and system_s of all of them, peak_kib of the largest, how it ended, and with -p also the
 * peak of each process by name, looked up every so many milliseconds (a process that grows in the
 * last of them is told a little too small). After -t everything is killed.
 *
 * It is a program of its own, linked statically, for three reasons: a preloaded library that is
 * meant for the command does not load into it; a process starts with the peak memory of the one it
 * was forked from, so that must be tiny; and no interpreter's start lies within the times.
 *
 * The rule: no process ends uncounted. Orphans come to us (PR_SET_CHILD_SUBREAPER), also those that
 * were cloned without exit signal, as the library's snapshots are; __WALL waits for every kind; a
 * process's usage holds that of the children it waited for itself, so none counts twice.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SEEN_MAX = 256,
	NAME_SIZE = 16, /* what the kernel keeps of a name */
	TICK_MS = 500,
};

struct seen {
	pid_t pid;
	long peak_kib;
	char name[NAME_SIZE];
};

static struct {
	pid_t child;
	double began, wall, user, system;
	long peak_kib;
	int status;
	bool is_late;
	struct seen seen[SEEN_MAX];
	size_t seen_count;
} run;

static double
now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double
seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void
count(pid_t pid, int status, const struct rusage *usage)
{
	run.user += seconds_of(usage->ru_utime);
	run.system += seconds_of(usage->ru_stime);
	if (usage->ru_maxrss > run.peak_kib)
		run.peak_kib = usage->ru_maxrss;
	if (pid != run.child)
		return;
	run.wall = now() - run.began;
	run.status = status;
}

/* Keeps the highest peak that was seen of this process, under its present name. */
static void
keep(const struct seen *one)
{
	size_t i = 0;
	while (i < run.seen_count && run.seen[i].pid != one->pid)
		i++;
	if (i == SEEN_MAX)
		return;
	run.seen_count += i == run.seen_count;
	run.seen[i] = *one;
}

/* Looks at a process and all below it. One that ends meanwhile is simply not there. */
static void
look(pid_t pid)
{
	struct seen one = {.pid = pid};
	char path[64], line[128];
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Name: %15s", one.name) != 1)
			(void)sscanf(line, "VmHWM: %ld", &one.peak_kib);
	fclose(file);
	if (pid != getpid() && one.peak_kib > 0)
		keep(&one);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(path, "r");
	int below;
	while (file != NULL && fscanf(file, "%d", &below) == 1)
		look(below);
	if (file != NULL)
		fclose(file);
}

static void
kill_all(int signal_number)
{
	kill(-run.child, signal_number);
}

/* Waits for everybody; a SIGTERM or SIGINT for us goes to the command. */
static void
follow(const sigset_t *signals, double limit, int poll_ms)
{
	struct rusage usage;
	int status, tick = poll_ms > 0 ? poll_ms : TICK_MS;
	struct timespec pause = {tick / 1000, tick % 1000 * 1000000L};
	for (;;) {
		pid_t pid;
		while ((pid = wait4(-1, &status, __WALL | WNOHANG, &usage)) > 0)
			count(pid, status, &usage);
		if (pid < 0 && errno == ECHILD)
			return;
		if (poll_ms > 0)
			look(getpid());
		if (limit > 0 && now() - run.began > limit) {
			run.is_late = true;
			kill_all(SIGKILL);
		}
		int got = sigtimedwait(signals, NULL, &pause);
		if (got == SIGTERM || got == SIGINT)
			kill_all(got);
	}
}

/* Names are printed as far as they need no escapes. */
static void
print_name(FILE *file, const char *name)
{
	for (; *name != '\0'; name++)
		putc(isalnum((unsigned char)*name) || strchr("_-+.", *name) ? *name : '_', file);
}

static int
report(const char *path)
{
	FILE *file = fopen(path, "w");
	if (file == NULL)
		return -1;
	fprintf(file, "{\"wall_s\": %.6f, \"tree_s\": %.6f, \"user_s\": %.6f, \"system_s\": %.6f, ",
	        run.wall, now() - run.began, run.user, run.system);
	fprintf(file, "\"peak_kib\": %ld, \"exit\": %d, \"signal\": %d, \"is_late\": %s, ",
	        run.peak_kib, WIFEXITED(run.status) ? WEXITSTATUS(run.status) : -1,
	        WIFSIGNALED(run.status) ? WTERMSIG(run.status) : 0, run.is_late ? "true" : "false");
	fprintf(file, "\"processes\": [");
	for (size_t i = 0; i < run.seen_count; i++) {
		fprintf(file, "%s{\"name\": \"", i ? ", " : "");
		print_name(file, run.seen[i].name);
		fprintf(file, "\", \"peak_kib\": %ld}", run.seen[i].peak_kib);
	}
	fprintf(file, "]}\n");
	return fclose(file);
}

static pid_t
start(char **command, const sigset_t *before)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, before, NULL);
	execvp(command[0], command);
	fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

int
main(int argc, char **argv)
{
	const char *output = NULL;
	double limit = 0;
	int option, poll_ms = 0;
	while ((option = getopt(argc, argv, "+o:t:p:")) != -1) {
		if (option == 'o')
			output = optarg;
		else if (option == 't')
			limit = atof(optarg);
		else if (option == 'p')
			poll_ms = atoi(optarg);
		else
			return 2;
	}
	if (output == NULL || optind == argc) {
		fprintf(stderr, "usage: measure -o FILE [-t SECONDS] [-p MILLISECONDS] "
		                "COMMAND...\n");
		return 2;
	}
	sigset_t signals, before;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, &before);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* nothing goes on running when the benchmark is killed */
	run.began = now();
	run.child = start(argv + optind, &before);
	if (run.child < 0) {
		perror("measure: fork");
		return 2;
	}
	setpgid(run.child, run.child); /* also here: whoever is first */
	follow(&signals, limit, poll_ms);
	if (report(output) != 0) {
		fprintf(stderr, "measure: %s: %s\n", output, strerror(errno));
		return 2;
	}
	return 0;
}
