/*
 * Expressions of a walk with all put in that stays the same while it walks. The finder binds them
 * once a walk and asks them at each bucket, cell and node; what is left of most is one read:
 *
 *     u8[bucket + cell] >= 5                   u8 at bucket + cell, compared with 5
 *     flags & 6 ? ptr[bucket + 8 + ...] : 0    0, or ptr at bucket + a number + a number * cell
 *
 * The expression's instructions (operation.h) are run on numbers that are known and on sums that
 * are not. Whatever comes to no such shape is evaluated as it stands, each time.
 *
 * What must never break: a bound expression gives exactly what evaluating it would give.
 */
#include "profiles/bound.h"

#include "profiles/bytes.h"
#include "profiles/evaluate.h"
#include "profiles/operation.h"

/* With larger ones a sum could run over on its way, where evaluation refuses. */
#define OFFSET_MAX (INT64_C(1) << 60)

enum { NO_BASE = PROFILE_NAME_HEADER, NO_COMPARISON = OPERATION_INTEGER };

struct binder {
	const struct evaluation *in;
	struct profile_bound stack[1 + OPERATION_STACK_MAX]; /* the first is below the bottom */
	struct profile_bound *top;
};

static bool
is_number(const struct profile_bound *bound)
{
	return bound->kind == PROFILE_BOUND_NUMBER;
}

static void
push_number(struct binder *binder, int64_t number)
{
	*++binder->top = (struct profile_bound){.kind = PROFILE_BOUND_NUMBER, .offset = number};
}

static bool
push_name(struct binder *binder, uint16_t name)
{
	struct profile_bound *sum;
	push_number(binder, 0);
	sum = binder->top;
	sum->kind = PROFILE_BOUND_SUM;
	switch (name) {
	case PROFILE_NAME_BUCKET:
	case PROFILE_NAME_NODE:  sum->base = (uint8_t)name; return true;
	case PROFILE_NAME_INDEX: sum->of_index = 1; return true;
	case PROFILE_NAME_CELL:  sum->of_cell = 1; return true;
	}
	sum->kind = PROFILE_BOUND_NUMBER;
	sum->offset = binder->in->values[name].integer;
	return binder->in->known[name] && !binder->in->values[name].is_real;
}

static bool
add(struct profile_bound *a, const struct profile_bound *b)
{
	if (a->kind > PROFILE_BOUND_SUM || b->kind > PROFILE_BOUND_SUM ||
	    (a->base != NO_BASE && b->base != NO_BASE))
		return false;
	if (!is_number(b))
		a->kind = PROFILE_BOUND_SUM;
	if (b->base != NO_BASE)
		a->base = b->base;
	return !__builtin_add_overflow(a->offset, b->offset, &a->offset) &&
	       !__builtin_add_overflow(a->of_index, b->of_index, &a->of_index) &&
	       !__builtin_add_overflow(a->of_cell, b->of_cell, &a->of_cell) &&
	       a->offset <= OFFSET_MAX && a->offset >= -OFFSET_MAX;
}

static bool
multiply(struct profile_bound *a, const struct profile_bound *b)
{
	return a->kind == PROFILE_BOUND_SUM && a->base == NO_BASE && is_number(b) &&
	       !__builtin_mul_overflow(a->offset, b->offset, &a->offset) &&
	       !__builtin_mul_overflow(a->of_index, b->offset, &a->of_index) &&
	       !__builtin_mul_overflow(a->of_cell, b->offset, &a->of_cell);
}

/* What was read, with a number. */
static bool
test(struct profile_bound *read, int operation, int64_t number)
{
	if (read->comparison != NO_COMPARISON)
		return false;
	if (operation == OPERATION_AND) {
		read->mask &= number;
		return true;
	}
	read->comparison = (uint8_t)operation;
	read->with = number;
	return operation >= OPERATION_LESS && operation <= OPERATION_UNEQUAL;
}

/* Folds b into a. */
static bool
binary(int operation, struct profile_bound *a, const struct profile_bound *b)
{
	struct profile_bound negated = *b;
	if (is_number(a) && is_number(b))
		return evaluate_integers(operation, a->offset, b->offset, &a->offset);
	if (a->kind == PROFILE_BOUND_READ)
		return is_number(b) && test(a, operation, b->offset);
	switch (operation) {
	case OPERATION_ADD:
		return add(a, b);
	case OPERATION_SUBTRACT:
		return is_number(b) && !__builtin_sub_overflow(0, b->offset, &negated.offset) &&
		       add(a, &negated);
	case OPERATION_MULTIPLY:
		if (!is_number(a))
			return multiply(a, b);
		negated = *a;
		*a = *b;
		return multiply(a, &negated);
	default:
		return false;
	}
}

static bool
read_at(struct binder *binder, uint16_t type)
{
	struct profile_bound *top = binder->top;
	struct profile_value value;
	if (type == PROFILE_F32 || type == PROFILE_F64 || top->kind > PROFILE_BOUND_SUM)
		return false;
	if (is_number(top)) {
		if (!evaluate_read(binder->in->memory, type, (uint64_t)top->offset, &value))
			return false;
		top->offset = value.integer;
		return true;
	}
	top->kind = PROFILE_BOUND_READ;
	top->type = (uint8_t)type;
	top->mask = -1;
	return true;
}

static bool
read_sum(struct binder *binder, const struct profile_instruction *code)
{
	if (!push_name(binder, code->operand & 0xff) || !push_name(binder, code->operand >> 8))
		return false;
	binder->top--;
	return binary(OPERATION_ADD, binder->top, binder->top + 1) &&
	       read_at(binder, (uint16_t)code->immediate);
}

/* Where a jump leads, if what it asks is known. */
static bool
jump(struct binder *binder, const struct profile_instruction **code)
{
	const struct profile_instruction *jump = *code;
	bool is_true = binder->top->offset != 0, goes = true;
	if (jump->operation != OPERATION_JUMP) {
		if (!is_number(binder->top))
			return false;
		binder->top--;
		goes = is_true == (jump->operation == OPERATION_OR_ELSE);
		if (goes && jump->operation != OPERATION_UNLESS)
			push_number(binder, is_true);
	}
	if (goes)
		*code = binder->in->profile->code + jump->operand - 1;
	return true;
}

static bool
run(struct binder *binder, const struct profile_instruction **at)
{
	const struct profile_instruction *code = *at;
	struct profile_bound number = {.kind = PROFILE_BOUND_NUMBER, .offset = code->immediate};
	switch (code->operation) {
	case OPERATION_INTEGER:
		push_number(binder, code->immediate);
		return true;
	case OPERATION_NAME:
		return push_name(binder, code->operand);
	case OPERATION_READ:
		return read_at(binder, code->operand);
	case OPERATION_READ_SUM:
		return read_sum(binder, code);
	case OPERATION_WITH_INTEGER:
		return binary(code->operand, binder->top, &number);
	case OPERATION_NEGATE:
		return is_number(binder->top) &&
		       evaluate_integers(OPERATION_SUBTRACT, 0, binder->top->offset,
		                         &binder->top->offset);
	case OPERATION_TRUTH:
		if (is_number(binder->top))
			binder->top->offset = binder->top->offset != 0;
		return is_number(binder->top) || binder->top->comparison != NO_COMPARISON;
	case OPERATION_JUMP:
	case OPERATION_UNLESS:
	case OPERATION_AND_THEN:
	case OPERATION_OR_ELSE:
		return jump(binder, at);
	}
	if (code->operation <= OPERATION_LAST_UNARY || code->operation > OPERATION_LAST_BINARY)
		return false;
	binder->top--;
	return binary(code->operation, binder->top, binder->top + 1);
}

void
profile_bind(const struct profile *profile, struct profile_expression expression,
             const struct profile_scope *scope, const struct profile_memory *memory,
             struct profile_bound *out)
{
	const struct evaluation in = {profile, scope->values, scope->known, scope->walks, memory};
	const struct profile_instruction *code = profile->code + expression.start;
	const struct profile_instruction *end = code + expression.length;
	struct binder binder;
	out->kind = PROFILE_BOUND_ABSENT;
	if (expression.length == 0)
		return;
	binder.in = &in;
	binder.top = binder.stack;
	binder.stack[0] = (struct profile_bound){0};
	out->kind = PROFILE_BOUND_ASKED;
	out->expression = expression;
	for (; code < end; code++)
		if (!run(&binder, &code))
			return;
	*out = *binder.top;
	out->expression = expression;
}

/* ---- asking */

static bool
compare(const struct profile_bound *bound, int64_t value)
{
	switch (bound->comparison) {
	case OPERATION_LESS:          return value < bound->with;
	case OPERATION_LESS_EQUAL:    return value <= bound->with;
	case OPERATION_GREATER:       return value > bound->with;
	case OPERATION_GREATER_EQUAL: return value >= bound->with;
	case OPERATION_EQUAL:         return value == bound->with;
	default:                      return value != bound->with;
	}
}

static bool
add_part(const struct profile_scope *scope, enum profile_fixed_name name, int64_t times,
         int64_t *sum)
{
	int64_t part;
	return times == 0 ||
	       (scope->known[name] &&
	        !__builtin_mul_overflow(times, scope->values[name].integer, &part) &&
	        !__builtin_add_overflow(*sum, part, sum));
}

/* The sum for the present names; false where one that it needs has no value. */
static inline bool
sum_of(const struct profile_bound *bound, const struct profile_scope *scope, int64_t *sum)
{
	*sum = bound->offset;
	if (bound->base != NO_BASE &&
	    (!scope->known[bound->base] ||
	     __builtin_add_overflow(*sum, scope->values[bound->base].integer, sum)))
		return false;
	return (bound->of_index | bound->of_cell) == 0 ||
	       (add_part(scope, PROFILE_NAME_INDEX, bound->of_index, sum) &&
	        add_part(scope, PROFILE_NAME_CELL, bound->of_cell, sum));
}

bool
profile_bound_value(const struct profile *profile, const struct profile_bound *bound,
                    const struct profile_scope *scope, const struct profile_memory *memory,
                    uint64_t *out)
{
	int64_t sum = bound->offset;
	switch ((enum profile_bound_kind)bound->kind) {
	case PROFILE_BOUND_NUMBER:
		break;
	case PROFILE_BOUND_SUM:
		if (!sum_of(bound, scope, &sum))
			return false;
		break;
	case PROFILE_BOUND_READ:
		if (!sum_of(bound, scope, &sum) ||
		    !evaluate_read_integer(memory, bound->type, (uint64_t)sum, &sum))
			return false;
		sum &= bound->mask;
		if (bound->comparison != NO_COMPARISON)
			sum = compare(bound, sum);
		break;
	default:
		return profile_evaluate_unsigned(profile, bound->expression, scope, memory, out);
	}
	*out = (uint64_t)sum;
	return sum >= 0;
}

/* ---- asking for many at once */

static int64_t
value_at(const union evaluate_raw *raw, uint8_t type)
{
	switch (type) {
	case PROFILE_U8:  return raw->u8;
	case PROFILE_I8:  return raw->i8;
	case PROFILE_U16: return raw->u16;
	case PROFILE_I16: return raw->i16;
	case PROFILE_U32: return raw->u32;
	case PROFILE_I32: return raw->i32;
	default:          return raw->i64;
	}
}

/* The window's bytes are read whatever a sanitizer thinks of them. */
__attribute__((no_sanitize("address", "thread"))) static inline uint64_t
mask_of(const struct profile_bound *bound, uint8_t type, uint64_t at, uint64_t step, unsigned count)
{
	struct profile_bound by = *bound; /* so that the loop keeps it in registers */
	uint64_t bits = 0;
	for (unsigned i = 0; i < count; i++, at += step) {
		const union evaluate_raw *raw = (const union evaluate_raw *)(uintptr_t)at;
		bits |= (uint64_t)compare(&by, value_at(raw, type) & by.mask) << i;
	}
	return bits;
}

/* What the comparison is true for, as bytes from `least` on; what it is false for, where it asks
 * for a difference. False: for no byte. */
static bool
byte_range(const struct profile_bound *bound, uint8_t *least, uint8_t *span)
{
	int64_t from = 0, to = UINT8_MAX, with = bound->with;
	if (bound->comparison != OPERATION_LESS && bound->comparison != OPERATION_LESS_EQUAL)
		from = bound->comparison == OPERATION_GREATER ? with + 1 : with;
	if (bound->comparison != OPERATION_GREATER && bound->comparison != OPERATION_GREATER_EQUAL)
		to = bound->comparison == OPERATION_LESS ? with - 1 : with;
	from = from < 0 ? 0 : from;
	to = to > UINT8_MAX ? UINT8_MAX : to;
	*least = (uint8_t)from;
	*span = (uint8_t)(to - from);
	return from <= to;
}

/* Bits beyond `count` are of no meaning. */
static uint64_t
mask_of_bytes(const struct profile_bound *bound, uint64_t at, unsigned count)
{
	uint64_t bits = 0;
	uint8_t least, span;
	if (byte_range(bound, &least, &span))
		bits = bytes_in_range(at, count, (uint8_t)bound->mask, least, span);
	return bound->comparison == OPERATION_UNEQUAL ? ~bits : bits;
}

/* Bytes and pointers are what cells are told by, mostly: the compiler makes a loop for each. */
static uint64_t
mask_of_type(const struct profile_bound *bound, uint64_t at, uint64_t step, unsigned count)
{
	if (bound->type == PROFILE_U8 && step == 1)
		return mask_of_bytes(bound, at, count);
	switch (bound->type) {
	case PROFILE_U8:  return mask_of(bound, PROFILE_U8, at, step, count);
	case PROFILE_U32: return mask_of(bound, PROFILE_U32, at, step, count);
	case PROFILE_PTR:
	case PROFILE_U64: return mask_of(bound, PROFILE_U64, at, step, count);
	default:          return mask_of(bound, bound->type, at, step, count);
	}
}

bool
profile_bound_mask(const struct profile_bound *bound, const struct profile_scope *scope,
                   const struct profile_memory *memory, uint64_t stride, unsigned count,
                   uint64_t *mask)
{
	uint64_t step = stride ? stride + (uint64_t)bound->of_index : (uint64_t)bound->of_cell;
	uint64_t all = count < 64 ? (1ull << count) - 1 : ~0ull, last;
	int64_t first;
	if (bound->kind == PROFILE_BOUND_ABSENT || is_number(bound)) {
		*mask = bound->kind != PROFILE_BOUND_ABSENT && bound->offset ? all : 0;
		return bound->kind == PROFILE_BOUND_ABSENT || bound->offset >= 0;
	}
	if (stride && bound->base == NO_BASE)
		step -= stride;
	if (bound->kind != PROFILE_BOUND_READ || bound->comparison == NO_COMPARISON ||
	    bound->base == PROFILE_NAME_NODE || (stride && bound->of_cell) ||
	    !sum_of(bound, scope, &first) ||
	    __builtin_mul_overflow(step, count - 1, &last) ||
	    __builtin_add_overflow(last, sizeof(union evaluate_raw), &last) ||
	    !evaluate_is_in_window(memory, (uint64_t)first, last))
		return false;
	*mask = mask_of_type(bound, (uint64_t)first, step, count) & all;
	return true;
}
