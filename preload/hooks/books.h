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
#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "preload/snapshot/large.h"

/* ---- a block comes */

/* With this stack, or an unknown one where there is no room to count it. */
void books_add(struct thread *thread, uint64_t address, uint64_t size, uint32_t stack);

/* Within a change that is under way: a small block whose place nothing takes, of a stack with one
 * role that this thread has counted before; false: it is not so, and nothing has changed. Calls
 * nothing: a frame costs as much as the ledger. */
static inline __attribute__((always_inline)) bool
books_add_plain(struct thread *thread, struct trace_header *header, uint64_t address, uint64_t size,
                uint32_t stack)
{
	struct trace_counter *counter = counters_of(thread, stack);
	uint32_t *word;

	if (__builtin_expect(!counter, 0))
		return false;
	word = ledger_place(address, size, stack);
	if (__builtin_expect(!word, 0) || !counters_add_plain(thread, header, counter, size))
		return false;
	ledger_put(word, size, stack);
	thread->last_block = address;
	return true;
}

/* Again, since it did not leave after all. */
void books_restore(struct thread *thread, const struct ledger_block *block);

/* ---- a block leaves */

/* The same of a block that leaves. */
static inline __attribute__((always_inline)) bool
books_remove_plain(struct thread *thread, struct trace_header *header, uint64_t address,
                   struct ledger_block *old)
{
	uint32_t *word = ledger_look(address, old);
	struct trace_counter *counter;

	if (__builtin_expect(!word || old->size >= LARGE_BYTES, 0))
		return false;
	counter = counters_of(thread, old->stack);
	if (__builtin_expect(!counter, 0) ||
	    !counters_remove_plain(thread, header, counter, old->size))
		return false;
	ledger_take(word, old);
	return true;
}

/* Any block, also one that the program hands out in parts. */
void books_remove(struct thread *thread, uint64_t address, struct record_move *move);

/* A small one, wherever it is kept, whose stack this thread has counted before; false: it is not
 * so, and nothing has changed. */
bool books_remove_small(struct thread *thread, uint64_t address, struct record_move *move);

#endif
