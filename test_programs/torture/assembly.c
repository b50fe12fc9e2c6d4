/*
 * Frames that no compiler builds: without tables, with frames described by expressions or by any
 * register, with the frame pointer used for numbers or kept in another register, with a return
 * address that lies elsewhere, on other stacks. They call each other at random, with compiled
 * functions in between.
 */
#include "test_programs/torture/torture.h"

#include <stdio.h>
#include <sys/mman.h>

enum {
	ROUNDS = 700,
	DEEPEST = 10,
	STACK = 64 * 1024,
};

static uint32_t seed = 17;
static volatile int kept;

typedef void callback(int left);
typedef void through(callback *next, int left);

static void descend(int left);

#if defined(__x86_64__)

/* A function `name`(callback, left) with this body, which calls the callback with `left`. */
#define ASSEMBLY(name, tables_begin, body, tables_end) \
	void name(callback *next, int left); \
	__asm__(".pushsection .text\n.type " #name ", @function\n" #name ":\n" tables_begin \
	        "	movq %rdi, %rax\n	movl %esi, %edi\n" body "	ret\n" tables_end \
	        ".size " #name ", . - " #name "\n.popsection\n")
#define TABLES(name, body) ASSEMBLY(name, "	.cfi_startproc\n", body, "	.cfi_endproc\n")
#define NO_TABLES(name, body) ASSEMBLY(name, "", body, "")

NO_TABLES(bare_pointer, "	pushq %rbp\n	movq %rsp, %rbp\n	subq $32, %rsp\n"
          "	callq *%rax\n	leave\n");
NO_TABLES(bare_small, "	subq $8, %rsp\n	callq *%rax\n	addq $8, %rsp\n");
NO_TABLES(bare_number,
          "	pushq %rbp\n	movl $77, %ebp\n	callq *%rax\n	popq %rbp\n");

TABLES(pointer_is_number,
       "	pushq %rbp\n	.cfi_def_cfa_offset 16\n	.cfi_offset %rbp, -16\n"
       "	movl %edi, %ebp\n	callq *%rax\n"
       "	popq %rbp\n	.cfi_def_cfa_offset 8\n	.cfi_restore %rbp\n");
TABLES(pointer_into_stack, /* a number that looks like a frame */
       "	pushq %rbp\n	.cfi_def_cfa_offset 16\n	.cfi_offset %rbp, -16\n"
       "	subq $64, %rsp\n	.cfi_def_cfa_offset 80\n"
       "	leaq 16(%rsp), %rbp\n	movq %rbp, (%rbp)\n	callq *%rax\n"
       "	addq $64, %rsp\n	.cfi_def_cfa_offset 16\n"
       "	popq %rbp\n	.cfi_def_cfa_offset 8\n	.cfi_restore %rbp\n");
TABLES(pointer_by_expression, /* DW_CFA_expression rbp: rsp + 8 */
       "	subq $40, %rsp\n	.cfi_def_cfa_offset 48\n"
       "	movq %rbp, 8(%rsp)\n	.cfi_escape 0x10, 6, 2, 0x77, 8\n"
       "	movl $9, %ebp\n	callq *%rax\n"
       "	movq 8(%rsp), %rbp\n	.cfi_restore %rbp\n"
       "	addq $40, %rsp\n	.cfi_def_cfa_offset 8\n");
TABLES(pointer_by_value, /* DW_CFA_val_expression rbp: the word at rsp + 8 */
       "	subq $40, %rsp\n	.cfi_def_cfa_offset 48\n"
       "	movq %rbp, 8(%rsp)\n	.cfi_escape 0x16, 6, 3, 0x77, 8, 0x06\n"
       "	movl $9, %ebp\n	callq *%rax\n"
       "	movq 8(%rsp), %rbp\n	.cfi_restore %rbp\n"
       "	addq $40, %rsp\n	.cfi_def_cfa_offset 8\n");
TABLES(frame_by_expression, /* DW_CFA_def_cfa_expression: the word at rsp, + 16 */
       "	pushq %r12\n	.cfi_def_cfa_offset 16\n	.cfi_offset %r12, -16\n"
       "	movq %rsp, %r12\n	.cfi_def_cfa_register %r12\n"
       "	andq $-64, %rsp\n	subq $64, %rsp\n	movq %r12, (%rsp)\n"
       "	.cfi_escape 0x0f, 5, 0x77, 0, 0x06, 0x23, 16\n"
       "	callq *%rax\n	movq %r12, %rsp\n	.cfi_def_cfa %r12, 16\n"
       "	popq %r12\n	.cfi_def_cfa %rsp, 8\n	.cfi_restore %r12\n");
TABLES(frame_by_rbx,
       "	pushq %rbx\n	.cfi_def_cfa_offset 16\n	.cfi_offset %rbx, -16\n"
       "	movq %rsp, %rbx\n	.cfi_def_cfa_register %rbx\n"
       "	movl %edi, %ecx\n	andl $7, %ecx\n	shll $4, %ecx\n	subq %rcx, %rsp\n"
       "	andq $-16, %rsp\n	callq *%rax\n	movq %rbx, %rsp\n"
       "	popq %rbx\n	.cfi_def_cfa %rsp, 8\n	.cfi_restore %rbx\n");
TABLES(address_elsewhere, /* the return address is taken from its place, the place reused */
       "	popq %r11\n	.cfi_def_cfa_offset 0\n	.cfi_register %rip, %r11\n"
       "	subq $48, %rsp\n	.cfi_def_cfa_offset 48\n"
       "	movq %r11, 16(%rsp)\n	.cfi_offset %rip, -32\n"
       "	movq $1, 40(%rsp)\n	callq *%rax\n"
       "	movq 16(%rsp), %r11\n	.cfi_register %rip, %r11\n"
       "	addq $48, %rsp\n	.cfi_def_cfa_offset 0\n"
       "	pushq %r11\n	.cfi_def_cfa_offset 8\n	.cfi_offset %rip, -8\n");
TABLES(pushes_meanwhile, /* two call sites, with more on the stack at one */
       "	pushq %rbp\n	.cfi_def_cfa_offset 16\n	.cfi_offset %rbp, -16\n"
       "	movq %rsp, %rbp\n	.cfi_remember_state\n	.cfi_def_cfa_register %rbp\n"
       "	testl $1, %edi\n	jz 1f\n"
       "	pushq $1\n	pushq $2\n	callq *%rax\n	leave\n"
       "	.cfi_restore_state\n	.cfi_def_cfa %rsp, 8\n	.cfi_restore %rbp\n	ret\n"
       "1:	.cfi_def_cfa %rbp, 16\n	.cfi_offset %rbp, -16\n"
       "	callq *%rax\n	popq %rbp\n	.cfi_def_cfa %rsp, 8\n	.cfi_restore %rbp\n");
TABLES(arguments_size, /* DW_CFA_GNU_args_size, which C++ catches by */
       "	subq $24, %rsp\n	.cfi_def_cfa_offset 32\n	.cfi_escape 0x2e, 16\n"
       "	callq *%rax\n	.cfi_escape 0x2e, 0\n"
       "	addq $24, %rsp\n	.cfi_def_cfa_offset 8\n");
TABLES(pointer_in_register, /* libunwind 1.6 takes that register from the innermost frame */
       "	pushq %r12\n	.cfi_def_cfa_offset 16\n	.cfi_offset %r12, -16\n"
       "	movq %rbp, %r12\n	.cfi_register %rbp, %r12\n"
       "	leaq 8(%rsp), %rbp\n	callq *%rax\n"
       "	movq %r12, %rbp\n	.cfi_restore %rbp\n"
       "	popq %r12\n	.cfi_def_cfa_offset 8\n	.cfi_restore %r12\n");
TABLES(like_a_signal, /* marked as a signal's frame: its pc is no return address */
       "	.cfi_signal_frame\n	subq $24, %rsp\n	.cfi_def_cfa_offset 32\n"
       "	callq *%rax\n	addq $24, %rsp\n	.cfi_def_cfa_offset 8\n");

/* name(callback, left, top): on another stack, the way back in rbp, or in a word up there. */
void other_stack_by_rbp(callback *next, int left, void *top);
void other_stack_by_word(callback *next, int left, void *top);
__asm__(".pushsection .text\n.type other_stack_by_rbp, @function\nother_stack_by_rbp:\n"
        "	.cfi_startproc\n"
        "	pushq %rbp\n	.cfi_def_cfa_offset 16\n	.cfi_offset %rbp, -16\n"
        "	movq %rsp, %rbp\n	.cfi_def_cfa_register %rbp\n	movq %rdx, %rsp\n"
        "	movq %rdi, %rax\n	movl %esi, %edi\n	callq *%rax\n"
        "	leave\n	.cfi_def_cfa %rsp, 8\n	ret\n	.cfi_endproc\n"
        ".size other_stack_by_rbp, . - other_stack_by_rbp\n"
        ".type other_stack_by_word, @function\nother_stack_by_word:\n"
        "	.cfi_startproc\n"
        "	movq %rsp, -8(%rdx)\n	leaq -16(%rdx), %rsp\n"
        "	.cfi_escape 0x0f, 5, 0x77, 8, 0x06, 0x23, 8\n" /* the word at rsp + 8, + 8 */
        "	movq %rdi, %rax\n	movl %esi, %edi\n	callq *%rax\n"
        "	movq 8(%rsp), %rsp\n	.cfi_def_cfa %rsp, 8\n	ret\n	.cfi_endproc\n"
        ".size other_stack_by_word, . - other_stack_by_word\n.popsection\n");

static through *const rooted[] = {pointer_is_number, pointer_into_stack, pointer_by_expression,
	pointer_by_value, frame_by_expression, frame_by_rbx,
	address_elsewhere, pushes_meanwhile, arguments_size, like_a_signal};
static through *const unrooted[] = {bare_pointer, bare_small, bare_number};

#define LOSES pointer_in_register
#define OVERWRITE __asm__ volatile("leaq 24(%%rsp), %%r12" : : : "r12")

#else /* another machine: what its compiler makes of a call */
TORTURE static void
plain(callback *next, int left)
{
	TORTURE_FRAME;
	next(left);
	kept++;
}

static void
on_stack(callback *next, int left, void *top)
{
	plain(next, left);
}

static through *const rooted[] = {plain}, *const unrooted[] = {plain};
#define LOSES plain
#define OVERWRITE (void)0
#define other_stack_by_rbp on_stack
#define other_stack_by_word on_stack
#endif

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

TORTURE static void
arrive(int left)
{
	TORTURE_FRAME_GAP;
	if (torture_random(&seed) % 3 == 0)
		torture_allocate();
	descend(left - 1);
	kept++;
}

/* A stack anew each time: at the former one's place, most often, or where it was and still is. */
TORTURE static void
change_stack(int left)
{
	void (*const ways[])(callback *, int, void *) = {other_stack_by_rbp, other_stack_by_word};
	TORTURE_FRAME;
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		return;
	for (int i = 0; i < 2; i++)
		ways[torture_random(&seed) % 2](arrive, left, stack + STACK);
	munmap(stack, STACK);
	torture_allocate();
}

TORTURE static void
descend(int left)
{
	TORTURE_FRAME;
	if (left <= 0)
		torture_allocate();
	else if (torture_random(&seed) % 8 == 0)
		change_stack(left);
	else
		rooted[torture_random(&seed) % COUNT(rooted)](arrive, left);
	if (torture_random(&seed) % 4 == 0)
		torture_allocate();
}

/* What lies beyond code without tables is anybody's guess; what lies inside it is not. */
TORTURE static void
arrive_unrooted(int left)
{
	struct torture_frame *kept_path = torture_path;
	torture_path = NULL;
	TORTURE_FRAME_GAP;
	if (left > 0)
		rooted[torture_random(&seed) % COUNT(rooted)](arrive, left - 1 < 2 ? left - 1 : 2);
	torture_allocate();
	torture_here.outer = kept_path;
}

TORTURE static void
enter_unrooted(int left)
{
	TORTURE_FRAME;
	unrooted[torture_random(&seed) % COUNT(unrooted)](arrive_unrooted, left);
	torture_allocate();
}

/* Beyond a frame whose caller's frame pointer cannot be had a record ends, or is right all the
 * same. */
TORTURE static void
arrive_lost(int left)
{
	TORTURE_FRAME_GAP;
	torture_here.lost = true;
	OVERWRITE;
	torture_allocate();
	if (left > 0)
		rooted[torture_random(&seed) % COUNT(rooted)](arrive, left < 3 ? left : 3);
	torture_allocate();
}

TORTURE static void
enter_lost(int left)
{
	TORTURE_FRAME;
	LOSES(arrive_lost, left);
	torture_allocate();
}

int
main(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		descend((int)(torture_random(&seed) % DEEPEST));
		enter_unrooted((int)(torture_random(&seed) % DEEPEST));
		enter_lost((int)(torture_random(&seed) % DEEPEST));
	}
	return torture_end();
}
