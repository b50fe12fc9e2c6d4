/*
 * A signal at each instruction of the library: a child is stepped through a malloc and a free, and
 * its handler runs after the first instruction of libmaptrace.so, in a later pair after the second
 * one (or STRIDE further on), and so on until a pair has no more. Without the library there is
 * none.
 *
 *     stepped WHAT [STRIDE]      what the handler does:
 *
 *     allocate    allocates and frees
 *     free        frees a block that was made before
 *     jump        leaves by siglongjmp, if it came upon the library
 *     fork        forks; the copy ends the pair as well
 *
 * Blocks come and go in pairs, errno stays, and all processes end well: else it aborts.
 */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WARM = 200, BETWEEN = 70, STEPS_MAX = 5000, KEPT = 77 };

static struct {
	bool is_done; /* the pair under way */
	bool was_last;
} volatile *shared;

static struct {
	uintptr_t low, high;
} library; /* its code */

static const char *what;
static void *volatile older;
static volatile bool is_copy;
static sigjmp_buf back;

static int
find_library(struct dl_phdr_info *module, size_t size, void *unused)
{
	(void)size, (void)unused;
	for (int i = 0; strstr(module->dlpi_name, "libmaptrace") && i < module->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &module->dlpi_phdr[i];
		if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
			library.low = module->dlpi_addr + part->p_vaddr;
			library.high = library.low + part->p_memsz;
		}
	}
	return 0;
}

/* ---- the child */

static void
handle(int number)
{
	int before = errno, status;
	void *volatile block;
	pid_t pid;
	(void)number;
	if (strcmp(what, "allocate") == 0) {
		block = malloc(48);
		free(block);
	} else if (strcmp(what, "free") == 0) {
		free(older);
		older = NULL;
	} else if (strcmp(what, "jump") == 0) {
		siglongjmp(back, 1);
	} else {
		pid = fork();
		is_copy = pid == 0;
		if (pid < 0 || (pid > 0 && (waitpid(pid, &status, 0) != pid || status != 0)))
			abort();
	}
	errno = before;
}

static __attribute__((noinline)) void
pair(void)
{
	void *volatile block = malloc(100);
	free(block);
}

static void
run_pairs(void)
{
	struct sigaction action = {.sa_handler = handle};
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < WARM; i++)
		pair();
	while (!shared->was_last) {
		for (int i = 0; i < BETWEEN; i++) /* so that ways that are seldom gone come, too */
			pair();
		older = strcmp(what, "free") == 0 ? malloc(333) : NULL;
		errno = KEPT;
		if (sigsetjmp(back, 1) == 0) {
			raise(SIGTRAP);
			pair();
			if (errno != KEPT)
				abort();
		}
		if (is_copy)
			_exit(0);
		shared->is_done = true;
		free(older);
	}
	exit(0);
}

/* ---- its parent */

static uintptr_t
place_of(pid_t pid)
{
	struct user_regs_struct registers;
	struct iovec room = {&registers, sizeof(registers)};
	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &room) != 0)
		abort();
#if defined(__x86_64__)
	return registers.rip;
#else
	return registers.pc;
#endif
}

/* The signal that it stopped for; 0: it has ended, as it should. */
static int
next_stop(pid_t pid)
{
	int status;
	if (waitpid(pid, &status, 0) != pid)
		abort();
	if (WIFSTOPPED(status))
		return WSTOPSIG(status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		abort();
	return 0;
}

/* Through a pair, up to instruction `number` of the library. Returns the signal to go on with; 0:
 * there are not so many. */
static int
step(pid_t pid, long number)
{
	for (long count = 0; !shared->is_done;) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0 || next_stop(pid) != SIGTRAP)
			abort();
		if (place_of(pid) - library.low < library.high - library.low && ++count == number)
			return SIGUSR1;
	}
	return 0;
}

/* Returns how many instructions a signal came upon. */
static long
step_all(pid_t pid, long stride)
{
	long number = 1 - stride, count = -1;
	for (int stop = next_stop(pid); stop != 0; stop = next_stop(pid)) {
		if (stop == SIGTRAP) {
			shared->is_done = false;
			stop = step(pid, number += stride);
			shared->was_last = stop == 0 || number >= STEPS_MAX;
			count++;
		}
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)stop) != 0)
			abort();
	}
	return count;
}

int
main(int argc, char **argv)
{
	pid_t pid;
	long count;
	if (argc < 2)
		return 2;
	what = argv[1];
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	              0);
	dl_iterate_phdr(find_library, NULL);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		run_pairs();
	}
	count = step_all(pid, argc > 2 ? strtol(argv[2], NULL, 10) : 1);
	fprintf(stderr, "%ld instructions\n", count);
	puts("all pairs done");
	return 0;
}
