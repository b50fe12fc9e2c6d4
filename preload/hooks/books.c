/* The rare parts of keeping the books; see books.h. */
#include "preload/hooks/books.h"

#include "preload/unwind/unwind_check.h"

#include <errno.h>

struct trace_counter *
books_count_first(struct thread *thread, uint32_t *stack)
{
	struct trace_counter *counter = counters_make(thread, *stack);

	if (counter)
		return counter;
	*stack = 0;
	return counters_need(thread, 0);
}

void
books_check_stack(struct thread *thread, uint32_t stack, uint64_t pc)
{
	int before = errno;

	unwind_check(thread, stack, pc);
	errno = before;
}

void
books_restore(struct thread *thread, const struct ledger_block *block)
{
	change_begin(thread);
	if (books_keep(thread, block))
		counters_undo_remove(thread, block->stack, block->size);
	change_end(thread);
}

void
books_remove(struct thread *thread, uint64_t address, struct record_move *move)
{
	struct ledger_block *old = &move->old;

	if (ledger_is_outer(address))
		arena_dissolve(thread, address);
	if (ledger_find(address, old) && !counters_of(thread, old->stack))
		counters_make(thread, old->stack);
	change_begin(thread);
	move->was_known = ledger_remove(address, old);
	if (move->was_known)
		counters_remove(thread, old->stack, old->size);
	change_end(thread);
}
