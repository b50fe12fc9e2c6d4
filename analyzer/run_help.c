/*
 * The help of `maptrace run`. The variables come from the table that the library reads them by, so
 * that none can be missing here.
 */
#include "analyzer/run_help.h"
#include "trace/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 78, INDENT = 6 };

/* Writes a text word by word, indented and within the columns. */
static void
write_wrapped(FILE *out, const char *text)
{
	int column = 0;

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (column && column + 1 + length > COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "%*s%.*s", column ? 1 : INDENT, "", length, text);
		text += length + (text[length] == ' ');
	}
	fputc('\n', out);
}

static void
write_variable(FILE *out, const struct trace_variable *variable)
{
	char line[512];

	fprintf(out, "  %s=%s\n", variable->name, variable->argument);
	snprintf(line, sizeof(line), "%s (default: %s)", variable->help, variable->standard);
	write_wrapped(out, line);
}

char *
run_help_compose(const char *help)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s\nVariables that the library reads:\n", help);
	for (int i = 0; i < TRACE_VARIABLE_LIBRARY; i++)
		write_variable(out, &trace_environment[i]);
	fputs("and that this command reads:\n", out);
	write_variable(out, &trace_environment[TRACE_VARIABLE_LIBRARY]);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
