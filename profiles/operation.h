/*
 * The instructions of compiled expressions: a stack machine. emit.c emits them, evaluate.c and
 * whole.c run them; nobody else looks inside.
 *
 *     count > 8 && pow2(slots)    NAME count   INTEGER 8   GREATER   AND_THEN ->end
 *                                 NAME slots   IS_POW2     TRUTH     end:
 *
 * The groups are ranges: they push a value, change the top one, fold the two top ones, or jump.
 * A new operation goes into its group. Behind them stand short ways for what cells are asked most,
 * which emit.c puts in place of instructions that it emitted before:
 *
 *     u8[bucket + cell] >= 5      READ_SUM bucket, cell   WITH_INTEGER >= 5
 */
#ifndef PROFILES_OPERATION_H
#define PROFILES_OPERATION_H

enum {
	OPERATION_STACK_MAX = 32, /* values on the stack at once; checked when compiling */
	OPERATION_NO_WALK = 0xff, /* high byte of FOLD's operand: only one walk */
};

enum operation {
	/* push */
	OPERATION_INTEGER,  /* immediate */
	OPERATION_REAL,     /* immediate: its bits */
	OPERATION_NAME,     /* operand: scope index */
	OPERATION_LIVE,     /* operand: walk; these four */
	OPERATION_DEAD,
	OPERATION_BLOCKS,
	OPERATION_BYTES,
	OPERATION_LAST_PUSH = OPERATION_BYTES,

	/* change the top */
	OPERATION_READ,     /* operand: enum profile_type; address -> value there */
	OPERATION_SIZE,
	OPERATION_BASE,
	OPERATION_NEGATE,
	OPERATION_NOT,
	OPERATION_INVERT,
	OPERATION_TRUTH,    /* 0 or 1 */
	OPERATION_FLOOR,
	OPERATION_CEIL,
	OPERATION_IS_POW2,
	OPERATION_CEIL_POW2,
	OPERATION_LOG2,
	OPERATION_NEXT_PRIME,
	OPERATION_SINGLE,   /* -> the nearest real that an f32 holds */
	OPERATION_MEMBER,   /* operand: list */
	OPERATION_NEXT,
	OPERATION_FOLD,     /* operand: walk, high byte a second one; these three */
	OPERATION_DEEPEST,
	OPERATION_SHALLOWEST,
	OPERATION_REGROWN,  /* operand: list's walk, high byte its table's */
	OPERATION_LAST_UNARY = OPERATION_REGROWN,

	/* fold the two top ones; of integers or, up to MAX, of reals */
	OPERATION_MULTIPLY,
	OPERATION_DIVIDE,
	OPERATION_ADD,
	OPERATION_SUBTRACT,
	OPERATION_LESS,
	OPERATION_LESS_EQUAL,
	OPERATION_GREATER,
	OPERATION_GREATER_EQUAL,
	OPERATION_EQUAL,
	OPERATION_UNEQUAL,
	OPERATION_MIN,
	OPERATION_MAX,
	OPERATION_LAST_REAL = OPERATION_MAX,
	OPERATION_REMAINDER,
	OPERATION_SHIFT_LEFT,
	OPERATION_SHIFT_RIGHT,
	OPERATION_AND,
	OPERATION_XOR,
	OPERATION_OR,
	OPERATION_ALIGN,
	OPERATION_LAST_BINARY = OPERATION_ALIGN,

	/* jump forward; operand: index into the profile's code */
	OPERATION_JUMP,
	OPERATION_UNLESS,   /* pops; jumps if it was false */
	OPERATION_AND_THEN, /* false: leaves 0 and jumps; true: pops */
	OPERATION_OR_ELSE,  /* true: leaves 1 and jumps; false: pops */

	/* several in one */
	OPERATION_READ_SUM,     /* NAME NAME ADD READ. operand: the names' indices, the second in
	                         * the high byte; immediate: enum profile_type */
	OPERATION_WITH_INTEGER, /* INTEGER and one that folds. operand: which; immediate */

	/* behind each expression, and not counted in its length; behind a step's value that is
	 * whole, where steps run in a row: what comes of it. immediate: scope index */
	OPERATION_END,
	OPERATION_END_FIELD,    /* operand: enum profile_type */
	OPERATION_END_LET,
	OPERATION_END_REQUIRE,
};

#endif
