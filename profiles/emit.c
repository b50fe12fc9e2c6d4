/*
 * The instructions of an expression (operation.h), as expression.c asks for them: short ways put in
 * place of several, and what is known of the values on the evaluator's stack.
 *
 *     floor(slots * load)     NAME slots   NAME load   MULTIPLY   FLOOR
 *     may be reals            -            - r         r          -
 *
 * An expression without any runs on bare integers. What must never break: `depth` follows the
 * evaluator's stack exactly and never passes OPERATION_STACK_MAX, and a value that can be a real is
 * never taken for an integer.
 */
#include "profiles/compiler.h"
#include "profiles/operation.h"

/* ---- which values may be reals */

bool
emit_may_be_real(const struct compiler *compiler)
{
	return compiler->reals >> (compiler->depth - 1) & 1;
}

void
emit_real(struct compiler *compiler)
{
	compiler->reals |= UINT64_C(1) << (compiler->depth - 1);
	compiler->has_reals = true;
}

/* What the instruction leaves on top; `depth` is as after it. */
static void
follow_reals(struct compiler *compiler, int operation, uint16_t operand)
{
	bool is_real = false;
	if (operation > OPERATION_LAST_BINARY)
		return; /* jumps leave integers */
	uint64_t top = UINT64_C(1) << (compiler->depth - 1);
	switch (operation) {
	case OPERATION_NAME:
		is_real = compiler->may_be_real[operand];
		break;
	case OPERATION_READ:
		is_real = operand == PROFILE_F32 || operand == PROFILE_F64;
		break;
	case OPERATION_REAL:
	case OPERATION_SINGLE:
		is_real = true;
		break;
	case OPERATION_NEGATE:
		is_real = compiler->reals & top;
		break;
	case OPERATION_MULTIPLY:
	case OPERATION_DIVIDE:
	case OPERATION_ADD:
	case OPERATION_SUBTRACT:
	case OPERATION_MIN:
	case OPERATION_MAX:
		is_real = compiler->reals & (top | top << 1);
		break;
	default:
		break;
	}
	compiler->reals &= ~top;
	if (is_real)
		emit_real(compiler);
}

/* ---- instructions */

/* The last `count` instructions, unless a jump leads into them or the expression has fewer. */
static struct profile_instruction *
last(const struct compiler *compiler, uint16_t count)
{
	struct profile *profile = compiler->profile;
	return profile->code_count - compiler->landed >= count
		? &profile->code[profile->code_count - count] : NULL;
}

/* Whether it leaves 0 or 1. */
static bool
is_truth(const struct profile_instruction *code)
{
	int operation = code->operation == OPERATION_WITH_INTEGER ? code->operand : code->operation;
	return operation == OPERATION_TRUTH || operation == OPERATION_NOT ||
	       operation == OPERATION_IS_POW2 || operation == OPERATION_MEMBER ||
	       (operation >= OPERATION_LESS && operation <= OPERATION_UNEQUAL);
}

/* Puts one instruction in place of the last ones and the present one, where there is such. */
static bool
fuse(struct compiler *compiler, int operation, uint16_t operand)
{
	struct profile_instruction *code = last(compiler, 1);
	if (code && operation == OPERATION_TRUTH && is_truth(code))
		return true;
	if (code && operation > OPERATION_LAST_UNARY && operation <= OPERATION_LAST_BINARY &&
	    code->operation == OPERATION_INTEGER) {
		code->operation = OPERATION_WITH_INTEGER;
		code->operand = (uint16_t)operation;
		return true;
	}
	code = last(compiler, 3);
	if (!code || operation != OPERATION_READ || code[0].operation != OPERATION_NAME ||
	    code[1].operation != OPERATION_NAME || code[2].operation != OPERATION_ADD)
		return false;
	code->operation = OPERATION_READ_SUM;
	code->operand |= (uint16_t)(code[1].operand << 8);
	code->immediate = operand;
	compiler->profile->code_count -= 2;
	return true;
}

bool
emit(struct compiler *compiler, int operation, uint16_t operand, int64_t immediate, int change)
{
	struct profile *profile = compiler->profile;
	if (profile->code_count == PROFILE_CODE_MAX)
		return compiler_fail(compiler, &compiler->token,
			"the profile's expressions are too long: at most 4096 operations", NULL);
	if (compiler->depth + change > OPERATION_STACK_MAX)
		return compiler_fail(compiler, &compiler->token,
			"this expression nests too deep: give its parts names with 'let'", NULL);
	compiler->depth += change;
	follow_reals(compiler, operation, operand);
	if (fuse(compiler, operation, operand))
		return true;
	profile->code[profile->code_count++] = (struct profile_instruction){
		.operation = (uint8_t)operation,
		.depth = (uint8_t)(compiler->depth - change),
		.operand = operand,
		.line = compiler->token.line,
		.immediate = immediate,
	};
	return true;
}

void
emit_landing(struct compiler *compiler, uint16_t jump)
{
	compiler->landed = compiler->profile->code_count;
	compiler->profile->code[jump].operand = compiler->landed;
}

void
emit_start(struct compiler *compiler)
{
	compiler->depth = 0;
	compiler->landed = compiler->profile->code_count;
	compiler->reals = 0;
	compiler->has_reals = false;
}

bool
emit_end(struct compiler *compiler, uint16_t start, struct profile_expression *out)
{
	*out = (struct profile_expression){
		.start = start,
		.length = (uint16_t)(compiler->profile->code_count - start),
		.is_whole = !compiler->has_reals,
	};
	return emit(compiler, OPERATION_END, 0, 0, 0);
}
