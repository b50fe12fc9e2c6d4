/*
 * The role statement: which frames, in which order, decide the role of a block. Part of the
 * compiler (compiler.h); decide.c applies the rules.
 */
#include "profiles/compiler.h"

static bool
frames(struct compiler *compiler, struct profile_rule *rule)
{
	if (!compiler_expect_word(compiler, "frames"))
		return false;
	do {
		if (rule->frames == PROFILE_FRAMES_MAX)
			return compiler_fail(compiler, &compiler->token,
				"too many frames in one rule: at most 6", NULL);
		if (!compiler_expect_pattern(compiler, &rule->pattern[rule->frames]))
			return false;
		rule->frames++;
	} while (compiler->token.kind == TOKEN_TEXT);
	return true;
}

/* N/M ROLE: the first N of M equal parts keep the rule's role. */
static bool
split(struct compiler *compiler, struct profile_rule *rule)
{
	struct token token = compiler->token;
	int64_t share, whole;
	if (!compiler_expect_integer(compiler, &share) || !compiler_expect_symbol(compiler, '/') ||
	    !compiler_expect_integer(compiler, &whole))
		return false;
	if (share <= 0 || share >= whole || whole > UINT32_MAX)
		return compiler_fail(compiler, &token,
			"a split is a share below 1, such as 16/17", NULL);
	rule->split_share = (uint32_t)share;
	rule->split_whole = (uint32_t)whole;
	return compiler_expect_role(compiler, &rule->split_role);
}

static bool
clauses(struct compiler *compiler, struct profile_rule *rule)
{
	bool is_sound = true;
	if (compiler_accept_word(compiler, "size"))
		is_sound = expression_parse(compiler, &rule->size, NAMES_SIZE_ONLY);
	if (is_sound && compiler_accept_word(compiler, "split"))
		is_sound = split(compiler, rule);
	rule->is_transient = is_sound && compiler_accept_word(compiler, "transient");
	rule->is_reserved = is_sound && compiler_accept_word(compiler, "reserved");
	return is_sound;
}

bool
statement_role(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	struct token token = compiler->token;
	struct profile_rule rule = {.line = token.line, .split_share = 1, .split_whole = 1};
	if (!compiler_expect_role(compiler, &rule.role))
		return false;
	rule.split_role = rule.role;
	if (!frames(compiler, &rule) || !clauses(compiler, &rule))
		return false;
	if (profile->rule_count == PROFILE_ROLES_MAX)
		return compiler_fail(compiler, &token, "too many role rules: at most 64", NULL);
	profile->rules[profile->rule_count++] = rule;
	return true;
}
