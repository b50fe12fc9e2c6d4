/*
 * Waking profiles. Called by module.c for each module that it registers, asked by role.c and
 * snapshot_write.c.
 *
 * A profile never falls asleep again: stacks that it explained and maps that it proved stay in the
 * trace when their module is gone. The flags lie in the trace, in a table that is borrowed until it
 * must change.
 */
#include "preload/stacks/awake.h"

#include "preload/process/tracer.h"
#include "preload/stacks/precedent.h"
#include "profiles/decide.h"

#include <string.h>

/* What all that Go built beside C defines, and strip takes from a program with a Go archive. */
static const char go_symbol[] = "crosscall2";

static struct trace_profile *
record_of(uint32_t profile)
{
	return trace_table_at(&tracer.profiles, profile);
}

bool
awake_has(uint32_t profile)
{
	return __atomic_load_n(&record_of(profile)->awake, __ATOMIC_RELAXED);
}

static bool
sleeps(uint32_t profile)
{
	return tracer.profile[profile] && !awake_has(profile);
}

/* Whose maps code of its own reads must be told of each module that they may live in. */
static bool
is_outside(uint32_t profile)
{
	return tracer.profile[profile] && tracer.profile[profile]->is_outside;
}

static bool
waits(uint32_t profile)
{
	return sleeps(profile) || is_outside(profile);
}

static void
wake(uint32_t profile)
{
	if (trace_table_own(&tracer.profiles))
		return;
	__atomic_store_n(&record_of(profile)->awake, 1, __ATOMIC_RELAXED);
	precedent_forget();
}

bool
awake_by_path(const char *path)
{
	bool wanted = false;

	for (uint32_t i = 0; i < tracer.profile_count; i++) {
		if (!waits(i))
			continue;
		if (tracer.profile[i]->wakes_always ||
		    profile_wakes_for_module(tracer.profile[i], path))
			wake(i);
		else
			wanted |= tracer.profile[i]->wake_symbol_count > 0 ||
			          tracer.profile[i]->wake_import_count > 0;
	}
	return wanted;
}

static const char *
import_name(const void *context, size_t i)
{
	const struct symbols *symbols = context;

	return symbols->names + symbols->list[symbols->count + i].name;
}

/* The first two bytes of the names that are waited for. A library has thousands of names, and
 * hardly one that begins like these. */
struct beginnings {
	bool any; /* a pattern does not say */
	uint8_t set[1 << 13];
};

static void
note_beginnings(struct beginnings *beginnings, const struct profile *profile)
{
	for (size_t i = 0; i < profile->wake_symbol_count; i++) {
		struct profile_pattern pattern = profile->patterns[profile->wake_symbols[i]];
		const uint8_t *text = (const uint8_t *)profile->text + pattern.offset;

		if (pattern.size < 2 || memchr("*?\\", text[0], 3) || memchr("*?\\", text[1], 3))
			beginnings->any = true;
		else
			beginnings->set[text[0] << 5 | text[1] >> 3] |=
			    (uint8_t)(1 << (text[1] & 7));
	}
}

static inline bool
may_be_wanted(const struct beginnings *beginnings, const char *name)
{
	const uint8_t *text = (const uint8_t *)name;

	return beginnings->any ||
	       (text[0] && beginnings->set[text[0] << 5 | text[1] >> 3] >> (text[1] & 7) & 1);
}

static bool
awake_by_name(const char *name)
{
	bool is_any_outside = false;

	for (uint32_t i = 0; i < tracer.profile_count; i++)
		if (waits(i) && tracer.profile[i]->wake_symbol_count > 0 &&
		    profile_wakes_for_symbol(tracer.profile[i], name)) {
			wake(i);
			is_any_outside |= is_outside(i);
		}
	return is_any_outside;
}

bool
awake_by_symbols(const struct symbols *symbols)
{
	static struct beginnings beginnings; /* under intern's lock; too large for a small stack */
	bool is_any_outside = false;

	beginnings = (struct beginnings){ 0 };
	for (uint32_t i = 0; i < tracer.profile_count; i++) {
		if (!waits(i))
			continue;
		if (profile_wakes_for_imports(tracer.profile[i], import_name, symbols,
		                              symbols->import_count))
			wake(i);
		else
			note_beginnings(&beginnings, tracer.profile[i]);
	}
	if (symbols->has_go)
		is_any_outside = awake_by_name(go_symbol);
	for (size_t i = 0; i < symbols->count; i++)
		if (may_be_wanted(&beginnings, symbols->names + symbols->list[i].name))
			is_any_outside |= awake_by_name(symbols->names + symbols->list[i].name);
	return is_any_outside;
}
