/*
 * `maptrace maps`: the table of the maps of one snapshot, the worst first. For people a line for
 * each place that made some, or for each map; with --json the objects of `report --json`, and the
 * groups.
 */
#include "analyzer/command.h"
#include "analyzer/write_json.h"
#include "analyzer/write_maps.h"

#include <stdlib.h>

enum { KEY_EACH = 0x3000 };

static const struct argp_option own[] = {
    {"each", KEY_EACH, NULL, 0, "A line for each map, also where one place made many", 0},
    {0},
};

static error_t
parse_own(int key, char *argument, struct argp_state *state)
{
	bool *is_each = state->input;

	if (key != KEY_EACH)
		return ARGP_ERR_UNKNOWN;
	*is_each = true;
	return 0;
}

static const struct argp own_argp = {.options = own, .parser = parse_own};

/* One group a map, in the order of the list. Free it like model_groups'. */
static struct model_group *
each_alone(struct model *model, const struct model_map *const *maps, size_t count,
	   size_t *group_count)
{
	struct model_group *groups = calloc(count + 1, sizeof *groups);

	*group_count = groups ? count : 0;
	for (size_t i = 0; i < *group_count; i++)
		groups[i] = (struct model_group){
		    .worst = maps[i],
		    .maps = &maps[i],
		    .names = model_map_names(model, maps[i]),
		    .totals = model_sum(&maps[i], 1),
		};
	return groups;
}

/* -1: no memory; nothing was printed. */
static int
write_json_list(FILE *out, struct model *model, const struct model_map *const *maps, size_t count,
		const struct model_group *groups, size_t group_count)
{
	const struct trace_snapshot *info = &model->judged->rows->info;
	json_t *list = json_array(), *root = json_object();

	for (size_t i = 0; i < count; i++)
		list = write_json_append(list, write_json_map(model, maps[i]));
	root = write_json_put(root, "schema", write_json_text("maptrace/1"));
	root = write_json_put(root, "program", write_json_text(model->trace->header.program));
	root = write_json_put(root, "pid", write_json_number(model->trace->header.pid));
	root = write_json_put(root, "snapshot", write_json_text(info->label));
	root = write_json_put(root, "time_ms", write_json_number(info->ns / 1000000));
	root = write_json_put(root, "maps", list);
	root = write_json_put(root, "groups", write_maps_json(groups, group_count));
	return write_json_document(root, out);
}

/* Returns enum command_exit. */
static int
print_maps(const struct command *command, struct model *model, const struct options *options,
	   bool is_each)
{
	size_t count, group_count = 0;
	const struct model_map **maps = model_list(model->judged, &options->filter, &count);
	struct model_group *groups = NULL;
	int failed = -1;

	if (maps && is_each)
		groups = each_alone(model, maps, count, &group_count);
	else if (maps)
		groups = model_groups(model, maps, count, options->filter.sort, &group_count);
	if (groups && options->json) {
		failed = write_json_list(stdout, model, maps, count, groups, group_count);
	} else if (groups) {
		write_maps(stdout, model, groups, group_count);
		failed = 0;
	}
	free(groups);
	free(maps);
	if (failed)
		command_complain(command, "out of memory");
	return command_finish(command, stdout) < 0 || failed ? COMMAND_FAILED : COMMAND_OK;
}

static int
run_maps(const struct command *command, int argc, char **argv)
{
	struct options options;
	bool is_each = false;
	enum options_result parsed =
	    options_parse(command, argc, argv, &own_argp, &is_each, &options);
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
		code = print_maps(command, model, &options, is_each);
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
	"entries would take; RETAINED the difference, which rebuilding gives back; RESIDENT is "
	"what of the arrays is in memory: room that was never touched costs none. CHAIN is the "
	"most entries that hang from one bucket, PROBE the most places that a search for an entry "
	"looks at: a long one tells of a bad hash. Each stands where the layout shows it.\n\n"
	"Maps of one type that one place in the code made share a line, with how their numbers are "
	"spread.\n\n"
	"Examples:\n"
	"  maptrace maps maptrace.server.812.mtr --min 1M\n"
	"  maptrace maps maptrace.server.812.mtr --profile 'libstdc++*' --sort count\n"
	"  maptrace maps maptrace.server.812.mtr --snapshot exit --json\n",
    .run = run_maps,
};
