/*
 * The words that mean something in expressions: types, functions, and the names, lists and walks
 * that the text has defined so far. Part of the compiler (compiler.h).
 */
#ifndef PROFILES_VOCABULARY_H
#define PROFILES_VOCABULARY_H

#include "profiles/compiler.h"

enum arguments { /* what stands between a function's parentheses; up to LIST: no walk */
	         ARGUMENTS_VALUES_1,
	         ARGUMENTS_VALUES_2,
	         ARGUMENTS_LIST,
	         ARGUMENTS_WALK,
	         ARGUMENTS_WALKS_BITS,
};

struct function {
	char word[PROFILE_NAME_MAX];
	uint8_t operation, arguments;
};

/* Each finds what `token` spells: an index (enum profile_type, profile->names, lists, walks), or
 * -1; a function, or NULL. Names are found whether an expression may use them or not. */
int vocabulary_find_type(const struct compiler *compiler, const struct token *token);
int vocabulary_find_name(const struct compiler *compiler, const struct token *token);
int vocabulary_find_list(const struct compiler *compiler, const struct token *token);
int vocabulary_find_walk(const struct compiler *compiler, const struct token *token);
const struct function *vocabulary_find_function(const struct compiler *compiler,
                                                const struct token *token);

/* The function that a misspelt word probably meant, or NULL. */
const char *vocabulary_nearest_function(const struct compiler *compiler, const struct token *token);

/* Whether the word has a meaning of its own, so that no name may take it. */
bool vocabulary_is_reserved(const struct compiler *compiler, const struct token *token);

/* Takes one of enum profile_type by its word. */
bool vocabulary_expect_type(struct compiler *compiler, uint8_t *type);

#endif
