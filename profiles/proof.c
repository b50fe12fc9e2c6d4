/*
 * Statements that find and prove a map: lists, anchors, and the steps from the first field to the
 * count, with the lets and loops behind it. Part of the compiler (compiler.h).
 *
 * Steps keep the order of the text; a name is defined even where its statement is wrong, so that
 * its uses are no errors too.
 */
#include "profiles/compiler.h"
#include "profiles/evaluate.h"
#include "profiles/operation.h"
#include "profiles/vocabulary.h"

/* ---- lists and anchors */

static bool
list_number(struct compiler *compiler, uint16_t start)
{
	struct profile *profile = compiler->profile;
	struct token token = compiler->token;
	int64_t number;
	if (!compiler_expect_integer(compiler, &number))
		return false;
	if (profile->number_count == PROFILE_NUMBERS_MAX)
		return compiler_fail(compiler, &token, "too many numbers: lists have 1024 together",
		                     NULL);
	if (profile->number_count > start && profile->numbers[profile->number_count - 1] >= number)
		return compiler_fail(compiler, &token,
		                     "a list ascends: this number is not larger than "
		                     "the one before it",
		                     NULL);
	profile->numbers[profile->number_count++] = number;
	return true;
}

bool
statement_list(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	struct token name;
	if (!compiler_expect_new_name(compiler, &name))
		return false;
	if (profile->list_count == PROFILE_LISTS_MAX)
		return compiler_fail(compiler, &name, "too many lists: at most 8", NULL);
	uint16_t start = profile->number_count;
	bool is_sound = true;
	do
		is_sound = list_number(compiler, start);
	while (is_sound && compiler->token.kind == TOKEN_INTEGER);
	uint16_t i = profile->list_count++;
	compiler_quote(compiler, &name, profile->lists[i].name);
	profile->lists[i].start = start;
	profile->lists[i].count = profile->number_count - start;
	return is_sound;
}

/* [+ N] or [- N]; 0 without. */
static bool
constant_offset(struct compiler *compiler, int64_t *offset)
{
	struct token token = compiler->token;
	bool is_minus = compiler_accept_symbol(compiler, '-');
	*offset = 0;
	if (!is_minus && !compiler_accept_symbol(compiler, '+'))
		return true;
	if (!compiler_expect_integer(compiler, offset))
		return false;
	if (*offset > INT32_MAX)
		return compiler_fail(compiler, &token, "this offset is too large: less than 2G",
		                     NULL);
	if (is_minus)
		*offset = -*offset;
	return true;
}

static bool
anchor_points(struct compiler *compiler, struct profile_anchor *anchor)
{
	int64_t offset;
	if (!compiler_expect_word(compiler, "at") || !compiler_expect_word(compiler, "header") ||
	    !constant_offset(compiler, &offset) || !compiler_expect_word(compiler, "points"))
		return false;
	anchor->offset = (int32_t)offset;
	if (compiler_accept_word(compiler, "inside")) {
		anchor->points = PROFILE_POINTS_INSIDE;
		return true;
	}
	if (!compiler_accept_word(compiler, "base"))
		return compiler_expected(compiler, "base or inside");
	anchor->points = PROFILE_POINTS_BASE;
	return constant_offset(compiler, &anchor->plus);
}

/* [size EXPR] */
static bool
anchor_size(struct compiler *compiler, struct profile_anchor *anchor)
{
	return !compiler_accept_word(compiler, "size") ||
	       expression_parse(compiler, &anchor->size, NAMES_SIZE_ONLY);
}

bool
statement_anchor(struct compiler *compiler)
{
	struct profile *profile = compiler->profile;
	struct token name;
	struct profile_anchor new = {.line = compiler->token.line};
	if (!compiler_expect_new_name(compiler, &name))
		return false;
	if (profile->anchor_count == PROFILE_ANCHORS_MAX)
		return compiler_fail(compiler, &name, "too many anchors: at most 4", NULL);
	bool is_sound = anchor_points(compiler, &new) && anchor_size(compiler, &new);
	if (!compiler_define(compiler, &name, &new.name))
		return false;
	profile->anchors[profile->anchor_count++] = new;
	return is_sound;
}

/* ---- the proof, and lets and loops behind it */

static bool
add_step(struct compiler *compiler, const struct token *token, struct profile_step *step)
{
	struct profile *profile = compiler->profile;
	step->line = token->line;
	step->asks_census = compiler->asks_census;
	if (compiler->section > SECTION_PROOF) {
		if (profile->needed_step_count == PROFILE_NEEDED_STEPS_MAX)
			return compiler_fail(
			    compiler, token,
			    "too many lets and loops behind the count statement: at most 16", NULL);
		profile->needed_steps[profile->needed_step_count++] = *step;
		return true;
	}
	if (profile->step_count == PROFILE_STEPS_MAX)
		return compiler_fail(compiler, token, "the proof is too long: at most 128 steps",
		                     NULL);
	profile->steps[profile->step_count++] = *step;
	return true;
}

/* Names that expressions of the present statement may use. */
static uint32_t
step_names(const struct compiler *compiler)
{
	return compiler->section > SECTION_PROOF ? NAMES_COUNTED : NAMES_PROOF;
}

/* Defines a name, also behind an error: its uses are no errors then. */
static bool
end_step(struct compiler *compiler, const struct token *name, struct profile_step *step,
         bool is_sound, bool is_real)
{
	if (!compiler_define(compiler, name, &step->target))
		return false;
	compiler->may_be_real[step->target] = is_real;
	return is_sound && add_step(compiler, name, step);
}

/* Nearly every field lies at a fixed place in the header. The search reads a few of them for each
 * word that may be an anchor, so these need no evaluation. */
static void
fix_place(const struct compiler *compiler, struct profile_step *step)
{
	const struct profile_instruction *code = compiler->profile->code + step->value.start;
	bool is_header = code[0].operation == OPERATION_NAME &&
	                 code[0].operand == PROFILE_NAME_HEADER;
	if (is_header && step->value.length == 1) {
		step->is_at_header = true;
	} else if (is_header && step->value.length == 2 &&
	           code[1].operation == OPERATION_WITH_INTEGER &&
	           code[1].operand == OPERATION_ADD) {
		step->is_at_header = true;
		step->offset = code[1].immediate;
	}
}

bool
statement_field(struct compiler *compiler)
{
	struct profile_step step = {.kind = PROFILE_STEP_FIELD};
	struct token name;
	if (!compiler_expect_new_name(compiler, &name))
		return false;
	bool is_sound = vocabulary_expect_type(compiler, &step.type) &&
	                compiler_expect_word(compiler, "at") &&
	                expression_parse(compiler, &step.value, NAMES_PROOF);
	if (is_sound)
		fix_place(compiler, &step);
	bool is_real = step.type == PROFILE_F32 || step.type == PROFILE_F64;
	return end_step(compiler, &name, &step, is_sound, is_real);
}

bool
statement_let(struct compiler *compiler)
{
	struct profile_step step = {.kind = PROFILE_STEP_LET};
	struct token name;
	if (!compiler_expect_new_name(compiler, &name))
		return false;
	bool is_sound = compiler_expect_symbol(compiler, '=') &&
	                expression_parse(compiler, &step.value, step_names(compiler));
	return end_step(compiler, &name, &step, is_sound, is_sound && emit_may_be_real(compiler));
}

/* The name has its value in its own condition and next value. */
bool
statement_loop(struct compiler *compiler)
{
	struct profile_step step = {.kind = PROFILE_STEP_LOOP};
	struct token name;
	if (!compiler_expect_new_name(compiler, &name))
		return false;
	bool is_sound = compiler_expect_symbol(compiler, '=') &&
	                expression_parse(compiler, &step.value, step_names(compiler));
	if (!compiler_define(compiler, &name, &step.target))
		return false;
	bool *is_real = &compiler->may_be_real[step.target];
	*is_real = is_sound && emit_may_be_real(compiler);
	is_sound = is_sound && compiler_expect_word(compiler, "while") &&
	           expression_parse(compiler, &step.condition, step_names(compiler)) &&
	           compiler_expect_word(compiler, "next") &&
	           expression_parse(compiler, &step.next, step_names(compiler));
	if (is_sound && !*is_real && emit_may_be_real(compiler)) {
		*is_real = true; /* from the second turn on */
		step.condition.is_whole = step.next.is_whole = false;
	}
	return is_sound && add_step(compiler, &name, &step);
}

static bool
requirement(struct compiler *compiler, bool is_busy_check)
{
	struct profile_step step = {.kind = PROFILE_STEP_REQUIRE, .is_busy_check = is_busy_check};
	struct token token = compiler->token;
	return expression_parse(compiler, &step.value, NAMES_PROOF) &&
	       add_step(compiler, &token, &step);
}

bool
statement_require(struct compiler *compiler)
{
	return requirement(compiler, false);
}

bool
statement_quiet(struct compiler *compiler)
{
	return requirement(compiler, true);
}

bool
statement_walk(struct compiler *compiler)
{
	struct profile_step step = {.kind = PROFILE_STEP_WALK};
	struct token token = compiler->token;
	step.target = compiler->profile->walk_count;
	compiler->asks_census = false;
	return walk_parse(compiler) && add_step(compiler, &token, &step);
}

bool
statement_count(struct compiler *compiler)
{
	struct profile_step step = {.kind = PROFILE_STEP_COUNT, .target = PROFILE_NAME_COUNT};
	struct token token = compiler->token;
	compiler->early_names = compiler->profile->name_count;
	bool is_sound = expression_parse(compiler, &step.value, NAMES_PROOF) &&
	                add_step(compiler, &token, &step);
	compiler->section = SECTION_PARTS;
	return is_sound;
}

/* Nearly all proofs end early, in the first few steps: so these run as one piece of code, where the
 * instructions of one value lie behind those of the other. */
void
steps_compile(struct profile *profile)
{
	static const uint8_t ends[] = {
		[PROFILE_STEP_FIELD] = OPERATION_END_FIELD,
		[PROFILE_STEP_LET] = OPERATION_END_LET,
		[PROFILE_STEP_REQUIRE] = OPERATION_END_REQUIRE,
		[PROFILE_STEP_COUNT] = 0,
	};
	for (uint16_t i = profile->step_count; i-- > 0;) {
		struct profile_step *step = &profile->steps[i], *next = step + 1;
		uint16_t end = (uint16_t)(step->value.start + step->value.length);
		if (ends[step->kind] == 0 || !step->value.is_whole)
			continue;
		profile->code[end].operation = ends[step->kind];
		profile->code[end].operand = step->type;
		profile->code[end].immediate = step->target;
		step->row = 1;
		if (i + 1 < profile->step_count && next->value.start == end + 1)
			step->row = (uint8_t)(next->row + 1);
	}
}
