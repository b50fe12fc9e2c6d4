/*
 * The worst maps of a report: a table of them, then for the first few where each was made and what
 * gives its memory back.
 */
#include "analyzer/symbols.h"
#include "analyzer/table.h"
#include "analyzer/units.h"
#include "analyzer/write_text.h"

#include <inttypes.h>
#include <string.h>

enum { ROWS = 20, IN_DEPTH = 3, NAME_WIDTH = 80, SHOWN = 512 };

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void
frame_text(char *into, size_t size, const struct symbols_frame *frame, size_t width)
{
	char name[SHOWN], file[SHOWN];

	if (frame->function)
		symbols_shorten(name, sizeof name, frame->function, width < 16 ? 16 : width);
	if (frame->file)
		units_escape(file, sizeof file, base_name(frame->file));
	else if (frame->module)
		units_escape(file, sizeof file, base_name(frame->module));
	else
		strcpy(file, "?");
	if (frame->file && frame->function)
		snprintf(into, size, "%s:%" PRIu32 " in %s", file, frame->line, name);
	else if (frame->function)
		snprintf(into, size, "%s in %s", name, file);
	else
		snprintf(into, size, "%s+0x%" PRIx64, file,
			 frame->module ? frame->offset : frame->pc);
}

void
write_text_maker(char *into, size_t size, const struct model_names *names, size_t width)
{
	if (names->maker)
		frame_text(into, size, names->maker, width);
	else
		snprintf(into, size, "?");
}

static void
add_range(struct table *table, uint64_t low, uint64_t high, bool is_estimate)
{
	char a[UNITS_SIZE], b[UNITS_SIZE];

	if (low == high)
		table_add(table, "%s%s", is_estimate ? "~" : "", units_bytes(a, low));
	else
		table_add(table, "%s..%s", units_bytes(a, low), units_bytes(b, high));
}

static void
add_row(struct table *table, size_t number, const struct model_map *map,
	const struct model_names *names)
{
	char a[UNITS_SIZE], b[UNITS_SIZE], maker[SHOWN], profile[SHOWN];
	uint64_t fill = model_fill_percent(map);

	write_text_maker(maker, sizeof maker, names, 40);
	table_add(table, "%zu", number);
	add_range(table, map->retained, map->retained_high, map->is_estimate);
	table_add(table, "%s", units_bytes(a, map->held));
	add_range(table, map->needed_low, map->needed_high, map->is_estimate);
	table_add(table, "%s / %s", units_number(a, map->row->count),
		  units_number(b, map->row->capacity));
	if (fill == TRACE_UNKNOWN)
		table_add(table, "?");
	else
		table_add(table, "%" PRIu64 " %%", fill);
	table_add(table, "%s made at %s", units_escape(profile, sizeof profile, map->profile_name),
		  maker);
}

static void
print_place(const struct model_map *map, const struct model_names *names, FILE *out)
{
	static const char *const places[] = {
	    [TRACE_WHERE_BLOCK] = "in a block of the heap",
	    [TRACE_WHERE_GLOBAL] = "in a global",
	    [TRACE_WHERE_STACK] = "on a thread's stack",
	    [TRACE_WHERE_OTHER] = "in memory of the program's own making",
	};
	char text[SHOWN];

	fprintf(out, "%s at 0x%" PRIx64 ", header %s",
		units_escape(text, sizeof text, map->profile_name), map->row->address,
		places[map->row->where]);
	if (names->variable) {
		symbols_shorten(text, sizeof text, names->variable, NAME_WIDTH);
		fprintf(out, " (%s)", text);
	}
	fputs(map->is_growing ? ", growing\n" : "\n", out);
	if (names->type) {
		symbols_shorten(text, sizeof text, names->type, NAME_WIDTH);
		fprintf(out, "       type %s\n", text);
	}
}

/* The maker and a few callers of it. */
static void
print_stack(const struct model_names *names, FILE *out)
{
	enum { CALLERS = 3 };
	size_t first = names->maker ? (size_t)(names->maker - names->frames) : 0;
	char text[SHOWN];

	for (size_t i = first; i < names->frame_count && i <= first + CALLERS; i++) {
		frame_text(text, sizeof text, &names->frames[i], NAME_WIDTH);
		fprintf(out, "       %s %s\n", i == first ? "made at" : "   from", text);
		if (names->frames[i].function && strcmp(names->frames[i].function, "main") == 0)
			break; /* what calls main is the same everywhere */
	}
}

static void
print_bytes(const struct trace_map *row, FILE *out)
{
	char text[UNITS_SIZE];

	fprintf(out, "       buckets %s", units_bytes(text, row->bucket_bytes));
	if (row->old_bucket_bytes)
		fprintf(out, ", old buckets %s", units_bytes(text, row->old_bucket_bytes));
	fprintf(out, ", overflow %s", units_bytes(text, row->overflow_bytes));
	if (row->overflow_reserved_bytes && row->overflow_reserved_bytes != TRACE_UNKNOWN)
		fprintf(out, " (%s of it in the array's block)",
			units_bytes(text, row->overflow_reserved_bytes));
	fprintf(out, ", values out of line %s", units_bytes(text, row->value_bytes));
	if (row->tombstones && row->tombstones != TRACE_UNKNOWN)
		fprintf(out, ", %s tombstones", units_number(text, row->tombstones));
	fputs("\n", out);
}

static void
print_remedies(const struct model_map *map, FILE *out)
{
	struct model_remedy remedies[TRACE_REMEDIES_MAX];
	size_t count = model_remedies(map, remedies);
	char text[UNITS_SIZE], advice[PROFILE_LINE_MAX * 4], name[PROFILE_NAME_MAX * 4];

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "       gives back %s: %s: %s\n", units_bytes(text, remedies[i].gives),
			units_escape(name, sizeof name, remedies[i].name),
			units_escape(advice, sizeof advice, remedies[i].advice));
		fprintf(out, "           (leaves %s", units_bytes(text, remedies[i].leaves));
		fprintf(out, ", needs %s more while it runs)\n",
			units_bytes(text, remedies[i].transient));
	}
}

static void
print_map(size_t number, const struct model_map *map, const struct model_names *names, FILE *out)
{
	fprintf(out, "  %3zu  ", number);
	print_place(map, names, out);
	print_stack(names, out);
	print_bytes(map->row, out);
	if (map->remark)
		fprintf(out, "       note: %s\n", map->remark);
	print_remedies(map, out);
}

static void
print_rest(const struct model_map *const *maps, size_t count, FILE *out)
{
	struct model_totals rest = model_sum(maps, count);
	char number[UNITS_SIZE], held[UNITS_SIZE], retained[UNITS_SIZE];

	fprintf(out, "  and %s more that hold %s and retain %s; `maptrace maps` lists them all\n",
		units_number(number, rest.maps), units_bytes(held, rest.held),
		units_bytes(retained, rest.retained));
}

int
write_text_maps(struct model *model, const struct model_map *const *maps, size_t count,
		const struct options *options, FILE *out)
{
	static const char *const titles[] = {
	    "#", "retained", "held", "needed", "entries / capacity", "fill", "map"};
	struct table table;

	if (count == 0)
		return 0;
	table_open(&table, "rrrrrrl");
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		table_add(&table, "%s", titles[i]);
	for (size_t i = 0; i < count && i < ROWS; i++)
		add_row(&table, i + 1, maps[i], model_map_names(model, maps[i]));
	if (table_print(&table, out, 2, options->color))
		return -1;
	if (count > ROWS)
		print_rest(maps + ROWS, count - ROWS, out);
	fputs("\n", out);
	for (size_t i = 0; i < count && i < IN_DEPTH; i++)
		if (i == 0 || maps[i]->retained || maps[i]->reserved)
			print_map(i + 1, maps[i], model_map_names(model, maps[i]), out);
	fputs("\n", out);
	return 0;
}
