/*
 * Cuts a profile's text into tokens. Called by the compiler only.
 *
 * Never reads past the text, whatever it holds; what is no token comes out as TOKEN_BAD with the
 * reason, and the next call goes on behind it.
 */
#ifndef PROFILES_LEXER_H
#define PROFILES_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_END,      /* of the text */
	TOKEN_LINE_END, /* of a statement: a newline that no backslash precedes */
	TOKEN_NAME,
	TOKEN_INTEGER,
	TOKEN_REAL,
	TOKEN_TEXT,     /* offset and size are those between the quotes */
	TOKEN_SYMBOL,
	TOKEN_BAD,
};

enum token_symbol { /* single characters stand for themselves */
	SYMBOL_SHIFT_LEFT = 256, SYMBOL_SHIFT_RIGHT, SYMBOL_EQUAL, SYMBOL_UNEQUAL,
	SYMBOL_LESS_EQUAL, SYMBOL_GREATER_EQUAL, SYMBOL_AND, SYMBOL_OR,
};

struct token {
	uint8_t kind;        /* enum token_kind */
	uint16_t symbol;     /* SYMBOL */
	uint32_t offset, size; /* within the text */
	uint32_t line, column; /* from 1, in bytes */
	int64_t integer;     /* INTEGER */
	double real;         /* REAL */
	const char *problem; /* BAD: what is wrong */
};

struct lexer {
	const char *text;
	size_t size;
	size_t at;
	size_t line_start;
	uint32_t line;
	bool is_long; /* a line began that is longer than PROFILE_LINE_MAX */
};

void lexer_start(struct lexer *lexer, const char *text, size_t size);
struct token lexer_next(struct lexer *lexer);

/* `token`, the last one, grown over the letters, digits and `_ - . +` that follow it: names of
 * profiles are words like libstdcxx-unordered. */
void lexer_widen(struct lexer *lexer, struct token *token);

#endif
