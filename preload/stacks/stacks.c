/*
 * From nodes to stack ids.
 *
 *     leaf.end     0: not known | id of the stack | BY_SIZE: ask `variants`
 *     sizes        size --> its number
 *     variants     (node, number of the size) --> id, where the size decides
 *                  (node, CUT) --> id of the stack that was cut here, which is another than the one
 *                                  with just these frames; or (node, CUT | number of the size)
 *                  (node, ORDINAL | 1, 2, ...) --> each id that there is, so that sizes share them
 *
 * Most nodes have no stack or one, and no entry but leaf.end. Called by stack.c at events; what is
 * new is learned under intern's lock.
 */
#include "preload/stacks/stacks.h"

#include "preload/process/tracer.h"
#include "preload/stacks/index.h"
#include "preload/stacks/precedent.h"
#include "preload/stacks/role.h"
#include "preload/text.h"

#include <errno.h>
#include <string.h>

#define BY_SIZE (UINT32_C(1) << 31)
#define CUT (UINT32_C(1) << 31)
#define ORDINAL (UINT32_C(1) << 30)
enum { SIZES_MAX = (1 << 30) - 1 };

static struct index sizes, variants;

/* ---- what is known */

static inline uint32_t
stacks_find_variant(uint32_t node, uint32_t which)
{
	return index_find(&variants, (uint64_t)node << 32 | which);
}

static inline uint32_t
stacks_size_number(uint64_t size)
{
	return index_find(&sizes, size + 1);
}

/* The id, or 0: not known yet. */
static inline uint32_t
stacks_find(const struct leaf *leaf, bool cut, uint64_t size, bool *by_size)
{
	uint32_t number, id = 0;

	*by_size = false;
	if (__builtin_expect(!cut && !(leaf->end & BY_SIZE), 1))
		return leaf->end;
	if (cut)
		id = stacks_find_variant(leaf->node, CUT);
	if (id)
		return id;
	*by_size = true;
	number = stacks_size_number(size);
	return number ? stacks_find_variant(leaf->node, (cut ? CUT : 0) | number) : 0;
}

/* ---- what is new */

/* Returns 0, or -1: no memory. */
static int
stacks_add_variant(uint32_t node, uint32_t which, uint32_t id)
{
	if (!index_reserve(&variants))
		return -1;
	index_add(&variants, (uint64_t)node << 32 | which, id);
	return 0;
}

static uint32_t
stacks_make_size_number(uint64_t size)
{
	uint32_t number = stacks_size_number(size);

	if (number || sizes.count == SIZES_MAX || !index_reserve(&sizes))
		return number;
	number = (uint32_t)sizes.count + 1;
	index_add(&sizes, size + 1, number);
	return number;
}

static void
stacks_remember(struct leaf *leaf, bool cut, uint64_t size, uint32_t id, bool by_size)
{
	uint32_t number = by_size ? stacks_make_size_number(size) : 0;

	if (!cut) {
		leaf->end = by_size ? BY_SIZE : id;
		intern_set_end(leaf, leaf->end);
	}
	if (by_size ? number != 0 : cut)
		stacks_add_variant(leaf->node, (cut ? CUT : 0) | number, id);
}

/* The number of this decision in the trace, or TRACE_NONE. There are few, and runs of one. */
static uint32_t
stacks_decision(const struct trace_decision *wanted)
{
	static uint32_t last;
	struct trace_decision *made;

	if (last < tracer.decisions.count &&
	    !memcmp(tracer_decision(last), wanted, sizeof(*wanted)))
		return last;
	for (uint32_t i = 0; i < tracer.decisions.count; i++) {
		if (!memcmp(tracer_decision(i), wanted, sizeof(*wanted)))
			return last = i;
	}
	made = trace_table_next(&tracer.writer, &tracer.decisions);
	if (!made)
		return TRACE_NONE;
	*made = *wanted;
	return last = trace_table_publish(&tracer.writer, &tracer.decisions);
}

static uint32_t
stacks_publish(uint32_t node, uint32_t decision)
{
	struct trace_stack *stack = trace_table_next(&tracer.writer, &tracer.stacks);

	if (!stack)
		return 0;
	stack->node = node;
	stack->decision = decision;
	return trace_table_publish(&tracer.writer, &tracer.stacks);
}

/* The stack of this node with this decision. Those of one node have the ordinals 1, 2, ... */
static uint32_t
stacks_share(uint32_t node, uint32_t decision)
{
	uint32_t ordinal = ORDINAL, id;

	while ((id = stacks_find_variant(node, ++ordinal))) {
		if (tracer_stack(id)->decision == decision)
			return id;
	}
	if (!index_reserve(&variants))
		return 0;
	id = stacks_publish(node, decision);
	if (id)
		stacks_add_variant(node, ordinal, id);
	return id;
}

/* The role by the innermost frames' names. */
static void
stacks_decide(uint32_t leaf, uint64_t size, struct trace_decision *decision, bool *by_size)
{
	uint32_t sites[ROLE_FRAMES_MAX], depth;
	size_t count = 0;

	for (uint32_t node = leaf; node && count < ROLE_FRAMES_MAX;
	     node = tracer_node(node)->parent)
		sites[count++] = tracer_node(node)->site;
	depth = role_decide(sites, count, size, decision, by_size);
	if (!*by_size)
		precedent_keep(leaf, depth < ROLE_FRAMES_MAX ? depth : ROLE_FRAMES_MAX, decision);
}

static uint32_t
stacks_make(struct leaf *leaf, bool cut, uint64_t size, bool *by_size)
{
	const struct trace_decision *precedent = precedent_find(leaf->node);
	struct trace_decision decision = { 0 };
	uint32_t number, id;

	*by_size = false;
	if (precedent)
		decision = *precedent;
	else
		stacks_decide(leaf->node, size, &decision, by_size);
	decision.flags |= cut ? TRACE_STACK_CUT : 0;
	number = stacks_decision(&decision);
	if (number == TRACE_NONE)
		return 0;
	id =
	    cut || *by_size ? stacks_share(leaf->node, number) : stacks_publish(leaf->node, number);
	if (id)
		stacks_remember(leaf, cut, size, id, *by_size);
	return id;
}

static __attribute__((noinline)) uint32_t
stacks_learn(struct leaf *leaf, bool cut, uint64_t size, bool *by_size)
{
	uint32_t id;

	intern_learn();
	leaf->end = intern_end(leaf);
	id = stacks_find(leaf, cut, size, by_size);
	if (!id)
		id = stacks_make(leaf, cut, size, by_size);
	return id;
}

static __attribute__((noinline)) void
stacks_complain(int error)
{
	bool is_disk = error == ENOSPC || error == EDQUOT;
	char sentence[TRACE_TEXT_MAX];

	text_join(sentence, sizeof(sentence), "the trace has no room for more stacks (",
	          strerrordesc_np(error), "); further ones are counted as unknown",
	          is_disk ? ": free space where the trace lies" : "", NULL);
	tracer_warn(sentence);
}

uint32_t
stacks_identify(struct leaf *leaf, bool cut, uint64_t size, bool *by_size)
{
	uint32_t id = 0;

	*by_size = false;
	if (__builtin_expect(leaf->node != 0, 1)) {
		if (!leaf->end)
			leaf->end = intern_end(leaf);
		id = stacks_find(leaf, cut, size, by_size);
		if (__builtin_expect(!id, 0))
			id = stacks_learn(leaf, cut, size, by_size);
	}
	intern_learned();
	if (__builtin_expect(!id, 0))
		stacks_complain(tracer.writer.error ? tracer.writer.error : ENOMEM);
	return id;
}

uint32_t
stacks_told(uint32_t id, enum trace_role role)
{
	struct trace_stack known = *tracer_stack(id);
	struct trace_decision decision = {
		.profile = TRACE_NONE,
		.role = (uint8_t)role,
		.split_role = (uint8_t)role,
		.flags =
		    (tracer_decision(known.decision)->flags & TRACE_STACK_CUT) | TRACE_STACK_TOLD,
		.split_share = 1,
		.split_whole = 1,
	};
	uint32_t number;

	intern_lock();
	number = stacks_decision(&decision);
	id = number == TRACE_NONE ? 0 : stacks_share(known.node, number);
	intern_unlock();
	return id;
}

uint32_t
stacks_without_frames(uint8_t flags)
{
	struct trace_decision decision = {
		.profile = TRACE_NONE, .role = TRACE_OTHER, .split_role = TRACE_OTHER,
		.flags = flags, .split_share = 1, .split_whole = 1,
	};
	uint32_t number, id;

	intern_lock();
	number = stacks_decision(&decision);
	id = number == TRACE_NONE ? 0 : stacks_share(0, number);
	intern_unlock();
	return id;
}
