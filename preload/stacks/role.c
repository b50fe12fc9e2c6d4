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

enum { NAMES = 4096 };

/* Names asked for lately: those of few addresses, but for many new stacks again. By the site, so
 * that a guest with few of them touches little of it. */
static struct name {
	uint32_t site; /* 0: free */
	uint32_t module;
	const char *symbol;
} names[NAMES];

/* A return address may be the first of the next function: the call is the instruction before. */
static const struct name *
name_of(uint32_t site)
{
	struct name *name = &names[site % NAMES];
	const struct trace_site *record = tracer_site(site);

	if (name->site == site)
		return name;
	*name = (struct name){ site, TRACE_NONE, NULL };
	if (record->module != TRACE_SITE_NO_MODULE) {
		name->module = record->module;
		name->symbol = module_symbol(record->module, record->pc - 1);
	}
	return name;
}

static size_t
name_frames(const uint32_t *sites, size_t count, struct profile_frame frames[ROLE_FRAMES_MAX])
{
	if (count > ROLE_FRAMES_MAX)
		count = ROLE_FRAMES_MAX;
	for (size_t i = 0; i < count; i++) {
		const struct name *name = name_of(sites[i]);

		frames[i].module = name->module;
		frames[i].symbol = name->symbol;
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
role_decide(const uint32_t *sites, size_t count, uint64_t size, struct trace_decision *into,
            bool *depends_on_size)
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
			named = name_frames(sites, count, frames);
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
