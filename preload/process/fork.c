/*
 * What fork means here. Before it every lock of ours is taken, so that the child's copy of each
 * table is whole; the child resets them, since their owners may not exist there. _Fork and raw
 * clone run no handlers: the child then resets the same at its first event.
 *
 *     parent   prepare: signals blocked, all locked, changes stopped --> fork --> unlocked
 *     child    *tracer_live reads NULL --> first event --> tracer_child: own draft, same stacks
 *
 * A signal handler may fork in the middle of an event, which its child ends when the handler
 * returns there: the child's half then goes to a private copy of the parent's trace. That takes
 * fork or _Fork; a system call of the handler's own is not seen.
 *
 * Most children exec or end without an event: for them nothing is done at all, and the parent's
 * trace is not theirs to touch. A child of vfork shares memory and records into its parent's trace,
 * as the memory is the parent's.
 */
#include "preload/process/fork.h"

#include "preload/hidden.h"
#include "preload/hooks/boot.h"
#include "preload/hooks/ends.h"
#include "preload/ledger/arena.h"
#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "preload/ledger/ledger.h"
#include "preload/process/draft.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/shield.h"
#include "preload/snapshot/snapshot.h"
#include "preload/snapshot/trigger.h"
#include "preload/stacks/intern.h"
#include "preload/thread.h"
#include "preload/unwind/stack.h"
#include "preload/unwind/unwind_check.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static pthread_t holder; /* thread that took the locks, or its copy in the child; 0: none */
static struct shield shield; /* the holder's */

/* libc's fork takes the lock of all its streams after the handlers have run. Who holds it may be
 * about to allocate, and would wait for us: so it is taken before ours. It is recursive. */
void _IO_list_lock(void) __attribute__((weak));
void _IO_list_unlock(void) __attribute__((weak));
void _IO_list_resetlock(void) __attribute__((weak));

static void
call(void (*function)(void))
{
	if (function)
		function();
}

/* A thread that forks from a signal handler inside the library holds locks of ours itself. A
 * handler that allocated while this thread has them all would wait for itself. */
static void
fork_prepare(void)
{
	struct shield raised;

	if (!tracer_is_on() || thread_is_inside())
		return;
	shield_raise(&raised);
	call(_IO_list_lock);
	stack_lock();
	intern_lock();
	change_stop();
	counters_lock();
	hidden_lock();
	shield = raised;
	holder = pthread_self();
}

static void
fork_parent(void)
{
	struct shield raised;

	if (holder != pthread_self())
		return;
	raised = shield;
	holder = 0;
	hidden_unlock();
	counters_unlock();
	change_resume();
	intern_unlock();
	stack_unlock();
	call(_IO_list_unlock);
	shield_lower(&raised);
}

static void
fork_reset(void)
{
	holder = 0;
	hidden_after_fork();
	boot_after_fork();
	thread_after_fork();
	stack_after_fork();
	unwind_check_after_fork();
	intern_after_fork();
	change_after_fork();
	ledger_after_fork();
	arena_after_fork();
	counters_after_fork();
	snapshot_after_fork();
	ends_after_fork();
}

void
fork_bare_child(void)
{
	if (!thread_is_inside() || !tracer.writer.header)
		return;
	fork_reset();
	draft_detach();
}

/* The page is wiped by the kernel; where that was refused, here. libc makes the lock of the
 * streams anew only where there had been more than one thread. */
static void
fork_child(void)
{
	if (holder == pthread_self()) {
		holder = 0;
		call(_IO_list_resetlock);
		shield_lower(&shield);
	}
	fork_bare_child();
	if (!tracer_is_on() || tracer.writer.header->pid == (uint32_t)getpid())
		return;
	tracer_suspend();
}

/* Comes back here by way of atfork.c. */
void
fork_start(void)
{
	static bool has_started;

	if (!__atomic_exchange_n(&has_started, true, __ATOMIC_ACQ_REL))
		pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* Tables that go on in the new file; those that start anew. */
static int
fork_move_tables(struct trace_writer *own)
{
	struct trace_table *goes_on[] = { &tracer.text, &tracer.profiles, &tracer.modules,
		&tracer.sites, &tracer.nodes, &tracer.decisions, &tracer.stacks,
		&tracer.counters };

	for (size_t i = 0; i < sizeof(goes_on) / sizeof(goes_on[0]); i++) {
		if (trace_table_clone(own, goes_on[i]))
			return -1;
	}
	trace_table_empty(&tracer.snapshots);
	trace_table_empty(&tracer.series);
	return 0;
}

static void
fork_count(const struct ledger_block *block, void *context)
{
	(void)context;
	counters_add(thread_self, block->stack, block->size);
}

static void
fork_count_part(const struct ledger_block *block, bool is_rest, void *context)
{
	(void)is_rest;
	fork_count(block, context);
}

/* A new file with the tables of the present one, which is left. Returns 0, or -1 with errno. */
static int
fork_open_trace(char *path, size_t room)
{
	struct trace_writer own, old = tracer.writer;

	if (settings_trace_path(path, room, old.header->program))
		return -1;
	if (trace_create(&own, path, old.header->program))
		return -1;
	trace_continue(own.header, old.header);
	if (fork_move_tables(&own)) {
		trace_abandon(&own);
		return -1;
	}
	tracer.writer = own;
	trace_leave(&old);
	return 0;
}

void
fork_reopen_trace(void)
{
	char path[TRACE_PATH_MAX] = "";

	if (fork_open_trace(path, sizeof(path)))
		draft_give_up(path, errno);
	else
		tracer_resume();
}

void
tracer_child(void)
{
	struct thread *thread;
	int before = errno;

	fork_reset();
	thread = thread_enter();
	if (!thread)
		return;
	if (draft_begin()) {
		draft_give_up("", errno);
	} else {
		tracer_restart_clock();
		counters_restart(thread);
		ledger_each(fork_count, NULL);
		arena_each(fork_count_part, NULL);
		counters_restarted();
		trigger_after_fork();
		thread->until_look = 0;
		if (settings.keep)
			draft_settle(true);
		if (draft_state != DRAFT_DROPPED)
			tracer_resume();
	}
	thread_leave(thread);
	errno = before;
}
