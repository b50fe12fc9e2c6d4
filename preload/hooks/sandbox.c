/*
 * seccomp filters, seen on their way into the kernel: prctl, and the one number of syscall. A
 * filter that refuses what we ask for is borne; one that kills for it would kill the guest for what
 * is ours. So before such a filter comes into force the trace gets its last snapshot, and from then
 * on nothing is recorded, in this process and in those that it forks.
 *
 *     prctl(PR_SET_SECCOMP, ...)    \
 *     syscall(SYS_seccomp, SET_...) --> filter_harms? --> ends_by_sandbox --> the next definition
 *
 * Called by the guest (also through libseccomp, which calls libc's syscall). Rule: every other call
 * goes on untouched: syscall jumps, with the caller's own stack and registers.
 *
 * Not seen: a system call instruction of the program's own, a filter from before exec, and one that
 * a child of vfork puts on itself.
 */
#include "preload/hooks/ends.h"
#include "preload/process/filter.h"
#include "preload/process/tracer.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int prctl(int option, ...);

static int (*next_prctl)(int, ...);

static __attribute__((constructor)) void
resolve(void)
{
	if (!next_prctl)
		next_prctl = (int (*)(int, ...))dlsym(RTLD_NEXT, "prctl");
}

/* What kills is known before it is in force. */
static void
before_filter(unsigned long mode, const void *filter)
{
	bool is_harm = mode == SECCOMP_MODE_STRICT ||
	               (mode == SECCOMP_MODE_FILTER && filter && filter_harms(filter));

	if (is_harm)
		ends_by_sandbox();
}

/* A child of vfork shares this memory but is not the guest: what it forbids itself is not ours to
 * heed. A forked child that has had no event yet has no trace; it shall not begin one. */
static bool
is_guest(void)
{
	return !tracer_is_on() || tracer.writer.header->pid == (uint32_t)getpid();
}

static void
see_filter(unsigned long mode, const void *filter)
{
	int error = errno;

	if (is_guest())
		before_filter(mode, filter);
	errno = error;
}

int
prctl(int option, ...)
{
	unsigned long words[4];
	va_list rest;

	va_start(rest, option);
	for (int i = 0; i < 4; i++)
		words[i] = va_arg(rest, unsigned long);
	va_end(rest);
	resolve();
	if (option == PR_SET_SECCOMP)
		see_filter(words[0], (const void *)words[1]);
	return next_prctl(option, words[0], words[1], words[2], words[3]);
}

#if defined(__x86_64__)

/* As the kernel answers, for the time before libc's is known. */
static long
syscall_bare(long number, long a, long b, long c, long d, long e, long f)
{
	register long fourth __asm__("r10") = d;
	register long fifth __asm__("r8") = e;
	register long sixth __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
	                 : "rcx", "r11", "memory");
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

typedef long syscall_function(long, long, long, long, long, long, long);

/* Named in the code below, and nowhere else outside of this file. */
syscall_function *sandbox_next_syscall __attribute__((visibility("hidden"))) = syscall_bare;
long sandbox_seccomp(long number, unsigned long operation, unsigned long flags, const void *filter)
    __attribute__((visibility("hidden")));

long
sandbox_seccomp(long number, unsigned long operation, unsigned long flags, const void *filter)
{
	if (operation == SECCOMP_SET_MODE_FILTER)
		see_filter(SECCOMP_MODE_FILTER, filter);
	else if (operation == SECCOMP_SET_MODE_STRICT && !flags && !filter)
		see_filter(SECCOMP_MODE_STRICT, NULL);
	return sandbox_next_syscall(number, (long)operation, (long)flags, (long)filter, 0, 0, 0);
}

_Static_assert(SYS_seccomp == 317, "as below");

EXPORT __attribute__((naked)) long
syscall(long number, ...)
{
	__asm__("cmp $317, %rdi\n\t"
	        "je sandbox_seccomp\n\t"
	        "jmp *sandbox_next_syscall(%rip)");
}

static __attribute__((constructor)) void
resolve_syscall(void)
{
	void *next = dlsym(RTLD_NEXT, "syscall");

	if (next)
		__atomic_store_n(&sandbox_next_syscall, (syscall_function *)next, __ATOMIC_RELEASE);
}

#endif
