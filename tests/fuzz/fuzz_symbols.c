/*
 * Feeds any bytes as an ELF file to the library's reader of symbols, by a descriptor, as the guest's
 * modules come to it.
 *
 * Whatever the file says of itself, the list ascends, each name lies within the names, and a search
 * answers with one of them. Run by `make fuzz`.
 */
#include "preload/stacks/symbols.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
follow(const struct symbols *symbols)
{
	for (size_t i = 0; i < symbols->count + symbols->import_count; i++) {
		const struct symbol *symbol = &symbols->list[i];

		demand(symbol->name < symbols->names_bytes);
		demand(memchr(symbols->names + symbol->name, 0,
			      symbols->names_bytes - symbol->name) != NULL);
		if (i > 0 && i < symbols->count)
			demand(symbol[-1].start <= symbol->start);
	}
}

static void
search(struct symbols *symbols)
{
	for (size_t i = 0; i < symbols->count; i++)
		for (int64_t by = -1; by <= 1; by++) {
			const char *name = symbols_find(symbols, symbols->list[i].start + (uint64_t)by);

			demand(!name || (name >= symbols->names &&
					 name < symbols->names + symbols->names_bytes));
		}
	symbols_find(symbols, 0);
	symbols_find(symbols, UINT64_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct symbols symbols;
	int file = memfd_create("input", MFD_CLOEXEC);

	demand(file >= 0 && write(file, bytes, size) == (ssize_t)size);
	if (symbols_read(&symbols, file) == 0) {
		follow(&symbols);
		search(&symbols);
	} else {
		demand(symbols.count == 0 && symbols.list == NULL);
	}
	symbols_release(&symbols);
	close(file);
	return 0;
}
