/*
 * One map as JSON, and the pieces that all JSON output is made of. Called by write_json.c and by
 * every other command that prints maps as JSON. A field that could not be made for want of memory
 * must fail the whole, never vanish from the output: json_pack sees to that, and write_json_put
 * does for the rest.
 */
#include "analyzer/write_json.h"

#include "analyzer/symbols.h"
#include "analyzer/units.h"
#include "analyzer/write_place.h"

#include <inttypes.h>

enum { PLACE_SIZE = 1024 };

json_t *
write_json_number(uint64_t number)
{
	if (number == TRACE_UNKNOWN)
		return json_null();
	if (number > INT64_MAX)
		return json_real((double)number);
	return json_integer((json_int_t)number);
}

const char *
write_json_role(int role)
{
	static const char *const names[TRACE_ROLES] = {
	    [TRACE_BUCKETS] = "buckets", [TRACE_OVERFLOW] = "overflow", [TRACE_VALUES] = "values",
	    [TRACE_HEADER] = "header",   [TRACE_OTHER] = "other",
	};

	return names[role];
}

/* A failure of the output is not one of memory: command_finish tells of it. */
static int
print_by(json_t *value, FILE *out, size_t flags)
{
	int result = value ? json_dumpf(value, out, flags) : -1;

	json_decref(value);
	return result == 0 || (value && ferror(out)) ? 0 : -1;
}

int
write_json_print(json_t *value, FILE *out)
{
	return print_by(value, out, JSON_ENCODE_ANY);
}

int
write_json_document(json_t *root, FILE *out)
{
	int result = print_by(root, out, JSON_INDENT(2));

	if (result == 0)
		fputc('\n', out);
	return result;
}

json_t *
write_json_text(const char *text)
{
	char escaped[4096];
	json_t *value = text ? json_string(text) : json_null();

	return value ? value : json_string(units_escape(escaped, sizeof escaped, text));
}

json_t *
write_json_put(json_t *object, const char *key, json_t *value)
{
	if (object && json_object_set_new(object, key, value) == 0)
		return object;
	if (!object)
		json_decref(value);
	json_decref(object);
	return NULL;
}

json_t *
write_json_append(json_t *array, json_t *value)
{
	if (array && json_array_append_new(array, value) == 0)
		return array;
	if (!array)
		json_decref(value);
	json_decref(array);
	return NULL;
}

static json_t *
address(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "0x%" PRIx64, value);
	return json_string(text);
}

json_t *
write_json_frame(const struct symbols_frame *frame)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "function",
			 write_json_text(frame->function), "file", write_json_text(frame->file),
			 "line", frame->line ? write_json_number(frame->line) : json_null(),
			 "module", write_json_text(frame->module), "offset",
			 frame->module ? address(frame->offset) : json_null(), "inlined",
			 (int)frame->is_inlined);
}

json_t *
write_json_frames(const struct symbols_frame *frames, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		array = write_json_append(array, write_json_frame(&frames[i]));
	return array;
}

/* A thousand maps of one stack in a hundred snapshots have one list in memory. */
static json_t *
shared_frames(const struct model *model, uint32_t stack, const struct model_names *names,
	      json_t **frames)
{
	if (!frames || stack >= model->trace->stack_count)
		return write_json_frames(names->frames, names->frame_count);
	if (!frames[stack])
		frames[stack] = write_json_frames(names->frames, names->frame_count);
	return json_incref(frames[stack]);
}

/* Where the block that holds the header was allocated; null where no block does. */
static json_t *
holder_of(struct model *model, const struct trace_map *row, json_t **frames)
{
	struct model_names names = {0};

	if (row->where != TRACE_WHERE_BLOCK || row->where_stack == TRACE_NONE)
		return json_null();
	names.frames = model_stack_frames(model, row->where_stack, &names.frame_count);
	return shared_frames(model, row->where_stack, &names, frames);
}

static json_t *
where_of(struct model *model, const struct model_map *map, const struct model_names *names,
	 json_t **frames)
{
	static const char *const kinds[] = {
	    [TRACE_WHERE_BLOCK] = "block",
	    [TRACE_WHERE_GLOBAL] = "global",
	    [TRACE_WHERE_STACK] = "stack",
	    [TRACE_WHERE_OTHER] = "other",
	};
	const struct trace_map *row = map->row;
	bool has_module = row->where == TRACE_WHERE_GLOBAL &&
			  row->where_module < model->trace->module_count;
	char told[PLACE_SIZE];

	return json_pack(
	    "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind", kinds[row->where], "base",
	    address(row->where_base), "module",
	    write_json_text(has_module ? model->trace->modules[row->where_module].path : NULL),
	    "variable", write_json_text(names->variable), "place",
	    write_json_text(write_place_told(told, sizeof told, map, names)), "thread",
	    row->where_thread ? write_json_number(row->where_thread) : json_null(), "frame",
	    names->function ? write_json_frame(names->function) : json_null(), "allocated_at",
	    holder_of(model, row, frames));
}

static json_t *
bytes_of(const struct trace_map *row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "header",
			 write_json_number(row->header_bytes), "buckets",
			 write_json_number(row->bucket_bytes), "old_buckets",
			 write_json_number(row->old_bucket_bytes), "overflow",
			 write_json_number(row->overflow_bytes), "overflow_reserved",
			 write_json_number(row->overflow_reserved_bytes), "values",
			 write_json_number(row->value_bytes));
}

static json_t *
remedies_of(const struct model_map *map)
{
	struct model_remedy remedies[TRACE_REMEDIES_MAX];
	size_t count = model_remedies(map, remedies);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		array = write_json_append(
		    array, json_pack("{s:o, s:o, s:o, s:o, s:o}", "name",
				     write_json_text(remedies[i].name), "advice",
				     write_json_text(remedies[i].advice), "leaves_bytes",
				     write_json_number(remedies[i].leaves), "transient_bytes",
				     write_json_number(remedies[i].transient), "gives_bytes",
				     write_json_number(remedies[i].gives)));
	return array;
}

static json_t *
numbers_of(const struct model_map *map)
{
	const struct trace_map *row = map->row;

	return json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "count",
	    write_json_number(row->count), "unknown_cause_bytes",
	    write_json_number(map->unknown_cause), "capacity", write_json_number(row->capacity),
	    "tombstones", write_json_number(row->tombstones), "resident_bytes",
	    write_json_number(row->resident_bytes), "held_bytes", write_json_number(map->held),
	    "reserved_bytes", write_json_number(map->reserved), "needed_bytes",
	    write_json_number(map->needed_high), "needed_low_bytes",
	    write_json_number(map->needed_low), "retained_bytes", write_json_number(map->retained),
	    "retained_high_bytes", write_json_number(map->retained_high), "kept_by_rule_bytes",
	    write_json_number(row->kept_by_rule));
}

/* null where the layout does not tell, and for the mean of no bucket. */
static json_t *
chains_of(const struct model_map *map)
{
	double mean = model_mean_chain(map);

	return json_pack("{s:o, s:o, s:o}", "used_buckets",
			 write_json_number(map->row->used_buckets), "longest",
			 write_json_number(map->row->longest_chain), "mean",
			 mean < 0 ? json_null() : json_real(mean));
}

/* null where no search is seen, and for the mean of no entry. */
static json_t *
probes_of(const struct model_map *map)
{
	double mean = model_mean_probe(map);

	return json_pack("{s:o, s:o}", "longest", write_json_number(map->row->longest_probe),
			 "mean", mean < 0 ? json_null() : json_real(mean));
}

json_t *
write_json_map_sharing(struct model *model, const struct model_map *map, json_t **frames)
{
	const struct model_names *names = model_map_names(model, map);
	const struct trace_map *row = map->row;
	json_t *object = numbers_of(map);

	object = write_json_put(object, "profile", write_json_text(map->profile_name));
	object = write_json_put(object, "name", write_json_text(map->name));
	object = write_json_put(object, "address", address(row->address));
	object = write_json_put(object, "array", address(row->array));
	object = write_json_put(object, "where", where_of(model, map, names, frames));
	object = write_json_put(object, "type", write_json_text(names->type));
	object = write_json_put(object, "written_type", write_json_text(names->written_type));
	object = write_json_put(object, "growing", json_boolean(map->is_growing));
	object =
	    write_json_put(object, "mid_erase", json_boolean(row->flags & TRACE_MAP_MID_ERASE));
	object = write_json_put(object, "needed_is_estimate", json_boolean(map->is_estimate));
	object = write_json_put(object, "remark", write_json_text(map->remark));
	object = write_json_put(object, "chains", chains_of(map));
	object = write_json_put(object, "probes", probes_of(map));
	object = write_json_put(object, "bytes", bytes_of(row));
	object = write_json_put(object, "overflow_blocks", write_json_number(row->overflow_blocks));
	object = write_json_put(object, "value_blocks", write_json_number(row->value_blocks));
	object = write_json_put(object, "remedies", remedies_of(map));
	object = write_json_put(object, "made_at",
				names->maker ? write_json_frame(names->maker) : json_null());
	return write_json_put(object, "allocated_at",
			      shared_frames(model, row->stack, names, frames));
}

json_t *
write_json_map(struct model *model, const struct model_map *map)
{
	return write_json_map_sharing(model, map, NULL);
}
