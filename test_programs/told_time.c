/*
 * The clock of told_time.h. The rule that must never break: no millisecond passes while a
 * snapshot's child works. The library takes none by itself meanwhile, so on a machine where the
 * child waits for its turn the next one would come later.
 */
#include "test_programs/told_time.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COARSE_NS (4 * TIME_MS) /* the kernel's coarse clock lags by up to this */

static _Atomic(uint64_t) told = 1000 * TIME_SECOND;

/* The child is the library's to reap; it sends no signal, so only this tells of its end. */
static void
wait_for_search(void)
{
	siginfo_t ended;

	while (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT | __WCLONE) < 0 && errno == EINTR)
		;
}

void
time_pass(uint64_t ns)
{
	uint64_t before = atomic_load(&told);

	if ((before + ns) / TIME_MS != before / TIME_MS)
		wait_for_search();
	atomic_fetch_add(&told, ns);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	uint64_t ns = atomic_load(&told);

	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, clock, now);
	if (clock == CLOCK_MONOTONIC_COARSE)
		ns -= ns % COARSE_NS;
	now->tv_sec = (time_t)(ns / TIME_SECOND);
	now->tv_nsec = (long)(ns % TIME_SECOND);
	return 0;
}
