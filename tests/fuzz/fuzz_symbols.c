/*
 * Feeds any bytes as an ELF file to the library's reader of symbols, by a descriptor, as the
 * guest's modules come to it.
 *
 * Whatever the file says of itself, the list ascends, each name lies within the names, and a search
 * answers with one of them. Run by `make fuzz`.
 */
#include "preload/stacks/symbols.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <unistd.h>

static void
follow(const struct symbols *symbols)
{
	for (size_t i = 0; i < symbols->count + symbols->import_count; i++) {
		const struct symbol *symbol = &symbols->list[i];

		fuzz_demand(symbol->name < symbols->names_bytes);
		fuzz_demand(memchr(symbols->names + symbol->name, 0,
			      symbols->names_bytes - symbol->name) != NULL);
		if (i > 0 && i < symbols->count)
			fuzz_demand(symbol[-1].start <= symbol->start);
	}
}

static void
search(struct symbols *symbols)
{
	for (size_t i = 0; i < symbols->count; i++)
		for (int64_t by = -1; by <= 1; by++) {
			const char *name =
			    symbols_find(symbols, symbols->list[i].start + (uint64_t)by);

			fuzz_demand(!name || (name >= symbols->names &&
					 name < symbols->names + symbols->names_bytes));
		}
	symbols_find(symbols, 0);
	symbols_find(symbols, UINT64_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct symbols symbols;
	int file = fuzz_file(bytes, size);

	if (symbols_read(&symbols, file) == 0) {
		follow(&symbols);
		search(&symbols);
	} else {
		fuzz_demand(symbols.count == 0 && symbols.list == NULL);
	}
	symbols_release(&symbols);
	close(file);
	return 0;
}
