/*
 * `maptrace map`: one instance in depth, where `maps` gives it a line. With --json the object of
 * `report --json`.
 */
#include "analyzer/command.h"
#include "analyzer/units.h"
#include "analyzer/write_json.h"
#include "analyzer/write_map.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int
parse_address(const char *text, uint64_t *address)
{
	char *end;

	if (text[0] != '0' || (text[1] | 0x20) != 'x' || !text[2])
		return -1;
	errno = 0;
	*address = strtoull(text, &end, 16);
	return errno || *end ? -1 : 0;
}

/* The address and the trace, in either order. */
static int
read_operands(const struct command *command, const struct options *options, uint64_t *address,
	      const char **path)
{
	char **operands = options->operands;

	if (options->operand_count == 2) {
		for (int i = 0; i < 2; i++) {
			*path = operands[1 - i];
			if (parse_address(operands[i], address) == 0 &&
			    parse_address(*path, &(uint64_t){0}))
				return 0;
		}
	}
	command_complain(
	    command, "name the map's address and one trace, such as `maptrace map "
		     "0x7f2a4c000b60 maptrace.prog.1.mtr`; `maptrace maps --each` lists addresses");
	return -1;
}

/* The map in the judged snapshot, or where that has it not, in the one in which it retains most. */
static const struct model_map *
find_map(const struct model *model, uint64_t address)
{
	const struct model_map *found =
	    model->judged ? model_find(model->judged, address, NULL) : NULL;

	if (found || model->is_judged_by_name)
		return found;
	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		const struct model_map *map = model_find(&model->snapshots[i], address, NULL);

		if (map && (!found || map->retained_high > found->retained_high))
			found = map;
	}
	return found;
}

/* -1: no memory; nothing was printed. */
static int
write_json_one(FILE *out, struct model *model, const struct model_map *map)
{
	const struct trace_snapshot *info = &map->snapshot->rows->info;
	json_t *root = json_object();

	root = write_json_put(root, "schema", write_json_text("maptrace/1"));
	root = write_json_put(root, "snapshot", write_json_text(info->label));
	root = write_json_put(root, "time_ms", write_json_number(info->ns / 1000000));
	root = write_json_put(root, "map", write_json_map(model, map));
	return write_json_document(root, out);
}

/* Returns enum command_exit. */
static int
print_map(const struct command *command, struct model *model, const struct options *options,
	  uint64_t address, const char *path)
{
	const struct model_map *map = find_map(model, address);
	int failed = 0;

	if (!map) {
		command_complain(command,
				 "%s: no map at 0x%llx%s; `maptrace maps --each` lists them", path,
				 (unsigned long long)address,
				 model->is_judged_by_name ? " in this snapshot" : "");
		return COMMAND_FAILED;
	}
	if (options->json)
		failed = write_json_one(stdout, model, map);
	else
		write_map(stdout, model, map);
	if (failed)
		command_complain(command, "out of memory");
	return command_finish(command, stdout) < 0 || failed ? COMMAND_FAILED : COMMAND_OK;
}

static int
run_map(const struct command *command, int argc, char **argv)
{
	struct options options;
	enum options_result parsed = options_parse(command, argc, argv, NULL, NULL, &options);
	struct model *model;
	const char *path;
	uint64_t address;
	int code;

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	if (read_operands(command, &options, &address, &path) < 0)
		return COMMAND_FAILED;
	model = command_open(command, &options, path);
	if (!model)
		return COMMAND_FAILED;
	code = print_map(command, model, &options, address, path);
	model_close(model);
	return code;
}

const struct command command_map = {
    .name = "map",
    .arguments = "[OPTIONS] ADDRESS TRACE",
    .summary = "show one map in depth",
    .help =
	"Shows every part of the map, how it changed from snapshot to snapshot, the whole stack "
	"that "
	"allocated its bucket array, what holds its header, and what would give memory back. The "
	"address is that of `maptrace maps`.\n\n"
	"Examples:\n"
	"  maptrace map 0x7f2a4c000b60 maptrace.server.812.mtr\n"
	"  maptrace map 0x7f2a4c000b60 maptrace.server.812.mtr --snapshot exit\n",
    .run = run_map,
};
