/*
 * The walk statement: a braced body with one attribute a line. Part of the compiler (compiler.h).
 *
 * Which attributes a walk may have, and which names each may use, stands in one table. An error in
 * an attribute ends its line, not the walk.
 */
#include "profiles/compiler.h"
#include "profiles/vocabulary.h"

#include <stddef.h>

enum {
	WALK_TABLE = 1,
	WALK_CHAIN = 2,
	BUCKET = NAME_BIT(PROFILE_NAME_BUCKET) | NAME_BIT(PROFILE_NAME_INDEX),
	CELL = BUCKET | NAME_BIT(PROFILE_NAME_CELL),
	NODE = NAME_BIT(PROFILE_NAME_NODE),
	SEARCH = CELL | NAME_BIT(PROFILE_NAME_PLACE) | NAME_BIT(PROFILE_NAME_TURN),
};

static const struct attribute {
	char word[PROFILE_NAME_MAX];
	uint16_t place; /* of the expression within struct profile_walk */
	uint8_t kinds;  /* of walks that may have it */
	uint8_t needed_by;
	uint32_t table_names, chain_names;
} attributes[] = {
    {"when", offsetof(struct profile_walk, when), WALK_TABLE | WALK_CHAIN, 0, 0, 0},
    {"at", offsetof(struct profile_walk, at), WALK_TABLE, WALK_TABLE, 0, 0},
    {"count", offsetof(struct profile_walk, count), WALK_TABLE, WALK_TABLE, 0, 0},
    {"stride", offsetof(struct profile_walk, stride), WALK_TABLE, WALK_TABLE, 0, 0},
    {"cells", offsetof(struct profile_walk, cells), WALK_TABLE, 0, 0, 0},
    {"live", offsetof(struct profile_walk, live), WALK_TABLE, 0, CELL, 0},
    {"dead", offsetof(struct profile_walk, dead), WALK_TABLE, 0, CELL, 0},
    {"entries", offsetof(struct profile_walk, entries), WALK_TABLE, 0, BUCKET, 0},
    {"home", offsetof(struct profile_walk, home), WALK_TABLE, 0, CELL, 0},
    {"onward", offsetof(struct profile_walk, onward), WALK_TABLE, 0, SEARCH, 0},
    {"run", offsetof(struct profile_walk, run), WALK_TABLE, 0, SEARCH, 0},
    {"found", offsetof(struct profile_walk, found), WALK_TABLE, 0, SEARCH, 0},
    {"vacant", offsetof(struct profile_walk, vacant), WALK_TABLE, 0, SEARCH, 0},
    {"from", offsetof(struct profile_walk, from), WALK_TABLE | WALK_CHAIN, WALK_CHAIN, BUCKET, 0},
    {"next", offsetof(struct profile_walk, next), WALK_TABLE | WALK_CHAIN, WALK_CHAIN,
     BUCKET | NODE, NODE},
    {"end", offsetof(struct profile_walk, end), WALK_TABLE | WALK_CHAIN, 0, BUCKET, 0},
    {"block", offsetof(struct profile_walk, block), WALK_TABLE | WALK_CHAIN, 0, BUCKET | NODE,
     NODE},
    {"size", offsetof(struct profile_walk, size), WALK_TABLE | WALK_CHAIN, 0, BUCKET | NODE, NODE},
    {"valid", offsetof(struct profile_walk, valid), WALK_TABLE | WALK_CHAIN, 0, BUCKET | NODE,
     NODE},
    {"limit", offsetof(struct profile_walk, limit), WALK_TABLE | WALK_CHAIN, 0, 0, 0},
    {"hash", offsetof(struct profile_walk, hash), WALK_CHAIN, 0, 0, NODE},
    {"key", offsetof(struct profile_walk, outside), WALK_TABLE | WALK_CHAIN, 0, CELL | NODE, NODE},
    {"value", offsetof(struct profile_walk, outside), WALK_TABLE | WALK_CHAIN, 0, CELL | NODE,
     NODE},
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

static struct profile_expression *
place_of(struct profile_walk *walk, const struct attribute *attribute)
{
	return (struct profile_expression *)((char *)walk + attribute->place);
}

static bool
unknown_attribute(struct compiler *compiler, const struct token *token)
{
	char name[PROFILE_NAME_MAX];
	const char *nearest = compiler_nearest(compiler, token, attributes->word, ATTRIBUTES,
	                                       sizeof *attributes);
	compiler_quote(compiler, token, name);
	if (nearest != NULL)
		return compiler_fail(compiler, token, "unknown attribute '", name,
		                     "'; did you mean '", nearest, "'?", NULL);
	return compiler_fail(compiler, token, "a walk has no attribute '", name,
		"'; it has: when at count stride cells live dead entries home onward run found "
		"vacant from next end block size valid role limit hash key value parted_by", NULL);
}

/* Keys and values share a list; any other attribute stands once. NULL, said so: no place is
 * left. */
static struct profile_expression *
free_place(struct compiler *compiler, struct profile_walk *walk, const struct token *token,
           const struct attribute *attribute)
{
	struct profile_expression *place = place_of(walk, attribute);
	bool is_list = attribute->place == offsetof(struct profile_walk, outside);
	int room = is_list ? PROFILE_OUTSIDE_MAX : 1;
	for (int i = 0; i < room; i++) {
		if (place[i].length == 0)
			return &place[i];
	}
	if (is_list)
		compiler_fail(compiler, token, "too many keys and values: at most 4 in a walk",
		              NULL);
	else
		compiler_fail(compiler, token, "a second '", attribute->word, "': a walk has one",
		              NULL);
	return NULL;
}

static bool
attribute_value(struct compiler *compiler, struct profile_walk *walk, const struct token *token,
                const struct attribute *attribute)
{
	int kind = walk->is_chain ? WALK_CHAIN : WALK_TABLE;
	if (!(attribute->kinds & kind))
		return compiler_fail(compiler, token, "'", attribute->word,
			walk->is_chain ? "' belongs to a table walk: this is a chain"
			               : "' belongs to a chain: this is a table walk", NULL);
	struct profile_expression *place = free_place(compiler, walk, token, attribute);
	return place && expression_parse(compiler, place, NAMES_PROOF |
		(walk->is_chain ? attribute->chain_names : attribute->table_names));
}

/* The table whose slots part the list into buckets. */
static bool
parted_by(struct compiler *compiler, struct profile_walk *walk)
{
	int table = vocabulary_find_walk(compiler, &compiler->token);
	if (!walk->is_chain)
		return compiler_expected(compiler, "an attribute of a table walk");
	if (table < 0 || compiler->profile->walks[table].is_chain)
		return compiler_expected(compiler, "the name of a table walk above");
	walk->parted_by = (int8_t)table;
	compiler_advance(compiler);
	return true;
}

/* One line of the body. */
static bool
attribute(struct compiler *compiler, struct profile_walk *walk)
{
	struct token token = compiler->token;
	if (token.kind != TOKEN_NAME)
		return compiler_expected(compiler, "an attribute of the walk, or '}'");
	compiler_advance(compiler);
	if (compiler_spells(compiler, &token, "role"))
		return compiler_expect_role(compiler, &walk->role);
	if (compiler_spells(compiler, &token, "parted_by"))
		return parted_by(compiler, walk);
	for (int i = 0; i < ATTRIBUTES; i++) {
		if (compiler_spells(compiler, &token, attributes[i].word))
			return attribute_value(compiler, walk, &token, &attributes[i]);
	}
	return unknown_attribute(compiler, &token);
}

/* To the end of the line or, after an error, of what is left of it. */
static bool
finish_attribute(struct compiler *compiler, bool is_sound)
{
	const struct token *token = &compiler->token;
	if (is_sound && token->kind != TOKEN_LINE_END && token->kind != TOKEN_END)
		is_sound = compiler_expected(compiler, "the end of the line");
	while (token->kind != TOKEN_LINE_END && token->kind != TOKEN_END)
		compiler_advance(compiler);
	return is_sound;
}

static bool
body(struct compiler *compiler, struct profile_walk *walk)
{
	bool is_sound = true;
	while (!compiler_accept_symbol(compiler, '}')) {
		if (compiler->token.kind == TOKEN_END)
			return compiler_expected(compiler, "'}' at the end of the walk");
		if (compiler->token.kind == TOKEN_LINE_END)
			compiler_advance(compiler);
		else if (!finish_attribute(compiler, attribute(compiler, walk)))
			is_sound = false;
	}
	return is_sound;
}

/* The way of a search is told whole, or not at all, and leads to cells. */
static bool
check_search(struct compiler *compiler, struct profile_walk *walk, const struct token *name)
{
	bool has_rest = walk->onward.length > 0 && walk->vacant.length > 0;
	bool has_any = walk->onward.length + walk->vacant.length + walk->run.length +
	               walk->found.length + walk->home.length > 0;
	if (!has_any)
		return true;
	if (walk->home.length == 0 || !has_rest)
		return compiler_fail(compiler, name, "walk '", walk->name,
		                     "' tells a part of a search: "
		                     "it takes 'home', 'onward' and 'vacant'",
		                     NULL);
	if (walk->live.length == 0 || walk->next.length > 0)
		return compiler_fail(
		    compiler, name, "walk '", walk->name,
		    "' has 'home': a search leads to a 'live' cell of a table without 'next'",
		    NULL);
	return true;
}

/* What the finder could not walk without. */
static bool
check(struct compiler *compiler, struct profile_walk *walk, const struct token *name)
{
	int kind = walk->is_chain ? WALK_CHAIN : WALK_TABLE;
	for (int i = 0; i < ATTRIBUTES; i++) {
		if (attributes[i].needed_by & kind && place_of(walk, &attributes[i])->length == 0)
			return compiler_fail(compiler, name, "walk '", walk->name, "' has no '",
			                     attributes[i].word, "'", NULL);
	}
	if (walk->is_chain)
		return true;
	if (walk->live.length + walk->entries.length + walk->from.length == 0)
		return compiler_fail(compiler, name, "walk '", walk->name,
			"' counts nothing: give it 'live', 'entries' or 'from'", NULL);
	if (walk->live.length > 0 && walk->entries.length > 0)
		return compiler_fail(compiler, name, "walk '", walk->name,
			"' has 'live' and 'entries': one of them counts", NULL);
	if (walk->from.length > 0 && walk->next.length == 0)
		return compiler_fail(compiler, name, "walk '", walk->name,
			"' has 'from' but no 'next': how does its list go on?", NULL);
	return check_search(compiler, walk, name);
}

static bool
kind_and_brace(struct compiler *compiler, struct profile_walk *walk)
{
	walk->is_chain = compiler_accept_word(compiler, "chain");
	if (!walk->is_chain && !compiler_accept_word(compiler, "table"))
		return compiler_expected(compiler, "table or chain");
	return compiler_expect_symbol(compiler, '{');
}

bool
walk_parse(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	struct token name;
	if (!compiler_expect_new_name(compiler, &name))
		return false;
	if (profile->walk_count == PROFILE_WALKS_MAX)
		return compiler_fail(compiler, &name, "too many walks: at most 8", NULL);
	struct profile_walk *walk = &profile->walks[profile->walk_count];
	walk->line = name.line;
	walk->role = PROFILE_OVERFLOW;
	walk->parted_by = -1;
	compiler_quote(compiler, &name, walk->name);
	bool is_sound = kind_and_brace(compiler, walk) && body(compiler, walk);
	profile->walk_count++;
	return is_sound && check(compiler, walk, &name);
}
