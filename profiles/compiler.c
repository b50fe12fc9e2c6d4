/*
 * Compiles a profile's text: takes it line by line, keeps the errors, goes on behind each. See
 * compiler.h for the parts and profile.h for the contract; called at start in the guest, and by the
 * analyzer. Whatever the text holds, it ends: each turn takes a token.
 */
#include "profiles/compiler.h"
#include "profiles/evaluate.h"

#include <stdarg.h>
#include <string.h>

/* ---- errors */

static void
append(struct profile_error *error, const char *piece)
{
	size_t used = strlen(error->message);
	size_t room = sizeof error->message - 1 - used;
	size_t size = strlen(piece);
	if (size > room)
		size = room;
	memcpy(error->message + used, piece, size);
	error->message[used + size] = 0;
}

bool
compiler_fail(struct compiler *compiler, const struct token *token, ...)
{
	if (compiler->error_count == compiler->error_limit)
		return false;
	struct profile_error *error = &compiler->errors[compiler->error_count++];
	*error = (struct profile_error){.line = token->line, .column = token->column};
	if (token->kind == TOKEN_BAD) {
		append(error, token->problem);
		return false;
	}
	va_list pieces;
	va_start(pieces, token);
	for (const char *piece; (piece = va_arg(pieces, const char *)) != NULL;)
		append(error, piece);
	va_end(pieces);
	return false;
}

const char *
compiler_quote(const struct compiler *compiler, const struct token *token, char *into)
{
	size_t size = token->size < PROFILE_NAME_MAX ? token->size : PROFILE_NAME_MAX - 1;
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)compiler->profile->text[token->offset + i];
		into[i] = c < 0x20 || c == 0x7f ? '?' : (char)c; /* nothing that a terminal obeys */
	}
	into[size] = 0;
	return into;
}

bool
compiler_expected(struct compiler *compiler, const char *what)
{
	const struct token *token = &compiler->token;
	char found[PROFILE_NAME_MAX];
	if (token->kind == TOKEN_END || token->kind == TOKEN_LINE_END)
		return compiler_fail(compiler, token, "expected ", what,
		                     ", but the line ends here", NULL);
	return compiler_fail(compiler, token, "expected ", what, ", found '",
	                     compiler_quote(compiler, token, found), "'", NULL);
}

/* ---- tokens */

void
compiler_advance(struct compiler *compiler)
{
	compiler->token = lexer_next(&compiler->lexer);
}

bool
compiler_spells(const struct compiler *compiler, const struct token *token, const char *word)
{
	return token->kind == TOKEN_NAME && strlen(word) == token->size &&
	       memcmp(compiler->profile->text + token->offset, word, token->size) == 0;
}

bool
compiler_accept_word(struct compiler *compiler, const char *word)
{
	bool is_there = compiler_spells(compiler, &compiler->token, word);
	if (is_there)
		compiler_advance(compiler);
	return is_there;
}

bool
compiler_accept_symbol(struct compiler *compiler, int symbol)
{
	bool is_there = compiler->token.kind == TOKEN_SYMBOL && compiler->token.symbol == symbol;
	if (is_there)
		compiler_advance(compiler);
	return is_there;
}

bool
compiler_expect_word(struct compiler *compiler, const char *word)
{
	return compiler_accept_word(compiler, word) || compiler_expected(compiler, word);
}

bool
compiler_expect_symbol(struct compiler *compiler, int symbol)
{
	char word[] = {'\'', (char)symbol, '\'', 0};
	return compiler_accept_symbol(compiler, symbol) || compiler_expected(compiler, word);
}

bool
compiler_expect_integer(struct compiler *compiler, int64_t *out)
{
	if (compiler->token.kind != TOKEN_INTEGER)
		return compiler_expected(compiler, "a number");
	*out = compiler->token.integer;
	compiler_advance(compiler);
	return true;
}

bool
compiler_expect_text(struct compiler *compiler, struct profile_pattern *out)
{
	if (compiler->token.kind != TOKEN_TEXT)
		return compiler_expected(compiler, "a text in double quotes");
	*out = (struct profile_pattern){compiler->token.offset, compiler->token.size};
	compiler_advance(compiler);
	return true;
}

/* ---- lines */

/* Goes to the end of the statement, over what an error left; nothing may be left otherwise. */
static void
finish_line(struct compiler *compiler, bool is_sound)
{
	const struct token *token = &compiler->token;
	if (is_sound && token->kind != TOKEN_LINE_END && token->kind != TOKEN_END)
		compiler_expected(compiler, "the end of the line");
	while (token->kind != TOKEN_LINE_END && token->kind != TOKEN_END)
		compiler_advance(compiler);
}

static bool
check_size(struct compiler *compiler, size_t size)
{
	const struct token start = {.kind = TOKEN_END, .line = 1, .column = 1};
	if (size > PROFILE_TEXT_MAX)
		return compiler_fail(compiler, &start, "a profile has at most 64 KiB of text",
		                     NULL);
	return true;
}

size_t
profile_compile(struct profile *profile, const char *text, size_t size,
                struct profile_error *errors, size_t limit)
{
	static const char fixed[PROFILE_NAMES_FIXED][PROFILE_NAME_MAX] = {
		"header", "bucket", "index", "cell", "node", "place", "turn", "count", "needed",
		"held",
	};
	struct compiler compiler = {.profile = profile, .errors = errors, .error_limit = limit};
	memset(profile, 0, sizeof *profile);
	profile->text = text;
	memcpy(profile->names, fixed, sizeof fixed);
	profile->name_count = PROFILE_NAMES_FIXED;
	if (!check_size(&compiler, size))
		return compiler.error_count;
	profile->text_size = (uint32_t)size;
	lexer_start(&compiler.lexer, text, size);
	compiler_advance(&compiler);
	while (compiler.token.kind != TOKEN_END && compiler.error_count < limit) {
		if (compiler.token.kind != TOKEN_LINE_END)
			finish_line(&compiler, statement_parse(&compiler));
		else
			compiler_advance(&compiler);
	}
	if (compiler.token.kind == TOKEN_END)
		statement_check_all(&compiler);
	if (compiler.error_count == 0) {
		steps_compile(profile);
		guard_compile(profile);
	}
	return compiler.error_count;
}
