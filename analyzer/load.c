/*
 * From a sound trace to a model: compiles the profiles that the trace carries, gives every map its
 * numbers, chooses the snapshot to judge. Called by every command through model_open.
 *
 * The trace reader proved every index and string; this file trusts that, and nothing that a number
 * says about another number. The trace carries the profiles' texts itself, so a report explains a
 * run whatever profiles are installed today.
 */
#include "analyzer/model.h"
#include "analyzer/retained.h"
#include "analyzer/roles.h"
#include "analyzer/symbols.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
warn(struct model *model, const char *sentence)
{
	char **grown = realloc(model->warnings, (model->warning_count + 1) * sizeof *grown);
	char *copy = strdup(sentence);

	if (grown)
		model->warnings = grown;
	if (!grown || !copy) {
		free(copy);
		return -1;
	}
	model->warnings[model->warning_count++] = copy;
	return 0;
}

static int
compile_profile(struct model *model, uint32_t index)
{
	const struct trace_profile *row = &model->trace->profiles[index];
	struct profile *profile = calloc(1, sizeof *profile);
	struct profile_error error;
	char sentence[512];

	if (!profile)
		return -1;
	if (profile_compile(profile, model->trace->text + row->text_offset, row->text_size, &error,
			    1) == 0) {
		model->profiles[index] = profile;
		return 0;
	}
	free(profile);
	snprintf(
	    sentence, sizeof sentence,
	    "the text of profile %s in the trace cannot be used (line %u: %s): its maps are shown "
	    "without advice",
	    row->name, error.line, error.message);
	return warn(model, sentence);
}

static int
load_profiles(struct model *model)
{
	model->profiles = calloc((size_t)model->trace->profile_count + 1, sizeof *model->profiles);
	if (!model->profiles)
		return -1;
	for (uint32_t i = 0; i < model->trace->profile_count; i++)
		if (compile_profile(model, i))
			return -1;
	return 0;
}

int
model_compare_identity(const struct model_map *a, const struct model_map *b)
{
	if (a->row->address != b->row->address)
		return a->row->address < b->row->address ? -1 : 1;
	if (a->row->profile != b->row->profile)
		return a->row->profile < b->row->profile ? -1 : 1;
	return (a->row->array > b->row->array) - (a->row->array < b->row->array);
}

static int
compare_address(const void *a, const void *b)
{
	return model_compare_identity(*(const struct model_map *const *)a,
				      *(const struct model_map *const *)b);
}

static const char *
text_of(const struct trace_snapshot_rows *rows, uint32_t start)
{
	return start ? rows->words + start : NULL;
}

static void
load_map(const struct model *model, const struct model_snapshot *snapshot, struct model_map *map,
	 const struct trace_map *row)
{
	bool has_profile = row->profile < model->trace->profile_count;

	map->row = row;
	map->snapshot = snapshot;
	map->name = text_of(snapshot->rows, row->name);
	map->told_type = text_of(snapshot->rows, row->type);
	map->place = text_of(snapshot->rows, row->place);
	map->profile = has_profile ? model->profiles[row->profile] : NULL;
	map->profile_name = has_profile ? model->trace->profiles[row->profile].name : "?";
	retained_map(map);
}

static int
load_snapshot(struct model *model, uint32_t index)
{
	struct model_snapshot *snapshot = &model->snapshots[index];
	const struct trace_snapshot_rows *rows = &model->trace->snapshots[index];

	snapshot->rows = rows;
	snapshot->index = index;
	snapshot->is_complete = rows->info.state == TRACE_SNAPSHOT_COMPLETE;
	snapshot->maps = calloc((size_t)rows->maps_count + 1, sizeof *snapshot->maps);
	snapshot->by_address = calloc((size_t)rows->maps_count + 1, sizeof *snapshot->by_address);
	if (!snapshot->maps || !snapshot->by_address)
		return -1;
	for (uint32_t i = 0; i < rows->maps_count; i++) {
		load_map(model, snapshot, &snapshot->maps[i], &rows->maps[i]);
		snapshot->by_address[i] = &snapshot->maps[i];
	}
	qsort(snapshot->by_address, rows->maps_count, sizeof *snapshot->by_address,
	      compare_address);
	return 0;
}

static int
load_snapshots(struct model *model)
{
	model->snapshots =
	    calloc((size_t)model->trace->snapshot_count + 1, sizeof *model->snapshots);
	if (!model->snapshots)
		return -1;
	model->snapshot_count = model->trace->snapshot_count;
	for (uint32_t i = 0; i < model->snapshot_count; i++)
		if (load_snapshot(model, i))
			return -1;
	return 0;
}

/* A program that is Go's alone is read from outside: there snapshots are all there is. */
static bool
has_go(const struct trace *trace)
{
	if (trace->header.flags & TRACE_OUTSIDE)
		return false;
	for (uint32_t i = 0; i < trace->stack_count; i++)
		if (trace->stacks[i].flags & TRACE_STACK_GARBAGE)
			return true;
	return false;
}

struct model *
model_build(struct trace *trace, struct trace_error *error)
{
	struct model *model = calloc(1, sizeof *model);

	if (!model) {
		trace_close(trace);
		goto no_memory;
	}
	model->trace = trace;
	model->guest_is_running =
	    trace->header.end == TRACE_RUNNING && trace_guest_is_running(trace);
	model->has_go = has_go(trace);
	if (load_profiles(model) || load_snapshots(model) || retained_settle(model) ||
	    roles_settle(model)) {
		model_close(model);
		goto no_memory;
	}
	(void)model_select(model, NULL);
	return model;
no_memory:
	error->kind = TRACE_ERROR_MEMORY;
	snprintf(error->message, sizeof error->message,
		 "not enough memory to understand the trace");
	return NULL;
}

struct model *
model_open(const char *path, struct trace_error *error)
{
	struct trace *trace = trace_open(path, error);

	return trace ? model_build(trace, error) : NULL;
}

void
model_close(struct model *model)
{
	if (!model)
		return;
	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		free(model->snapshots[i].maps);
		free(model->snapshots[i].by_address);
		free(model->snapshots[i].names);
	}
	for (uint32_t i = 0; model->profiles && i < model->trace->profile_count; i++)
		free(model->profiles[i]);
	for (size_t i = 0; i < model->warning_count; i++)
		free(model->warnings[i]);
	for (size_t i = 0; i < model->text_count; i++)
		free(model->texts[i]);
	free(model->snapshots);
	free(model->profiles);
	free(model->warnings);
	free(model->texts);
	symbols_close(model->symbols);
	trace_close(model->trace);
	free(model);
}

static bool
is_worse(const struct model_snapshot *a, const struct model_snapshot *b)
{
	if (a->totals.retained != b->totals.retained)
		return a->totals.retained > b->totals.retained;
	if (a->totals.held != b->totals.held)
		return a->totals.held > b->totals.held;
	return a->index > b->index;
}

int
model_select(struct model *model, const char *label)
{
	model->judged = NULL;
	model->is_judged_by_name = label != NULL;
	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		struct model_snapshot *snapshot = &model->snapshots[i];

		if (snapshot->is_complete &&
		    (!label || strcmp(label, snapshot->rows->info.label) == 0) &&
		    (!model->judged || is_worse(snapshot, model->judged)))
			model->judged = snapshot;
	}
	return model->judged ? 0 : -1;
}

const struct model_snapshot *
model_highest(const struct model *model)
{
	const struct model_snapshot *highest = NULL;

	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		const struct model_snapshot *snapshot = &model->snapshots[i];

		if (snapshot->is_complete &&
		    (!highest || snapshot->rows->info.live_bytes > highest->rows->info.live_bytes))
			highest = snapshot;
	}
	return highest;
}

const struct model_snapshot *
model_last(const struct model *model)
{
	for (uint32_t i = model->snapshot_count; i-- > 0;)
		if (model->snapshots[i].is_complete)
			return &model->snapshots[i];
	return NULL;
}

const char *
model_unfinished_reason(const struct model_snapshot *snapshot)
{
	const char *reason = snapshot->rows->info.reason;

	return reason[0] ? reason : "its writer is still at work, or was cut off";
}

const struct model_map *
model_find(const struct model_snapshot *snapshot, uint64_t address, const char *profile_name)
{
	size_t low = 0, high = snapshot->rows->maps_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->by_address[middle]->row->address < address)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < snapshot->rows->maps_count; low++) {
		const struct model_map *map = snapshot->by_address[low];

		if (map->row->address != address)
			break;
		if (!profile_name || strcmp(profile_name, map->profile_name) == 0)
			return map;
	}
	return NULL;
}

uint64_t
model_percent(uint64_t count, uint64_t capacity)
{
	if (count == TRACE_UNKNOWN || capacity == TRACE_UNKNOWN || capacity == 0)
		return TRACE_UNKNOWN;
	return (uint64_t)((__uint128_t)count * 100 / capacity);
}

uint64_t
model_fill_percent(const struct model_map *map)
{
	return model_percent(map->row->count, map->row->capacity);
}

double
model_mean_chain(const struct model_map *map)
{
	uint64_t used = map->row->used_buckets;

	if (used == 0 || used == TRACE_UNKNOWN || map->row->count == TRACE_UNKNOWN)
		return -1;
	return (double)map->row->count / (double)used;
}

double
model_mean_probe(const struct model_map *map)
{
	uint64_t count = map->row->count;

	if (map->row->probes == TRACE_UNKNOWN || count == 0 || count == TRACE_UNKNOWN)
		return -1;
	return (double)map->row->probes / (double)count;
}
