/*
 * What leads to a map, in words: back along the words through which marking reached it, to a
 * global, a goroutine's stack or a register.
 *
 *     global 0x55d2a0 > 96 B +24 > map 0xc000012340          the row's own map comes after the last
 *     stack of main.serve
 */
#include "golang/state.h"
#include "golang/word.h"

enum {
	STEPS_MAX = 64,      /* that are kept of a path: those next to what holds it */
	FOLLOWED_MAX = 4096, /* many maps may hang on one long list: bounds the time for all */
	SHOWN_MAX = 6,
	FRAMES_MAX = 1000,
	NAME_MAX_BYTES = 256,
};

struct step {
	uint64_t base, size, offset; /* block, and where in it the word lies that leads on */
	uint32_t owner;
};

static const struct golang_stack *
stack_of(const struct golang_state *state, uint64_t address)
{
	const struct golang_stack *stacks = state->stacks.at;
	size_t count = state->stacks.count;
	size_t at = array_up_to(stacks, count, sizeof *stacks, offsetof(struct golang_stack, high),
	                        address);
	return at < count && stacks[at].start <= address ? &stacks[at] : NULL;
}

/* An address in the code of the function whose frame holds the word: frame pointers lead from the
 * innermost frame outwards. 0 where they do not lead that far. */
static uint64_t
frame_code(const struct golang_state *state, const struct golang_stack *stack, uint64_t address)
{
	uint64_t pc = stack->pc, frame = stack->frame;
	for (unsigned i = 0; i < FRAMES_MAX; i++) {
		if (frame < stack->low || frame + 16 > stack->high || frame % 8)
			return 0;
		if (address < frame + 16)
			return pc;
		uint64_t outer = word_at(state->memory, frame);
		pc = word_at(state->memory, frame + 8);
		if (outer <= frame)
			return 0;
		frame = outer;
	}
	return 0;
}

/* Fills `steps` from the map outwards, the last STEPS_MAX of them in a ring; returns how many there
 * are. `root`: the word outside all blocks that leads to the last; 0: a register, or more than
 * FOLLOWED_MAX steps. */
static size_t
trace_back(const struct golang_state *state, const struct golang_block *from, struct step *steps,
           uint64_t *root)
{
	struct golang_block block = *from;
	size_t count = 0;
	for (;;) {
		uint64_t word = state->marks.parents[block.number];
		if (!golang_block_of(&state->heap, word, &block)) {
			*root = word;
			return count;
		}
		if (count > FOLLOWED_MAX) {
			*root = 0;
			return count;
		}
		steps[count++ % STEPS_MAX] = (struct step){
			.base = block.base, .size = block.span->object_size,
			.offset = word - block.base,
			.owner = state->marks.owner[block.number],
		};
	}
}

static void
write_step(struct golang_state *state, const struct step *step)
{
	if (step->owner && step->owner != GOLANG_SHARED) {
		const struct golang_found *found = state->found.at;
		golang_text_add(state, "map ");
		golang_text_number(state, found[step->owner - 1].header.address, 16);
		return;
	}
	golang_text_number(state, step->size, 10);
	golang_text_add(state, " B +");
	golang_text_number(state, step->offset, 10);
}

/* The steps from the root inwards; those of one map count once. */
static void
write_path(struct golang_state *state, const struct step *steps, size_t count)
{
	size_t shown = 0, kept = count < STEPS_MAX ? count : STEPS_MAX;
	uint32_t last = 0;
	for (size_t i = count; i-- > count - kept;) {
		const struct step *step = &steps[i % STEPS_MAX];
		bool is_same = step->owner && step->owner == last && last != GOLANG_SHARED;
		last = step->owner;
		if (is_same)
			continue;
		if (shown)
			golang_text_add(state, " > ");
		if (shown == SHOWN_MAX) {
			golang_text_add(state, "...");
			return;
		}
		write_step(state, step);
		shown++;
	}
}

static void
name_root(struct golang_state *state, struct golang_map *row)
{
	char name[NAME_MAX_BYTES] = "";
	const struct golang_stack *stack = stack_of(state, row->root);
	row->held = GOLANG_HELD_GLOBAL;
	if (!stack)
		return;
	row->held = GOLANG_HELD_STACK;
	row->map.where_pc = frame_code(state, stack, row->root);
	/* A return address may be that of the next function where the call never returns. */
	if (golang_function_name(&state->image, row->map.where_pc - 1, name, sizeof name) == 0)
		row->map.where_pc = 0;
	size_t start = state->texts.count;
	golang_text_add(state, name);
	row->function = golang_text_end(state, start);
}

static void
write_place(struct golang_state *state, struct golang_map *row, const struct step *steps,
            size_t count)
{
	static const char *const held[] = {
		[GOLANG_HELD_GLOBAL] = "global ",
		[GOLANG_HELD_STACK] = "stack",
		[GOLANG_HELD_REGISTER] = "a register",
		[GOLANG_HELD_NOTHING] = "garbage not collected yet",
		[GOLANG_HELD_UNKNOWN] =
			"garbage, or registers of a goroutine that ran at this moment",
	};
	size_t start = state->texts.count;
	char name[NAME_MAX_BYTES];
	if (count > FOLLOWED_MAX)
		golang_text_add(state, "a path of more than 4096 blocks");
	else if (row->held != GOLANG_HELD_UNKNOWN || state->marks.is_whole)
		golang_text_add(state, held[row->held]);
	if (row->held == GOLANG_HELD_GLOBAL)
		golang_text_number(state, row->root, 16);
	if (row->function) {
		golang_function_name(&state->image, row->map.where_pc - 1, name, sizeof name);
		golang_text_add(state, " of ");
		golang_text_add(state, name);
	}
	if (count) {
		golang_text_add(state, " > ");
		write_path(state, steps, count);
	}
	row->map.place = golang_text_end(state, start);
}

void
golang_place(struct golang_state *state, const struct golang_found *found, struct golang_map *row)
{
	struct step steps[STEPS_MAX] = {0};
	struct golang_block block;
	size_t count = 0;
	if (found->is_on_stack) {
		row->root = found->header.address;
		name_root(state, row);
	} else if (golang_block_of(&state->heap, found->header.address, &block) &&
	           golang_bit(state->marks.reached, block.number)) {
		count = trace_back(state, &block, steps, &row->root);
		if (row->root)
			name_root(state, row);
		else
			row->held =
			    count > FOLLOWED_MAX ? GOLANG_HELD_UNKNOWN : GOLANG_HELD_REGISTER;
	} else {
		row->held = state->marks.is_whole && !state->totals.running ? GOLANG_HELD_NOTHING
		                                                            : GOLANG_HELD_UNKNOWN;
	}
	size_t start = state->texts.count;
	write_path(state, steps, count);
	row->path = golang_text_end(state, start);
	write_place(state, row, steps, count);
}
