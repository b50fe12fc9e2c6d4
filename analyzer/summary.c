/*
 * `maptrace report` over many traces, such as a build leaves behind: which of them to look at. One
 * trace is open at a time, so that hundreds fit.
 *
 * The rule that must never break: an operand never disappears. What cannot be read or has no
 * complete snapshot is named.
 */
#include "analyzer/summary.h"

#include "analyzer/progress.h"
#include "analyzer/symbols.h"
#include "analyzer/table.h"
#include "analyzer/units.h"
#include "analyzer/write_json.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 40, PATH_WIDTH = 48, PROGRAM_WIDTH = 24, LABEL_WIDTH = 16, SHOWN = 512 };

/* What the summary keeps of a trace that it closed. */
struct line {
	const char *path; /* of the entry */
	char program[TRACE_PATH_MAX], label[TRACE_NAME_MAX];
	uint32_t pid;
	bool is_readable, is_judged;
	struct model_totals totals;
};

static int
sum_up(struct line *line, const struct model *model, const struct model_filter *filter)
{
	size_t count;
	const struct model_map **maps;

	line->is_readable = true;
	line->is_judged = model->judged != NULL;
	line->pid = model->trace->header.pid;
	snprintf(line->program, sizeof line->program, "%s",
		 basename(model->trace->header.program));
	if (!model->judged)
		return 0;
	snprintf(line->label, sizeof line->label, "%s", model->judged->rows->info.label);
	maps = model_list(model->judged, filter, &count);
	if (!maps)
		return -1;
	line->totals = model_sum(maps, count);
	free(maps);
	return 0;
}

/* -1: no memory. */
static int
read_line(struct line *line, const struct command *command, const struct options *options,
	  const struct collect_entry *entry, struct progress *progress)
{
	struct trace_error error;
	struct model *model;
	int result;

	line->path = entry->path;
	if (entry->is_empty_folder || entry->errno_value) {
		progress_clear(progress);
		command_complain(command, "%s: %s", entry->path,
				 entry->errno_value ? strerror(entry->errno_value)
						    : "the folder holds no trace (*.mtr)");
		return 0;
	}
	model = model_open(entry->path, &error);
	if (!model) {
		progress_clear(progress);
		command_complain(command, "%s", error.message);
		return 0;
	}
	if (options->snapshot)
		(void)model_select(model, options->snapshot);
	result = sum_up(line, model, &options->filter);
	model_close(model);
	return result;
}

static int
compare_lines(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	if (a->is_judged != b->is_judged)
		return a->is_judged ? -1 : 1;
	if (a->totals.retained != b->totals.retained)
		return a->totals.retained > b->totals.retained ? -1 : 1;
	if (a->totals.retained_high != b->totals.retained_high)
		return a->totals.retained_high > b->totals.retained_high ? -1 : 1;
	if (a->totals.held != b->totals.held)
		return a->totals.held > b->totals.held ? -1 : 1;
	return strcmp(a->path, b->path);
}

static void
add_row(struct table *table, const struct line *line)
{
	const struct model_totals *totals = &line->totals;
	char low[UNITS_SIZE], high[UNITS_SIZE], text[SHOWN];

	if (!line->is_judged)
		table_add(table, "?");
	else if (totals->retained == totals->retained_high)
		table_add(table, "%s", units_bytes(low, totals->retained));
	else
		table_add(table, "%s..%s", units_bytes(low, totals->retained),
			  units_bytes(high, totals->retained_high));
	table_add(table, "%s", line->is_judged ? units_bytes(low, totals->held) : "?");
	table_add(table, "%s", line->is_judged ? units_number(low, totals->maps) : "?");
	symbols_shorten(text, sizeof text, line->label, LABEL_WIDTH);
	table_add(table, "%s", line->is_judged ? text : "none complete");
	symbols_shorten(text, sizeof text, line->program, PROGRAM_WIDTH);
	table_add(table, "%s", text);
	symbols_shorten(text, sizeof text, line->path, PATH_WIDTH);
	table_add(table, "%s", text);
}

static int
write_text_lines(const struct line *lines, size_t count, const struct options *options, FILE *out)
{
	static const char *const titles[] = {"retained", "held",    "maps",
					     "snapshot", "program", "trace"};
	size_t shown = count < ROWS ? count : ROWS;
	struct model_totals rest = {0};
	char held[UNITS_SIZE], retained[UNITS_SIZE];
	struct table table;

	table_open(&table, "rrrlll");
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		table_add(&table, "%s", titles[i]);
	for (size_t i = 0; i < shown; i++)
		add_row(&table, &lines[i]);
	if (table_print(&table, out, 0, options->color))
		return -1;
	for (size_t i = shown; i < count; i++)
		model_add_totals(&rest, &lines[i].totals);
	if (count > shown)
		fprintf(out, "and %zu more whose maps hold %s and retain %s\n", count - shown,
			units_bytes(held, rest.held), units_bytes(retained, rest.retained));
	fprintf(out, "\nOf each trace the snapshot in which its maps retain most; `maptrace report "
		     "TRACE` explains one.\n");
	return 0;
}

static json_t *
json_of(const struct line *line)
{
	json_t *object = json_object();

	object = write_json_put(object, "trace", write_json_text(line->path));
	object = write_json_put(object, "program", write_json_text(line->program));
	object = write_json_put(object, "pid", write_json_number(line->pid));
	object = write_json_put(object, "snapshot",
				write_json_text(line->is_judged ? line->label : NULL));
	if (!line->is_judged)
		return object;
	object = write_json_put(object, "maps", write_json_number(line->totals.maps));
	object = write_json_put(object, "held_bytes", write_json_number(line->totals.held));
	object = write_json_put(object, "retained_bytes", write_json_number(line->totals.retained));
	return write_json_put(object, "retained_high_bytes",
			      write_json_number(line->totals.retained_high));
}

static int
write_json_lines(const struct line *lines, size_t count, FILE *out)
{
	json_t *list = json_array(), *root = json_object();

	for (size_t i = 0; i < count; i++)
		list = write_json_append(list, json_of(&lines[i]));
	root = write_json_put(root, "schema", write_json_text("maptrace-traces/1"));
	root = write_json_put(root, "traces", list);
	return write_json_document(root, out);
}

int
summary_print(const struct command *command, const struct options *options,
	      const struct collect *traces, FILE *out)
{
	struct line *lines = calloc(traces->count + 1, sizeof *lines);
	size_t count = 0;
	int failed = lines ? 0 : -1;
	struct progress progress;

	progress_begin(&progress, command->name, traces->count);
	for (size_t i = 0; i < traces->count && !failed; i++) {
		failed = read_line(&lines[count], command, options, &traces->entries[i], &progress);
		count += lines[count].is_readable;
		progress_tell(&progress, i + 1);
	}
	progress_clear(&progress);
	if (!failed && count) {
		qsort(lines, count, sizeof *lines, compare_lines);
		failed = options->json ? write_json_lines(lines, count, out)
				       : write_text_lines(lines, count, options, out);
	}
	free(lines);
	if (failed)
		command_complain(command, "out of memory");
	if (command_finish(command, out) || failed || count < traces->count)
		return COMMAND_FAILED;
	return COMMAND_OK;
}
