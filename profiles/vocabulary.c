/*
 * The words of expressions: see vocabulary.h. A new function or type is a row of a table here.
 */
#include "profiles/vocabulary.h"

#include "profiles/operation.h"

static const struct function functions[] = {
	{"size", OPERATION_SIZE, ARGUMENTS_VALUES_1},
	{"base", OPERATION_BASE, ARGUMENTS_VALUES_1},
	{"floor", OPERATION_FLOOR, ARGUMENTS_VALUES_1},
	{"ceil", OPERATION_CEIL, ARGUMENTS_VALUES_1},
	{"pow2", OPERATION_IS_POW2, ARGUMENTS_VALUES_1},
	{"ceil_pow2", OPERATION_CEIL_POW2, ARGUMENTS_VALUES_1},
	{"log2", OPERATION_LOG2, ARGUMENTS_VALUES_1},
	{"next_prime", OPERATION_NEXT_PRIME, ARGUMENTS_VALUES_1},
	{"single", OPERATION_SINGLE, ARGUMENTS_VALUES_1},
	{"align", OPERATION_ALIGN, ARGUMENTS_VALUES_2},
	{"min", OPERATION_MIN, ARGUMENTS_VALUES_2},
	{"max", OPERATION_MAX, ARGUMENTS_VALUES_2},
	{"member", OPERATION_MEMBER, ARGUMENTS_LIST},
	{"next", OPERATION_NEXT, ARGUMENTS_LIST},
	{"live", OPERATION_LIVE, ARGUMENTS_WALK},
	{"dead", OPERATION_DEAD, ARGUMENTS_WALK},
	{"blocks", OPERATION_BLOCKS, ARGUMENTS_WALK},
	{"bytes", OPERATION_BYTES, ARGUMENTS_WALK},
	{"fold", OPERATION_FOLD, ARGUMENTS_WALKS_BITS},
	{"deepest", OPERATION_DEEPEST, ARGUMENTS_WALKS_BITS},
	{"shallowest", OPERATION_SHALLOWEST, ARGUMENTS_WALKS_BITS},
	{"regrown", OPERATION_REGROWN, ARGUMENTS_WALKS_BITS},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static const char types[][4] = { /* in the order of enum profile_type */
	"u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "ptr",
};
enum { TYPES = sizeof types / sizeof *types };

int
vocabulary_find_type(const struct compiler *compiler, const struct token *token)
{
	for (int i = 0; i < TYPES; i++) {
		if (compiler_spells(compiler, token, types[i]))
			return i;
	}
	return -1;
}

const struct function *
vocabulary_find_function(const struct compiler *compiler, const struct token *token)
{
	for (int i = 0; i < FUNCTIONS; i++) {
		if (compiler_spells(compiler, token, functions[i].word))
			return &functions[i];
	}
	return NULL;
}

int
vocabulary_find_name(const struct compiler *compiler, const struct token *token)
{
	for (int i = 0; i < compiler->profile->name_count; i++) {
		if (compiler_spells(compiler, token, compiler->profile->names[i]))
			return i;
	}
	return -1;
}

int
vocabulary_find_list(const struct compiler *compiler, const struct token *token)
{
	for (int i = 0; i < compiler->profile->list_count; i++) {
		if (compiler_spells(compiler, token, compiler->profile->lists[i].name))
			return i;
	}
	return -1;
}

int
vocabulary_find_walk(const struct compiler *compiler, const struct token *token)
{
	for (int i = 0; i < compiler->profile->walk_count; i++) {
		if (compiler_spells(compiler, token, compiler->profile->walks[i].name))
			return i;
	}
	return -1;
}

bool
vocabulary_is_reserved(const struct compiler *compiler, const struct token *token)
{
	int name = vocabulary_find_name(compiler, token);
	return (name >= 0 && name < PROFILE_NAMES_FIXED) ||
	       vocabulary_find_type(compiler, token) >= 0 ||
	       vocabulary_find_function(compiler, token) != NULL;
}

bool
vocabulary_expect_type(struct compiler *compiler, uint8_t *type)
{
	int found = vocabulary_find_type(compiler, &compiler->token);
	if (found < 0)
		return compiler_expected(compiler,
			"a type (u8 i8 u16 i16 u32 i32 u64 i64 f32 f64 ptr)");
	*type = (uint8_t)found;
	compiler_advance(compiler);
	return true;
}

const char *
vocabulary_nearest_function(const struct compiler *compiler, const struct token *token)
{
	return compiler_nearest(compiler, token, functions->word, FUNCTIONS, sizeof *functions);
}
