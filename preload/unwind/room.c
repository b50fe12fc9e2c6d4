/*
 * Where the library does its work: on the guest's stack if that has room, else on a spare one of
 * our own, so that an event on a 2 KiB signal stack, a coroutine or a minimal thread is like any
 * other.
 *
 *     guest's stack   ... | caller | hook | record | stack_switch |
 *     spare stack                                        '--> | work ... |
 *
 * Asked by straight.h at every allocation, called by slow.c. Rule: the guest's stack is used only
 * where its bounds are known for sure; a stack that we do not know has no room. (The spare one is
 * not the rule for all: a signal handler of the guest that runs meanwhile would find itself on a
 * foreign stack.)
 */
#include "preload/unwind/stack.h"

#include "preload/hidden.h"
#include "preload/unwind/history.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SPARE_SIZE = 256 * 1024, MAIN_STACK_MOST = 128 * 1024 * 1024 };

extern void *__libc_stack_end; /* where the kernel put argc: the high end of the main stack */

/* The kernel keeps at least 128 MB below the top free of other mappings, whatever the limit on
 * stacks is; further down may lie what is no stack of this thread. */
static void
room_of_main(struct thread *thread)
{
	uint64_t most = MAIN_STACK_MOST;
	struct rlimit limit;

	if (!getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur < most)
		most = limit.rlim_cur;
	stack_set_bounds(thread, (uintptr_t)__libc_stack_end - most, (uintptr_t)__libc_stack_end);
}

static int (*next_getattr)(pthread_t, pthread_attr_t *);

/* Found at start: later the dynamic linker had better not be asked. */
static __attribute__((constructor)) void
room_start(void)
{
	next_getattr = (int (*)(pthread_t, pthread_attr_t *))dlsym(RTLD_NEXT, "pthread_getattr_np");
}

int
stack_attributes(pthread_t id, pthread_attr_t *attributes)
{
	if (__builtin_expect(!next_getattr, 0))
		room_start(); /* called by a constructor before ours */
	return next_getattr ? next_getattr(id, attributes) : ENOSYS;
}

/* libc allocates a set of processors in here and frees it again, under this thread's lock. */
static void
room_of_other(struct thread *thread)
{
	pthread_attr_t attributes;
	size_t size;
	void *low;

	thread->is_calling_out = true;
	if (!stack_attributes(pthread_self(), &attributes)) {
		if (!pthread_attr_getstack(&attributes, &low, &size))
			stack_set_bounds(thread, (uintptr_t)low, (uintptr_t)low + size);
		pthread_attr_destroy(&attributes);
	}
	thread->is_calling_out = false;
}

void
stack_measure(struct thread *thread)
{
	if (__builtin_expect(thread->stack_high != 0, 1) || thread->is_borrowed)
		return; /* borrowed for one event: libc's allocations in here would be the next
		         * ones */
	if (getpid() == gettid())
		room_of_main(thread);
	else
		room_of_other(thread);
	if (thread->stack_high)
		history_forget(thread);
}

#if defined(__x86_64__)
/* Calls work(argument) with the stack pointer at `top`. The frame's address is kept in rbp, so that
 * unwinding goes on from the spare stack to the guest's. */
void stack_switch(void *top, void (*work)(void *argument), void *argument);
__asm__(".pushsection .text\n"
        ".type stack_switch, @function\n"
        ".hidden stack_switch\n"
        ".globl stack_switch\n"
        "stack_switch:\n"
        "	.cfi_startproc\n"
        "	pushq %rbp\n"
        "	.cfi_def_cfa_offset 16\n"
        "	.cfi_offset %rbp, -16\n"
        "	movq %rsp, %rbp\n"
        "	.cfi_def_cfa_register %rbp\n"
        "	movq %rdi, %rsp\n"
        "	movq %rdx, %rdi\n"
        "	callq *%rsi\n"
        "	leave\n"
        "	.cfi_def_cfa %rsp, 8\n"
        "	ret\n"
        "	.cfi_endproc\n"
        ".size stack_switch, . - stack_switch\n"
        ".popsection\n");

static bool
room_borrow(struct thread *thread, void (*work)(void *argument), void *argument)
{
	if (!thread->spare_stack)
		thread->spare_stack = hidden_map(SPARE_SIZE);
	if (!thread->spare_stack)
		return false;
	stack_switch(thread->spare_stack + SPARE_SIZE, work, argument);
	return true;
}
#else
/* Not written for this machine: such an event stays unrecorded, and is counted as that. */
static bool
room_borrow(struct thread *thread, void (*work)(void *argument), void *argument)
{
	return false;
}
#endif

bool
stack_run(struct thread *thread, void (*work)(void *argument), void *argument)
{
	stack_measure(thread);
	if (__builtin_expect(!stack_has_room(thread, (uintptr_t)__builtin_frame_address(0)), 0))
		return room_borrow(thread, work, argument);
	work(argument);
	return true;
}
