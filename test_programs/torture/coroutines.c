/*
 * Coroutines on stacks of their own: switched at random depths, ended and begun anew on a stack
 * that was used before, on one that was unmapped and mapped again, and carried on by another
 * thread.
 */
#include "test_programs/torture/torture.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

enum {
	COROUTINES = 12,
	TURNS = 1500,
	SWITCHES = 14, /* a life's */
	STACK = 32 * 1024,
	DEEPEST = 12,
};

struct coroutine {
	ucontext_t context;
	unsigned char *stack;
	struct torture_frame *path; /* while it waits */
	int switches;
	bool is_alive;
};

static struct coroutine coroutines[COROUTINES], *running;
static volatile char sink;
static ucontext_t scheduler;
static uint32_t seed = 5;

TORTURE static void
yield_now(void)
{
	struct coroutine *self = running;
	TORTURE_FRAME;
	self->path = torture_path;
	swapcontext(&self->context, &scheduler);
	torture_path = running->path;
	torture_allocate();
}

TORTURE static void
descend(int left)
{
	volatile char bytes[64];
	TORTURE_FRAME;
	bytes[left] = 1;
	if (torture_random(&seed) % 3 == 0)
		torture_allocate();
	if (left > 0)
		descend(left - 1);
	else
		yield_now();
	if (torture_random(&seed) % 5 == 0) {
		running->switches++;
		yield_now();
	}
	sink = bytes[left];
}

static void
live(void)
{
	TORTURE_FRAME;
	while (running->switches++ < SWITCHES)
		descend((int)(torture_random(&seed) % DEEPEST));
	running->is_alive = false;
	yield_now();
	abort(); /* nobody resumes the dead */
}

/* Half of them on the stack of their former life, the others on a mapping anew: most often at the
 * same address, with nothing there in between. */
TORTURE static void
begin(struct coroutine *one)
{
	TORTURE_FRAME;
	if (one->stack && torture_random(&seed) % 2 == 0) {
		munmap(one->stack, STACK);
		one->stack = NULL;
		torture_allocate();
	}
	if (!one->stack)
		one->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
		                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (one->stack == MAP_FAILED || getcontext(&one->context) != 0)
		abort();
	one->context.uc_stack.ss_sp = one->stack;
	one->context.uc_stack.ss_size = STACK;
	one->context.uc_link = NULL;
	makecontext(&one->context, live, 0);
	one->path = NULL;
	one->switches = 0;
	one->is_alive = true;
}

TORTURE static void
resume(struct coroutine *one)
{
	TORTURE_FRAME;
	struct torture_frame *kept = torture_path;
	if (!one->is_alive)
		begin(one);
	running = one;
	torture_path = one->path;
	swapcontext(&scheduler, &one->context);
	torture_path = kept;
	torture_allocate();
}

TORTURE static void *
take_turns(void *unused)
{
	TORTURE_FRAME;
	for (int i = 0; i < TURNS; i++)
		resume(&coroutines[torture_random(&seed) % COROUTINES]);
	return NULL;
}

int
main(void)
{
	pthread_t thread;
	take_turns(NULL);
	if (pthread_create(&thread, NULL, take_turns, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return 2;
	take_turns(NULL);
	return torture_end();
}
