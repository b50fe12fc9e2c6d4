/*
 * From the guest's registers to a stack id. Called for every allocation whose stack the straight
 * way does not recall.
 *
 *     caller --memo--> a recent stack, proved by its slots --------------------------> id
 *            --frames--> walked to where it joins the last stack --> node --stacks--> id
 *            --libunwind--> list of pcs, where our own rules end --> node --stacks--> id
 *
 * fork waits until no thread is inside libunwind: its memory pools have locks, and a child would
 * find such a lock taken by a thread that does not exist there. The hot path pays two plain stores;
 * the forking thread pays for both with membarrier.
 *
 *     capture:  is_unwinding = 1; fork_wanted?  --no-->  unwind;  is_unwinding = 0
 *     fork:     fork_wanted++;    membarrier;  wait until no thread is_unwinding
 *
 * Rules: a frame of this library is never published; what is remembered of a stack holds only until
 * code is unloaded, and for the thread that has it.
 */
#include "preload/unwind/stack.h"

#include "preload/hidden.h"
#include "preload/lock.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/stacks/module.h"
#include "preload/stacks/stacks.h"
#include "preload/unwind/history.h"
#include "preload/unwind/object.h"
#include "preload/unwind/unwinder.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { STACK_HAS_RULES = true };
#else
enum { STACK_HAS_RULES = false }; /* libunwind is asked for every stack */
#endif

enum { OWN_FRAMES_MAX = 32, ADDRESS_BITS = 48, FORK_WAIT_TURNS = 2000, FORK_WAIT_NS = 50 * 1000 };

static uint64_t loader_start, loader_size; /* where the dynamic linker lies */
static uint32_t fork_wanted; /* how many threads are about to fork */

const char *
stack_open(void)
{
	object_find_loader(&loader_start, &loader_size);
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	return unwinder_open();
}

static __attribute__((noinline)) void
stack_wait_for_fork(struct thread *thread)
{
	int before = errno;

	for (uint32_t turn = 0; __atomic_load_n(&fork_wanted, __ATOMIC_ACQUIRE); turn++) {
		thread->is_unwinding = false;
		lock_pause(turn);
		thread->is_unwinding = true;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	}
	errno = before;
}

void
stack_begin_unwinding(struct thread *thread)
{
	thread->is_calling_out = true;
	thread->is_unwinding = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&fork_wanted, __ATOMIC_RELAXED), 0))
		stack_wait_for_fork(thread);
}

void
stack_end_unwinding(struct thread *thread)
{
	__atomic_store_n(&thread->is_unwinding, false, __ATOMIC_RELEASE);
	thread->is_calling_out = false;
}

static int
stack_unwind(struct thread *thread, int room)
{
	int count;

	stack_begin_unwinding(thread);
	count = unwinder_backtrace((void **)thread->pcs, room);
	stack_end_unwinding(thread);
	return count;
}

/* Return addresses, innermost first, into thread->pcs, without frames of this library. Returns how
 * many. *cut is set when there were more. */
static size_t
stack_list(struct thread *thread, const struct caller *caller, bool *cut)
{
	int room = (int)settings.depth + OWN_FRAMES_MAX;
	int found = unwinder_backtrace ? stack_unwind(thread, room) : 0;
	size_t kept = 0;

	for (int i = 0; i < found; i++) { /* without a branch that guesses wrong at each change */
		uint64_t pc = thread->pcs[i];

		thread->pcs[kept] = pc;
		kept += pc && !(pc >> ADDRESS_BITS) && !unwinder_is_own(pc);
	}
	*cut = kept > settings.depth || found == room;
	if (kept > settings.depth)
		kept = settings.depth;
	if (!kept)
		thread->pcs[kept++] = caller->pc;
	return kept;
}

/* ---- a stack's id */

void
history_forget(struct thread *thread)
{
	if (thread->history)
		thread->history->generation = 0;
}

static void
stack_begin_history(struct history *history)
{
	frames_forget(&history->frames);
	memo_forget(&history->memo);
	history->listed.count = 0;
	history->generation = rules_generation();
}

/* What this thread had last, as far as that still holds; NULL: no memory. */
static inline struct history *
stack_history(struct thread *thread)
{
	struct history *history = thread->history;

	if (__builtin_expect(!history, 0)) {
		thread->history = history = hidden_map(sizeof(*history));
		if (!history)
			return NULL;
	}
	if (!history_is_current(history))
		stack_begin_history(history);
	return history;
}

/* By libunwind. */
static uint32_t
stack_ask(struct thread *thread, const struct caller *caller, uint64_t size)
{
	struct history *history = thread->history;
	bool cut = false, by_size;
	struct leaf leaf;
	size_t count;

	intern_learned(); /* what our own rules came upon before they ended */
	if (!history) {
		tracer_warn("no memory to find stacks by; further ones are counted as unknown");
		return 0;
	}
	count = stack_list(thread, caller, &cut);
	leaf = listed_find(&history->listed, thread->pcs, count, &cut);
	return stacks_identify(&leaf, cut, size, &by_size);
}

/* The dynamic linker calls: it may have unloaded code, so none of its stacks is in the memo, where
 * nobody would look for that. */
static inline bool
stack_is_loader(const struct caller *caller)
{
	return caller->pc - loader_start < loader_size;
}

/* What no memo has. */
static __attribute__((noinline)) uint32_t
stack_learn(struct thread *thread, const struct caller *caller, uint64_t size)
{
	const struct bounds bounds = { thread->stack_low, thread->stack_high };
	struct history *history = thread->history;
	struct capture capture;
	bool by_size;
	uint32_t id;

	if (!STACK_HAS_RULES || !history || !unwinder_backtrace ||
	    frames_capture(&history->frames, &bounds, caller, &capture))
		return stack_ask(thread, caller, size);
	id = stacks_identify(&capture.leaf, capture.cut, size, &by_size);
	if (id && !stack_is_loader(caller))
		memo_keep(&history->memo, caller, &capture, id, by_size);
	else if (!id)
		frames_forget(&history->frames);
	return id;
}

uint32_t
history_identify(struct thread *thread, const struct caller *caller, uint64_t size,
                 const struct memo_stack *known)
{
	struct leaf leaf;
	int before = errno;
	bool by_size;
	uint32_t id;

	if (stack_is_loader(caller))
		stack_look_for_gone_code();
	if (!known) {
		stack_history(thread);
		id = stack_learn(thread, caller, size);
	} else if (known->stack == MEMO_BY_SIZE) {
		leaf = known->leaf;
		id = stacks_identify(&leaf, known->cut, size, &by_size);
	} else {
		id = known->stack;
	}
	errno = before;
	return id;
}

uint32_t
stack_identify(struct thread *thread, const struct caller *caller, uint64_t size)
{
	return history_identify(thread, caller, size, history_recall(thread, caller));
}

void
stack_refresh(struct thread *thread, const struct caller *caller)
{
	const struct bounds bounds = { thread->stack_low, thread->stack_high };
	struct history *history = stack_history(thread);
	struct capture capture;

	if (STACK_HAS_RULES && history && unwinder_backtrace)
		frames_capture(&history->frames, &bounds, caller, &capture);
	intern_learned();
}

const struct frames *
stack_last(const struct thread *thread)
{
	const struct history *history = thread->history;

	return history_is_current(history) ? &history->frames : NULL;
}

/* The loader allocates before what it loads runs, so that is when to look, too: what libc unloads
 * on its own account does not come through dlclose. */
void
stack_look_for_gone_code(void)
{
	if (!module_close_gone())
		return;
	rules_forget();
	unwinder_forget();
}

/* ---- fork */

static void
stack_see_unwinding(struct thread *thread, void *busy)
{
	if (__atomic_load_n(&thread->is_unwinding, __ATOMIC_ACQUIRE))
		*(bool *)busy = true;
}

/* Bounded: a thread that left libunwind by a longjmp looks busy until its next event. */
void
stack_lock(void)
{
	const struct timespec nap = { .tv_nsec = FORK_WAIT_NS };
	bool busy = true;

	__atomic_fetch_add(&fork_wanted, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	for (int turn = 0; busy && turn < FORK_WAIT_TURNS; turn++) {
		busy = false;
		thread_each(stack_see_unwinding, &busy);
		if (busy)
			nanosleep(&nap, NULL);
	}
}

void
stack_unlock(void)
{
	__atomic_fetch_sub(&fork_wanted, 1, __ATOMIC_RELEASE);
}

void
stack_after_fork(void)
{
	__atomic_store_n(&fork_wanted, 0, __ATOMIC_RELEASE);
}
