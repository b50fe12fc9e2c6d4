/*
 * Runs compiled expressions (operation.h). Nearly all are whole: no real can come up in them, and
 * whole.c runs them on bare integers. The others run here, on values that say what they are.
 *
 * Nothing is assumed of the guest's bytes: whatever has no exact 64-bit result, cannot be read or
 * is not known yet makes the whole expression false. Only what expression.c emitted is run.
 */
#include "profiles/evaluate.h"

#include <string.h>

#include "profiles/arithmetic.h"
#include "profiles/operation.h"

static struct profile_value
integer_value(int64_t integer)
{
	return (struct profile_value){.integer = integer};
}

/* Member by member: values were written so a moment ago, and a processor cannot hand one load what
 * lies in two stores yet. */
static inline void
copy_value(struct profile_value *into, const struct profile_value *from)
{
	into->is_real = from->is_real;
	into->integer = from->integer;
}

/* ---- memory */

bool
evaluate_read(const struct profile_memory *memory, enum profile_type type, uint64_t address,
              struct profile_value *out)
{
	union { uint32_t bits; float real; } single;
	union { int64_t bits; double real; } both;
	out->is_real = false;
	if (!evaluate_read_integer(memory, type, address, &out->integer))
		return false;
	if (type == PROFILE_F32) {
		single.bits = (uint32_t)out->integer;
		return arithmetic_set_real(out, (double)single.real);
	}
	both.bits = out->integer;
	return type != PROFILE_F64 || arithmetic_set_real(out, both.real);
}

int64_t
evaluate_block(const struct evaluation *in, int64_t address, bool wants_size)
{
	struct profile_block block;
	if (in->memory == NULL ||
	    !in->memory->block(in->memory->context, (uint64_t)address, &block))
		return 0;
	if (!wants_size)
		return (int64_t)block.base;
	return block.base == (uint64_t)address ? (int64_t)block.size : 0;
}

/* ---- change the top */

static bool
fold(const struct evaluation *in, const struct profile_instruction *code, int64_t *value)
{
	uint16_t second = code->operand >> 8;
	if (in->walks != NULL && code->operation == OPERATION_REGROWN)
		return regrow_bits(&in->walks[code->operand & 0xff], &in->walks[second], *value,
		                   value);
	return in->walks != NULL &&
	       census_fold(&in->walks[code->operand & 0xff],
	                   second == OPERATION_NO_WALK ? NULL : &in->walks[second],
	                   code->operation, *value, value);
}

bool
evaluate_unary(const struct evaluation *in, const struct profile_instruction *code, int64_t *top)
{
	int64_t value = *top;
	switch (code->operation) {
	case OPERATION_READ:
		return evaluate_read_integer(in->memory, code->operand, (uint64_t)value, top);
	case OPERATION_SIZE:    *top = evaluate_block(in, value, true); return true;
	case OPERATION_BASE:    *top = evaluate_block(in, value, false); return true;
	case OPERATION_NEGATE:  return !__builtin_sub_overflow(0, value, top);
	case OPERATION_NOT:     *top = value == 0; return true;
	case OPERATION_INVERT:  *top = ~value; return true;
	case OPERATION_TRUTH:   *top = value != 0; return true;
	case OPERATION_FLOOR:
	case OPERATION_CEIL:    return true;
	case OPERATION_IS_POW2: *top = value > 0 && (value & (value - 1)) == 0; return true;
	case OPERATION_CEIL_POW2: return arithmetic_ceil_pow2(value, top);
	case OPERATION_LOG2:
		*top = value > 0 ? 63 - __builtin_clzll((uint64_t)value) : 0;
		return value > 0;
	case OPERATION_NEXT_PRIME: return prime_next(value, top);
	case OPERATION_MEMBER:
	case OPERATION_NEXT:    return arithmetic_list(in->profile, code, top);
	default:                return fold(in, code, top);
	}
}

static inline bool
unary(const struct evaluation *in, const struct profile_instruction *code,
      struct profile_value *top)
{
	if (top->is_real)
		return arithmetic_unary_real(code, top);
	switch (code->operation) {
	case OPERATION_READ:
		return evaluate_read(in->memory, code->operand, (uint64_t)top->integer, top);
	case OPERATION_SINGLE:
		return arithmetic_set_real(top, (double)(float)top->integer);
	default:
		return evaluate_unary(in, code, &top->integer);
	}
}

/* ---- fold the two top ones into the lower */

static inline bool
binary_integer(int operation, int64_t a, int64_t b, int64_t *out)
{
	int64_t c = 0;
	bool has_value = false;
	switch (operation) {
#define FOLD(name, how) case OPERATION_##name: has_value = how; break;
	ARITHMETIC_INTEGERS(FOLD)
	}
	*out = c;
	return has_value;
}

bool
evaluate_integers(int operation, int64_t a, int64_t b, int64_t *out)
{
	return binary_integer(operation, a, b, out);
}

static inline bool
binary(int operation, struct profile_value *a, const struct profile_value *b)
{
	if (__builtin_expect(!a->is_real && !b->is_real, 1))
		return binary_integer(operation, a->integer, b->integer, &a->integer);
	return arithmetic_binary_real(operation, a, b);
}

/* ---- several in one */

static inline bool
read_sum(const struct evaluation *in, const struct profile_instruction *code,
         struct profile_value *out)
{
	uint8_t one = code->operand & 0xff, other = code->operand >> 8;
	copy_value(out, &in->values[one]);
	return in->known[one] && in->known[other] &&
	       binary(OPERATION_ADD, out, &in->values[other]) && !out->is_real &&
	       evaluate_read(in->memory, (enum profile_type)code->immediate,
	                     (uint64_t)out->integer, out);
}

static inline bool
with_integer(const struct profile_instruction *code, struct profile_value *top)
{
	struct profile_value right = integer_value(code->immediate);
	return binary(code->operand, top, &right);
}

/* ---- the loop */

/* All that neither pushes what lies at hand nor jumps. Apart, so that the loop keeps its
 * registers. */
static __attribute__((noinline)) bool
compute(const struct evaluation *in, const struct profile_instruction *code,
        struct profile_value **top)
{
	if (code->operation <= OPERATION_LAST_PUSH) {
		++*top;
		(*top)->is_real = false;
		return in->walks != NULL && census_value(&in->walks[code->operand], code->operation,
		                                         &(*top)->integer);
	}
	if (code->operation <= OPERATION_LAST_UNARY)
		return unary(in, code, *top);
	--*top;
	return binary(code->operation, *top, *top + 1);
}

bool
evaluate_values(const struct evaluation *in, struct profile_expression expression,
                struct profile_value *out)
{
	struct profile_value stack[1 + OPERATION_STACK_MAX]; /* the first is below the bottom */
	const struct profile_instruction *first = in->profile->code;
	const struct profile_instruction *code = first + expression.start;
	const struct profile_instruction *end = code + expression.length;
	struct profile_value *top = stack; /* the last value */
	for (; code < end; code++) {
		bool is_true;
		switch (code->operation) {
		case OPERATION_INTEGER:
			(++top)->is_real = false;
			top->integer = code->immediate;
			break;
		case OPERATION_NAME:
			copy_value(++top, &in->values[code->operand]);
			if (!in->known[code->operand])
				return false;
			break;
		case OPERATION_REAL:
			(++top)->is_real = true;
			memcpy(&top->real, &code->immediate, sizeof top->real);
			break;
		case OPERATION_JUMP:
			code = first + code->operand - 1;
			break;
		case OPERATION_UNLESS:
			if (!evaluate_is_true(*top--))
				code = first + code->operand - 1;
			break;
		case OPERATION_AND_THEN:
		case OPERATION_OR_ELSE:
			is_true = evaluate_is_true(*top--);
			if (is_true == (code->operation == OPERATION_OR_ELSE)) {
				*++top = integer_value(is_true);
				code = first + code->operand - 1;
			}
			break;
		case OPERATION_READ_SUM:
			if (!read_sum(in, code, ++top))
				return false;
			break;
		case OPERATION_WITH_INTEGER:
			if (!with_integer(code, top))
				return false;
			break;
		default:
			if (!compute(in, code, &top))
				return false;
		}
	}
	copy_value(out, top);
	return true;
}
