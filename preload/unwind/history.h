/*
 * What a thread remembers of the stacks that it had last: by stack.c, and read at every allocation.
 */
#ifndef PRELOAD_UNWIND_HISTORY_H
#define PRELOAD_UNWIND_HISTORY_H

#include "preload/unwind/listed.h"
#include "preload/unwind/memo.h"
#include "preload/unwind/rules.h"

struct history {
	uint32_t generation; /* of the rules that all this was found by; 0: of none */
	struct frames frames;
	struct memo memo;
	struct listed listed;
};

/* Whether it holds still: no code was unloaded meanwhile. */
static inline bool
history_is_current(const struct history *history)
{
	return __builtin_expect(history && history->generation == rules_generation(), 1);
}

/* The stack of which `caller` is the innermost frame, if the thread had it lately; or NULL. */
static inline __attribute__((always_inline)) const struct memo_stack *
history_recall(const struct thread *thread, const struct caller *caller)
{
	const struct history *history = thread->history;

	return history_is_current(history) ? memo_find(&history->memo, caller) : NULL;
}

/* As stack_identify, of which this is the rest: `known` is what was recalled. */
uint32_t history_identify(struct thread *thread, const struct caller *caller, uint64_t size,
                          const struct memo_stack *known);

/* Another thread has this state now. */
void history_forget(struct thread *thread);

#endif
