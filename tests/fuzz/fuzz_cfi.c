/*
 * Feeds any bytes as a module's unwind tables: .eh_frame_hdr and what follows, the way a process
 * has them. Each instruction of the search table's first function is asked for, and of one that the
 * input names.
 *
 *     input    8 bytes: an address, as an offset from the tables | the tables
 *
 * Nothing may be read outside the tables, whatever lengths and offsets they claim, and a rule's
 * kind is one that exists. Run by `make fuzz`.
 */
#include "preload/unwind/cfi.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum {
	ASKED_MAX = 256,
	FIRST_ROW = 12, /* of the search table, as compilers write it */
};

static void
ask(const struct cfi_tables *tables, uint64_t at)
{
	struct rule rule = cfi_rule(tables, at);

	fuzz_demand(rule.kind <= RULE_OUTERMOST);
}

static void
ask_function(const struct cfi_tables *tables, uint64_t at)
{
	struct cfi_function function;

	ask(tables, at);
	if (cfi_find(tables, at, &function) == 0)
		for (uint64_t offset = 0; offset < ASKED_MAX; offset++)
			ask(tables, function.start + offset);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct cfi_tables tables;
	uint64_t at;
	int32_t first;
	uint8_t *copy;

	if (size <= sizeof(at))
		return 0;
	memcpy(&at, bytes, sizeof(at));
	size -= sizeof(at);
	copy = malloc(size); /* of just this size: the sanitizer watches its ends */
	fuzz_demand(copy != NULL);
	memcpy(copy, bytes + sizeof(at), size);
	tables = (struct cfi_tables){ copy, copy + size, copy };
	ask_function(&tables, (uintptr_t)copy + at);
	if (size >= FIRST_ROW + sizeof(first)) {
		memcpy(&first, copy + FIRST_ROW, sizeof(first));
		ask_function(&tables, (uintptr_t)copy + (uint64_t)(int64_t)first);
	}
	free(copy);
	return 0;
}
