/*
 * The role of a stack, by its functions' names. Called by intern.c when a stack is seen for the
 * first time (and for another size where the role depends on it), under intern's lock.
 *
 * The first profile that is awake and has a matching rule decides; profiles are asked in the order
 * of the trace, so the answer never depends on when they woke. Only the innermost frames are
 * looked at: between malloc and the map lie wrappers at most.
 */
#include "preload/stacks/role.h"

#include "preload/process/tracer.h"
#include "preload/stacks/awake.h"
#include "preload/stacks/module.h"
#include "profiles/decide.h"

enum { NAMES_BITS = 12 };

/* Names asked for lately: those of few addresses, but for every new stack again. */
static struct name {
	uint64_t pc;
	const char *symbol;
	uint32_t module;
} names[1 << NAMES_BITS];

static const char *
name_of(uint32_t module, uint64_t pc)
{
	struct name *name = &names[pc * UINT64_C(0x9e3779b97f4a7c15) >> (64 - NAMES_BITS)];

	if (module == TRACE_NONE)
		return NULL;
	if (name->pc != pc || name->module != module)
		*name = (struct name){ pc, module_symbol(module, pc), module };
	return name->symbol;
}

/* A return address may be the first of the next function: the call is the instruction before. */
static size_t
name_frames(const uint64_t *pcs, const uint32_t *modules, size_t count,
            struct profile_frame frames[ROLE_FRAMES_MAX])
{
	if (count > ROLE_FRAMES_MAX)
		count = ROLE_FRAMES_MAX;
	for (size_t i = 0; i < count; i++) {
		frames[i].module = modules[i];
		frames[i].symbol = name_of(modules[i], pcs[i] - 1);
	}
	return count;
}

static void
store(struct trace_decision *into, uint32_t profile, const struct profile_decision *decision)
{
	into->profile = profile;
	into->role = decision->role;
	into->split_role = decision->split_role;
	into->split_share = decision->split_share;
	into->split_whole = decision->split_whole;
	if (decision->is_transient)
		into->flags |= TRACE_STACK_TRANSIENT;
	if (decision->is_reserved)
		into->flags |= TRACE_STACK_RESERVED;
}

uint32_t
role_decide(const uint64_t *pcs, const uint32_t *modules, size_t count, uint64_t size,
            struct trace_decision *into, bool *depends_on_size)
{
	static const struct profile_decision none = {
		.role = TRACE_OTHER, .split_role = TRACE_OTHER, .split_share = 1, .split_whole = 1,
	};
	struct profile_frame frames[ROLE_FRAMES_MAX];
	struct profile_decision decision;
	uint32_t depth = 0;
	size_t named = 0;

	*depends_on_size = false;
	for (uint32_t i = 0; i < tracer.profile_count; i++) {
		bool matched;

		if (!tracer.profile[i] || !awake_has(i))
			continue;
		if (!named)
			named = name_frames(pcs, modules, count, frames);
		decision = none;
		matched = profile_decide(tracer.profile[i], frames, named, size, &decision);
		*depends_on_size |= decision.depends_on_size;
		if (decision.depth > depth)
			depth = decision.depth;
		if (matched) {
			store(into, i, &decision);
			return depth;
		}
	}
	store(into, TRACE_NONE, &none);
	return depth;
}
