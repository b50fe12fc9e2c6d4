/*
 * Compiles an expression to instructions (emit.c). Part of the compiler (compiler.h).
 *
 *     ternary    a ? b : c        binary     by precedence, see `operators`
 *     unary      - ! ~            primary    number, name, name(...), u32[...], (...)
 *
 * The rule that keeps evaluation safe: jumps lead forward only, so every expression ends.
 */
#include "profiles/compiler.h"
#include "profiles/operation.h"
#include "profiles/vocabulary.h"

#include <string.h>

static const struct operator {
	uint16_t symbol;
	uint8_t operation, precedence;
} operators[] = {
	{SYMBOL_OR, OPERATION_OR_ELSE, 1}, {SYMBOL_AND, OPERATION_AND_THEN, 2},
	{'|', OPERATION_OR, 3}, {'^', OPERATION_XOR, 4}, {'&', OPERATION_AND, 5},
	{SYMBOL_EQUAL, OPERATION_EQUAL, 6}, {SYMBOL_UNEQUAL, OPERATION_UNEQUAL, 6},
	{'<', OPERATION_LESS, 7}, {SYMBOL_LESS_EQUAL, OPERATION_LESS_EQUAL, 7},
	{'>', OPERATION_GREATER, 7}, {SYMBOL_GREATER_EQUAL, OPERATION_GREATER_EQUAL, 7},
	{SYMBOL_SHIFT_LEFT, OPERATION_SHIFT_LEFT, 8},
	{SYMBOL_SHIFT_RIGHT, OPERATION_SHIFT_RIGHT, 8},
	{'+', OPERATION_ADD, 9}, {'-', OPERATION_SUBTRACT, 9}, {'*', OPERATION_MULTIPLY, 10},
	{'/', OPERATION_DIVIDE, 10}, {'%', OPERATION_REMAINDER, 10},
};

/* ---- names and functions */

static bool ternary(struct compiler *compiler);

static bool
unknown(struct compiler *compiler, const struct token *token, bool is_function)
{
	const struct profile *profile = compiler->profile;
	char name[PROFILE_NAME_MAX];
	const char *nearest = is_function
		? vocabulary_nearest_function(compiler, token)
		: compiler_nearest(compiler, token, *profile->names, profile->name_count,
		                   sizeof *profile->names);
	compiler_quote(compiler, token, name);
	const char *kind = is_function ? "unknown function '" : "unknown name '";
	if (compiler->names & NAMES_SIZE_ONLY)
		return compiler_fail(compiler, token, kind, name,
		                     "': a condition on the size knows the name 'size' and "
		                     "functions of numbers only",
		                     NULL);
	if (nearest != NULL)
		return compiler_fail(compiler, token, kind, name, "'; did you mean '", nearest,
		                     "'?", NULL);
	return compiler_fail(compiler, token, kind, name, is_function ? "'"
		: "': define it above with 'field', 'let' or 'loop'", NULL);
}

static bool
fixed_name_misplaced(struct compiler *compiler, const struct token *token)
{
	char name[PROFILE_NAME_MAX];
	return compiler_fail(
	    compiler, token, "'", compiler_quote(compiler, token, name),
	    "' has no value here: 'bucket', 'index', 'cell' and 'node' have one in walks, 'place' "
	    "and 'turn' on the way of a search, 'count' behind the count statement, 'needed' and "
	    "'held' behind the needed statement",
	    NULL);
}

static bool
name(struct compiler *compiler, const struct token *token)
{
	if (compiler->names & NAMES_SIZE_ONLY)
		return compiler_spells(compiler, token, "size")
			? emit(compiler, OPERATION_NAME, PROFILE_NAME_COUNT, 0, 1)
			: unknown(compiler, token, false);
	int index = vocabulary_find_name(compiler, token);
	if (index < 0)
		return unknown(compiler, token, false);
	if (index < PROFILE_NAMES_FIXED && !(compiler->names & NAME_BIT(index)))
		return fixed_name_misplaced(compiler, token);
	if (index >= compiler->early_names && compiler->names & NAMES_EARLY) {
		char word[PROFILE_NAME_MAX];
		return compiler_fail(compiler, token, "'", compiler_quote(compiler, token, word),
			"' is worked out after this: define it above the count statement", NULL);
	}
	return emit(compiler, OPERATION_NAME, (uint16_t)index, 0, 1);
}

static bool
expect_walk(struct compiler *compiler, uint16_t *walk)
{
	int index = vocabulary_find_walk(compiler, &compiler->token);
	if (index < 0)
		return compiler_expected(compiler, "the name of a walk above");
	*walk = (uint16_t)index;
	compiler->asks_census = true;
	compiler_advance(compiler);
	return true;
}

/* (W, BITS) or (W, W, BITS) */
static bool
walks_and_bits(struct compiler *compiler, const struct function *function)
{
	uint16_t first = 0, second = OPERATION_NO_WALK;
	if (!expect_walk(compiler, &first) || !compiler_expect_symbol(compiler, ','))
		return false;
	compiler->profile->walks[first].is_folded = true;
	if (vocabulary_find_walk(compiler, &compiler->token) >= 0) {
		if (!expect_walk(compiler, &second) || !compiler_expect_symbol(compiler, ','))
			return false;
		compiler->profile->walks[second].is_folded = true;
	}
	if (function->operation == OPERATION_REGROWN &&
	    (compiler->profile->walks[first].hash.length == 0 || second == OPERATION_NO_WALK))
		return compiler_expected(compiler, "a chain with 'hash' and the table it hangs in");
	return ternary(compiler) &&
	       emit(compiler, function->operation, (uint16_t)(first | second << 8), 0, 0);
}

static bool
list_and_value(struct compiler *compiler, const struct function *function)
{
	int list = vocabulary_find_list(compiler, &compiler->token);
	if (list < 0)
		return compiler_expected(compiler, "the name of a list above");
	compiler_advance(compiler);
	return compiler_expect_symbol(compiler, ',') && ternary(compiler) &&
	       emit(compiler, function->operation, (uint16_t)list, 0, 0);
}

/* Whether its value depends on its arguments alone, neither on memory nor on walks. */
static bool
is_of_numbers(const struct function *function)
{
	return function->arguments <= ARGUMENTS_LIST && function->operation != OPERATION_SIZE &&
	       function->operation != OPERATION_BASE;
}

/* A call, behind its opening parenthesis. */
static bool
call(struct compiler *compiler, const struct token *token)
{
	const struct function *function = vocabulary_find_function(compiler, token);
	if (function == NULL || (compiler->names & NAMES_SIZE_ONLY && !is_of_numbers(function)))
		return unknown(compiler, token, true);
	uint16_t walk = 0;
	bool is_sound = false;
	switch ((enum arguments)function->arguments) {
	case ARGUMENTS_VALUES_1:
		is_sound = ternary(compiler) && emit(compiler, function->operation, 0, 0, 0);
		break;
	case ARGUMENTS_VALUES_2:
		is_sound = ternary(compiler) && compiler_expect_symbol(compiler, ',') &&
		           ternary(compiler) && emit(compiler, function->operation, 0, 0, -1);
		break;
	case ARGUMENTS_LIST:
		is_sound = list_and_value(compiler, function);
		break;
	case ARGUMENTS_WALK:
		is_sound = expect_walk(compiler, &walk) &&
		           emit(compiler, function->operation, walk, 0, 1);
		break;
	case ARGUMENTS_WALKS_BITS:
		is_sound = walks_and_bits(compiler, function);
		break;
	}
	return is_sound && compiler_expect_symbol(compiler, ')');
}

/* ---- grammar */

/* A word: u32[A], f(X) or a name. */
static bool
word(struct compiler *compiler)
{
	struct token token = compiler->token;
	int type = vocabulary_find_type(compiler, &token);
	compiler_advance(compiler);
	if (type >= 0 && !(compiler->names & NAMES_SIZE_ONLY))
		return compiler_expect_symbol(compiler, '[') && ternary(compiler) &&
		       emit(compiler, OPERATION_READ, (uint16_t)type, 0, 0) &&
		       compiler_expect_symbol(compiler, ']');
	if (compiler_accept_symbol(compiler, '('))
		return call(compiler, &token);
	return name(compiler, &token);
}

static bool
primary(struct compiler *compiler)
{
	struct token token = compiler->token;
	int64_t bits;
	switch (token.kind) {
	case TOKEN_INTEGER:
		compiler_advance(compiler);
		return emit(compiler, OPERATION_INTEGER, 0, token.integer, 1);
	case TOKEN_REAL:
		memcpy(&bits, &token.real, sizeof bits);
		compiler_advance(compiler);
		return emit(compiler, OPERATION_REAL, 0, bits, 1);
	case TOKEN_NAME:
		return word(compiler);
	default:
		if (!compiler_accept_symbol(compiler, '('))
			return compiler_expected(compiler, "a number, a name or '('");
		return ternary(compiler) && compiler_expect_symbol(compiler, ')');
	}
}

/* Every way to nest leads through here. */
static bool
enter(struct compiler *compiler)
{
	if (compiler->nesting == NESTING_MAX)
		return compiler_fail(compiler, &compiler->token,
			"this expression nests too deep: give its parts names with 'let'", NULL);
	compiler->nesting++;
	return true;
}

static bool
unary(struct compiler *compiler)
{
	static const struct { char symbol; uint8_t operation; } prefixes[] = {
		{'-', OPERATION_NEGATE}, {'!', OPERATION_NOT}, {'~', OPERATION_INVERT},
	};
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (!compiler_accept_symbol(compiler, prefixes[i].symbol))
			continue;
		if (!enter(compiler) || !unary(compiler))
			return false;
		compiler->nesting--;
		return emit(compiler, prefixes[i].operation, 0, 0, 0);
	}
	return primary(compiler);
}

static const struct operator *
present_operator(const struct compiler *compiler, int precedence)
{
	if (compiler->token.kind != TOKEN_SYMBOL)
		return NULL;
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (operators[i].symbol == compiler->token.symbol &&
		    operators[i].precedence >= precedence)
			return &operators[i];
	}
	return NULL;
}

static bool binary(struct compiler *compiler, int precedence);

/* What stands right of an operator, and the operation. */
static bool
right_side(struct compiler *compiler, const struct operator *operator)
{
	uint16_t jump = compiler->profile->code_count;
	if (operator->operation != OPERATION_AND_THEN && operator->operation != OPERATION_OR_ELSE)
		return binary(compiler, operator->precedence + 1) &&
		       emit(compiler, operator->operation, 0, 0, -1);
	if (!emit(compiler, operator->operation, 0, 0, -1) ||
	    !binary(compiler, operator->precedence + 1) ||
	    !emit(compiler, OPERATION_TRUTH, 0, 0, 0))
		return false;
	emit_landing(compiler, jump);
	return true;
}

static bool
binary(struct compiler *compiler, int precedence)
{
	if (!unary(compiler))
		return false;
	const struct operator *operator;
	while ((operator = present_operator(compiler, precedence))) {
		compiler_advance(compiler);
		if (!right_side(compiler, operator))
			return false;
	}
	if (compiler->token.kind == TOKEN_SYMBOL && compiler->token.symbol == '=')
		return compiler_fail(compiler, &compiler->token, "'=' compares nothing: write '=='",
		                     NULL);
	return true;
}

/* c ? a : b, where b may be another one: a loop, so that long chains do not nest. */
static bool
ternary(struct compiler *compiler)
{
	uint16_t exits[NESTING_MAX];
	int count = 0;
	bool is_real = false;
	if (!enter(compiler))
		return false;
	for (;;) {
		if (!binary(compiler, 1))
			return false;
		if (!compiler_accept_symbol(compiler, '?'))
			break;
		if (count == NESTING_MAX)
			return compiler_fail(compiler, &compiler->token, "too many '?' in a row",
			                     NULL);
		uint16_t unless = compiler->profile->code_count;
		if (!emit(compiler, OPERATION_UNLESS, 0, 0, -1) || !ternary(compiler))
			return false;
		exits[count++] = compiler->profile->code_count;
		is_real |= emit_may_be_real(compiler);
		if (!emit(compiler, OPERATION_JUMP, 0, 0, -1) ||
		    !compiler_expect_symbol(compiler, ':'))
			return false;
		emit_landing(compiler, unless);
	}
	if (is_real)
		emit_real(compiler);
	while (count > 0)
		emit_landing(compiler, exits[--count]);
	compiler->nesting--;
	return true;
}

bool
expression_parse(struct compiler *compiler, struct profile_expression *out, uint32_t names)
{
	uint16_t start = compiler->profile->code_count;
	compiler->names = names;
	compiler->nesting = 0;
	compiler->asks_census = false;
	emit_start(compiler);
	if (!ternary(compiler))
		return false;
	return emit_end(compiler, start, out);
}
