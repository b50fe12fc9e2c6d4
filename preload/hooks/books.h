/*
 * One block into or out of the books: the ledger, which knows the block, and the counters, which know
 * its stack. Called by record.c and slow.c, within an event of theirs.
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

/* What books_remove_plain took out is no plain block. */
void books_put_back(struct thread *thread, const struct ledger_block *block);

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

/* A small block of a stack that this thread has counted before; false: it is none, and nothing has
 * changed. */
static inline __attribute__((always_inline)) bool
books_remove_plain(struct thread *thread, uint64_t address, struct record_move *move)
{
	struct trace_counter *counter = NULL;
	bool is_plain = true;

	change_begin(thread);
	move->was_known = ledger_remove(address, &move->old);
	if (__builtin_expect(move->was_known, 1)) {
		counter = counters_of(thread, move->old.stack);
		is_plain = counter && move->old.size < LARGE_BYTES;
		if (__builtin_expect(!is_plain, 0))
			books_put_back(thread, &move->old);
	} else {
		is_plain = !ledger_is_outer(address);
	}
	if (__builtin_expect(!is_plain, 0))
		counter = NULL;
	else if (__builtin_expect(counter != NULL, 1))
		counters_move(thread, counter, move->old.stack, move->old.size, -1);
	change_end(thread);
	return is_plain;
}

/* Any block, also one that the program hands out in parts. */
void books_remove(struct thread *thread, uint64_t address, struct record_move *move);

#endif
