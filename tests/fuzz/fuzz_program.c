/*
 * Feeds any bytes as the front of a program that `run` is asked to start. Nothing may be read
 * outside of them, and an interpreter's name ends. Run by `make fuzz`.
 */
#include "analyzer/program.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char interpreter[PATH_MAX];
	enum program_kind kind;
	uint8_t *copy = malloc(size);

	fuzz_demand(copy != NULL);
	memcpy(copy, bytes, size);
	kind = program_classify(copy, size, interpreter);
	fuzz_demand(kind < PROGRAM_KINDS && kind != PROGRAM_MISSING);
	if (kind == PROGRAM_SCRIPT)
		fuzz_demand(interpreter[0] != '\0' &&
		            memchr(interpreter, 0, sizeof(interpreter)) != NULL);
	free(copy);
	return 0;
}
