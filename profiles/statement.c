/*
 * Which statements there are, in which order they stand, and those of a profile's first lines:
 * titles and what wakes it. Part of the compiler (compiler.h); proof.c, outcome.c, walk.c and
 * rule.c have the others.
 */
#include "profiles/compiler.h"

#include <string.h>

/* ---- titles and wake rules */

static bool
profile_name(struct compiler *compiler)
{
	if (compiler->token.kind != TOKEN_NAME)
		return compiler_expected(compiler, "the profile's name");
	lexer_widen(&compiler->lexer, &compiler->token);
	if (compiler->token.size >= PROFILE_NAME_MAX)
		return compiler_fail(compiler, &compiler->token,
			"this name is too long: 63 characters at most", NULL);
	compiler_quote(compiler, &compiler->token, compiler->profile->name);
	compiler_advance(compiler);
	return true;
}

static bool
title(struct compiler *compiler)
{
	return compiler_expect_text(compiler, &compiler->profile->title);
}

static bool
about(struct compiler *compiler)
{
	return compiler_expect_text(compiler, &compiler->profile->about);
}

static bool
verified(struct compiler *compiler)
{
	return compiler_expect_text(compiler, &compiler->profile->verified);
}

static bool
type(struct compiler *compiler)
{
	return compiler_expect_text(compiler, &compiler->profile->type);
}

static bool
minimum(struct compiler *compiler)
{
	int64_t bytes;
	if (!compiler_expect_integer(compiler, &bytes))
		return false;
	compiler->profile->minimum = (uint64_t)bytes;
	return true;
}

/* "GLOB" ...: all of them, in one module. */
static bool
wake_import(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	struct token token = compiler->token;
	uint16_t pattern, first = profile->pattern_count;
	do {
		if (!compiler_expect_pattern(compiler, &pattern))
			return false;
	} while (compiler->token.kind == TOKEN_TEXT);
	if (profile->wake_import_count == PROFILE_IMPORTS_MAX)
		return compiler_fail(compiler, &token, "too many lines of imports: at most 4",
		                     NULL);
	uint16_t i = profile->wake_import_count++;
	profile->wake_imports[i].first = first;
	profile->wake_imports[i].count = profile->pattern_count - first;
	return true;
}

static bool
wake(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	uint16_t pattern;
	if (compiler_accept_word(compiler, "always")) {
		profile->wakes_always = true;
		return true;
	}
	if (compiler_accept_word(compiler, "outside")) {
		profile->is_outside = true;
		return true;
	}
	if (compiler_accept_word(compiler, "import"))
		return wake_import(compiler);
	bool is_module = compiler_accept_word(compiler, "module");
	if (!is_module && !compiler_accept_word(compiler, "symbol"))
		return compiler_expected(compiler,
			"always, outside, module \"GLOB\", symbol \"GLOB\" or import \"GLOB\"");
	if (!compiler_expect_pattern(compiler, &pattern))
		return false;
	if (is_module)
		profile->wake_modules[profile->wake_module_count++] = pattern;
	else
		profile->wake_symbols[profile->wake_symbol_count++] = pattern;
	return true;
}

static bool
wrapper(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	do {
		uint16_t pattern;
		if (!compiler_expect_pattern(compiler, &pattern))
			return false;
		profile->wrappers[profile->wrapper_count++] = pattern;
	} while (compiler->token.kind == TOKEN_TEXT);
	return true;
}

/* ---- all of them */

static const struct statement {
	char word[PROFILE_NAME_MAX];
	uint8_t section; /* enum section */
	bool is_once;
	bool (*parse)(struct compiler *compiler);
} statements[] = {
	{"profile", SECTION_TITLE, true, profile_name},
	{"title", SECTION_TITLE, true, title},
	{"about", SECTION_TITLE, true, about},
	{"verified", SECTION_TITLE, true, verified},
	{"type", SECTION_TITLE, true, type},
	{"minimum", SECTION_TITLE, true, minimum},
	{"wake", SECTION_WAKE, false, wake},
	{"wrapper", SECTION_ROLES, false, wrapper},
	{"role", SECTION_ROLES, false, statement_role},
	{"list", SECTION_ROLES, false, statement_list},
	{"anchor", SECTION_ANCHORS, false, statement_anchor},
	{"field", SECTION_PROOF, false, statement_field},
	{"let", SECTION_PROOF, false, statement_let},
	{"loop", SECTION_PROOF, false, statement_loop},
	{"require", SECTION_PROOF, false, statement_require},
	{"quiet", SECTION_PROOF, false, statement_quiet},
	{"walk", SECTION_PROOF, false, statement_walk},
	{"count", SECTION_PROOF, true, statement_count},
	{"part", SECTION_PARTS, false, statement_part},
	{"capacity", SECTION_PARTS, true, statement_capacity},
	{"tombstones", SECTION_PARTS, true, statement_tombstones},
	{"used_buckets", SECTION_PARTS, true, statement_used_buckets},
	{"growing", SECTION_PARTS, true, statement_growing},
	{"erasing", SECTION_PARTS, true, statement_erasing},
	{"needed", SECTION_NEEDED, true, statement_needed},
	{"keeps", SECTION_REMEDIES, true, statement_keeps},
	{"remedy", SECTION_REMEDIES, false, statement_remedy},
};
enum { STATEMENTS = sizeof statements / sizeof *statements };

static const char *const section_names[] = {
	"the title lines", "the wake rules", "the lists and role rules", "the anchors",
	"the proof (field to count)", "the parts", "the needed statement", "keeps and remedies",
};

/* ---- choosing */

static bool
unknown(struct compiler *compiler, const struct token *token)
{
	char name[PROFILE_NAME_MAX];
	const char *nearest = compiler_nearest(compiler, token, statements->word, STATEMENTS,
	                                       sizeof *statements);
	compiler_quote(compiler, token, name);
	if (nearest != NULL)
		return compiler_fail(compiler, token, "unknown statement '", name,
		                     "'; did you mean '", nearest, "'?", NULL);
	return compiler_fail(compiler, token, "unknown statement '", name,
		"': a line begins with a word such as profile, wake, field, require or part", NULL);
}

/* Order and repetition. Lets and loops may also stand among the parts. */
static bool
check_place(struct compiler *compiler, const struct token *token, const struct statement *statement)
{
	uint64_t bit = UINT64_C(1) << (statement - statements);
	bool is_repeated = statement->is_once && compiler->seen & bit;
	bool is_computation =
	    statement->parse == statement_let || statement->parse == statement_loop;
	if (compiler->seen == 0 && statement->parse != profile_name)
		compiler_fail(compiler, token, "a profile begins with its name: profile NAME",
		              NULL);
	compiler->seen |= bit;
	if (is_repeated)
		return compiler_fail(compiler, token, "a second '", statement->word,
		                     "': a profile has one", NULL);
	if (statement->section >= compiler->section)
		compiler->section = statement->section;
	else if (statement->parse != profile_name && /* said with the first statement */
	         !(is_computation && compiler->section == SECTION_PARTS))
		return compiler_fail(compiler, token, "'", statement->word,
		                     "' comes too late: it belongs to ",
		                     section_names[statement->section], ", before ",
		                     section_names[compiler->section], NULL);
	return true;
}

bool
statement_parse(struct compiler *compiler)
{
	struct token token = compiler->token;
	if (token.kind != TOKEN_NAME)
		return compiler_expected(compiler, "a statement");
	const struct statement *statement = statements;
	while (statement < statements + STATEMENTS &&
	       !compiler_spells(compiler, &token, statement->word))
		statement++;
	if (statement == statements + STATEMENTS)
		return unknown(compiler, &token);
	if (!check_place(compiler, &token, statement))
		return false;
	compiler_advance(compiler);
	return statement->parse(compiler);
}

static bool
has_buckets(const struct profile *profile)
{
	for (uint16_t i = 0; i < profile->part_count; i++) {
		if (profile->parts[i].kind == PROFILE_PART_BUCKETS)
			return true;
	}
	return false;
}

static bool
has_seen(const struct compiler *compiler, const char *word)
{
	for (int i = 0; i < STATEMENTS; i++) {
		if (strcmp(statements[i].word, word) == 0)
			return compiler->seen >> i & 1;
	}
	return false;
}

void
statement_check_all(struct compiler *compiler)
{
	enum { WITHOUT_LAYOUT = 2 };
	static const struct { const char *word, *remedy; } wanted[] = {
		{"profile", "profile NAME"},
		{"wake", "wake always, wake module \"GLOB\" or wake symbol \"GLOB\""},
		{"anchor", "anchor NAME at header + N points base"},
		{"count", "count EXPR"},
		{"needed", "needed EXPR"},
	};
	bool is_outside = compiler->profile->is_outside;
	size_t count = is_outside ? WITHOUT_LAYOUT : sizeof wanted / sizeof *wanted;
	for (size_t i = 0; i < count; i++) {
		if (!has_seen(compiler, wanted[i].word))
			compiler_fail(compiler, &compiler->token, "the profile has no '",
			              wanted[i].word, "' statement: ", wanted[i].remedy, NULL);
	}
	if (!is_outside && !has_buckets(compiler->profile) && compiler->error_count == 0)
		compiler_fail(
		    compiler, &compiler->token,
		    "the profile has no 'part buckets': part buckets in POINTER bytes EXPR", NULL);
}
