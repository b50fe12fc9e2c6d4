/*
 * Statements about a proved map: its parts, capacity, what it needs, what gives memory back. Part
 * of the compiler (compiler.h).
 */
#include "profiles/compiler.h"

/* ---- what a proved map has */

static bool
part_kind(struct compiler *compiler, uint8_t *kind)
{
	static const char *const words[] = { /* in the order of enum profile_part_kind */
		"header", "buckets", "old", "reserved", "overflow", "values",
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (compiler_accept_word(compiler, words[i])) {
			*kind = (uint8_t)i;
			return true;
		}
	}
	return compiler_expected(compiler, "header, buckets, old, reserved, overflow or values");
}

bool
statement_part(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	struct profile_part new = {.line = compiler->token.line};
	struct token token = compiler->token;
	if (!part_kind(compiler, &new.kind) || !compiler_expect_word(compiler, "in") ||
	    !expression_parse(compiler, &new.in, NAMES_PARTS) ||
	    !compiler_expect_word(compiler, "bytes") ||
	    !expression_parse(compiler, &new.bytes, NAMES_PARTS))
		return false;
	if (profile->part_count == PROFILE_PARTS_MAX)
		return compiler_fail(compiler, &token, "too many parts: at most 16", NULL);
	profile->parts[profile->part_count++] = new;
	return true;
}

bool
statement_capacity(struct compiler *compiler)
{
	return expression_parse(compiler, &compiler->profile->capacity, NAMES_PARTS);
}

bool
statement_used_buckets(struct compiler *compiler)
{
	return expression_parse(compiler, &compiler->profile->used_buckets, NAMES_PARTS);
}

bool
statement_tombstones(struct compiler *compiler)
{
	return expression_parse(compiler, &compiler->profile->tombstones, NAMES_PARTS);
}

bool
statement_growing(struct compiler *compiler)
{
	return expression_parse(compiler, &compiler->profile->growing, NAMES_PARTS);
}

bool
statement_erasing(struct compiler *compiler)
{
	return expression_parse(compiler, &compiler->profile->erasing, NAMES_PARTS);
}

bool
statement_needed(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	profile->needed_is_estimate = compiler_accept_word(compiler, "about");
	if (!expression_parse(compiler, &profile->needed_low, NAMES_COUNTED))
		return false;
	profile->needed_high = profile->needed_low;
	if (profile->needed_is_estimate || !compiler_accept_word(compiler, "to"))
		return true;
	return expression_parse(compiler, &profile->needed_high, NAMES_COUNTED);
}

bool
statement_keeps(struct compiler *compiler)
{
	return expression_parse(compiler, &compiler->profile->keeps, NAMES_NEEDED);
}

/* NAME, or a text where the name is no word: "rehash(0)". */
static bool
remedy_name(struct compiler *compiler, char *name)
{
	struct token token = compiler->token;
	if ((token.kind != TOKEN_NAME && token.kind != TOKEN_TEXT) || token.size == 0)
		return compiler_expected(compiler, "the remedy's name");
	if (token.size >= PROFILE_NAME_MAX)
		return compiler_fail(compiler, &token,
		                     "this name is too long: 63 characters at most", NULL);
	compiler_quote(compiler, &token, name);
	compiler_advance(compiler);
	return true;
}

static bool
remedy_figures(struct compiler *compiler, struct profile_remedy *remedy)
{
	if (!compiler_expect_word(compiler, "leaves") ||
	    !expression_parse(compiler, &remedy->leaves, NAMES_NEEDED) ||
	    !compiler_expect_word(compiler, "transient") ||
	    !expression_parse(compiler, &remedy->transient, NAMES_NEEDED))
		return false;
	return !compiler_accept_word(compiler, "when") ||
	       expression_parse(compiler, &remedy->when, NAMES_NEEDED);
}

/* Who reads maps from outside computes the figures, too. */
bool
statement_remedy(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	struct profile_remedy new = {.name = ""};
	struct profile_pattern advice;
	struct token token = compiler->token;
	if (!remedy_name(compiler, new.name) || !compiler_expect_text(compiler, &advice) ||
	    (!profile->is_outside && !remedy_figures(compiler, &new)))
		return false;
	if (profile->remedy_count == PROFILE_REMEDIES_MAX)
		return compiler_fail(compiler, &token, "too many remedies: at most 4", NULL);
	new.text_offset = advice.offset;
	new.text_size = advice.size;
	profile->remedies[profile->remedy_count++] = new;
	return true;
}
