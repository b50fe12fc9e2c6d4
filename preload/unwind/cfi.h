/*
 * Unwind tables as compilers write them (DWARF call frame information in .eh_frame), read to the
 * part that the library needs: where the caller's frame lies, and its rbp.
 *
 * The tables are the guest's: every length, offset and pointer in them is checked against the
 * segment that they were found in before it is followed.
 */
#ifndef PRELOAD_UNWIND_CFI_H
#define PRELOAD_UNWIND_CFI_H

#include "preload/unwind/cfi_cursor.h"
#include "preload/unwind/rules.h"

/* The tables of one module. */
struct cfi_tables {
	const uint8_t *low, *high; /* the segment that holds them, all readable */
	const uint8_t *index;      /* .eh_frame_hdr: the search table */
};

/* One function's description. */
struct cfi_function {
	uint64_t start;
	uint64_t code_unit;
	int64_t data_unit;
	struct cfi_cursor initial, program; /* instructions: of the CIE, of the FDE */
};

/* The kind and offsets of the rule for the instruction at `at`; RULE_UNKNOWN where the tables have
 * none or say it in a way that is not followed here. */
struct rule cfi_rule(const struct cfi_tables *tables, uint64_t at);

/* The function that holds `at`. Returns 0, or -1: none, or one that libunwind must look at. */
int cfi_find(const struct cfi_tables *tables, uint64_t at, struct cfi_function *function);

#endif
