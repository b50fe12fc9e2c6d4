/*
 * Everything at once: threads that allocate and free each other's blocks, threads that begin and
 * end, forks meanwhile, a signal handler that allocates, dlopen and dlclose in a circle. Prints how
 * many blocks it keeps; all else is given back before it ends.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	THREADS = 8,
	TURNS = 20000,
	PLACES = 512,
	KEPT = 1000, /* by each thread */
	FORKS = 200,
	CLOSES = 100,
	SHORT_LIVES = 100,
};

static _Atomic(void *) places[PLACES];
static void *volatile kept[THREADS][KEPT]; /* never read: the blocks only have to be there */
static atomic_int ticks, stopped;

static size_t
size_of_turn(uint32_t *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return 16 + (*seed >> 16) % 2000;
}

/* What another thread put down here is freed by this one. */
static void
pass_on(uint32_t *seed)
{
	size_t size = size_of_turn(seed);
	void *block = malloc(size);
	memset(block, 1, size);
	free(atomic_exchange(&places[(*seed >> 8) % PLACES], block));
}

static void *
churn(void *number)
{
	uint32_t seed = (uint32_t)(uintptr_t)number + 1;
	for (int turn = 0; turn < TURNS; turn++) {
		pass_on(&seed);
		if (turn % (TURNS / KEPT) == 0)
			kept[(uintptr_t)number][turn / (TURNS / KEPT)] =
			    malloc(size_of_turn(&seed));
	}
	return NULL;
}

static void *
live_short(void *unused)
{
	uint32_t seed = 99;
	pass_on(&seed);
	return NULL;
}

static void *
begin_and_end(void *unused)
{
	for (int i = 0; i < SHORT_LIVES; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, live_short, NULL) != 0)
			abort();
		pthread_join(thread, NULL);
	}
	return NULL;
}

static void *
open_and_close(void *unused)
{
	for (int i = 0; i < CLOSES; i++) {
		void *library = dlopen("libm.so.6", RTLD_NOW);
		if (library == NULL)
			abort();
		dlclose(library);
	}
	return NULL;
}

/* Runs only in a thread that never allocates outside it. */
static void
on_tick(int number)
{
	free(malloc(100));
	atomic_fetch_add(&ticks, 1);
}

static void *
be_interrupted(void *unused)
{
	struct itimerval every = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	sigset_t alarm;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	signal(SIGALRM, on_tick);
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (!atomic_load(&stopped))
		usleep(500);
	setitimer(ITIMER_REAL, &never, NULL);
	return NULL;
}

/* Each child allocates while the others' threads do not exist in it. */
static int
fork_often(void)
{
	int failed = 0;
	for (int i = 0; i < FORKS; i++) {
		int status = 1;
		pid_t pid = fork();
		if (pid == 0) {
			uint32_t seed = (uint32_t)i;
			for (int turn = 0; turn < 20; turn++)
				pass_on(&seed);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			failed++;
	}
	return failed;
}

int
main(void)
{
	void *(*const others[])(void *) = {begin_and_end, open_and_close, be_interrupted};
	pthread_t threads[THREADS], more[3];
	sigset_t alarm;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, churn, (void *)i) != 0)
			abort();
	for (int i = 0; i < 3; i++)
		if (pthread_create(&more[i], NULL, others[i], NULL) != 0)
			abort();
	int failed = fork_often();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&stopped, 1);
	for (int i = 0; i < 3; i++)
		pthread_join(more[i], NULL);
	for (int i = 0; i < PLACES; i++)
		free(atomic_load(&places[i]));
	printf("%d blocks kept, %d children failed, the timer %s\n", THREADS * KEPT, failed,
	       atomic_load(&ticks) > 0 ? "ran" : "stood still");
	return failed;
}
