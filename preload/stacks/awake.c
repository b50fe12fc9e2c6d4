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

/* How the names that are waited for begin. A library has thousands of names, and hardly one that
 * begins like these. */
struct beginnings {
	size_t size;         /* bytes that each has before its first wildcard, or 8 */
	uint8_t set[1 << 9]; /* a bit for each, by beginning_of */
};

static size_t
literal_size(const struct profile *profile, struct profile_pattern pattern)
{
	size_t size = 0;

	while (size < pattern.size && !memchr("*?\\", profile->text[pattern.offset + size], 3))
		size++;
	return size;
}

/* The hash of a text's first bytes, or of all where they are fewer. */
static inline uint32_t
beginning_of(const char *text, size_t size)
{
	uint64_t word = 0;

	for (size_t i = 0; i < size && text[i]; i++)
		word = word << 8 | (uint8_t)text[i];
	return (uint32_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 52);
}

static void
measure_beginnings(struct beginnings *beginnings, const struct profile *profile)
{
	for (size_t i = 0; i < profile->wake_symbol_count; i++) {
		size_t size = literal_size(profile, profile->patterns[profile->wake_symbols[i]]);

		if (size < beginnings->size)
			beginnings->size = size;
	}
}

static void
note_beginnings(struct beginnings *beginnings, const struct profile *profile)
{
	for (size_t i = 0; i < profile->wake_symbol_count; i++) {
		struct profile_pattern pattern = profile->patterns[profile->wake_symbols[i]];
		uint32_t hash = beginning_of(profile->text + pattern.offset, beginnings->size);

		beginnings->set[hash >> 3] |= (uint8_t)(1 << (hash & 7));
	}
}

static inline bool
may_be_wanted(const struct beginnings *beginnings, const char *name)
{
	uint32_t hash = beginning_of(name, beginnings->size);

	return beginnings->set[hash >> 3] >> (hash & 7) & 1;
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
	struct beginnings beginnings = { .size = sizeof(uint64_t) };
	bool is_any_outside = false;

	for (uint32_t i = 0; i < tracer.profile_count; i++) {
		if (waits(i) && profile_wakes_for_imports(tracer.profile[i], import_name, symbols,
		                                          symbols->import_count))
			wake(i);
		if (waits(i))
			measure_beginnings(&beginnings, tracer.profile[i]);
	}
	for (uint32_t i = 0; i < tracer.profile_count; i++)
		if (waits(i))
			note_beginnings(&beginnings, tracer.profile[i]);
	if (symbols->has_go)
		is_any_outside = awake_by_name(go_symbol);
	for (size_t i = 0; i < symbols->count; i++)
		if (may_be_wanted(&beginnings, symbols->names + symbols->list[i].name))
			is_any_outside |= awake_by_name(symbols->names + symbols->list[i].name);
	return is_any_outside;
}
