/*
 * Runs whole expressions (operation.h), in which no real can come up: on bare integers, the top one
 * in a register, and from each instruction straight to the next. The search for headers runs a few
 * of them for each guess, and the walks for each node that is not told by one read.
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

bool
evaluate_whole(const struct evaluation *in, struct profile_expression expression, int64_t *out)
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
		[OPERATION_END] = &&END,
	};
	const struct profile_instruction *first = in->profile->code;
	const struct profile_instruction *code = first + expression.start;
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
		return false;
	NEXT;
CENSUS:
	*below++ = value;
	if (!in->walks || !census_value(&in->walks[code->operand], code->operation, &result))
		return false;
	value = result;
	NEXT;
READ_SUM:
	*below++ = value;
	if (!read_sum(in, code, &result))
		return false;
	value = result;
	NEXT;
READ:
	if (!evaluate_read_integer(in->memory, code->operand, (uint64_t)value, &result))
		return false;
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
		return false;
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
			return false; \
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
END:
	*out = value;
	return true;
}
