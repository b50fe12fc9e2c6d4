/*
 * Runs compiled expressions (operation.h). The finder calls it for each cell of each table, so the
 * loop is flat and integers come first.
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

bool
evaluate_is_true(struct profile_value value)
{
	return value.is_real ? value.real != 0 : value.integer != 0;
}

/* ---- memory */

/* A window's bytes are no objects of ours: they are read whatever a sanitizer thinks of them. */
__attribute__((no_sanitize("address", "thread"))) bool
evaluate_read(const struct profile_memory *memory, enum profile_type type, uint64_t address,
              struct profile_value *out)
{
	static const uint8_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 8};
	const union evaluate_raw *raw = (const union evaluate_raw *)(uintptr_t)address;
	union evaluate_raw copy;
	if (memory == NULL)
		return false;
	if (__builtin_expect(!evaluate_is_in_window(memory, address, sizes[type]), 0)) {
		if (!memory->read(memory->context, address, &copy, sizes[type]))
			return false;
		raw = &copy;
	}
	out->is_real = false;
	switch (type) {
	case PROFILE_U8:  out->integer = raw->u8; break;
	case PROFILE_I8:  out->integer = raw->i8; break;
	case PROFILE_U16: out->integer = raw->u16; break;
	case PROFILE_I16: out->integer = raw->i16; break;
	case PROFILE_U32: out->integer = raw->u32; break;
	case PROFILE_I32: out->integer = raw->i32; break;
	case PROFILE_F32: return arithmetic_set_real(out, (double)raw->f32);
	case PROFILE_F64: return arithmetic_set_real(out, raw->f64);
	default:          out->integer = raw->i64; break;
	}
	return true;
}

static int64_t
block_value(const struct evaluation *in, int64_t address, bool wants_size)
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

static inline bool
unary(const struct evaluation *in, const struct profile_instruction *code,
      struct profile_value *top)
{
	int64_t value = top->integer;
	if (__builtin_expect(top->is_real, 0))
		return arithmetic_unary_real(code, top);
	switch (code->operation) {
	case OPERATION_READ:
		return evaluate_read(in->memory, code->operand, (uint64_t)value, top);
	case OPERATION_SIZE:    top->integer = block_value(in, value, true); return true;
	case OPERATION_BASE:    top->integer = block_value(in, value, false); return true;
	case OPERATION_NEGATE:  return !__builtin_sub_overflow(0, value, &top->integer);
	case OPERATION_NOT:     top->integer = value == 0; return true;
	case OPERATION_INVERT:  top->integer = ~value; return true;
	case OPERATION_TRUTH:   top->integer = value != 0; return true;
	case OPERATION_FLOOR:
	case OPERATION_CEIL:    return true;
	case OPERATION_IS_POW2: top->integer = value > 0 && (value & (value - 1)) == 0; return true;
	case OPERATION_CEIL_POW2: return arithmetic_ceil_pow2(value, &top->integer);
	case OPERATION_LOG2:
		top->integer = value > 0 ? 63 - __builtin_clzll((uint64_t)value) : 0;
		return value > 0;
	case OPERATION_NEXT_PRIME: return prime_next(value, &top->integer);
	case OPERATION_SINGLE:  return arithmetic_set_real(top, (double)(float)value);
	case OPERATION_MEMBER:
	case OPERATION_NEXT:    return arithmetic_list(in->profile, code, &top->integer);
	default:                return fold(in, code, &top->integer);
	}
}

/* ---- fold the two top ones into the lower */

static inline bool
binary_integer(int operation, int64_t a, int64_t b, int64_t *out)
{
	switch (operation) {
	case OPERATION_MULTIPLY:      return !__builtin_mul_overflow(a, b, out);
	case OPERATION_ADD:           return !__builtin_add_overflow(a, b, out);
	case OPERATION_SUBTRACT:      return !__builtin_sub_overflow(a, b, out);
	case OPERATION_LESS:          *out = a < b; return true;
	case OPERATION_LESS_EQUAL:    *out = a <= b; return true;
	case OPERATION_GREATER:       *out = a > b; return true;
	case OPERATION_GREATER_EQUAL: *out = a >= b; return true;
	case OPERATION_EQUAL:         *out = a == b; return true;
	case OPERATION_UNEQUAL:       *out = a != b; return true;
	case OPERATION_MIN:           *out = a < b ? a : b; return true;
	case OPERATION_MAX:           *out = a > b ? a : b; return true;
	case OPERATION_SHIFT_LEFT:    return arithmetic_shift_left(a, b, out);
	case OPERATION_SHIFT_RIGHT:   *out = b >= 0 && b < 64 ? a >> b : 0; return b >= 0 && b < 64;
	case OPERATION_AND:           *out = a & b; return true;
	case OPERATION_XOR:           *out = a ^ b; return true;
	case OPERATION_OR:            *out = a | b; return true;
	case OPERATION_ALIGN:         return arithmetic_align(a, b, out);
	default: /* DIVIDE, REMAINDER */
		if (b == 0 || (a == INT64_MIN && b == -1))
			return false;
		*out = operation == OPERATION_DIVIDE ? a / b : a % b;
		return true;
	}
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
evaluate(const struct evaluation *in, struct profile_expression expression,
         struct profile_value *out)
{
	struct profile_value stack[1 + OPERATION_STACK_MAX]; /* the first is below the bottom */
	const struct profile_instruction *first = in->profile->code;
	const struct profile_instruction *code = first + expression.start;
	const struct profile_instruction *end = code + expression.length;
	struct profile_value *top = stack; /* the last value */
	if (expression.length == 0)
		return false;
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
