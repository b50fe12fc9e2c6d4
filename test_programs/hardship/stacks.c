/* Stacks that are not as they should be: a page of one is closed until somebody reads it, or calls
 * come from 8 bytes off. */
#include "test_programs/hardship/hardship.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

static char *closed;

static void
open_page(int number, siginfo_t *fault, void *context)
{
	if ((uintptr_t)fault->si_addr - (uintptr_t)closed >= PAGE)
		_exit(1);
	mprotect(closed, PAGE, PROT_READ | PROT_WRITE);
}

/* Allocates behind 32 KiB of locals, with the page closed that its caller's frame lies in. */
__attribute__((noinline)) static void
allocate_behind(char *outer, size_t size)
{
	volatile char between[8 * PAGE];
	void *block;

	between[0] = between[sizeof(between) - 1] = 1;
	closed = (char *)((uintptr_t)outer & ~(uintptr_t)(PAGE - 1));
	expect(!mprotect(closed, PAGE, PROT_NONE), "mprotect");
	block = malloc(size);
	expect(!mprotect(closed, PAGE, PROT_READ | PROT_WRITE), "mprotect");
	free(block);
	between[1] = between[0];
}

__attribute__((noinline)) static void
in_a_closed_page(size_t size)
{
	volatile char below[2 * PAGE];

	below[0] = 1;
	allocate_behind(__builtin_frame_address(0), size);
	below[1] = below[0];
}

/* As those do who notice which pages of a program are used, or fetch them from elsewhere. */
static void
closed_page(unsigned times)
{
	static char alternate[64 * 1024];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_sigaction = open_page,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };

	expect(!sigaltstack(&stack, NULL), "sigaltstack");
	expect(!sigaction(SIGSEGV, &action, NULL), "sigaction");
	for (unsigned i = 0; i < times; i++)
		in_a_closed_page(40 + i);
	puts("opened");
}

#if defined(__x86_64__)
/* function(first, second), called with a stack pointer that is 8 bytes off. */
void *call_misaligned(void *(*function)(size_t, size_t), size_t first, size_t second);
__asm__(".pushsection .text\n"
        ".type call_misaligned, @function\n"
        "call_misaligned:\n"
        "	.cfi_startproc\n"
        "	pushq %rbp\n"
        "	.cfi_def_cfa_offset 16\n"
        "	.cfi_offset %rbp, -16\n"
        "	movq %rsp, %rbp\n"
        "	.cfi_def_cfa_register %rbp\n"
        "	subq $8, %rsp\n"
        "	movq %rdi, %rax\n"
        "	movq %rsi, %rdi\n"
        "	movq %rdx, %rsi\n"
        "	callq *%rax\n"
        "	leave\n"
        "	.cfi_def_cfa %rsp, 8\n"
        "	ret\n"
        "	.cfi_endproc\n"
        ".size call_misaligned, . - call_misaligned\n"
        ".popsection\n");
#else
static void *
call_misaligned(void *(*function)(size_t, size_t), size_t first, size_t second)
{
	return function(first, second);
}
#endif

typedef void *two_sizes(size_t first, size_t second);

__attribute__((noinline)) static void
allocate_misaligned(unsigned depth, size_t size)
{
	void *block = call_misaligned((two_sizes *)(void *)malloc, size, 0);

	block = call_misaligned((two_sizes *)(void *)realloc, (size_t)block, 2 * size);
	call_misaligned((two_sizes *)(void *)free, (size_t)block, 0);
	block = call_misaligned((two_sizes *)(void *)calloc, 3, size);
	call_misaligned((two_sizes *)(void *)free, (size_t)block, 0);
	if (depth)
		allocate_misaligned(depth - 1, size);
	__asm__ volatile("" ::: "memory"); /* no tail call */
}

static void
misaligned(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		allocate_misaligned(i % 20, 1 + i % 1000);
	puts("allocated");
}

const struct hardship hardships[] = {
	{ "closed_page", closed_page, 50, 5000 },
	{ "misaligned", misaligned, 500, 100000 },
	{ 0 },
};
