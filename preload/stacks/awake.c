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
#include "profiles/decide.h"

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

static void
wake(uint32_t profile)
{
	if (!trace_table_own(&tracer.profiles))
		__atomic_store_n(&record_of(profile)->awake, 1, __ATOMIC_RELAXED);
}

bool
awake_by_path(const char *path)
{
	bool wanted = false;

	for (uint32_t i = 0; i < tracer.profile_count; i++) {
		if (!sleeps(i))
			continue;
		if (tracer.profile[i]->wakes_always || profile_wakes_for_module(tracer.profile[i], path))
			wake(i);
		else
			wanted |= tracer.profile[i]->wake_symbol_count > 0 ||
			          tracer.profile[i]->wake_import_count > 0;
	}
	return wanted;
}

static bool
defines_wanted(const struct symbols *symbols, const struct profile *profile)
{
	if (profile->wake_symbol_count == 0)
		return false;
	for (size_t i = 0; i < symbols->count; i++)
		if (profile_wakes_for_symbol(profile, symbols->names + symbols->list[i].name))
			return true;
	return false;
}

static const char *
import_name(const void *context, size_t i)
{
	const struct symbols *symbols = context;

	return symbols->names + symbols->list[symbols->count + i].name;
}

void
awake_by_symbols(const struct symbols *symbols)
{
	for (uint32_t i = 0; i < tracer.profile_count; i++)
		if (sleeps(i) && (profile_wakes_for_imports(tracer.profile[i], import_name, symbols,
		                                            symbols->import_count) ||
		                  defines_wanted(symbols, tracer.profile[i])))
			wake(i);
}
