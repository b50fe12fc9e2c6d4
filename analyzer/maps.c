/*
 * `maptrace maps`: the table of all map instances of one snapshot, the worst first. For people a
 * line each; with --json the objects of `report --json`.
 */
#include "analyzer/command.h"
#include "analyzer/symbols.h"
#include "analyzer/units.h"
#include "analyzer/write_json.h"

#include <stdlib.h>
#include <string.h>

enum { MADE_BY_WIDTH = 48, TEXT_SIZE = 512 };

static void
write_heading(FILE *out, const struct model *model)
{
	const struct trace_snapshot *info = &model->judged->rows->info;
	char when[UNITS_SIZE], label[2 * TRACE_NAME_MAX];

	fprintf(out, "snapshot '%s' at %s%s\n", units_escape(label, sizeof(label), info->label),
		units_duration(when, info->ns),
		model->is_judged_by_name ? "" : ", the worst of the complete ones");
	fprintf(out, "%12s %12s %12s %12s %12s %5s  %-18s %s\n", "RETAINED", "HELD", "NEEDED",
		"COUNT", "CAPACITY", "FILL", "ADDRESS", "MAP, MADE BY");
}

/* "1.25 MiB", or its low end marked as an estimate. */
static const char *
estimated(char *into, size_t size, uint64_t bytes, bool is_estimate)
{
	char text[UNITS_SIZE];

	snprintf(into, size, "%s%s", is_estimate && bytes != TRACE_UNKNOWN ? "~" : "",
		 units_bytes(text, bytes));
	return into;
}

static void
write_names(FILE *out, const struct model_map *map, const struct model_names *names)
{
	char kind[TEXT_SIZE], maker[TEXT_SIZE], file[TEXT_SIZE];
	const char *slash;

	symbols_shorten(kind, sizeof(kind),
			names->written_type ? names->written_type : map->profile_name,
			MADE_BY_WIDTH);
	fputs(kind, out);
	if (names->maker && names->maker->function) {
		symbols_shorten(maker, sizeof(maker), names->maker->function, MADE_BY_WIDTH);
		fprintf(out, ", %s", maker);
	}
	if (names->maker && names->maker->file) {
		slash = strrchr(names->maker->file, '/');
		fprintf(out, " (%s:%u)",
			units_escape(file, sizeof(file), slash ? slash + 1 : names->maker->file),
			names->maker->line);
	}
	fputc('\n', out);
}

static void
write_map(FILE *out, struct model *model, const struct model_map *map)
{
	char retained[UNITS_SIZE + 1], needed[UNITS_SIZE + 1], held[UNITS_SIZE];
	char count[UNITS_SIZE], capacity[UNITS_SIZE], fill[UNITS_SIZE];
	uint64_t percent = model_fill_percent(map);

	units_number(fill, percent);
	fprintf(out, "%12s %12s %12s %12s %12s %3s%s  0x%-16llx ",
		estimated(retained, sizeof(retained), map->retained, map->is_estimate),
		units_bytes(held, map->held),
		estimated(needed, sizeof(needed), map->needed_high, map->is_estimate),
		units_number(count, map->row->count), units_number(capacity, map->row->capacity),
		fill, percent == TRACE_UNKNOWN ? "  " : " %",
		(unsigned long long)map->row->address);
	write_names(out, map, model_map_names(model, map));
}

static void
write_sum(FILE *out, const struct model *model, const struct model_map *const *maps, size_t count)
{
	struct model_totals totals = model_sum(maps, count);
	char retained[UNITS_SIZE], held[UNITS_SIZE], all[UNITS_SIZE], shown[UNITS_SIZE];

	fprintf(out, "%s of %s maps; they retain %s of %s held\n", units_number(shown, count),
		units_number(all, model->judged->totals.maps),
		units_bytes(retained, totals.retained), units_bytes(held, totals.held));
	if (totals.is_estimate)
		fputs("~ marks estimates: their rule hangs on hashes that cannot be seen\n", out);
}

/* -1: no memory; nothing was printed. */
static int
write_json_list(FILE *out, struct model *model, const struct model_map *const *maps, size_t count)
{
	const struct trace_snapshot *info = &model->judged->rows->info;
	json_t *list = json_array(), *root = json_object();
	int failed;

	for (size_t i = 0; i < count; i++)
		list = write_json_append(list, write_json_map(model, maps[i]));
	root = write_json_put(root, "schema", write_json_text("maptrace/1"));
	root = write_json_put(root, "program", write_json_text(model->trace->header.program));
	root = write_json_put(root, "pid", write_json_number(model->trace->header.pid));
	root = write_json_put(root, "snapshot", write_json_text(info->label));
	root = write_json_put(root, "time_ms", write_json_number(info->ns / 1000000));
	root = write_json_put(root, "maps", list);
	failed = !root || (json_dumpf(root, out, JSON_INDENT(2)) < 0 && !ferror(out)) ? -1 : 0;
	if (root)
		fputc('\n', out);
	json_decref(root);
	return failed;
}

/* Returns enum command_exit. */
static int
print_maps(const struct command *command, struct model *model, const struct options *options)
{
	size_t count;
	const struct model_map **maps = model_list(model->judged, &options->filter, &count);
	int failed = 0;

	if (!maps) {
		command_complain(command, "out of memory");
		return COMMAND_FAILED;
	}
	if (options->json) {
		failed = write_json_list(stdout, model, maps, count);
	} else {
		write_heading(stdout, model);
		for (size_t i = 0; i < count; i++)
			write_map(stdout, model, maps[i]);
		write_sum(stdout, model, maps, count);
	}
	free(maps);
	if (failed)
		command_complain(command, "out of memory");
	return command_finish(command, stdout) < 0 || failed ? COMMAND_FAILED : COMMAND_OK;
}

static int
run_maps(const struct command *command, int argc, char **argv)
{
	struct options options;
	enum options_result parsed = options_parse(command, argc, argv, NULL, NULL, &options);
	struct model *model;
	int code = COMMAND_FAILED;

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	if (options.operand_count != 1) {
		command_complain(command,
				 "name one trace, such as `maptrace maps maptrace.prog.1.mtr`; "
				 "`maptrace report FOLDER` tells which is the worst");
		return COMMAND_FAILED;
	}
	model = command_open(command, &options, options.operands[0]);
	if (!model)
		return COMMAND_FAILED;
	if (model->judged)
		code = print_maps(command, model, &options);
	else
		command_complain(command,
				 "%s: it has no complete snapshot, so there are no maps to list",
				 options.operands[0]);
	model_close(model);
	return code;
}

const struct command command_maps = {
    .name = "maps",
    .arguments = "[OPTIONS] TRACE",
    .summary = "list the maps of a snapshot",
    .help =
	"HELD is what a map's bucket arrays and overflow take; NEEDED what a fresh map of the same "
	"entries would take; RETAINED the difference, which rebuilding gives back.\n\n"
	"Examples:\n"
	"  maptrace maps maptrace.server.812.mtr --min 1M\n"
	"  maptrace maps maptrace.server.812.mtr --profile 'libstdc++*' --sort count\n"
	"  maptrace maps maptrace.server.812.mtr --snapshot exit --json\n",
    .run = run_maps,
};
