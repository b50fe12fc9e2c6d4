/*
 * The report as JSON, schema "maptrace/1": all snapshots, the peak, the heap over time, the
 * falls. Called by the commands report and run.
 *
 * Maps are printed one by one, since a trace may hold millions: only what surrounds them is built
 * as a whole. What finds no memory ends the report where it stands, and half a report is no JSON,
 * so that nobody reads it as a whole one.
 */
#include "analyzer/write_json.h"

#include "analyzer/symbols.h"
#include "analyzer/units.h"

#include <stdlib.h>
#include <string.h>

static json_t *
roles_of(const struct model_roles *roles)
{
	json_t *object = json_object();

	for (int role = 0; role < TRACE_ROLES; role++)
		object = write_json_put(object, write_json_role(role),
					json_pack("{s:o, s:o, s:b}", "bytes",
						  write_json_number(roles->bytes[role]), "blocks",
						  write_json_number(roles->blocks[role]), "exact",
						  (int)roles->is_exact[role]));
	return object;
}

static json_t *
totals_of(const struct model_totals *totals)
{
	return json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "maps",
	    write_json_number(totals->maps), "unknown_cause_bytes",
	    write_json_number(totals->unknown_cause), "count", write_json_number(totals->count),
	    "held_bytes", write_json_number(totals->held), "needed_low_bytes",
	    write_json_number(totals->needed_low), "needed_bytes",
	    write_json_number(totals->needed_high), "retained_bytes",
	    write_json_number(totals->retained), "retained_high_bytes",
	    write_json_number(totals->retained_high), "reserved_bytes",
	    write_json_number(totals->reserved), "unknown_maps",
	    write_json_number(totals->unknown_maps), "unknown_held_bytes",
	    write_json_number(totals->unknown_held), "unknown_values_maps",
	    write_json_number(totals->unknown_values_maps), "estimate", (int)totals->is_estimate);
}

static json_t *
refused_of(const struct model *model, const struct trace_snapshot_rows *rows)
{
	static const char *const reasons[] = {
	    [TRACE_REFUSED_REQUIREMENT] = "requirement",
	    [TRACE_REFUSED_CENSUS] = "census",
	    [TRACE_REFUSED_WALK] = "walk",
	    [TRACE_REFUSED_CLAIMED] = "claimed",
	    [TRACE_REFUSED_BUSY] = "busy",
	};
	json_t *array = json_array();

	for (uint32_t i = 0; i < rows->refused_count; i++) {
		const struct trace_refused *row = &rows->refused[i];
		bool has_profile = row->profile < model->trace->profile_count;

		array = write_json_append(
		    array,
		    json_pack("{s:o, s:s, s:o, s:o, s:o}", "profile",
			      write_json_text(
				  has_profile ? model->trace->profiles[row->profile].name : NULL),
			      "reason", reasons[row->reason], "line",
			      row->line ? write_json_number(row->line) : json_null(), "candidates",
			      write_json_number(row->candidates), "bytes",
			      write_json_number(row->bytes)));
	}
	return array;
}

/* Why a snapshot is not complete; null for one that is. */
static json_t *
reason_of(const struct model_snapshot *snapshot)
{
	if (snapshot->is_complete)
		return json_null();
	return write_json_text(model_unfinished_reason(snapshot));
}

static json_t *
info_of(const struct model_snapshot *snapshot)
{
	static const char *const causes[] = {
	    [TRACE_CAUSE_EXIT] = "exit",       [TRACE_CAUSE_EXIT_LATE] = "exit-late",
	    [TRACE_CAUSE_MARK] = "mark",       [TRACE_CAUSE_INTERVAL] = "interval",
	    [TRACE_CAUSE_REQUEST] = "request",
	};
	const struct trace_snapshot *info = &snapshot->rows->info;

	return json_pack("{s:o, s:s, s:f, s:b, s:o, s:o, s:o, s:f, s:b, s:o, s:o}", "label",
			 write_json_text(info->label), "cause", causes[info->cause], "time_ms",
			 (double)info->ns / 1e6, "complete", (int)snapshot->is_complete, "reason",
			 reason_of(snapshot), "live_bytes", write_json_number(info->live_bytes),
			 "live_blocks", write_json_number(info->live_blocks), "pause_ms",
			 (double)info->pause_ns / 1e6, "in_place", (int)(info->in_place != 0),
			 "scan_bytes", write_json_number(info->scan_bytes), "scanned_bytes",
			 write_json_number(info->scanned_bytes));
}

/* A snapshot without its maps. */
static json_t *
snapshot_of(const struct model *model, const struct model_snapshot *snapshot,
	    const struct model_totals *totals)
{
	json_t *object = info_of(snapshot);

	object = write_json_put(object, "roles", roles_of(&snapshot->roles));
	object = write_json_put(object, "totals", totals_of(totals));
	object =
	    write_json_put(object, "superseded_bytes", write_json_number(snapshot->superseded));
	object = write_json_put(object, "garbage_bytes", write_json_number(snapshot->garbage));
	object =
	    write_json_put(object, "unexplained_bytes", write_json_number(snapshot->unexplained));
	object = write_json_put(object, "told_bytes", write_json_number(snapshot->told));
	object = write_json_put(object, "by_stack_bytes", write_json_number(snapshot->by_stack));
	object = write_json_put(object, "by_stack_reached_bytes",
				write_json_number(snapshot->by_stack_reached));
	return write_json_put(object, "refused", refused_of(model, snapshot->rows));
}

/* Prints an object, which is taken over, but for the brace that closes it. */
static int
print_open(json_t *object, FILE *out)
{
	char *text = object ? json_dumps(object, JSON_INDENT(1)) : NULL;

	json_decref(object);
	if (!text)
		return -1;
	fwrite(text, 1, strlen(text) - strlen("\n}"), out);
	free(text);
	return 0;
}

static int
print_maps(struct model *model, const struct model_map *const *maps, size_t count, json_t **frames,
	   FILE *out)
{
	fputs(",\n \"maps\": [", out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ",\n  " : "\n  ", out);
		if (write_json_print(write_json_map_sharing(model, maps[i], frames), out))
			return -1;
	}
	fputs("]", out);
	return 0;
}

static int
print_snapshot(struct model *model, const struct model_snapshot *snapshot,
	       const struct model_filter *filter, json_t **frames, FILE *out)
{
	size_t count;
	const struct model_map **maps = model_list(snapshot, filter, &count);
	struct model_totals totals;
	int result = -1;

	if (!maps)
		return -1;
	totals = model_sum(maps, count);
	if (print_open(snapshot_of(model, snapshot, &totals), out) == 0 &&
	    print_maps(model, maps, count, frames, out) == 0)
		result = 0;
	fputs("\n}", out);
	free(maps);
	return result;
}

static int
print_snapshots(struct model *model, const struct model_filter *filter, FILE *out)
{
	json_t **frames = calloc((size_t)model->trace->stack_count + 1, sizeof *frames);
	int result = frames ? 0 : -1;

	fputs(",\n \"snapshots\": [", out);
	for (uint32_t i = 0; i < model->snapshot_count && result == 0; i++) {
		fputs(i ? ",\n" : "\n", out);
		result = print_snapshot(model, &model->snapshots[i], filter, frames, out);
	}
	fputs("]", out);
	for (uint32_t i = 0; frames && i < model->trace->stack_count; i++)
		json_decref(frames[i]);
	free(frames);
	return result;
}

static json_t *
drop_of(const struct model_drop *drop)
{
	static const char *const parts[MODEL_PARTS] = {
	    [MODEL_SUPERSEDED] = "superseded",
	    [MODEL_DELETION] = "deletion",
	    [MODEL_DELETION_VALUES] = "values",
	    [MODEL_VANISHED] = "vanished",
	    [MODEL_COLLECTED] = "collected",
	    [MODEL_OTHER] = "other",
	    [MODEL_UNEXPLAINED] = "unexplained",
	};
	json_t *object = json_object();

	for (int part = 0; part < MODEL_PARTS; part++)
		object = write_json_put(object, parts[part],
					json_pack("{s:o, s:o}", "fell_bytes",
						  write_json_number(drop->fell[part]), "grew_bytes",
						  write_json_number(drop->grew[part])));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "from",
			 write_json_text(drop->from->rows->info.label), "to",
			 write_json_text(drop->to->rows->info.label), "from_bytes",
			 write_json_number(drop->from->rows->info.live_bytes), "to_bytes",
			 write_json_number(drop->to->rows->info.live_bytes), "deleted",
			 write_json_number(drop->deleted), "inserted",
			 write_json_number(drop->inserted), "vanished_maps",
			 write_json_number(drop->vanished_maps), "new_maps",
			 write_json_number(drop->new_maps), "parts", object);
}

static json_t *
drops_of(const struct model *model)
{
	struct model_drop *drops;
	size_t count;
	json_t *array;

	if (model_drops(model, &drops, &count))
		return NULL;
	array = json_array();
	for (size_t i = 0; i < count; i++)
		array = write_json_append(array, drop_of(&drops[i]));
	free(drops);
	return array;
}

static json_t *
notes_of(const struct model *model)
{
	const char *const *problems;
	size_t count = model->symbols ? symbols_problems(model->symbols, &problems) : 0;
	json_t *array = json_array();

	for (size_t i = 0; i < model->warning_count; i++)
		array = write_json_append(array, write_json_text(model->warnings[i]));
	for (size_t i = 0; i < count; i++)
		array = write_json_append(array, write_json_text(problems[i]));
	if (model->trace->header.notice[0])
		array = write_json_append(array, write_json_text(model->trace->header.notice));
	return array;
}

static json_t *
peak_of(const struct model *model)
{
	const struct trace_header *header = &model->trace->header;
	/* Of a Go heap nothing is known between snapshots: it is that of the highest one. */
	bool is_exact = !header->peak_slack_bytes_log2 && !header->unrecorded && !model->has_go &&
			!(header->flags & TRACE_OUTSIDE);

	return json_pack("{s:o, s:f, s:b, s:o}", "bytes", write_json_number(header->peak_bytes),
			 "time_ms", (double)header->peak_ns / 1e6, "exact", (int)is_exact, "roles",
			 roles_of(&model->peak));
}

static json_t *
head_of(const struct model *model)
{
	static const char *const ends[] = {
	    [TRACE_RUNNING] = "none", [TRACE_ENDED] = "ended", [TRACE_STOPPED] = "stopped"};
	const struct trace_header *header = &model->trace->header;
	json_t *object = json_pack(
	    "{s:s, s:o, s:o, s:o, s:b, s:s, s:b}", "schema", "maptrace/1", "program",
	    write_json_text(header->program), "pid", write_json_number(header->pid), "parent_pid",
	    write_json_number(header->parent_pid), "complete", (int)(header->end == TRACE_ENDED),
	    "end", ends[header->end], "running", (int)model->guest_is_running);

	object =
	    write_json_put(object, "judged",
			   model->judged ? write_json_number(model->judged->index) : json_null());
	object = write_json_put(object, "unrecorded", write_json_number(header->unrecorded));
	object = write_json_put(object, "peak", peak_of(model));
	return write_json_put(object, "now",
			      json_pack("{s:o, s:o}", "bytes",
					write_json_number(header->live_bytes), "roles",
					roles_of(&model->now)));
}

int
write_json(struct model *model, const struct model_filter *filter, FILE *out)
{
	if (print_open(head_of(model), out) || print_snapshots(model, filter, out))
		return -1;
	if (write_json_heap(model, out))
		return -1;
	fputs(",\n \"drops\": ", out);
	if (write_json_print(drops_of(model), out))
		return -1;
	fputs(",\n \"notes\": ", out); /* last: symbols have been asked by now */
	if (write_json_print(notes_of(model), out))
		return -1;
	fputs("\n}\n", out);
	return 0;
}
