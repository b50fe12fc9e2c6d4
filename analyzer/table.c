/*
 * Text in aligned columns. Cells are kept until the last row is known, then printed at once. Called
 * by the text writers; the rule is that a cell never breaks a line and no row ends in spaces.
 */
#include "analyzer/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void
table_open(struct table *table, const char *align)
{
	memset(table, 0, sizeof *table);
	table->align = align;
}

static int
make_room(struct table *table)
{
	size_t room = table->room ? table->room * 2 : 64;
	char **cells;

	if (table->count < table->room)
		return 0;
	cells = realloc(table->cells, room * sizeof *cells);
	if (!cells)
		return -1;
	table->cells = cells;
	table->room = room;
	return 0;
}

void
table_add(struct table *table, const char *format, ...)
{
	va_list arguments;

	if (table->has_failed || make_room(table)) {
		table->has_failed = true;
		return;
	}
	va_start(arguments, format);
	if (vasprintf(&table->cells[table->count], format, arguments) < 0)
		table->has_failed = true;
	else
		table->count++;
	va_end(arguments);
}

/* Characters, not bytes. */
static size_t
width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void
pad(FILE *out, size_t spaces)
{
	while (spaces-- > 0)
		putc(' ', out);
}

static void
print_row(char *const *cells, size_t columns, const size_t *widths, const char *align, FILE *out)
{
	size_t last = columns;

	while (last > 0 && !*cells[last - 1])
		last--;
	for (size_t i = 0; i < last; i++) {
		size_t space = widths[i] - width_of(cells[i]);

		if (align[i] == 'r')
			pad(out, space);
		fputs(cells[i], out);
		if (i + 1 < last)
			pad(out, (align[i] == 'r' ? 0 : space) + 2);
	}
}

int
table_print(struct table *table, FILE *out, int indent, bool is_bold)
{
	size_t columns = strlen(table->align), widths[TABLE_COLUMNS_MAX] = {0};
	int result = table->has_failed ? -1 : 0;

	for (size_t i = 0; i < table->count; i++) {
		size_t width = width_of(table->cells[i]);

		if (width > widths[i % columns])
			widths[i % columns] = width;
	}
	for (size_t row = 0; result == 0 && row + columns <= table->count; row += columns) {
		pad(out, (size_t)indent);
		fputs(table_bold(is_bold && row == 0), out);
		print_row(table->cells + row, columns, widths, table->align, out);
		fputs(table_plain(is_bold && row == 0), out);
		putc('\n', out);
	}
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	table_open(table, table->align);
	return result;
}

const char *
table_bold(bool color)
{
	return color ? "\033[1m" : "";
}

const char *
table_alarm(bool color)
{
	return color ? "\033[1;31m" : "";
}

const char *
table_plain(bool color)
{
	return color ? "\033[0m" : "";
}
