/*
 * What the parts of the compiler share: the profile in the making, the present token, the errors.
 *
 *     profile_compile (compiler.c) --line--> statement.c --> proof.c, outcome.c, rule.c, walk.c
 *                                                            --> expression.c --> emit.c
 *
 * A parser returns false once it has stored an error; compiler.c then passes over the rest of the
 * line, so that one text yields several errors. Nothing recurses deeper than NESTING_MAX.
 */
#ifndef PROFILES_COMPILER_H
#define PROFILES_COMPILER_H

#include "profiles/lexer.h"
#include "profiles/profile.h"

enum { NESTING_MAX = 48 };

/* The order of statements. */
enum section {
	SECTION_TITLE, SECTION_WAKE, SECTION_ROLES, SECTION_ANCHORS, SECTION_PROOF,
	SECTION_PARTS, SECTION_NEEDED, SECTION_REMEDIES,
};

/* Sets of the fixed names that an expression may use. */
#define NAME_BIT(name) (1u << (name))
enum {
	NAMES_SIZE_ONLY = 1 << 30, /* `size` and nothing else: the condition of a role or an
	                            * anchor */
	NAMES_EARLY = 1 << 29,     /* no name that is defined after `count`: worked out before */
	NAMES_PROOF = NAME_BIT(PROFILE_NAME_HEADER),
	NAMES_COUNTED = NAMES_PROOF | NAME_BIT(PROFILE_NAME_COUNT),
	NAMES_PARTS = NAMES_COUNTED | NAMES_EARLY,
	NAMES_NEEDED = NAMES_COUNTED | NAME_BIT(PROFILE_NAME_NEEDED) | NAME_BIT(PROFILE_NAME_HELD),
};

struct compiler {
	struct profile *profile;
	struct lexer lexer;
	struct token token;  /* the next one to be taken */
	struct profile_error *errors;
	size_t error_count, error_limit;
	uint8_t section;     /* enum section */
	uint64_t seen;       /* statements that have been there, by number */
	uint16_t early_names;/* names defined when `count` came */
	bool may_be_real[PROFILE_NAMES_MAX]; /* each name's value */

	/* of the present expression */
	uint32_t names;      /* NAMES_* and NAME_BITs that it may use */
	int nesting;
	int depth;           /* values on the stack at this point */
	uint16_t landed;     /* jumps lead to this instruction, none to a later one */
	bool asks_census;
	uint64_t reals;      /* a bit for each value on the stack: it may be a real ... */
	bool has_reals;      /* ... and whether one could be on it at any point */
};

/* Stores an error at `token`: the pieces, up to NULL, make the message. Always false. */
bool compiler_fail(struct compiler *compiler, const struct token *token, ...)
	__attribute__((sentinel));

/* The same, and adds what was found there: "...; found 'x'". */
bool compiler_expected(struct compiler *compiler, const char *what);

/* `token` as text for a message: into[PROFILE_NAME_MAX], cut where it is longer; returns it. */
const char *compiler_quote(const struct compiler *compiler, const struct token *token, char *into);

/* Takes the present token. */
void compiler_advance(struct compiler *compiler);

/* Whether the present token is this word or symbol (enum token_symbol); takes it if so. */
bool compiler_accept_word(struct compiler *compiler, const char *word);
bool compiler_accept_symbol(struct compiler *compiler, int symbol);

/* Takes what must be there. */
bool compiler_expect_word(struct compiler *compiler, const char *word);
bool compiler_expect_symbol(struct compiler *compiler, int symbol);
bool compiler_expect_integer(struct compiler *compiler, int64_t *out);
bool compiler_expect_text(struct compiler *compiler, struct profile_pattern *out);

/* Whether `token` spells `word`. */
bool compiler_spells(const struct compiler *compiler, const struct token *token, const char *word);

/* Of [count] words, `stride` bytes apart, the one that `token` probably meant, or NULL. */
const char *compiler_nearest(const struct compiler *compiler, const struct token *token,
                             const char *words, size_t count, size_t stride);

/* Takes a new name for a field, let, loop, anchor, list or walk; the token of the name in *out. */
bool compiler_expect_new_name(struct compiler *compiler, struct token *out);

/* Defines it as a value; its scope index in *index. */
bool compiler_define(struct compiler *compiler, const struct token *name, uint16_t *index);

/* Adds a glob to the profile's patterns; its index in *index. */
bool compiler_expect_pattern(struct compiler *compiler, uint16_t *index);

/* One of enum profile_role_kind by its word. */
bool compiler_expect_role(struct compiler *compiler, uint8_t *role);

/* expression.c: parses an expression that may use these names. */
bool expression_parse(struct compiler *compiler, struct profile_expression *out, uint32_t names);

/* emit.c: begins an expression's instructions. */
void emit_start(struct compiler *compiler);
/* Adds an instruction that changes the height of the stack by `change`. */
bool emit(struct compiler *compiler, int operation, uint16_t operand, int64_t immediate,
          int change);
/* Ends it; it began with the instruction `start`. */
bool emit_end(struct compiler *compiler, uint16_t start, struct profile_expression *out);
/* Makes the jump at `jump` lead to the next instruction. */
void emit_landing(struct compiler *compiler, uint16_t jump);
/* Whether the top value may be a real; that it may. */
bool emit_may_be_real(const struct compiler *compiler);
void emit_real(struct compiler *compiler);

/* statement.c: one whole statement; the present token is its first. */
bool statement_parse(struct compiler *compiler);
/* What a profile cannot do without: an error for each that is missing. */
void statement_check_all(struct compiler *compiler);

/* One statement each, behind its first word. */
bool statement_role(struct compiler *compiler); /* rule.c */
bool statement_list(struct compiler *compiler); /* proof.c */
bool statement_anchor(struct compiler *compiler);
bool statement_field(struct compiler *compiler);
bool statement_let(struct compiler *compiler);
bool statement_loop(struct compiler *compiler);
bool statement_require(struct compiler *compiler);
bool statement_quiet(struct compiler *compiler);
bool statement_walk(struct compiler *compiler);
bool statement_count(struct compiler *compiler);
bool statement_part(struct compiler *compiler); /* outcome.c */
bool statement_capacity(struct compiler *compiler);
bool statement_tombstones(struct compiler *compiler);
bool statement_used_buckets(struct compiler *compiler);
bool statement_growing(struct compiler *compiler);
bool statement_erasing(struct compiler *compiler);
bool statement_needed(struct compiler *compiler);
bool statement_keeps(struct compiler *compiler);
bool statement_remedy(struct compiler *compiler);

/* walk.c: a walk, behind its first word; the profile has it afterwards, errors or not. */
bool walk_parse(struct compiler *compiler);

#endif
