/*
 * A program that gives up what the library might need: system calls, descriptors, and pages of its
 * own while a snapshot looks at them.
 */
#include "test_programs/hardship/hardship.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <maptrace.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED_MAX = 16, ALLOWED_MAX = 16 };

/* From now on these system calls fail with EPERM. */
static void
refuse(const unsigned *calls, unsigned count)
{
	struct sock_filter code[REFUSED_MAX + 4] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog filter = { .len = (unsigned short)(count + 3), .filter = code };

	for (unsigned i = 0; i < count; i++)
		code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i],
		                                           count - i, 0);
	code[count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[count + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	expect(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
	expect(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), "a filter");
}

/* From now on whoever makes another system call than these is killed. */
static void
kill_all_but(const unsigned *calls, unsigned count, bool is_bare)
{
	struct sock_filter code[ALLOWED_MAX + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog filter = { .len = (unsigned short)(count + 3), .filter = code };

	for (unsigned i = 0; i < count; i++)
		code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i],
		                                           count - i, 0);
	code[count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	code[count + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	expect(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
	if (is_bare)
		expect(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), "a filter");
	else
		expect(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), "a filter");
}

/* What this program and libc's malloc need themselves, and nothing else. */
static const unsigned own_calls[] = { SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_write,
	SYS_newfstatat, SYS_exit_group };

enum { OWN_CALLS = sizeof(own_calls) / sizeof(*own_calls) };

/* No process can be made, so a snapshot has to look in place. */
static void
no_fork(unsigned times)
{
	const unsigned calls[] = { SYS_fork, SYS_vfork, SYS_clone, SYS_clone3 };

	refuse(calls, 4);
	expect(fork() < 0 && errno == EPERM, "fork is refused");
	marks(times);
}

static void
no_open(unsigned times)
{
	const unsigned calls[] = { SYS_open, SYS_openat, SYS_openat2 };

	refuse(calls, 3);
	expect(open("/dev/null", O_RDONLY) < 0 && errno == EPERM, "open is refused");
	marks(times);
}

/* What the trace grows by, and what stops others for a moment. */
static void
no_growth(unsigned times)
{
	const unsigned calls[] = { SYS_fallocate, SYS_ftruncate, SYS_membarrier, SYS_madvise,
		SYS_process_vm_readv };

	refuse(calls, 5);
	crowd_start();
	marks(times);
	crowd_stop();
}

static void
kills(unsigned times)
{
	marks(times);
	kill_all_but(own_calls, OWN_CALLS, false);
	marks(times);
}

static void
kills_by_syscall(unsigned times)
{
	marks(times);
	kill_all_but(own_calls, OWN_CALLS, true);
	marks(times);
}

/* A child that locks itself in before it has allocated anything. */
static void
kills_in_child(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			kill_all_but(own_calls, OWN_CALLS, i % 2);
			marks(1);
			_exit(0);
		}
		reap(pid);
	}
	marks(times);
}

/* As daemons and shells do, at any moment; then the numbers are the program's own. */
static void
close_all(unsigned times)
{
	char names[32];

	for (unsigned i = 0; i < times; i++) {
		if (i % 2)
			closefrom(3);
		else
			for (int number = 3; number < 1024; number++)
				close(number);
		snprintf(names, sizeof(names), "own.%u", i);
		expect(open(names, O_RDWR | O_CREAT, 0600) == 3, "the first free number");
		churn(500);
		maptrace_mark("closed");
		expect(lseek(3, 0, SEEK_END) == 0, "nobody writes into it");
		unlink(names);
	}
}

static void
no_descriptors(unsigned times)
{
	struct rlimit none = { 3, 3 };

	expect(!setrlimit(RLIMIT_NOFILE, &none), "setrlimit");
	marks(times);
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		reap(pid);
	}
}

static atomic_bool is_over;

/* Pages that come, go, and cannot be read while somebody looks through the memory. */
static void *
change_pages(void *unused)
{
	const size_t size = 1 << 20;

	while (!atomic_load(&is_over)) {
		char *pages =
		    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		expect(pages != MAP_FAILED, "mmap");
		memset(pages, 1, size);
		mprotect(pages, size / 2, PROT_NONE);
		madvise(pages + size / 2, size / 4, MADV_DONTFORK);
		munmap(pages + size / 4, size / 4);
		munmap(pages, size / 4);
		munmap(pages + size / 2, size / 2);
	}
	return NULL;
}

static void
own_pages(unsigned times)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		expect(!pthread_create(&threads[i], NULL, change_pages, NULL), "pthread_create");
	marks(times);
	atomic_store(&is_over, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* The same where the library has to look in place. */
static void
own_pages_in_place(unsigned times)
{
	const unsigned calls[] = { SYS_clone };
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		expect(!pthread_create(&threads[i], NULL, change_pages, NULL), "pthread_create");
	refuse(calls, 1);
	marks(times);
	atomic_store(&is_over, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

const struct hardship hardships[] = {
	{ "no_fork", no_fork, 10, 300 },
	{ "no_open", no_open, 10, 300 },
	{ "no_growth", no_growth, 10, 300 },
	{ "kills", kills, 10, 300 },
	{ "kills_by_syscall", kills_by_syscall, 10, 300 },
	{ "kills_in_child", kills_in_child, 10, 300 },
	{ "close_all", close_all, 20, 300 },
	{ "no_descriptors", no_descriptors, 10, 300 },
	{ "own_pages", own_pages, 20, 1000 },
	{ "own_pages_in_place", own_pages_in_place, 10, 300 },
	{ 0 },
};
