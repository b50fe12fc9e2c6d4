/* The rare parts of keeping the books; see books.h. */
#include "preload/hooks/books.h"

#include "preload/ledger/arena.h"

/* Where there is no room to count a stack, it is unknown; NULL: nor can that be counted. */
static struct trace_counter *
books_count_first(struct thread *thread, uint32_t *stack)
{
	struct trace_counter *counter = counters_make(thread, *stack);

	if (counter)
		return counter;
	*stack = 0;
	return counters_need(thread, 0);
}

/* Within a change: into the ledger. Blocks in its way were freed without our knowledge. False: no
 * memory. */
static bool
books_keep(struct thread *thread, const struct ledger_block *block)
{
	struct ledger_block stale;
	bool full;

	while (ledger_add(block, &stale, &full)) {
		if (stale.size == LEDGER_OUTER_SIZE)
			arena_forget(thread, stale.address);
		else
			counters_remove(thread, stale.stack, stale.size);
	}
	return !full;
}

/* The same with its counter, or NULL. */
static void
books_add_any(struct thread *thread, const struct ledger_block *block,
              struct trace_counter *counter)
{
	if (!books_keep(thread, block)) {
		counters_unrecorded();
		return;
	}
	if (counter)
		counters_add_to(thread, counter, block->stack, block->size);
	thread->last_block = block->address;
}

void
books_add(struct thread *thread, uint64_t address, uint64_t size, uint32_t stack)
{
	struct trace_counter *counter = counters_of(thread, stack);

	if (!counter)
		counter = books_count_first(thread, &stack);
	change_begin(thread);
	if (size >= LARGE_BYTES ||
	    !books_add_plain(thread, tracer.writer.header, address, size, stack))
		books_add_any(thread, &(struct ledger_block){ address, size, stack }, counter);
	change_end(thread);
}

void
books_restore(struct thread *thread, const struct ledger_block *block)
{
	change_begin(thread);
	if (books_keep(thread, block))
		counters_undo_remove(thread, block->stack, block->size);
	change_end(thread);
}

/* The block that was found there. */
static void
books_take(struct thread *thread, uint64_t address, struct record_move *move)
{
	change_begin(thread);
	move->was_known = ledger_remove(address, &move->old);
	if (move->was_known)
		counters_remove(thread, move->old.stack, move->old.size);
	change_end(thread);
}

bool
books_remove_small(struct thread *thread, uint64_t address, struct record_move *move)
{
	if (!ledger_find(address, &move->old) || move->old.size >= LARGE_BYTES ||
	    !counters_of(thread, move->old.stack))
		return false;
	books_take(thread, address, move);
	return true;
}

void
books_remove(struct thread *thread, uint64_t address, struct record_move *move)
{
	struct ledger_block *old = &move->old;

	if (ledger_is_outer(address))
		arena_dissolve(thread, address);
	if (ledger_find(address, old) && !counters_of(thread, old->stack))
		counters_make(thread, old->stack);
	books_take(thread, address, move);
}
