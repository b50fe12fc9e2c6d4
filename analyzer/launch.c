/*
 * Runs a program as a shell in the foreground would.
 *
 * The program stays in our process group, so the terminal's Ctrl-C and Ctrl-Z reach it by
 * themselves. What another process sends us, as a supervisor that knows only our id does, is passed
 * on. We ourselves outlive all of these: the report comes after the program.
 */
#include "analyzer/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
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

/* In the new process: waits for the word to go, then becomes the program or tells why not. */
static void
become(const char *path, char *const *arguments, const sigset_t *mask,
       const struct sigaction old[FORWARDED], const int go[2], int *why)
{
	char word;

	close(go[1]);
	while (read(go[0], &word, 1) < 0 && errno == EINTR)
		;
	restore_signals(old);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execv(path, arguments);
	*why = errno;
	_exit(1);
}

/* The same as start() for a watcher; *why is shared with the process, which may fail later. */
static int
start_watched(const char *path, char *const *arguments, const sigset_t *mask,
	      const struct sigaction old[FORWARDED], const struct launch_watcher *watcher,
	      int *why, pid_t *pid)
{
	int go[2], failed = 0;

	if (pipe2(go, O_CLOEXEC) < 0)
		return errno;
	*pid = fork();
	if (*pid == 0)
		become(path, arguments, mask, old, go, why);
	if (*pid < 0)
		failed = errno;
	else
		watcher->begin(watcher->context, *pid);
	close(go[0]);
	close(go[1]); /* the word */
	return failed;
}

int
launch_and_wait(const char *path, char *const *arguments, const struct launch_watcher *watcher,
		pid_t *pid, int *status)
{
	struct sigaction old[FORWARDED];
	sigset_t blocked, mask;
	int *why, failed;

	why = mmap(NULL, sizeof(*why), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (why == MAP_FAILED)
		return errno;
	sigemptyset(&blocked);
	for (int i = 0; i < FORWARDED; i++)
		sigaddset(&blocked, forwarded[i]);
	sigprocmask(SIG_BLOCK, &blocked, &mask);
	take_signals(old);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would take the wait status away */
	failed = watcher ? start_watched(path, arguments, &mask, old, watcher, why, pid)
			 : start(path, arguments, &mask, pid);
	running = failed ? 0 : *pid;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (!failed && watcher)
		watcher->wait(watcher->context, *pid, status);
	else if (!failed)
		while (waitpid(*pid, status, 0) < 0 && errno == EINTR)
			;
	running = 0;
	failed = failed ? failed : *why;
	restore_signals(old);
	munmap(why, sizeof(*why));
	return failed;
}
