/*
 * Tokens of the profile language: see lexer.h. Statements end with their line; a backslash at the
 * end of a line joins the next one.
 */
#include "profiles/lexer.h"

#include <stdbool.h>
#include <string.h>

#include "profiles/profile.h"

enum { REAL_DIGITS_MAX = 15 }; /* so many digits, and their power of ten, are exact in a double */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The character `ahead` of the present one, 0 past the end. */
static char
peek(const struct lexer *lexer, size_t ahead)
{
	return lexer->size - lexer->at > ahead ? lexer->text[lexer->at + ahead] : 0;
}

static struct token
begin(const struct lexer *lexer, enum token_kind kind)
{
	return (struct token){
		.kind = (uint8_t)kind,
		.offset = (uint32_t)lexer->at,
		.line = lexer->line,
		.column = (uint32_t)(lexer->at - lexer->line_start) + 1,
	};
}

static struct token
end(const struct lexer *lexer, struct token token)
{
	token.size = (uint32_t)lexer->at - token.offset;
	return token;
}

static struct token
bad(const struct lexer *lexer, struct token token, const char *problem)
{
	token.kind = TOKEN_BAD;
	token.problem = problem;
	return end(lexer, token);
}

static void
line_begin(struct lexer *lexer)
{
	size_t size = lexer->size - lexer->at;
	const char *newline = size > 0 ? memchr(lexer->text + lexer->at, '\n', size) : NULL;
	if (newline != NULL)
		size = (size_t)(newline - (lexer->text + lexer->at));
	lexer->is_long = lexer->is_long || size > PROFILE_LINE_MAX;
	lexer->line++;
	lexer->line_start = lexer->at;
}

void
lexer_start(struct lexer *lexer, const char *text, size_t size)
{
	*lexer = (struct lexer){.text = text, .size = size};
	line_begin(lexer);
}

/* Passes over blanks, comments and joined line ends. */
static void
skip_blanks(struct lexer *lexer)
{
	while (lexer->at < lexer->size) {
		char c = peek(lexer, 0);
		if (c == '#') {
			while (lexer->at < lexer->size && peek(lexer, 0) != '\n')
				lexer->at++;
		} else if (c == '\\' && peek(lexer, 1) == '\n') {
			lexer->at += 2;
			line_begin(lexer);
		} else if (c == '\\' && peek(lexer, 1) == '\r' && peek(lexer, 2) == '\n') {
			lexer->at += 3;
			line_begin(lexer);
		} else if (c == ' ' || c == '\t' || c == '\r') {
			lexer->at++;
		} else {
			return;
		}
	}
}

static struct token
text(struct lexer *lexer)
{
	struct token token = begin(lexer, TOKEN_TEXT);
	lexer->at++;
	size_t start = lexer->at;
	while (lexer->at < lexer->size && peek(lexer, 0) != '"' && peek(lexer, 0) != '\n') {
		if (peek(lexer, 0) == '\\' && (peek(lexer, 1) == '\n' || peek(lexer, 1) == '\r'))
			break;
		lexer->at += peek(lexer, 0) == '\\' && peek(lexer, 1) != 0 ? 2 : 1;
	}
	if (peek(lexer, 0) != '"')
		return bad(lexer, token, "this text has no closing '\"' on its line");
	token.offset = (uint32_t)start;
	token = end(lexer, token);
	lexer->at++;
	return token;
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
append_digit(int64_t *number, int base, int digit)
{
	return !__builtin_mul_overflow(*number, (int64_t)base, number) &&
	       !__builtin_add_overflow(*number, (int64_t)digit, number);
}

static struct token
real(struct lexer *lexer, struct token token, int64_t digits, size_t whole)
{
	double scale = 1;
	size_t places = 0;
	for (lexer->at++; is_digit(peek(lexer, 0)); lexer->at++, places++) {
		if (whole + places < REAL_DIGITS_MAX) {
			digits = 10 * digits + (peek(lexer, 0) - '0');
			scale *= 10;
		}
	}
	token.kind = TOKEN_REAL;
	token.real = (double)digits / scale;
	if (places == 0)
		return bad(lexer, token, "a real number needs a digit behind its point: 1.0");
	if (whole + places > REAL_DIGITS_MAX)
		return bad(lexer, token, "a real number has at most 15 digits");
	return end(lexer, token);
}

static int
unit_shift(char c)
{
	return c == 'K' ? 10 : c == 'M' ? 20 : c == 'G' ? 30 : 0;
}

static struct token
number(struct lexer *lexer)
{
	struct token token = begin(lexer, TOKEN_INTEGER);
	bool is_hex = peek(lexer, 0) == '0' && (peek(lexer, 1) | 0x20) == 'x';
	bool fits = true;
	if (is_hex)
		lexer->at += 2;
	size_t start = lexer->at;
	for (int digit; (digit = hex_value(peek(lexer, 0))) >= 0 && (is_hex || digit < 10);
	     lexer->at++)
		fits = append_digit(&token.integer, is_hex ? 16 : 10, digit) && fits;
	size_t digits = lexer->at - start;
	if (digits == 0)
		return bad(lexer, token, "0x needs digits behind it");
	if (!is_hex && fits && peek(lexer, 0) == '.')
		return real(lexer, token, token.integer, digits);
	int shift = unit_shift(peek(lexer, 0));
	if (shift > 0) {
		lexer->at++;
		fits =
		    !__builtin_mul_overflow(token.integer, INT64_C(1) << shift, &token.integer) &&
		    fits;
	}
	if (is_name_start(peek(lexer, 0))) {
		lexer->at++;
		return bad(lexer, token,
		           "a number ends in a digit, or in one of the units K, M, G");
	}
	return fits ? end(lexer, token)
	            : bad(lexer, token,
	                  "this number is too large: integers have 63 bits and a sign");
}

static struct token
name(struct lexer *lexer)
{
	struct token token = begin(lexer, TOKEN_NAME);
	while (is_name_start(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
		lexer->at++;
	token = end(lexer, token);
	if (token.size >= PROFILE_NAME_MAX)
		return bad(lexer, token, "this name is too long: 63 characters at most");
	return token;
}

static struct token
symbol(struct lexer *lexer)
{
	static const struct { char pair[3]; uint16_t symbol; } pairs[] = {
		{"<<", SYMBOL_SHIFT_LEFT}, {">>", SYMBOL_SHIFT_RIGHT}, {"==", SYMBOL_EQUAL},
		{"!=", SYMBOL_UNEQUAL}, {"<=", SYMBOL_LESS_EQUAL}, {">=", SYMBOL_GREATER_EQUAL},
		{"&&", SYMBOL_AND}, {"||", SYMBOL_OR},
	};
	struct token token = begin(lexer, TOKEN_SYMBOL);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (peek(lexer, 0) == pairs[i].pair[0] && peek(lexer, 1) == pairs[i].pair[1]) {
			token.symbol = pairs[i].symbol;
			lexer->at += 2;
			return end(lexer, token);
		}
	}
	token.symbol = (unsigned char)peek(lexer, 0);
	lexer->at++;
	if (token.symbol == 0 || strchr("+-*/%&|^~<>=!?:()[]{},", token.symbol) == NULL)
		return bad(lexer, token, token.symbol == '\\'
			? "'\\' joins lines: nothing may follow it, not even blanks"
			: "this character means nothing here");
	return end(lexer, token);
}

static struct token
line_end(struct lexer *lexer)
{
	struct token token = begin(lexer, TOKEN_LINE_END);
	lexer->at++;
	token = end(lexer, token);
	line_begin(lexer);
	return token;
}

/* Leaves out what is left of a line that is too long. */
static struct token
long_line(struct lexer *lexer)
{
	lexer->is_long = false;
	struct token token = begin(lexer, TOKEN_BAD);
	while (lexer->at < lexer->size && peek(lexer, 0) != '\n')
		lexer->at++;
	return bad(lexer, token, "this line is longer than 512 bytes: end it with '\\' and go on");
}

struct token
lexer_next(struct lexer *lexer)
{
	skip_blanks(lexer);
	if (lexer->is_long)
		return long_line(lexer);
	if (lexer->at >= lexer->size)
		return begin(lexer, TOKEN_END);
	char c = peek(lexer, 0);
	if (c == '\n')
		return line_end(lexer);
	if (c == '"')
		return text(lexer);
	if (is_digit(c))
		return number(lexer);
	return is_name_start(c) ? name(lexer) : symbol(lexer);
}

void
lexer_widen(struct lexer *lexer, struct token *token)
{
	for (char c; (c = peek(lexer, 0)) != 0; lexer->at++) {
		if (!is_name_start(c) && !is_digit(c) && strchr("-.+", c) == NULL)
			break;
	}
	*token = end(lexer, *token);
}
