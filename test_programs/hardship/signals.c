/*
 * Handlers that allocate and free whatever they interrupted, a thousand times a second. The
 * allocator behind the library must bear that (steady.c); the library itself is then met at any
 * instruction.
 */
#include "test_programs/hardship/hardship.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

enum { PASSED = 64, ALTERNATE = 64 * 1024 };

static _Atomic(void *) passed[PASSED];
static atomic_uint ticks;

static void
every_ms(int milliseconds)
{
	struct itimerval every = { { 0, milliseconds * 1000 }, { 0, milliseconds * 1000 } };

	setitimer(ITIMER_REAL, &every, NULL);
}

static void
handle(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	expect(!sigaction(SIGALRM, &action, NULL), "sigaction");
}

/* Frees what the program allocated, and leaves it something to free. */
static void
exchange(int unused)
{
	unsigned place = atomic_fetch_add(&ticks, 1) % PASSED;

	free(atomic_exchange(&passed[place], malloc(100 + place)));
}

static void
clean_up(void)
{
	every_ms(0);
	handle(SIG_IGN, 0);
	for (int i = 0; i < PASSED; i++)
		free(atomic_exchange(&passed[i], NULL));
}

/* Blocks that the handler may meet half made. */
static void
work(unsigned turn)
{
	char *block = malloc(16 + turn % 64);

	block = realloc(block, 16 + turn % 32);
	expect(block != NULL, "realloc");
	free(block);
}

static void
work_until(unsigned wanted)
{
	for (unsigned turn = 0; atomic_load(&ticks) < wanted; turn++) {
		work(turn);
		free(atomic_exchange(&passed[turn % PASSED], malloc(20)));
	}
}

static void
frees(unsigned wanted)
{
	handle(exchange, SA_RESTART);
	every_ms(1);
	work_until(wanted);
	clean_up();
}

static void
frees_in_crowd(unsigned wanted)
{
	handle(exchange, SA_RESTART);
	every_ms(1);
	crowd_start();
	work_until(wanted);
	crowd_stop();
	clean_up();
}

static void
on_stack(unsigned wanted, size_t size)
{
	char *low =
	    mmap(NULL, size + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t alternate = { .ss_sp = low + 4096, .ss_size = size };

	expect(low != MAP_FAILED && !mprotect(low, 4096, PROT_NONE), "mmap");
	expect(!sigaltstack(&alternate, NULL), "sigaltstack");
	handle(exchange, SA_RESTART | SA_ONSTACK);
	every_ms(1);
	work_until(wanted);
	clean_up();
	alternate.ss_flags = SS_DISABLE;
	sigaltstack(&alternate, NULL);
	munmap(low, size + 8192);
}

static void
alternate_stack(unsigned wanted)
{
	on_stack(wanted, ALTERNATE);
}

/* As little as the kernel asks for, and the little that a handler of its own may use. */
static void
minimal_stack(unsigned wanted)
{
	size_t least = getauxval(AT_MINSIGSTKSZ);

	on_stack(wanted, (least ? least : 2048) + 2048);
}

static sigjmp_buf back;

static void
jump_out(int unused)
{
	atomic_fetch_add(&ticks, 1);
	siglongjmp(back, 1);
}

/* The jump leaves whatever it interrupted, the library's own work too. */
static void
jumps(unsigned wanted)
{
	handle(jump_out, SA_NODEFER);
	sigsetjmp(back, 1);
	every_ms(1);
	for (unsigned turn = 0; atomic_load(&ticks) < wanted; turn++)
		work(turn);
	every_ms(0);
	handle(SIG_IGN, 0);
	churn(100);
}

static void
fork_and_exchange(int unused)
{
	exchange(0);
	if (atomic_load(&ticks) % 8)
		return;
	pid_t pid = _Fork();

	if (pid == 0) {
		churn(5);
		_exit(0);
	}
	reap(pid);
}

static void
forks(unsigned wanted)
{
	handle(fork_and_exchange, SA_RESTART);
	every_ms(2);
	work_until(wanted);
	clean_up();
}

static volatile sig_atomic_t is_child;

static void
tick(int unused)
{
	atomic_fetch_add(&ticks, 1);
}

static void
fork_and_return(int unused)
{
	pid_t pid = _Fork(); /* fork would run handlers that allocate, inside the library */

	atomic_fetch_add(&ticks, 1);
	if (pid == 0)
		is_child = 1;
	else
		reap(pid);
}

static void
once_in_us(int microseconds)
{
	struct itimerval once = { { 0, 0 }, { 0, microseconds } };

	setitimer(ITIMER_REAL, &once, NULL);
}

/* The child comes back to whatever the handler interrupted, and ends it for itself. The next signal
 * is asked for only after that: else a slow fork would leave no time for anything else. */
static void
interrupted(unsigned wanted, void (*handler)(int))
{
	unsigned seen = wanted;

	handle(handler, SA_RESTART);
	for (unsigned turn = 0; atomic_load(&ticks) < wanted && !is_child; turn++) {
		if (seen != atomic_load(&ticks)) {
			seen = atomic_load(&ticks);
			once_in_us(50 + (int)(seen * 37 % 400));
		}
		work(turn);
	}
	handle(SIG_IGN, 0);
	if (is_child) {
		churn(5);
		_exit(0);
	}
}

static void
forks_back(unsigned wanted)
{
	interrupted(wanted, fork_and_return);
}

/* The same without the forks: to compare with. */
static void
only_ticks(unsigned wanted)
{
	interrupted(wanted, tick);
}

/* No handler of fork runs, and the crowd is anywhere: what it was at stays as it was in the
 * child. */
static void
bare_forks(unsigned times)
{
	crowd_start();
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = _Fork();

		if (pid == 0) {
			churn(20);
			_exit(0);
		}
		reap(pid);
	}
	crowd_stop();
}

const struct hardship hardships[] = {
	{ "frees", frees, 150, 20000 },
	{ "frees_in_crowd", frees_in_crowd, 150, 20000 },
	{ "alternate_stack", alternate_stack, 150, 20000 },
	{ "minimal_stack", minimal_stack, 150, 20000 },
	{ "jumps", jumps, 150, 20000 },
	{ "forks", forks, 80, 4000 },
	{ "bare_forks", bare_forks, 200, 5000 },
	{ "forks_back", forks_back, 200, 5000 },
	{ "only_ticks", only_ticks, 200, 5000 },
	{ 0 },
};
