/*
 * Sized symbols of a module in the order of their addresses. libdwfl has a question of its own for
 * an address, which walks over the whole table each time: a fifth of a second for some hundred
 * frames of a large program.
 *
 *     rows   [10,90) outer  reach 90
 *            [20,30) inner  reach 90     55 --> the last row that begins at or below it, then back
 *            [40,50) next   reach 90           as long as some row from there on back reaches it
 *
 * The symbols are those that libdwfl finds: .symtab, of the separate debug file too, else .dynsym.
 */
#include "analyzer/symbols_table.h"

#include "finder/array.h"

#include <stdlib.h>
#include <string.h>

struct symbols_table_row {
	uint64_t start, end;
	uint64_t reach; /* largest end of all rows up to this one */
	const char *name;
	uint32_t rank; /* among rows of one place the highest is best known */
	bool is_object;
};

void
symbols_table_close(struct symbols_table *table)
{
	free(table->rows);
	*table = (struct symbols_table){0};
}

/* A version that was kept for old programs ("name@V") comes after the present one ("name@@V"). */
static bool
is_old_version(const char *name)
{
	const char *at = strchr(name, '@');

	return at && at[1] != '@';
}

static uint32_t
rank_of(const GElf_Sym *symbol, const char *name)
{
	switch (GELF_ST_BIND(symbol->st_info)) {
	case STB_GLOBAL:
	case STB_GNU_UNIQUE:
		return is_old_version(name) ? 2 : 3;
	case STB_WEAK:
		return 1;
	default:
		return 0;
	}
}

static void
add(struct symbols_table *table, Dwfl_Module *elf, int index)
{
	GElf_Sym symbol;
	GElf_Addr address;
	GElf_Word section;
	const char *name =
	    dwfl_module_getsym_info(elf, index, &symbol, &address, &section, NULL, NULL);
	unsigned type = name ? GELF_ST_TYPE(symbol.st_info) : STT_NOTYPE;

	if (!name || !*name || section == SHN_UNDEF || symbol.st_size == 0 ||
	    symbol.st_size > UINT64_MAX - address)
		return;
	if (type == STT_SECTION || type == STT_FILE || type == STT_TLS)
		return;
	table->rows[table->count++] = (struct symbols_table_row){
	    .start = address,
	    .end = address + symbol.st_size,
	    .name = name,
	    .rank = rank_of(&symbol, name),
	    .is_object = type == STT_OBJECT || type == STT_COMMON,
	};
}

/* Of one place the better known comes last, then the one that covers less. */
static int
compare(const void *a, const void *b)
{
	const struct symbols_table_row *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->end != right->end)
		return left->end > right->end ? -1 : 1;
	return 0;
}

static void
read_symbols(struct symbols_table *table, Dwfl_Module *elf)
{
	int count = dwfl_module_getsymtab(elf);
	uint64_t reach = 0;

	table->is_read = true;
	if (count <= 0)
		return;
	table->rows = calloc((size_t)count, sizeof *table->rows);
	if (!table->rows)
		return;
	for (int i = 0; i < count; i++)
		add(table, elf, i);
	qsort(table->rows, table->count, sizeof *table->rows, compare);
	for (size_t i = 0; i < table->count; i++) {
		reach = table->rows[i].end > reach ? table->rows[i].end : reach;
		table->rows[i].reach = reach;
	}
}

const char *
symbols_table_find(struct symbols_table *table, Dwfl_Module *elf, uint64_t address, bool is_object)
{
	size_t i;

	if (!table->is_read)
		read_symbols(table, elf);
	i = array_up_to(table->rows, table->count, sizeof *table->rows,
	                offsetof(struct symbols_table_row, start), address);
	while (i-- > 0 && table->rows[i].reach > address)
		if (table->rows[i].end > address && table->rows[i].is_object == is_object)
			return table->rows[i].name;
	return NULL;
}
