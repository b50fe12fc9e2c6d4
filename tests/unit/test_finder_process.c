/*
 * Another process's memory, copied: what it holds is there byte for byte, what it never touched
 * costs nothing, and a process that is gone is an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "finder/memory_fetch.h"
#include "finder/memory_process.h"
#include "tests/unit/test_instrument.h"

enum { PAGE = 4096, TOUCHED = 8 * PAGE };
static const size_t reserved = (size_t)8 << 30;

static char program[PATH_MAX];
static uint64_t global_word = 0x1122334455667788;
static const char constant[] = "what the program's file holds";

static int
find_program(void **state)
{
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	return length > 0 ? 0 : -1;
}

/* A child that waits to be killed, as a copy of this process at this moment. */
static pid_t
child_start(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void
child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void
the_copy_holds_what_the_process_held(void **state)
{
	unsigned char *block = mmap(NULL, TOUCHED, PROT_READ | PROT_WRITE,
	                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t word;
	char text[sizeof(constant)];
	struct memory_process process;
	for (size_t i = 0; i < TOUCHED; i++)
		block[i] = (unsigned char)(i * 7);
	pid_t pid = child_start();
	assert_int_equal(memory_open_process(&process, pid, program), 0);
	child_end(pid); /* the copy outlives it */
	struct memory *memory = &process.memory;
	assert_memory_equal(memory->view(memory, (uintptr_t)block, TOUCHED), block, TOUCHED);
	assert_true(memory_read(memory, (uintptr_t)&global_word, &word, sizeof(word)));
	assert_int_equal(word, global_word);
	assert_true(memory_read(memory, (uintptr_t)constant, text, sizeof(text)));
	assert_string_equal(text, constant);
	assert_true(memory_read(memory, process.image, text, 4));
	assert_memory_equal(text, "\177ELF", 4);
	assert_null(memory->view(memory, 16, 8));
	assert_null(memory->view(memory, UINT64_MAX - 4, 8));
	memory_close_process(&process);
	munmap(block, TOUCHED);
}

static void
untouched_pages_are_not_copied(void **state)
{
	unsigned char *room = mmap(NULL, reserved, PROT_READ | PROT_WRITE,
	                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t before, value;
	struct memory_process process;
	if (is_under("thread")) /* touches memory of its own for each word that is mapped */
		skip();
	assert_true(room != MAP_FAILED);
	pid_t pid = child_start();
	assert_int_equal(memory_open_process(&process, pid, program), 0);
	before = process.copied_bytes;
	memory_close_process(&process);
	child_end(pid);
	room[reserved / 2] = 42;
	pid = child_start();
	assert_int_equal(memory_open_process(&process, pid, program), 0);
	assert_true(process.copied_bytes - before < (64u << 20)); /* the sanitizer's own included */
	assert_int_equal(*(const unsigned char *)process.memory.view(&process.memory,
	                     (uintptr_t)room + reserved / 2, 1), 42);
	assert_true(memory_read(&process.memory, (uintptr_t)room + PAGE, &value, sizeof(value)));
	assert_int_equal(value, 0);
	assert_int_equal(memory_resident(&process.memory, (uintptr_t)room + PAGE, PAGE), 0);
	memory_close_process(&process);
	child_end(pid);
	munmap(room, reserved);
}

/* Two mappings that the kernel keeps apart, one behind the other: a view crosses between them. */
static void
neighbours_are_read_as_one(void **state)
{
	unsigned char *block = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
	                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct memory_process process;
	memset(block, 1, PAGE);
	memset(block + PAGE, 2, PAGE);
	madvise(block + PAGE, PAGE, MADV_NOHUGEPAGE);
	pid_t pid = child_start();
	assert_int_equal(memory_open_process(&process, pid, program), 0);
	child_end(pid);
	assert_memory_equal(process.memory.view(&process.memory, (uintptr_t)block + PAGE - 8, 16),
	                    block + PAGE - 8, 16);
	memory_close_process(&process);
	munmap(block, 2 * PAGE);
}

static void
a_process_that_is_gone_is_an_error(void **state)
{
	struct memory_process process;
	pid_t pid = child_start();
	kill(pid, SIGKILL);
	siginfo_t info;
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT); /* a zombie has no memory */
	assert_int_equal(memory_open_process(&process, pid, program), -1);
	assert_int_equal(errno, ESRCH);
	memory_close_process(&process);
	waitpid(pid, NULL, 0);
	assert_int_equal(memory_open_process(&process, pid, program), -1);
	assert_true(errno == ENOENT || errno == ESRCH);
	memory_close_process(&process);
}

static void
names_in_proc_are_cut_to_fit(void **state)
{
	char name[MEMORY_FETCH_NAME];
	memory_fetch_name(name, 1, "maps");
	assert_string_equal(name, "/proc/1/maps");
	memory_fetch_name(name, INT_MAX, "a name that is far too long for it");
	assert_string_equal(name, "/proc/2147483647/a name that is");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_copy_holds_what_the_process_held),
		cmocka_unit_test(untouched_pages_are_not_copied),
		cmocka_unit_test(neighbours_are_read_as_one),
		cmocka_unit_test(a_process_that_is_gone_is_an_error),
		cmocka_unit_test(names_in_proc_are_cut_to_fit),
	};
	return cmocka_run_group_tests(tests, find_program, NULL);
}
