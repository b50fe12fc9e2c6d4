/*
 * One block into or out of the books: the ledger, which knows the block, and the counters, which
 * know its stack. Called by record.c and slow.c, within an event of theirs.
 *
 * Rules: both books move within one change; what may take long (a stack, a first counter) is done
 * before it begins; a block that the ledger does not know passes unharmed and uncounted.
 */
#ifndef PRELOAD_HOOKS_BOOKS_H
#define PRELOAD_HOOKS_BOOKS_H

#include "preload/hooks/record.h"
#include "preload/ledger/arena.h"
#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "preload/process/settings.h"
#include "preload/snapshot/large.h"

/* ---- the rare parts of what follows */

/* Where there is no room to count a stack, it is unknown; NULL: nor can that be counted. */
struct trace_counter *books_count_first(struct thread *thread, uint32_t *stack);

/* Holds the stack of the thread's last allocation against libunwind's. */
void books_check_stack(struct thread *thread, uint32_t stack, uint64_t pc);

/* Within a change: into the ledger. Blocks in its way were freed without our knowledge. False: no
 * memory. */
static inline __attribute__((always_inline)) bool
books_keep(struct thread *thread, const struct ledger_block *block)
{
	struct ledger_block stale;
	bool full;

	while (__builtin_expect(ledger_add(block, &stale, &full), 0)) {
		if (stale.size == LEDGER_OUTER_SIZE)
			arena_forget(thread, stale.address);
		else
			counters_remove(thread, stale.stack, stale.size);
	}
	return !full;
}

/* ---- a block comes */

/* With the present stack, which it returns. */
static inline __attribute__((always_inline)) uint32_t
books_add(struct thread *thread, uint64_t address, uint64_t size, const struct caller *caller)
{
	uint32_t stack = stack_identify(thread, caller, size);
	struct trace_counter *counter = counters_of(thread, stack);
	struct ledger_block block;

	if (__builtin_expect(settings.check_unwind, 0))
		books_check_stack(thread, stack, caller->pc);
	if (__builtin_expect(!counter, 0))
		counter = books_count_first(thread, &stack);
	block = (struct ledger_block){ address, size, stack };
	change_begin(thread);
	if (__builtin_expect(books_keep(thread, &block), 1)) {
		if (__builtin_expect(counter != NULL, 1))
			counters_add_to(thread, counter, stack, size);
		thread->last_block = address;
	} else {
		counters_unrecorded();
	}
	change_end(thread);
	return stack;
}

/* Again, since it did not leave after all. */
void books_restore(struct thread *thread, const struct ledger_block *block);

/* ---- a block leaves */

/* A small block of a stack with one role that this thread has counted before, while nobody wants
 * the books at rest; false: it is not so, and nothing has changed. Calls nothing: a frame costs as
 * much as the ledger. */
static inline __attribute__((always_inline)) bool
books_remove_plain(struct thread *thread, uint64_t address, struct ledger_block *old)
{
	struct trace_counter *counter;
	bool is_plain = false;
	uint32_t *word;

	if (!change_try(thread))
		return false;
	word = ledger_look(address, old);
	if (__builtin_expect(word && old->size < LARGE_BYTES, 1)) {
		counter = counters_of(thread, old->stack);
		is_plain = counter && counters_remove_plain(thread, counter, old->size);
		if (__builtin_expect(is_plain, 1))
			ledger_take(word, old);
	}
	change_end(thread);
	return is_plain;
}

/* Any block, also one that the program hands out in parts. */
void books_remove(struct thread *thread, uint64_t address, struct record_move *move);

#endif
