/*
 * Feeds any bytes as the front of a program that `run` is asked to start. Nothing may be read outside of
 * them, and an interpreter's name ends. Run by `make fuzz`.
 */
#include "analyzer/program.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char interpreter[PATH_MAX];
	enum program_kind kind;
	uint8_t *copy = malloc(size);

	demand(copy != NULL);
	memcpy(copy, bytes, size);
	kind = program_classify(copy, size, interpreter);
	demand(kind < PROGRAM_KINDS && kind != PROGRAM_MISSING);
	if (kind == PROGRAM_SCRIPT)
		demand(interpreter[0] != '\0' && memchr(interpreter, 0, sizeof(interpreter)) != NULL);
	free(copy);
	return 0;
}
