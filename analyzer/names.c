/*
 * Who made a map, of which type it is, and which variable holds it. Called by the writers for the
 * maps that they show; the answers are kept in the model.
 *
 * The frame to name is the user's: not the map's own code, not a library's. What is the map's own
 * code the profile knows by its role rules; code in the same source file is the map's as well.
 */
#include "analyzer/names.h"

#include "analyzer/model.h"
#include "analyzer/type_name.h"

#include <stdlib.h>
#include <string.h>

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool
is_system_path(const char *path)
{
	static const char *const places[] = {"/usr/include/", "/usr/lib/",   "/lib/",
					     "/lib64/",       "/usr/lib64/", "/rustc/",
					     "/build/glibc",  "./"};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (starts_with(path, places[i]))
			return true;
	return false;
}

/* Containers and start-up code that are compiled into the user's own module. */
static bool
is_library_symbol(const char *symbol)
{
	static const char *const starts[] = {
	    "_ZNSt",     "_ZNKSt",  "_ZSt",     "_ZN9__gnu_cxx", "_ZNK9__gnu_cxx",
	    "_Znw",      "_Zna",    "_ZN4absl", "_ZN9hashbrown", "_ZN4core",
	    "_ZN5alloc", "_ZN3std", "_start",   "__libc_start",  "__rust_",
	};

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (starts_with(symbol, starts[i]))
			return true;
	return false;
}

static bool
is_library_frame(const struct symbols_frame *frame)
{
	return (frame->symbol && is_library_symbol(frame->symbol)) ||
	       (frame->file && is_system_path(frame->file));
}

/* Without the suffixes that compilers add (.isra.0, .cold), as role rules compare them. */
static size_t
symbol_length(const char *symbol)
{
	size_t length = strcspn(symbol, ".");

	return length ? length : strlen(symbol);
}

static bool
matches_rules(const struct profile *profile, const struct symbols_frame *frame)
{
	if (!profile || !frame->symbol)
		return false;
	for (size_t i = 0; i < profile->rule_count; i++)
		for (size_t j = 0; j < profile->rules[i].frames; j++)
			if (profile_matches(profile,
					    profile->patterns[profile->rules[i].pattern[j]],
					    frame->symbol, symbol_length(frame->symbol)))
				return true;
	return false;
}

static bool
is_same_file(const struct symbols_frame *a, const struct symbols_frame *b)
{
	return a->file && b->file && strcmp(a->file, b->file) == 0;
}

/* C libraries name their functions alike: gomap_insert calls what calls gomap_buckets_new. */
static bool
is_same_family(const struct symbols_frame *a, const struct symbols_frame *b)
{
	enum { SHORTEST = 4 };
	size_t common = 0;

	if (!a->symbol || !b->symbol || a->symbol[0] == '_' || a->module_index != b->module_index)
		return false;
	for (size_t i = 0; a->symbol[i] && a->symbol[i] == b->symbol[i]; i++)
		if (a->symbol[i] == '_')
			common = i + 1;
	return common >= SHORTEST;
}

/* How many of the innermost frames are the map's own code: from the first that its rules name, as
 * long as rules, libraries, the same source file or the same family of names go on. A few static
 * functions may lie between two that rules or family tell. */
static size_t
own_frames(const struct profile *profile, const struct symbols_frame *frames, size_t count,
	   bool use_files)
{
	enum { BETWEEN = 4 };
	size_t first = 0, own;

	while (first < count && !matches_rules(profile, &frames[first]))
		first++;
	if (first == count)
		return 0;
	own = first + 1;
	for (size_t i = own; i < count && i <= own + BETWEEN; i++) {
		const struct symbols_frame *frame = &frames[i];

		bool is_next = i == own && (is_library_frame(frame) ||
					    (use_files && is_same_file(&frames[i - 1], frame)));

		if (is_next || matches_rules(profile, frame) ||
		    is_same_family(&frames[first], frame))
			own = i + 1;
		else if (frame->module_index != frames[first].module_index)
			break;
	}
	return own;
}

static bool
is_in_library(const struct symbols_frame *frame)
{
	return frame->module && strstr(frame->module, ".so") && is_system_path(frame->module);
}

static bool
is_users(const struct symbols_frame *frame)
{
	return frame->function && !is_in_library(frame) && !is_library_frame(frame);
}

static const struct symbols_frame *
first_users(const struct symbols_frame *frames, size_t from, size_t count)
{
	for (size_t i = from; i < count; i++)
		if (is_users(&frames[i]))
			return &frames[i];
	return NULL;
}

const struct symbols_frame *
names_maker(const struct profile *profile, const struct symbols_frame *frames, size_t count)
{
	const struct symbols_frame *maker =
	    first_users(frames, own_frames(profile, frames, count, true), count);
	size_t own = own_frames(profile, frames, count, false);

	/* a program in one file has its maps and their users there */
	if (!maker)
		maker = first_users(frames, own, count);
	/* where no frame has a name the module tells the user's code */
	for (size_t i = own; i < count && !maker; i++)
		if (!is_library_frame(&frames[i]) && !is_in_library(&frames[i]))
			maker = &frames[i];
	for (size_t i = own; i < count && !maker; i++)
		if (!is_library_frame(&frames[i]))
			maker = &frames[i];
	return maker || count == 0 ? maker : &frames[0];
}

/* Takes over a malloc'd string; one that is kept already is not kept twice. */
static const char *
keep(struct model *model, char *text)
{
	char **grown;

	if (!text)
		return NULL;
	for (size_t i = 0; i < model->text_count; i++) {
		if (strcmp(model->texts[i], text) == 0) {
			free(text);
			return model->texts[i];
		}
	}
	grown = realloc(model->texts, (model->text_count + 1) * sizeof *grown);
	if (!grown) {
		free(text);
		return NULL;
	}
	model->texts = grown;
	return model->texts[model->text_count++] = text;
}

/* From the profile's type text to the bracket that closes its template arguments. */
static size_t
type_length(const char *name)
{
	size_t depth = 0, i;

	for (i = 0; name[i]; i++) {
		if (name[i] == '<')
			depth++;
		else if (name[i] == '>' && i > 0 && name[i - 1] != '-' && depth > 0 && --depth == 0)
			return i + 1;
		else if (depth == 0 && strchr("( )&*", name[i]))
			break;
	}
	return depth == 0 ? i : 0;
}

static const char *
find_type(struct model *model, const struct profile *profile, const struct symbols_frame *frames,
	  size_t count)
{
	char wanted[PROFILE_LINE_MAX];

	if (!profile || profile->type.size == 0 || profile->type.size >= sizeof wanted)
		return NULL;
	memcpy(wanted, profile->text + profile->type.offset, profile->type.size);
	wanted[profile->type.size] = '\0';
	for (size_t i = 0; i < count; i++) {
		const char *at = frames[i].function ? strstr(frames[i].function, wanted) : NULL;
		size_t length = at ? type_length(at) : 0;

		if (length)
			return keep(model, strndup(at, length));
	}
	return NULL;
}

static struct symbols *
symbols_of(struct model *model)
{
	if (!model->symbols)
		model->symbols = symbols_open(model->trace, !model->without_names);
	return model->symbols;
}

const struct symbols_frame *
model_stack_frames(struct model *model, uint32_t stack, size_t *count)
{
	*count = 0;
	return symbols_of(model) ? symbols_stack(model->symbols, stack, count) : NULL;
}

static const struct symbols_frame *
find_holder(struct model *model, const struct model_map *map)
{
	size_t count;
	const struct symbols_frame *frames =
	    model_stack_frames(model, map->row->where_stack, &count);

	return names_maker(map->profile, frames, count);
}

static void
name_type(struct model *model, const struct model_map *map, struct model_names *names)
{
	names->type = names->written_type = map->told_type;
	if (names->type)
		return;
	names->type = find_type(model, map->profile, names->frames, names->frame_count);
	if (names->type)
		names->written_type = keep(model, type_name_as_written(names->type));
}

/* The global that leads to a map of Go's: its place begins by the address. */
static const char *
find_root(const struct model *model, const char *place)
{
	static const char global[] = "global 0x";
	const struct trace *trace = model->trace;
	uint64_t address;

	if (!place || strncmp(place, global, sizeof global - 1) != 0)
		return NULL;
	address = strtoull(place + sizeof global - 1, NULL, 16);
	for (uint32_t i = trace->module_count; i-- > 0;)
		if (address >= trace->modules[i].start && address < trace->modules[i].end)
			return symbols_variable(model->symbols, i, address);
	return NULL;
}

const struct model_names *
model_map_names(struct model *model, const struct model_map *map)
{
	static const struct model_names nothing;
	struct model_snapshot *snapshot = &model->snapshots[map->snapshot->index];
	const struct trace_map *row = map->row;
	struct model_names *names;

	if (!snapshot->names)
		snapshot->names =
		    calloc((size_t)snapshot->rows->maps_count + 1, sizeof *snapshot->names);
	if (!snapshot->names || !symbols_of(model))
		return &nothing;
	names = &snapshot->names[map - snapshot->maps];
	if (names->is_known)
		return names;
	names->is_known = true;
	names->frames = model_stack_frames(model, row->stack, &names->frame_count);
	names->maker = names_maker(map->profile, names->frames, names->frame_count);
	name_type(model, map, names);
	if (row->where == TRACE_WHERE_BLOCK && row->where_stack != TRACE_NONE)
		names->holder = find_holder(model, map);
	if (row->where == TRACE_WHERE_GLOBAL)
		names->variable = symbols_variable(model->symbols, row->where_module, row->address);
	else
		names->variable = find_root(model, map->place);
	if (row->where == TRACE_WHERE_STACK && row->where_pc)
		names->function = symbols_call(model->symbols, row->where_module, row->where_pc);
	return names;
}
