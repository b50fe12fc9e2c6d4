/*
 * Runs a program as a shell in the foreground would.
 *
 * The program stays in our process group, so the terminal's Ctrl-C and Ctrl-Z reach it by
 * themselves. What another process sends us, as a supervisor that knows only our id does, is passed
 * on. We ourselves outlive all of these: the report comes after the program.
 */
#include "analyzer/launch.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int forwarded[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
enum { FORWARDED = sizeof(forwarded) / sizeof(forwarded[0]) };

static volatile pid_t running; /* 0: none; set while the signals above are blocked */

static void
forward(int signal, siginfo_t *info, void *context)
{
	int saved = errno;

	/* positive codes come from the kernel: the terminal has told the whole group */
	if (running > 0 && info->si_code <= 0)
		kill(running, signal);
	errno = saved;
}

/* What is ignored (nohup) stays so, for us and for the program, which inherits it. */
static void
take_signals(struct sigaction old[FORWARDED])
{
	struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};

	for (int i = 0; i < FORWARDED; i++) {
		sigaction(forwarded[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	}
}

static void
restore_signals(const struct sigaction old[FORWARDED])
{
	for (int i = 0; i < FORWARDED; i++)
		sigaction(forwarded[i], &old[i], NULL);
}

/* The signals are blocked until `running` is known; the program gets the mask that we had. */
static int
start(const char *path, char *const *arguments, const sigset_t *mask, pid_t *pid)
{
	posix_spawnattr_t attributes;
	int failed = posix_spawnattr_init(&attributes);

	if (failed)
		return failed;
	posix_spawnattr_setsigmask(&attributes, mask);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	failed = posix_spawn(pid, path, NULL, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

int
launch_and_wait(const char *path, char *const *arguments, pid_t *pid, int *status)
{
	struct sigaction old[FORWARDED];
	sigset_t blocked, mask;
	int failed;

	sigemptyset(&blocked);
	for (int i = 0; i < FORWARDED; i++)
		sigaddset(&blocked, forwarded[i]);
	sigprocmask(SIG_BLOCK, &blocked, &mask);
	take_signals(old);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would take the wait status away */
	failed = start(path, arguments, &mask, pid);
	running = failed ? 0 : *pid;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (!failed)
		while (waitpid(*pid, status, 0) < 0 && errno == EINTR)
			;
	running = 0;
	restore_signals(old);
	return failed;
}
