/*
 * Names against globs: which modules and symbols wake a profile, and which role a stack gives to a
 * block. Called by preload/ at the first sight of a module or a stack, never on the hot path.
 */
#include "profiles/decide.h"

#include "profiles/evaluate.h"

#include <string.h>

/* ---- globs */

/* The character that `glob` holds at *at, behind a quoting backslash if there is one. */
static char
glob_literal(const char *glob, size_t size, size_t *at)
{
	if (glob[*at] == '\\' && *at + 1 < size)
		++*at;
	return glob[*at];
}

bool
profile_matches(const struct profile *profile, struct profile_pattern pattern, const char *name,
                size_t size)
{
	const char *glob = profile->text + pattern.offset;
	size_t at = 0, in = 0;
	size_t star = SIZE_MAX, star_in = 0; /* behind the last '*', and where it stopped taking */
	while (in < size) {
		size_t next = at;
		if (at < pattern.size && glob[at] == '*') {
			star = ++at;
			star_in = in;
		} else if (at < pattern.size &&
		           (glob[at] == '?' ||
		            glob_literal(glob, pattern.size, &next) == name[in])) {
			at = next + 1;
			in++;
		} else if (star != SIZE_MAX) {
			at = star;
			in = ++star_in;
		} else {
			return false;
		}
	}
	while (at < pattern.size && glob[at] == '*')
		at++;
	return at == pattern.size;
}

const char *
profile_text(const struct profile *profile, struct profile_pattern text, char *into, size_t size)
{
	size_t used = 0;
	for (size_t at = 0; at < text.size && used + 1 < size; at++)
		into[used++] = glob_literal(profile->text + text.offset, text.size, &at);
	if (size > 0)
		into[used] = 0;
	return into;
}

static bool
matches_any(const struct profile *profile, const uint16_t *patterns, uint16_t count,
            const char *name, size_t size)
{
	for (uint16_t i = 0; i < count; i++) {
		if (profile_matches(profile, profile->patterns[patterns[i]], name, size))
			return true;
	}
	return false;
}

bool
profile_wakes_for_module(const struct profile *profile, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	return profile->wakes_always ||
	       matches_any(profile, profile->wake_modules, profile->wake_module_count, name,
	                   strlen(name));
}

bool
profile_wakes_for_symbol(const struct profile *profile, const char *symbol)
{
	return profile->wakes_always ||
	       matches_any(profile, profile->wake_symbols, profile->wake_symbol_count, symbol,
	                   strlen(symbol));
}

static bool
imports(const struct profile *profile, uint16_t pattern,
        const char *(*name)(const void *context, size_t i), const void *context, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *import = name(context, i);
		if (profile_matches(profile, profile->patterns[pattern], import, strlen(import)))
			return true;
	}
	return false;
}

bool
profile_wakes_for_imports(const struct profile *profile,
                          const char *(*name)(const void *context, size_t i),
                          const void *context, size_t count)
{
	for (uint16_t line = 0; line < profile->wake_import_count; line++) {
		uint16_t pattern = profile->wake_imports[line].first;
		uint16_t end = pattern + profile->wake_imports[line].count;
		while (pattern < end && imports(profile, pattern, name, context, count))
			pattern++;
		if (pattern == end)
			return true;
	}
	return profile->wakes_always;
}

/* ---- roles */

/* Without .isra.0, .constprop.0, .cold, .part.0, .llvm.123; names that begin with a dot stay, and
 * so does "..", which Rust's names have for "::". */
static size_t
symbol_size(const char *symbol)
{
	size_t at = symbol[0] != 0;
	for (; symbol[at] != 0; at++) {
		if (symbol[at] == '.' && symbol[at + 1] == '.')
			at++;
		else if (symbol[at] == '.')
			break;
	}
	return at;
}

static bool
frame_matches(const struct profile *profile, const struct profile_frame *frame, uint16_t pattern)
{
	return frame->symbol != NULL &&
	       profile_matches(profile, profile->patterns[pattern], frame->symbol,
	                       symbol_size(frame->symbol));
}

static bool
is_wrapper(const struct profile *profile, const char *symbol)
{
	return matches_any(profile, profile->wrappers, profile->wrapper_count, symbol,
	                   symbol_size(symbol));
}

/* The first frame that is neither a wrapper nor anonymous; `count` if there is none, or if the
 * anonymous ones before it are not all of its module: such a frame may be anyone's. */
static size_t
first_frame(const struct profile *profile, const struct profile_frame *frames, size_t count,
            uint32_t *depth)
{
	const struct profile_frame *anonymous = NULL;
	for (size_t i = 0; i < count; i++) {
		bool is_foreign = anonymous != NULL && anonymous->module != frames[i].module;
		*depth = (uint32_t)i + 1;
		if (frames[i].symbol == NULL) {
			if (is_foreign)
				return count;
			anonymous = &frames[i];
		} else if (!is_wrapper(profile, frames[i].symbol)) {
			return is_foreign ? count : i;
		}
	}
	*depth = (uint32_t)count + 1;
	return count;
}

/* From frame `first` on. */
static bool
rule_matches(const struct profile *profile, const struct profile_rule *rule,
             const struct profile_frame *frames, size_t first, size_t count, uint32_t *depth)
{
	for (uint8_t i = 0; i < rule->frames; i++) {
		size_t at = first + i;
		if (*depth < at + 1)
			*depth = (uint32_t)at + 1;
		if (at == count || !frame_matches(profile, &frames[at], rule->pattern[i]))
			return false;
	}
	return true;
}

bool
profile_decide(const struct profile *profile, const struct profile_frame *frames, size_t count,
               uint64_t size, struct profile_decision *out)
{
	uint32_t depth = 1;
	size_t first = first_frame(profile, frames, count, &depth);
	*out = (struct profile_decision){.role = PROFILE_OTHER, .split_role = PROFILE_OTHER,
	                                 .split_share = 1, .split_whole = 1, .depth = depth};
	if (first == count)
		return false; /* each rule names a frame */
	for (uint16_t i = 0; i < profile->rule_count; i++) {
		const struct profile_rule *rule = &profile->rules[i];
		if (!rule_matches(profile, rule, frames, first, count, &out->depth))
			continue;
		bool has_condition = rule->size.length > 0;
		out->depends_on_size = out->depends_on_size || has_condition;
		if (has_condition && !evaluate_size_holds(profile, rule->size, size))
			continue;
		out->role = rule->role;
		out->split_role = rule->split_role;
		out->is_transient = rule->is_transient;
		out->is_reserved = rule->is_reserved;
		out->split_share = rule->split_share;
		out->split_whole = rule->split_whole;
		return true;
	}
	return false;
}
