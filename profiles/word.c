/*
 * Names and words of a text under compilation: defining them, finding roles and patterns, and
 * guessing what a misspelt one meant. Part of the compiler (compiler.h).
 */
#include "profiles/compiler.h"
#include "profiles/vocabulary.h"

#include <string.h>

enum { NEAR = 2 }; /* edits up to which a word is taken for a misspelt one */

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits (a letter more, less or other, or two swapped) between two words; sizes below
 * PROFILE_NAME_MAX. */
static unsigned
distance(const char *one, size_t one_size, const char *other, size_t other_size)
{
	uint8_t rows[3][PROFILE_NAME_MAX + 1];
	for (size_t j = 0; j <= other_size; j++)
		rows[0][j] = (uint8_t)j;
	for (size_t i = 1; i <= one_size; i++) {
		uint8_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		row[0] = (uint8_t)i;
		for (size_t j = 1; j <= other_size; j++) {
			bool differs = one[i - 1] != other[j - 1];
			unsigned edits = least(above[j] + 1u, row[j - 1] + 1u);
			edits = least(edits, above[j - 1] + differs);
			if (i > 1 && j > 1 && one[i - 1] == other[j - 2] &&
			    one[i - 2] == other[j - 1])
				edits = least(edits, before[j - 2] + 1u);
			row[j] = (uint8_t)edits;
		}
	}
	return rows[one_size % 3][other_size];
}

const char *
compiler_nearest(const struct compiler *compiler, const struct token *token, const char *words,
                 size_t count, size_t stride)
{
	const char *text = compiler->profile->text + token->offset;
	const char *nearest = NULL;
	unsigned best = NEAR + 1;
	for (size_t i = 0; i < count && token->size < PROFILE_NAME_MAX; i++) {
		const char *word = words + i * stride;
		unsigned edits = distance(text, token->size, word, strlen(word));
		if (edits < best && edits < token->size) {
			best = edits;
			nearest = word;
		}
	}
	return nearest;
}

bool
compiler_expect_new_name(struct compiler *compiler, struct token *out)
{
	char name[PROFILE_NAME_MAX];
	*out = compiler->token;
	if (out->kind != TOKEN_NAME)
		return compiler_expected(compiler, "a name");
	compiler_advance(compiler);
	compiler_quote(compiler, out, name);
	if (vocabulary_is_reserved(compiler, out))
		return compiler_fail(compiler, out, "'", name,
		                     "' is a word of the language: choose another name", NULL);
	if (vocabulary_find_name(compiler, out) >= 0 || vocabulary_find_list(compiler, out) >= 0 ||
	    vocabulary_find_walk(compiler, out) >= 0)
		return compiler_fail(compiler, out, "'", name,
		                     "' is defined already: choose another name", NULL);
	return true;
}

bool
compiler_define(struct compiler *compiler, const struct token *name, uint16_t *index)
{
	struct profile *profile = compiler->profile;
	if (profile->name_count == PROFILE_NAMES_MAX)
		return compiler_fail(compiler, name, "too many names: a profile has at most 88",
		                     NULL);
	compiler_quote(compiler, name, profile->names[profile->name_count]);
	*index = profile->name_count++;
	return true;
}

bool
compiler_expect_pattern(struct compiler *compiler, uint16_t *index)
{
	struct profile *profile = compiler->profile;
	struct token token = compiler->token;
	struct profile_pattern pattern;
	if (!compiler_expect_text(compiler, &pattern))
		return false;
	if (pattern.size == 0)
		return compiler_fail(compiler, &token, "an empty pattern matches nothing", NULL);
	if (profile->pattern_count == PROFILE_PATTERNS_MAX)
		return compiler_fail(compiler, &token, "too many patterns: at most 256", NULL);
	profile->patterns[profile->pattern_count] = pattern;
	*index = profile->pattern_count++;
	return true;
}

bool
compiler_expect_role(struct compiler *compiler, uint8_t *role)
{
	static const char words[][PROFILE_NAME_MAX] = {
		"buckets", "overflow", "values", "header", "other",
	};
	size_t count = sizeof words / sizeof *words;
	for (size_t i = 0; i < count; i++) {
		if (compiler_accept_word(compiler, words[i])) {
			*role = (uint8_t)i;
			return true;
		}
	}
	const struct token *token = &compiler->token;
	const char *nearest = token->kind == TOKEN_NAME
		? compiler_nearest(compiler, token, *words, count, sizeof *words) : NULL;
	char name[PROFILE_NAME_MAX];
	if (nearest != NULL)
		return compiler_fail(compiler, token, "unknown role '",
		                     compiler_quote(compiler, token, name), "'; did you mean '",
		                     nearest, "'?", NULL);
	return compiler_expected(compiler, "a role (buckets, overflow, values, header or other)");
}
