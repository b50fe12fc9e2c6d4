/*
 * Text in aligned columns, and the few ways in which reports stress a word. For terminals and
 * files.
 */
#ifndef ANALYZER_TABLE_H
#define ANALYZER_TABLE_H

#include <stdbool.h>
#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 16 };

/* `align`: 'l' or 'r' for each column. Cells come row by row; rows of the first table_add calls on
 * are as long as `align`. */
struct table {
	const char *align;
	char **cells;
	size_t count, room;
	bool has_failed; /* memory was refused: printing says so */
};

void table_open(struct table *table, const char *align);

/* Appends a cell. Control characters must have been escaped: see units_escape. */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the rows, each after `indent` spaces, and forgets them. The first row is bold with
 * `is_bold`. Returns -1 where memory was refused. */
int table_print(struct table *table, FILE *out, int indent, bool is_bold);

/* ANSI sequences, empty strings without colour. */
const char *table_bold(bool color);
const char *table_alarm(bool color);
const char *table_plain(bool color);

#endif
