/*
 * Handlers that allocate: raised, at a trap, on a stack of their own, within one another, left by a
 * longjmp, and at every single instruction of functions that come and go (the processor's trap
 * flag).
 */
#include "test_programs/torture/torture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum {
	ROUNDS = 100,
	DEPTH = 9,
	ALTERNATE = 64 * 1024,
	STEP_ROUNDS = 3,
};

static sigjmp_buf way_out;
static volatile sig_atomic_t is_leaving, steps;
static volatile unsigned sum;

TORTURE static void
allocate_deeper(int left)
{
	TORTURE_FRAME;
	if (left > 0)
		allocate_deeper(left - 1);
	torture_allocate();
}

static void
on_inner(int number)
{
	TORTURE_FRAME_GAP;
	torture_allocate();
}

static void
on_outer(int number)
{
	TORTURE_FRAME_GAP;
	torture_allocate();
	raise(SIGUSR2);
	allocate_deeper(2);
	if (is_leaving)
		siglongjmp(way_out, 1);
}

#if defined(__x86_64__)
enum { TRAP_BYTES = 2 }; /* ud2 */

/* Traps at its first instruction, where one pc less belongs to another function; and halfway
 * through building its frame. */
void trap_at_once(void);
void trap_halfway(void);
__asm__(".pushsection .text\n"
        "	nop\n"
        ".type trap_at_once, @function\n"
        "trap_at_once:\n"
        "	.cfi_startproc\n"
        "	ud2\n"
        "	ret\n"
        "	.cfi_endproc\n"
        ".size trap_at_once, . - trap_at_once\n"
        ".type trap_halfway, @function\n"
        "trap_halfway:\n"
        "	.cfi_startproc\n"
        "	pushq %rbx\n"
        "	.cfi_def_cfa_offset 16\n"
        "	.cfi_offset %rbx, -16\n"
        "	pushq %rbp\n"
        "	.cfi_def_cfa_offset 24\n"
        "	.cfi_offset %rbp, -24\n"
        "	ud2\n"
        "	movl $-1, %ebp\n"
        "	ud2\n"
        "	popq %rbp\n"
        "	.cfi_def_cfa_offset 16\n"
        "	.cfi_restore %rbp\n"
        "	ud2\n"
        "	popq %rbx\n"
        "	.cfi_def_cfa_offset 8\n"
        "	.cfi_restore %rbx\n"
        "	ud2\n"
        "	ret\n"
        "	.cfi_endproc\n"
        ".size trap_halfway, . - trap_halfway\n"
        ".popsection\n");

static void
on_trap(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	TORTURE_FRAME_GAP;
	allocate_deeper(1);
	at->uc_mcontext.gregs[REG_RIP] += TRAP_BYTES;
}

static void
on_step(int number)
{
	TORTURE_FRAME_GAP;
	steps++;
	torture_allocate();
}

/* In assembly, since compilers forget to say in their tables what a pushed flags register moves. */
void set_stepping(int is_on);
__asm__(".pushsection .text\n"
        ".type set_stepping, @function\n"
        "set_stepping:\n"
        "	.cfi_startproc\n"
        "	pushfq\n"
        "	.cfi_def_cfa_offset 16\n"
        "	shll $8, %edi\n" /* the trap flag's place */
        "	andq $~0x100, (%rsp)\n"
        "	orq %rdi, (%rsp)\n"
        "	popfq\n"
        "	.cfi_def_cfa_offset 8\n"
        "	ret\n"
        "	.cfi_endproc\n"
        ".size set_stepping, . - set_stepping\n"
        ".popsection\n");
#else
static void trap_at_once(void) { raise(SIGILL); }
static void trap_halfway(void) { raise(SIGILL); }

static void
on_trap(int number, siginfo_t *info, void *context)
{
	TORTURE_FRAME_GAP;
	allocate_deeper(1);
}

static void on_step(int number) { }
static void set_stepping(int is_on) { steps++; }
#endif

static int
compare(const void *one, const void *two)
{
	int a = *(const int *)one, b = *(const int *)two;
	return (a > b) - (a < b);
}

/* Code of this program, of libc, and of the stubs and the resolver between them. */
TORTURE static unsigned
come_and_go(int left, volatile const char *text)
{
	int numbers[] = {5, 3, 9, left};
	char copy[64];
	TORTURE_FRAME;
	qsort(numbers, 4, sizeof(numbers[0]), compare);
	strncpy(copy, (const char *)text, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	unsigned long length = strlen(copy) + (unsigned long)strtol("12", NULL, 10);
	return left > 0 ? come_and_go(left - 1, text) + (unsigned)length : (unsigned)numbers[0];
}

TORTURE static void
step_through(void)
{
	TORTURE_FRAME;
	for (int i = 0; i < STEP_ROUNDS; i++) {
		set_stepping(1);
		sum += come_and_go(2, "some text of no weight");
		set_stepping(0);
	}
}

TORTURE static void
descend(int left)
{
	TORTURE_FRAME;
	if (left > 0) {
		descend(left - 1);
	} else {
		raise(SIGUSR1);
		trap_at_once();
		trap_halfway();
	}
	torture_allocate();
}

TORTURE static void
leave_by_longjmp(int left)
{
	TORTURE_FRAME;
	if (left > 0)
		leave_by_longjmp(left - 1);
	is_leaving = 1;
	raise(SIGUSR1);
}

TORTURE static void
leave_and_come_back(int depth)
{
	TORTURE_FRAME;
	struct torture_frame *kept = torture_path;
	if (sigsetjmp(way_out, 1) == 0)
		leave_by_longjmp(depth);
	torture_path = kept;
	is_leaving = 0;
	torture_allocate();
}

static void
handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_flags = flags | SA_NODEFER};
	action.sa_handler = handler;
	sigemptyset(&action.sa_mask);
	if (sigaction(number, &action, NULL) != 0)
		abort();
}

TORTURE static void
rounds(int flags)
{
	struct sigaction trap = {.sa_flags = SA_SIGINFO | flags};
	TORTURE_FRAME;
	trap.sa_sigaction = on_trap;
	handle(SIGUSR1, on_outer, flags);
	handle(SIGUSR2, on_inner, flags ^ SA_ONSTACK);
	handle(SIGTRAP, on_step, flags);
	if (sigaction(SIGILL, &trap, NULL) != 0)
		abort();
	for (int i = 0; i < ROUNDS; i++) {
		descend(i % DEPTH);
		leave_and_come_back(i % DEPTH);
	}
	step_through();
}

int
main(void)
{
	stack_t alternate = {.ss_size = ALTERNATE, .ss_sp = malloc(ALTERNATE)}, none = {
		.ss_flags = SS_DISABLE};
	if (alternate.ss_sp == NULL || sigaltstack(&alternate, NULL) != 0)
		return 2;
	rounds(0);
	rounds(SA_ONSTACK);
	sigaltstack(&none, NULL);
	free(alternate.ss_sp);
	return steps > 100 || steps == 2 * 2 * STEP_ROUNDS ? torture_end() : 3;
}
