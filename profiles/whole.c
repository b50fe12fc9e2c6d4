/*
 * Runs whole expressions (operation.h), in which no real can come up, and rows of steps made of
 * them: on bare integers, the top one in a register, and from each instruction straight to the
 * next. The search for headers runs some rows for each guess.
 *
 *     field slots u64 at header + 8     NAME header   WITH_INTEGER + 8     END_FIELD u64 slots
 *     require slots > 0                 NAME slots    WITH_INTEGER > 0     END_REQUIRE
 *
 * What has no exact result ends it, as in evaluate.c.
 */
#include "profiles/arithmetic.h"
#include "profiles/evaluate.h"
#include "profiles/operation.h"

#define NEXT goto *ways[(++code)->operation]

static bool
read_sum(const struct evaluation *in, const struct profile_instruction *code, int64_t *out)
{
	uint8_t one = code->operand & 0xff, other = code->operand >> 8;
	int64_t sum;

	return in->known[one] && in->known[other] &&
	       !__builtin_add_overflow(in->values[one].integer, in->values[other].integer, &sum) &&
	       evaluate_read_integer(in->memory, (unsigned)code->immediate, (uint64_t)sum, out);
}

/* A step's field, which may be a real. */
static inline bool
read_field(const struct profile_memory *memory, uint16_t type, int64_t address,
           struct profile_value *out)
{
	if (type == PROFILE_F32 || type == PROFILE_F64)
		return evaluate_read(memory, type, (uint64_t)address, out);
	out->is_real = false;
	return evaluate_read_integer(memory, type, (uint64_t)address, &out->integer);
}

/* From this instruction on. Without a scope: one expression, whose value is *out; else `left`
 * steps. Returns how many are left, the first of which was not true: 0 for none. */
static uint16_t
run(const struct evaluation *in, uint16_t start, struct profile_scope *scope, uint16_t left,
    int64_t *out)
{
#define WAY(name, how) [OPERATION_##name] = &&name,
	static const void *const ways[] = {
		ARITHMETIC_INTEGERS(WAY)
		[OPERATION_INTEGER] = &&INTEGER, [OPERATION_NAME] = &&NAME,
		[OPERATION_LIVE ... OPERATION_LAST_PUSH] = &&CENSUS,
		[OPERATION_READ] = &&READ, [OPERATION_SIZE ... OPERATION_NEGATE] = &&UNARY,
		[OPERATION_NOT] = &&NOT, [OPERATION_INVERT] = &&UNARY, [OPERATION_TRUTH] = &&TRUTH,
		[OPERATION_FLOOR ... OPERATION_LAST_UNARY] = &&UNARY,
		[OPERATION_JUMP] = &&JUMP, [OPERATION_UNLESS] = &&UNLESS,
		[OPERATION_AND_THEN] = &&AND_THEN, [OPERATION_OR_ELSE] = &&OR_ELSE,
		[OPERATION_READ_SUM] = &&READ_SUM, [OPERATION_WITH_INTEGER] = &&WITH_INTEGER,
		[OPERATION_END] = &&END, [OPERATION_END_FIELD] = &&END_FIELD,
		[OPERATION_END_LET] = &&END_LET, [OPERATION_END_REQUIRE] = &&END_REQUIRE,
	};
	const struct profile_instruction *first = in->profile->code;
	const struct profile_instruction *code = first + start;
	int64_t stack[1 + OPERATION_STACK_MAX]; /* the first is below the bottom */
	int64_t *below = stack, value = 0, result;

	goto *ways[code->operation];
INTEGER:
	*below++ = value;
	value = code->immediate;
	NEXT;
NAME:
	*below++ = value;
	value = in->values[code->operand].integer;
	if (!in->known[code->operand])
		return left;
	NEXT;
CENSUS:
	*below++ = value;
	if (!in->walks || !census_value(&in->walks[code->operand], code->operation, &result))
		return left;
	value = result;
	NEXT;
READ_SUM:
	*below++ = value;
	if (!read_sum(in, code, &result))
		return left;
	value = result;
	NEXT;
READ:
	if (!evaluate_read_integer(in->memory, code->operand, (uint64_t)value, &result))
		return left;
	value = result;
	NEXT;
NOT:
	value = value == 0;
	NEXT;
TRUTH:
	value = value != 0;
	NEXT;
UNARY:
	result = value;
	if (!evaluate_unary(in, code, &result))
		return left;
	value = result;
	NEXT;
WITH_INTEGER:
	*below++ = value;
	value = code->immediate;
	goto *ways[code->operand];
#define FOLD(name, how) \
name: { \
		int64_t a = *--below, b = value, c; \
		if (!(how)) \
			return left; \
		value = c; \
		NEXT; \
	}
	ARITHMETIC_INTEGERS(FOLD)
AND_THEN:
	if (value != 0)
		goto POP;
	goto JUMP;
OR_ELSE:
	if (value == 0)
		goto POP;
	value = 1;
JUMP:
	code = first + code->operand;
	goto *ways[code->operation];
UNLESS:
	code = value != 0 ? code + 1 : first + code->operand;
	value = *--below;
	goto *ways[code->operation];
POP:
	value = *--below;
	NEXT;
END_FIELD:
	if (!scope)
		goto END;
	if (!read_field(in->memory, code->operand, value, &scope->values[code->immediate]))
		return left;
	scope->known[code->immediate] = true;
	goto NEXT_STEP;
END_LET:
	if (!scope)
		goto END;
	scope->values[code->immediate].is_real = false;
	scope->values[code->immediate].integer = value;
	scope->known[code->immediate] = true;
	goto NEXT_STEP;
END_REQUIRE:
	if (!scope)
		goto END;
	if (value == 0)
		return left;
	scope->is_sized |= in->memory && in->memory->told_block;
NEXT_STEP:
	below = stack;
	if (--left == 0)
		return 0;
	NEXT;
END:
	*out = value;
	return 0;
}

bool
evaluate_whole(const struct evaluation *in, struct profile_expression expression, int64_t *out)
{
	return run(in, expression.start, NULL, 1, out) == 0;
}

uint16_t
evaluate_row(const struct evaluation *in, const struct profile_step *step,
             struct profile_scope *scope)
{
	return (uint16_t)(step->row - run(in, step->value.start, scope, step->row, NULL));
}
