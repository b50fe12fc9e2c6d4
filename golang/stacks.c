/*
 * The goroutines and which part of each one's stack is in use. The runtime's list of all goroutines
 * is found without symbols: a slice in its data whose elements start with the bounds of a stack
 * that the heap gave out, with a saved stack pointer inside.
 *
 *     goroutine   0 stack from | 8 to | 16 guard | ... | 48 thread | 56 stack pointer | 64 pc | ...
 *                 96 or 104 frame | then the stack pointer at which it entered a system call, or 0
 *     stack       | unused ... | sp  in use  high |
 *
 * Where a thread runs a goroutine, the saved pointer is old and the thread's own counts. Where
 * nothing is known of the threads (a forked copy has none), the whole stack of a goroutine that ran
 * is taken; what its registers held is not known. One that waits, or is in a system call or in C,
 * saved all.
 */
#include "golang/state.h"
#include "golang/word.h"

#include <string.h>

enum {
	GOROUTINE_SIZE = 120,
	THREAD_AT = 48, STACK_POINTER_AT = 56, PC_AT = 64,
	GOROUTINES_MAX = 1 << 24,
	SAMPLE = 64,
	FRAME_AT = 96, FRAME_AT_OLD = 104, /* from the release on that dropped a field before it */
};

/* In a system call, or in C: what is saved is true then. Behind the frame pointer; the word before
 * that is always 0 where there is one. */
static bool
is_in_call(const void *goroutine)
{
	uint64_t saved = word_of(goroutine, STACK_POINTER_AT, 8);
	size_t frame = word_of(goroutine, FRAME_AT, 8) ? FRAME_AT : FRAME_AT_OLD;
	return saved && word_of(goroutine, frame + 8, 8) == saved;
}

static bool
read_goroutine(const struct golang_state *state, uint64_t address, struct golang_stack *stack)
{
	const void *at = address % 8 ? NULL
	                             : state->memory->view(state->memory, address, GOROUTINE_SIZE);
	if (!at)
		return false;
	uint64_t frame = word_of(at, FRAME_AT, 8), old_frame = word_of(at, FRAME_AT_OLD, 8);
	*stack = (struct golang_stack){
		.start = word_of(at, 0, 8),
		.high = word_of(at, 8, 8),
		.low = word_of(at, STACK_POINTER_AT, 8),
		.pc = word_of(at, PC_AT, 8),
		.is_running = word_of(at, THREAD_AT, 8) && !is_in_call(at),
	};
	if (frame < stack->start || frame >= stack->high)
		frame = old_frame;
	if (frame >= stack->start && frame < stack->high)
		stack->frame = frame;
	return true;
}

/* A goroutine that came to its end keeps its stack for the next one; where it stands says so. */
static bool
has_ended(const struct golang_state *state, const struct golang_stack *stack)
{
	char name[64];
	golang_function_name(&state->image, stack->pc, name, sizeof name);
	return !strcmp(name, "runtime.goexit1");
}

enum goroutine { GOROUTINE_BAD, GOROUTINE_DEAD, GOROUTINE_TAKEN };

static enum goroutine
check_goroutine(const struct golang_state *state, uint64_t address, struct golang_stack *stack)
{
	if (!read_goroutine(state, address, stack))
		return GOROUTINE_BAD;
	if (stack->start == 0 && stack->high == 0)
		return GOROUTINE_DEAD;
	const struct golang_span *span = golang_span_of(&state->heap, stack->start);
	if (has_ended(state, stack))
		return GOROUTINE_DEAD;
	if (!span || span->objects || stack->high <= stack->start || stack->high > span->end ||
	    stack->start % 8 || stack->high % 8)
		return GOROUTINE_BAD;
	return GOROUTINE_TAKEN;
}

/* How many goroutines the slice at these words would have; 0 if it is none. */
static uint64_t
count_list(const struct golang_state *state, const uint64_t *words)
{
	uint64_t list = words[0], count = words[1], taken = 0;
	if (list == 0 || list % 8 || count == 0 || count > words[2] || words[2] > GOROUTINES_MAX)
		return 0;
	for (uint64_t i = 0; i < count && i < SAMPLE; i++) {
		struct golang_stack stack;
		if (golang_tick(state->image.deadline))
			return 0;
		enum goroutine is = check_goroutine(state, word_at(state->memory, list + 8 * i),
		                                    &stack);
		if (is == GOROUTINE_BAD)
			return 0;
		taken += is == GOROUTINE_TAKEN;
	}
	return taken ? count : 0;
}

static void
find_list(const struct golang_state *state, uint64_t start, uint64_t end, uint64_t *list,
          uint64_t *count)
{
	uint64_t words[512];
	for (uint64_t at = (start + 7) & ~7ull;
	     at < end && end - at >= 24 && !golang_tick(state->image.deadline);
	     at += sizeof words - 16) {
		uint64_t size = end - at < sizeof words ? (end - at) & ~7ull : sizeof words;
		if (memory_is_blank(state->memory, at, size) ||
		    !memory_read(state->memory, at, words, size))
			continue;
		for (size_t i = 0; 8 * i + 24 <= size; i++) {
			uint64_t found = count_list(state, words + i);
			if (found > *count) {
				*count = found;
				*list = words[i];
			}
		}
	}
}

/* A thread that stands in this stack knows best where its end is. */
static void
ask_threads(const struct golang_state *state, struct golang_stack *stack)
{
	const struct golang_input *input = state->input;
	for (size_t i = 0; i < input->thread_count; i++) {
		const struct golang_thread *thread = &input->threads[i];
		if (thread->stack_pointer < stack->start || thread->stack_pointer > stack->high)
			continue;
		stack->low = thread->stack_pointer;
		stack->frame = thread->frame_pointer;
		stack->pc = thread->pc;
	}
	stack->is_running &= input->thread_count == 0;
	if (stack->is_running || stack->low < stack->start || stack->low > stack->high)
		stack->low = stack->start;
	stack->low = (stack->low + 7) & ~7ull;
}

static int
compare_stacks(const void *a, const void *b)
{
	const struct golang_stack *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* Two goroutines never share a stack: what overlaps the one before is no stack of its own. */
static void
drop_overlaps(struct golang_state *state)
{
	struct golang_stack *stacks = state->stacks.at;
	size_t kept = 0;
	for (size_t i = 0; i < state->stacks.count; i++) {
		if (kept && stacks[i].start < stacks[kept - 1].high)
			continue;
		state->totals.stack_bytes += stacks[i].high - stacks[i].start;
		state->totals.running += stacks[i].is_running;
		stacks[kept++] = stacks[i];
	}
	state->stacks.count = kept;
	state->totals.goroutines = kept;
}

int
golang_stacks_find(struct golang_state *state)
{
	const struct golang_image *image = &state->image;
	uint64_t list = 0, count = 0;
	find_list(state, image->bss, image->bss_end, &list, &count);
	find_list(state, image->noptr_bss, image->noptr_bss_end, &list, &count);
	find_list(state, image->data, image->data_end, &list, &count);
	for (uint64_t i = 0; i < count && !golang_tick(&state->deadline); i++) {
		struct golang_stack stack, *kept;
		uint64_t address = word_at(state->memory, list + 8 * i);
		enum goroutine is = check_goroutine(state, address, &stack);
		state->totals.running += is == GOROUTINE_BAD; /* caught in the middle of a change */
		if (is != GOROUTINE_TAKEN)
			continue;
		ask_threads(state, &stack);
		kept = array_add(&state->stacks, sizeof stack, 1);
		if (!kept)
			return -1;
		*kept = stack;
	}
	array_sort(&state->stacks, sizeof(struct golang_stack), compare_stacks);
	drop_overlaps(state);
	return 0;
}
