/*
 * Unwinding what is new. Called by stack.c where no recent stack is found unchanged.
 *
 *     walk      caller --rule--> frame --rule--> frame ... until one is in the state that a frame
 *               of the last stack was in, and all slots outside that hold what they did: joined
 *     rebuild   the last stack, cut off at the join, with the walked frames on top; a node is
 *               guessed, proved or looked up
 *
 * A rule reads nothing but words of the frame that it unwinds: between its stack pointer and the
 * next. Where that is not so (a frame that lies about itself, a switch of stacks) libunwind is
 * asked.
 *
 * Rules: no lock is held where a page of the stack is read for the first time; rbp is what the
 * walk has read, never what an earlier one has; the last stack's frames are out of `count` while
 * they change, since a signal handler may leave by longjmp at any instruction.
 */
#include "preload/unwind/frames.h"

#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/unwind/unwinder.h"

enum { PAGE_BITS = 12, ADDRESS_BITS = 48 };

struct walk {
	const struct bounds *bounds;
	uint64_t readable_page;
	bool is_bounded;
	uint32_t count, published;
	struct step *steps;
};

static bool
frames_may_read(struct walk *walk, uint64_t address)
{
	if (__builtin_expect(walk->is_bounded, 1))
		return address <= walk->bounds->high - sizeof(uint64_t);
	if (address >> PAGE_BITS == walk->readable_page)
		return true;
	if (!unwinder_is_readable(address))
		return false;
	walk->readable_page = address >> PAGE_BITS;
	return true;
}

/* Before a word of the frame that begins at `sp` is read: a page that no word of this stack was
 * read from may be one that a handler of the guest opens, which could not run within the lock. */
static inline void
frames_reach(uint64_t sp, uint64_t address)
{
	if (__builtin_expect((address ^ (sp - sizeof(address))) >> PAGE_BITS, 0))
		intern_learned();
}

/* The word at `address`, which has to lie in the frame that is unwound. */
static inline bool
frames_read(struct walk *walk, uint64_t address, uint64_t lowest, uint64_t *word)
{
	if (address < lowest || address % sizeof(*word) || !frames_may_read(walk, address))
		return false;
	*word = *(const uint64_t *)(uintptr_t)address;
	return true;
}

static inline uint64_t
frames_rbp_slot(const struct step *step, uint64_t cfa)
{
	uint64_t base = step->rule.kind == RULE_REALIGNED ? step->rbp : cfa;

	return base + (uint64_t)(int64_t)(8 * step->rule.rbp_words);
}

/* The state of the caller. False: by this rule it cannot be had. */
static bool
frames_step(struct walk *walk, const struct step *from, struct step *to)
{
	uint64_t offset = (uint64_t)(int64_t)(8 * from->rule.cfa_words), rbp_slot, rbp;
	bool saves_rbp = from->rule.flags & RULE_SAVES_RBP;

	if (from->rule.kind == RULE_REALIGNED) {
		frames_reach(from->sp, from->rbp + offset);
		if (!frames_read(walk, from->rbp + offset, from->sp, &to->sp))
			return false;
	} else {
		to->sp = (from->rule.kind == RULE_RBP ? from->rbp : from->sp) + offset;
	}
	frames_reach(from->sp, to->sp - 8);
	if (to->sp <= from->sp || !frames_read(walk, to->sp - 8, from->sp, &to->pc))
		return false;
	rbp_slot = saves_rbp ? frames_rbp_slot(from, to->sp) : to->sp - 8;
	if (saves_rbp)
		frames_reach(from->sp, rbp_slot);
	if (!frames_read(walk, rbp_slot, from->sp, &rbp))
		return false;
	to->rbp = saves_rbp ? rbp : from->rbp;
	return true;
}

/* ---- joining the last stack */

static inline bool
frames_is_at(const struct frame *frame, const struct step *state)
{
	return frame->sp == state->sp && frame->pc == state->pc &&
	       (!frame->needs_rbp || frame->rbp == state->rbp);
}

/* Whether `state` is that of the last stack's frame *top - 1, with all outside it unchanged. What
 * was found not to be so any more, or lies further in than `state`, is taken off *top. */
static bool
frames_join(const struct frames *frames, uint32_t *top, const struct step *state)
{
	const struct frame *list = frames->list;
	size_t changed;

	while (*top && list[*top - 1].sp < state->sp)
		--*top;
	if (!*top || !frames_is_at(&list[*top - 1], state))
		return false;
	intern_learned(); /* as in frames_reach */
	changed = slots_check(frames->slots, list[*top - 1].slots);
	if (!changed)
		return true;
	while (*top && list[*top - 1].slots >= changed)
		--*top;
	return false;
}

/* Walks up to a frame of the last stack (*top frames of it go on), the outermost, or the limit of
 * depth. The state that the last step leads to is steps[count]; its pc is 0 where there is none. */
static int
frames_walk(struct walk *walk, const struct frames *frames, uint32_t *top)
{
	for (;;) {
		struct step *step = &walk->steps[walk->count];

		if (frames_join(frames, top, step))
			return 0;
		if (step->pc >> ADDRESS_BITS || walk->count == FRAMES_MAX)
			return -1;
		if (!step->pc || walk->published > settings.depth)
			break;
		step->rule = rules_find(step->pc - 1);
		if (step->rule.kind == RULE_UNKNOWN)
			return -1;
		walk->count++;
		walk->published += !(step->rule.flags & RULE_OWN);
		if (step->rule.kind == RULE_OUTERMOST) {
			step[1].pc = 0;
			break;
		}
		if (!frames_step(walk, step, &step[1]))
			return -1;
	}
	*top = 0;
	return 0;
}

/* ---- rebuilding */

static inline void
frames_push_slot(struct slot **end, uint64_t address, uint64_t value)
{
	*(*end)++ = (struct slot){ address, value };
}

/* The words that lead from a frame to its caller, in the order that they are compared in backwards:
 * the word that tells the CFA, the return address, the caller's rbp. */
static struct slot *
frames_push_slots(struct slot *end, const struct step *step, bool caller_needs_rbp)
{
	const struct step *caller = step + 1;

	if (step->rule.kind == RULE_OUTERMOST)
		return end;
	if ((step->rule.flags & RULE_SAVES_RBP) && caller_needs_rbp)
		frames_push_slot(&end, frames_rbp_slot(step, caller->sp), caller->rbp);
	frames_push_slot(&end, caller->sp - 8, caller->pc);
	if (step->rule.kind == RULE_REALIGNED)
		frames_push_slot(&end, step->rbp + (uint64_t)(int64_t)(8 * step->rule.cfa_words),
		                 caller->sp);
	return end;
}

static inline bool
frames_needs_rbp(const struct rule *rule, bool caller_needs_rbp)
{
	if (rule->kind == RULE_RBP || rule->kind == RULE_REALIGNED)
		return true;
	return caller_needs_rbp && rule->kind != RULE_OUTERMOST &&
	       !(rule->flags & RULE_SAVES_RBP);
}

static const struct frame root; /* what calls the outermost frame */

/* The state that was walked, and what it takes from the caller's frame. */
static inline void
frames_fill(struct frame *frame, const struct frame *outer, const struct step *step)
{
	bool is_own = step->rule.flags & RULE_OWN;

	frame->pc = step->pc;
	frame->sp = step->sp;
	frame->rbp = step->rbp;
	frame->needs_rbp = frames_needs_rbp(&step->rule, outer->needs_rbp);
	frame->published = (uint16_t)(outer->published + !is_own);
	frame->leaf.path = is_own ? outer->leaf.path :
	                            intern_path(outer->leaf.path, step->rule.site);
}

/* ---- the leaves of the walked frames: `end` of them from `frame` on, the outermost first; their
 * steps are those from `steps` on, the innermost first */

/* From the innermost on, whose place is known before its callers' nodes are: what lies there names
 * its caller, that one its own, and so up to `outer`. Each must be of the step's site, so that the
 * tree itself proves the guess. False: it was none; only paths are left that hold. */
static bool
frames_guess_leaves(struct frame *frame, const struct leaf *outer, const struct step *steps,
                    uint32_t end)
{
	uint32_t node = 0;

	if (!end || (steps[0].rule.flags & RULE_OWN))
		return false;
	frame += end - 1;
	frame->leaf = intern_guess(frame->leaf.path, steps[0].rule.site, &node);
	if (!frame->leaf.node)
		return false;
	for (uint32_t i = 1; i < end; i++) {
		frame--;
		frame->leaf.node = node;
		frame->leaf.end = 0;
		if (steps[i].rule.flags & RULE_OWN)
			continue;
		if (!node || tracer_node(node)->site != steps[i].rule.site)
			return false;
		node = tracer_node(node)->parent;
	}
	return node == outer->node;
}

/* Looks them up from the outermost on. Once one is new those further in are, too. A frame of this
 * library has its caller's; beyond one that cannot be made none can. All places are asked for
 * first, so that the processor fetches them at once. */
static void
frames_find_leaves(struct frame *frame, const struct leaf *outer, const struct step *steps,
                   uint32_t end)
{
	bool is_new = false, is_full = false;

	for (uint32_t i = 0; i < end; i++)
		intern_expect(frame[i].leaf.path);
	for (uint32_t i = end; i-- > 0; outer = &frame++->leaf) {
		uint32_t path = frame->leaf.path, site = steps[i].rule.site;

		frame->leaf = *outer;
		if ((steps[i].rule.flags & RULE_OWN) || is_full)
			continue;
		if (!is_new)
			frame->leaf = intern_find(outer, path, site);
		if (!is_new && !frame->leaf.node) {
			intern_learn();
			is_new = true;
		}
		if (is_new)
			frame->leaf = intern_make(outer, path, site);
		is_full = !frame->leaf.node;
	}
}

/* Puts the walked steps from number `end` - 1 down to 0 on top of the last stack's first `top`
 * frames. */
static void
frames_rebuild(struct frames *frames, uint32_t top, const struct walk *walk, uint32_t end)
{
	const struct frame *outer = top ? &frames->list[top - 1] : &root;
	const struct leaf *joined = &outer->leaf;
	struct slot *slots = frames->slots + outer->slots;
	struct frame *frame = &frames->list[top];

	for (uint32_t i = end; i-- > 0; outer = frame++) {
		slots = frames_push_slots(slots, &walk->steps[i], outer->needs_rbp);
		frames_fill(frame, outer, &walk->steps[i]);
		frame->slots = (uint16_t)(slots - frames->slots);
	}
	if (!frames_guess_leaves(&frames->list[top], joined, walk->steps, end))
		frames_find_leaves(&frames->list[top], joined, walk->steps, end);
	__atomic_signal_fence(__ATOMIC_RELEASE);
	frames->count = top + end;
}

/* The number of steps that have settings.depth frames to publish. */
static uint32_t
frames_within_depth(const struct walk *walk)
{
	uint32_t published = walk->published, end = walk->count;

	while (published > settings.depth)
		published -= !(walk->steps[--end].rule.flags & RULE_OWN);
	return end;
}

/* Too deep: the innermost frames alone, which are walked from the first to the last. The outermost
 * of them stands for the root, so no other stack can go on from it. */
static int
frames_capture_cut(struct frames *frames, struct walk *walk)
{
	uint32_t top = 0;

	walk->count = walk->published = 0;
	if (frames_walk(walk, frames, &top))
		return -1;
	frames_rebuild(frames, 0, walk, frames_within_depth(walk));
	return 0;
}

static void
frames_give(struct frames *frames, struct capture *capture, bool cut)
{
	const struct frame *innermost = &frames->list[frames->count - 1];

	capture->leaf = innermost->leaf;
	capture->needs_rbp = innermost->needs_rbp;
	capture->cut = cut;
	capture->slots = frames->slots;
	capture->slot_count = innermost->slots;
	if (cut)
		frames->count = 0;
}

int
frames_capture(struct frames *frames, const struct bounds *bounds, const struct caller *caller,
               struct capture *capture)
{
	uint32_t top = frames->count, published;
	struct walk walk = { .bounds = bounds, .steps = frames->steps };
	bool cut;

	walk.is_bounded = caller->sp >= bounds->low && caller->sp < bounds->high;
	walk.readable_page = (caller->sp - sizeof(uint64_t)) >> PAGE_BITS;
	walk.steps[0] = (struct step){ .pc = caller->pc, .sp = caller->sp, .rbp = caller->rbp };
	if (frames_walk(&walk, frames, &top) || top + walk.count > FRAMES_MAX)
		return -1;
	published = walk.published + (top ? frames->list[top - 1].published : 0);
	frames->count = 0;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	cut = published > settings.depth;
	if (!cut)
		frames_rebuild(frames, top, &walk, walk.count);
	else if (frames_capture_cut(frames, &walk))
		return -1;
	frames_give(frames, capture, cut);
	return 0;
}

void
frames_forget(struct frames *frames)
{
	frames->count = 0;
}
