/* What every fuzz target begins with. A demand that fails is a fault, which `make fuzz` stops
 * at. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static inline void
fuzz_demand(bool holds)
{
	if (!holds)
		abort();
}

/* A file of these bytes that has no name. The caller closes it. */
static inline int
fuzz_file(const uint8_t *bytes, size_t size)
{
	int file = memfd_create("input", MFD_CLOEXEC);

	fuzz_demand(file >= 0 && write(file, bytes, size) == (ssize_t)size);
	return file;
}

#endif
