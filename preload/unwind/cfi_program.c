/*
 * From a function's description to the rule for one of its instructions: the instructions of the
 * tables are run up to that address, for three columns only.
 *
 *     CFA              register + offset, or an expression
 *     rbp              unchanged, saved at CFA + offset, or at an expression
 *     return address   at CFA + offset, or undefined: the outermost frame
 *
 * Called by rules.c. Rule: what is not understood to the last bit becomes RULE_UNKNOWN, and
 * libunwind is asked for the stack.
 */
#include "preload/unwind/cfi.h"

enum { RBP = 6, RSP = 7, RETURN_ADDRESS = 16, REMEMBERED_MAX = 8 };

enum { /* DWARF's and GNU's call frame instructions */
	CFA_ADVANCE_LOC = 0x40, CFA_OFFSET = 0x80, CFA_RESTORE = 0xc0, /* with an operand in them */
	CFA_NOP = 0x00, CFA_ADVANCE_LOC1 = 0x02, CFA_ADVANCE_LOC2, CFA_ADVANCE_LOC4,
	CFA_OFFSET_EXTENDED, CFA_RESTORE_EXTENDED, CFA_UNDEFINED, CFA_SAME_VALUE, CFA_REGISTER,
	CFA_REMEMBER_STATE, CFA_RESTORE_STATE, CFA_DEF_CFA, CFA_DEF_CFA_REGISTER,
	CFA_DEF_CFA_OFFSET, CFA_DEF_CFA_EXPRESSION, CFA_EXPRESSION, CFA_OFFSET_EXTENDED_SF,
	CFA_DEF_CFA_SF, CFA_DEF_CFA_OFFSET_SF, CFA_VAL_OFFSET, CFA_VAL_OFFSET_SF,
	CFA_VAL_EXPRESSION, CFA_GNU_ARGS_SIZE = 0x2e,
};

enum { OP_BREG_RBP = 0x76, OP_DEREF = 0x06 }; /* of expressions */

enum column_kind { COLUMN_SAME, COLUMN_SAVED, COLUMN_EXPRESSION, COLUMN_UNDEFINED, COLUMN_REGISTER,
	COLUMN_OTHER };

struct column {
	enum column_kind kind;
	int64_t offset;
	struct cfi_cursor expression;
};

struct row {
	uint64_t cfa_register;
	int64_t cfa_offset;
	bool cfa_is_expression;
	struct cfi_cursor cfa_expression;
	struct column rbp, ra;
};

struct machine {
	const struct cfi_function *function;
	struct cfi_cursor code;
	uint64_t at; /* the address that `row` holds from on */
	struct row row, initial, remembered[REMEMBERED_MAX];
	unsigned remembered_count;
};

/* Columns that nobody asks for go here. */
static void
program_set(struct machine *machine, uint64_t column, struct column value)
{
	if (column == RBP)
		machine->row.rbp = value;
	else if (column == RETURN_ADDRESS)
		machine->row.ra = value;
}

static void
program_save(struct machine *machine, uint64_t column, int64_t units)
{
	int64_t offset;

	if (__builtin_mul_overflow(units, machine->function->data_unit, &offset))
		machine->code.is_bad = true;
	else
		program_set(machine, column, (struct column){ COLUMN_SAVED, offset, { 0 } });
}

static void
program_restore(struct machine *machine, uint64_t column)
{
	program_set(machine, column,
	            column == RBP ? machine->initial.rbp : machine->initial.ra);
}

static void
program_set_kind(struct machine *machine, enum column_kind kind)
{
	program_set(machine, cfi_uleb(&machine->code), (struct column){ kind, 0, { 0 } });
}

static struct cfi_cursor
program_block(struct machine *machine)
{
	uint64_t size = cfi_uleb(&machine->code);
	const uint8_t *at = cfi_skip(&machine->code, size);

	return (struct cfi_cursor){ at, at ? at + size : at, !at };
}

static void
program_advance(struct machine *machine, uint64_t units)
{
	if (__builtin_mul_overflow(units, machine->function->code_unit, &units) ||
	    __builtin_add_overflow(machine->at, units, &machine->at))
		machine->code.is_bad = true;
}

static void
program_remember(struct machine *machine, bool restore)
{
	if (restore && machine->remembered_count)
		machine->row = machine->remembered[--machine->remembered_count];
	else if (!restore && machine->remembered_count < REMEMBERED_MAX)
		machine->remembered[machine->remembered_count++] = machine->row;
	else
		machine->code.is_bad = true;
}

static void
program_set_cfa(struct machine *machine, uint64_t instruction)
{
	struct cfi_cursor *code = &machine->code;
	struct row *row = &machine->row;

	row->cfa_is_expression = instruction == CFA_DEF_CFA_EXPRESSION;
	if (row->cfa_is_expression) {
		row->cfa_expression = program_block(machine);
		return;
	}
	if (instruction == CFA_DEF_CFA || instruction == CFA_DEF_CFA_SF ||
	    instruction == CFA_DEF_CFA_REGISTER)
		row->cfa_register = cfi_uleb(code);
	if (instruction == CFA_DEF_CFA || instruction == CFA_DEF_CFA_OFFSET)
		row->cfa_offset = (int64_t)cfi_uleb(code);
	else if ((instruction == CFA_DEF_CFA_SF || instruction == CFA_DEF_CFA_OFFSET_SF) &&
	         __builtin_mul_overflow(cfi_sleb(code), machine->function->data_unit,
	                                &row->cfa_offset))
		code->is_bad = true;
}

static void
program_set_column(struct machine *machine, uint64_t instruction)
{
	struct cfi_cursor *code = &machine->code;
	uint64_t column;

	switch (instruction) {
	case CFA_OFFSET_EXTENDED:
		column = cfi_uleb(code);
		program_save(machine, column, (int64_t)cfi_uleb(code));
		break;
	case CFA_OFFSET_EXTENDED_SF:
		column = cfi_uleb(code);
		program_save(machine, column, cfi_sleb(code));
		break;
	case CFA_EXPRESSION:
		column = cfi_uleb(code);
		program_set(machine, column,
		            (struct column){ COLUMN_EXPRESSION, 0, program_block(machine) });
		break;
	case CFA_VAL_EXPRESSION:
		program_set_kind(machine, COLUMN_OTHER);
		program_block(machine);
		break;
	case CFA_REGISTER:
		program_set_kind(machine, COLUMN_REGISTER);
		cfi_uleb(code);
		break;
	default: /* CFA_VAL_OFFSET, CFA_VAL_OFFSET_SF: a number follows, in any form */
		program_set_kind(machine, COLUMN_OTHER);
		cfi_uleb(code);
	}
}

static void
program_extended(struct machine *machine, uint64_t instruction)
{
	struct cfi_cursor *code = &machine->code;

	switch (instruction) {
	case CFA_NOP: break;
	case CFA_ADVANCE_LOC1: program_advance(machine, cfi_unsigned(code, 1)); break;
	case CFA_ADVANCE_LOC2: program_advance(machine, cfi_unsigned(code, 2)); break;
	case CFA_ADVANCE_LOC4: program_advance(machine, cfi_unsigned(code, 4)); break;
	case CFA_RESTORE_EXTENDED: program_restore(machine, cfi_uleb(code)); break;
	case CFA_UNDEFINED: program_set_kind(machine, COLUMN_UNDEFINED); break;
	case CFA_SAME_VALUE: program_set_kind(machine, COLUMN_SAME); break;
	case CFA_REMEMBER_STATE: program_remember(machine, false); break;
	case CFA_RESTORE_STATE: program_remember(machine, true); break;
	case CFA_DEF_CFA: case CFA_DEF_CFA_REGISTER: case CFA_DEF_CFA_OFFSET:
	case CFA_DEF_CFA_EXPRESSION: case CFA_DEF_CFA_SF: case CFA_DEF_CFA_OFFSET_SF:
		program_set_cfa(machine, instruction);
		break;
	case CFA_OFFSET_EXTENDED: case CFA_OFFSET_EXTENDED_SF: case CFA_REGISTER:
	case CFA_EXPRESSION: case CFA_VAL_OFFSET: case CFA_VAL_OFFSET_SF: case CFA_VAL_EXPRESSION:
		program_set_column(machine, instruction);
		break;
	case CFA_GNU_ARGS_SIZE: cfi_uleb(code); break;
	default: code->is_bad = true;
	}
}

/* Runs `code` as far as it describes addresses up to `until`: to the advance that goes beyond. */
static int
program_run(struct machine *machine, struct cfi_cursor code, uint64_t until)
{
	machine->code = code;
	while (machine->at <= until && cfi_has_more(&machine->code)) {
		uint64_t instruction = cfi_unsigned(&machine->code, 1),
			 operand = instruction & 0x3f;

		switch (instruction & 0xc0) {
		case CFA_ADVANCE_LOC: program_advance(machine, operand); break;
		case CFA_OFFSET:
			program_save(machine, operand, (int64_t)cfi_uleb(&machine->code));
			break;
		case CFA_RESTORE: program_restore(machine, operand); break;
		default: program_extended(machine, instruction);
		}
	}
	return machine->code.is_bad ? -1 : 0;
}

/* Whether the expression is rbp + *offset, and the word there if `is_word`. */
static bool
program_is_by_rbp(struct cfi_cursor expression, int64_t *offset, bool is_word)
{
	if (cfi_unsigned(&expression, 1) != OP_BREG_RBP)
		return false;
	*offset = cfi_sleb(&expression);
	if (is_word && cfi_unsigned(&expression, 1) != OP_DEREF)
		return false;
	return !expression.is_bad && !cfi_has_more(&expression);
}

static bool
program_put_offsets(struct rule *rule, int64_t cfa, int64_t rbp)
{
	rule->cfa_words = cfa / 8;
	rule->rbp_words = rbp / 8;
	return rule->cfa_words * 8 == cfa && rule->rbp_words * 8 == rbp;
}

/* A function that aligns its stack keeps the address of its arguments below its rbp. */
static bool
program_is_realigned(const struct row *row, struct rule *rule)
{
	int64_t cfa, rbp;

	rule->kind = RULE_REALIGNED;
	rule->flags = RULE_SAVES_RBP;
	return row->rbp.kind == COLUMN_EXPRESSION &&
	       program_is_by_rbp(row->cfa_expression, &cfa, true) &&
	       program_is_by_rbp(row->rbp.expression, &rbp, false) &&
	       program_put_offsets(rule, cfa, rbp);
}

static bool
program_is_plain(const struct row *row, struct rule *rule)
{
	bool is_saved = row->rbp.kind == COLUMN_SAVED;

	if (row->cfa_register != RSP && row->cfa_register != RBP)
		return false;
	rule->kind = row->cfa_register == RSP ? RULE_RSP : RULE_RBP;
	rule->flags = is_saved ? RULE_SAVES_RBP : 0;
	return (is_saved || row->rbp.kind == COLUMN_SAME) &&
	       program_put_offsets(rule, row->cfa_offset, is_saved ? row->rbp.offset : 0);
}

struct rule
cfi_rule(const struct cfi_tables *tables, uint64_t at)
{
	struct rule rule = { .kind = RULE_UNKNOWN };
	struct cfi_function function;
	struct machine machine;
	struct row *row = &machine.row;
	bool is_known;

	if (cfi_find(tables, at, &function))
		return rule;
	machine = (struct machine){ .function = &function, .row.ra.kind = COLUMN_OTHER };
	if (program_run(&machine, function.initial, UINT64_MAX))
		return rule;
	machine.initial = *row;
	machine.at = function.start;
	if (program_run(&machine, function.program, at))
		return rule;
	if (row->ra.kind == COLUMN_UNDEFINED) {
		rule.kind = RULE_OUTERMOST;
		return rule;
	}
	is_known = row->ra.kind == COLUMN_SAVED && row->ra.offset == -8 &&
	           (row->cfa_is_expression ? program_is_realigned(row, &rule)
	                                   : program_is_plain(row, &rule));
	if (!is_known)
		rule = (struct rule){ .kind = RULE_UNKNOWN,
			.flags = row->rbp.kind == COLUMN_REGISTER ? RULE_LOSES_RBP : 0 };
	return rule;
}
