/*
 * The worst maps of a report: a table of the places that made them, then for the first few what
 * each holds and what gives its memory back. A line is no wider than 110 columns, names permitting.
 */
#include "analyzer/symbols.h"
#include "analyzer/table.h"
#include "analyzer/units.h"
#include "analyzer/write_place.h"
#include "analyzer/write_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROWS = 20,
	IN_DEPTH = 3,
	NAME_WIDTH = 80,
	TYPE_WIDTH = 40,
	MAKER_WIDTH = 24,
	PLACE_WIDTH = 40,
	SHOWN = 512,
	LINE = 2 * SHOWN
};

static const char start_up[] = "__libc_start"; /* what calls main is the same everywhere */

/* Where a map was made, for a table: with a type beside it the line alone tells it. */
static void
maker_text(char *into, size_t size, const struct model_names *names)
{
	const struct symbols_frame *maker = names->maker;
	char file[SHOWN];

	if (maker && maker->file && names->written_type)
		snprintf(into, size, "%s:%" PRIu32,
			 units_escape(file, sizeof file, basename(maker->file)),
			 maker->line);
	else if (maker)
		write_place_frame(into, size, maker, MAKER_WIDTH);
	else
		snprintf(into, size, "?");
}

/* The name by which a reader knows this kind of map. */
static const char *
kind_text(char *into, size_t size, const struct model_map *map, const struct model_names *names,
	  size_t width)
{
	char name[2 * TRACE_NAME_MAX];
	size_t used = 0;

	if (map->name)
		used = (size_t)snprintf(into, size, "\"%s\", ",
					units_escape(name, sizeof name, map->name));
	symbols_shorten(into + used, size - used,
			names->written_type ? names->written_type : map->profile_name, width);
	return into;
}

/* " at map.c:12", or who holds it where nobody saw it made. */
static void
add_kind(struct table *table, const struct model_group *group)
{
	char maker[LINE], kind[SHOWN], place[SHOWN], told[LINE];

	kind_text(kind, sizeof kind, group->worst, group->names, TYPE_WIDTH);
	if (!group->names->maker && group->worst->place) {
		symbols_shorten(place, sizeof place,
				write_place_told(told, sizeof told, group->worst, group->names),
				PLACE_WIDTH);
		table_add(table, "%s in %s", kind, place);
		return;
	}
	maker_text(maker, sizeof maker, group->names);
	table_add(table, "%s at %s", kind, maker);
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
add_row(struct table *table, size_t number, const struct model_group *group, bool has_counts)
{
	const struct model_totals *totals = &group->totals;
	bool is_known = totals->unknown_maps == 0;
	uint64_t fill = model_percent(totals->count, totals->capacity);
	char text[UNITS_SIZE];

	table_add(table, "%zu", number);
	add_range(table, is_known ? totals->retained : TRACE_UNKNOWN,
		  is_known ? totals->retained_high : TRACE_UNKNOWN, totals->is_estimate);
	table_add(table, "%s", units_bytes(text, totals->held));
	if (has_counts)
		table_add(table, "%s", units_number(text, totals->maps));
	table_add(table, "%s", units_number(text, totals->count));
	if (fill == TRACE_UNKNOWN)
		table_add(table, "?");
	else
		table_add(table, "%" PRIu64 " %%", fill);
	add_kind(table, group);
}

static void
print_place(const struct model_group *group, FILE *out)
{
	const struct model_map *map = group->worst;
	char text[SHOWN];

	fputs(kind_text(text, sizeof text, map, group->names, NAME_WIDTH), out);
	if (map->is_growing)
		fputs(", growing", out);
	fputs("\n       ", out);
	if (group->totals.maps > 1)
		fprintf(out, "%s maps (`maptrace maps --each` lists them), the worst ",
			units_number(text, group->totals.maps));
	fprintf(out, "at 0x%" PRIx64 ", header ", map->row->address);
	write_place(map, group->names, out);
	fputs("\n", out);
}

/* The maker and a few callers of it. */
static void
print_stack(const struct model_names *names, FILE *out)
{
	enum { CALLERS = 3 };
	size_t first = names->maker ? (size_t)(names->maker - names->frames) : 0;
	char text[LINE];

	for (size_t i = first; i < names->frame_count && i <= first + CALLERS; i++) {
		const char *function = names->frames[i].function;

		if (i > first && function && strncmp(function, start_up, strlen(start_up)) == 0)
			break;
		write_place_frame(text, sizeof text, &names->frames[i], NAME_WIDTH);
		fprintf(out, "       %s %s\n", i == first ? "made at" : "   from", text);
		if (function && strcmp(function, "main") == 0)
			break;
	}
}

/* One part of a map, where there is any. */
static void
print_part(const char *name, uint64_t bytes, FILE *out)
{
	char text[UNITS_SIZE];

	if (bytes)
		fprintf(out, ", %s %s", name, units_bytes(text, bytes));
}

static void
print_bytes(const struct trace_map *row, FILE *out)
{
	uint64_t reserved = row->overflow_reserved_bytes;
	char count[UNITS_SIZE], capacity[UNITS_SIZE];

	fprintf(out, "       %s of %s entries: buckets ", units_number(count, row->count),
		units_number(capacity, row->capacity));
	fputs(units_bytes(count, row->bucket_bytes), out);
	print_part("old buckets", row->old_bucket_bytes, out);
	print_part("overflow", row->overflow_bytes, out);
	if (reserved && reserved != TRACE_UNKNOWN && reserved == row->overflow_bytes)
		fputs(" (in the array's block)", out);
	else if (reserved && reserved != TRACE_UNKNOWN)
		fprintf(out, " (%s of it in the array's block)", units_bytes(count, reserved));
	print_part("keys and values", row->value_bytes, out);
	if (row->tombstones && row->tombstones != TRACE_UNKNOWN)
		fprintf(out, ", %s tombstones", units_number(count, row->tombstones));
	fputs("\n", out);
}

static void
print_remedies(const struct model_map *map, FILE *out)
{
	struct model_remedy remedies[TRACE_REMEDIES_MAX];
	size_t count = model_remedies(map, remedies);
	char text[UNITS_SIZE], advice[PROFILE_LINE_MAX * 4], name[PROFILE_NAME_MAX * 4];

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "       %s gives back %s",
			units_escape(name, sizeof name, remedies[i].name),
			units_bytes(text, remedies[i].gives));
		fprintf(out, " and leaves %s", units_bytes(text, remedies[i].leaves));
		if (remedies[i].transient)
			fprintf(out, ", needs %s more while it runs",
				units_bytes(text, remedies[i].transient));
		fprintf(out, ":\n           %s\n",
			units_escape(advice, sizeof advice, remedies[i].advice));
	}
}

static void
print_group(size_t number, const struct model_group *group, FILE *out)
{
	fprintf(out, "  %3zu  ", number);
	print_place(group, out);
	print_stack(group->names, out);
	print_bytes(group->worst->row, out);
	if (group->worst->remark)
		fprintf(out, "       note: %s\n", group->worst->remark);
	print_remedies(group->worst, out);
}

static void
print_rest(const struct model_group *groups, size_t count, FILE *out)
{
	struct model_totals rest = {0};
	char number[UNITS_SIZE], held[UNITS_SIZE], retained[UNITS_SIZE];

	for (size_t i = 0; i < count; i++)
		model_add_totals(&rest, &groups[i].totals);
	fprintf(out, "  and %s more that hold %s and retain %s; `maptrace maps` shows them all\n",
		units_number(number, rest.maps), units_bytes(held, rest.held),
		units_bytes(retained, rest.retained));
}

static int
print_table(const struct model_group *groups, size_t count, bool is_outside, bool color, FILE *out)
{
	const char *titles[] = {"#",       "retained", "held", "maps",
				"entries", "fill",     is_outside ? "map, held" : "map, made at"};
	bool has_counts = false;
	struct table table;

	for (size_t i = 0; i < count; i++)
		has_counts |= groups[i].totals.maps > 1;
	table_open(&table, has_counts ? "rrrrrrl" : "rrrrrl");
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		if (has_counts || strcmp(titles[i], "maps") != 0)
			table_add(&table, "%s", titles[i]);
	for (size_t i = 0; i < count; i++)
		add_row(&table, i + 1, &groups[i], has_counts);
	return table_print(&table, out, 2, color);
}

int
write_text_maps(struct model *model, const struct model_map *const *maps, size_t count,
		const struct options *options, FILE *out)
{
	size_t group_count, shown, in_depth = 0;
	struct model_group *groups =
	    model_groups(model, maps, count, options->filter.sort, &group_count);
	int result = -1;

	if (!groups)
		return -1;
	shown = group_count < ROWS ? group_count : ROWS;
	if (count && print_table(groups, shown, model->trace->header.flags & TRACE_OUTSIDE,
				 options->color, out))
		goto out;
	if (group_count > shown)
		print_rest(groups + shown, group_count - shown, out);
	if (count)
		fputs("\n", out);
	for (size_t i = 0; i < shown && in_depth < IN_DEPTH; i++)
		if (groups[i].totals.retained_high || groups[i].totals.reserved ||
		    groups[i].totals.unknown_maps) {
			print_group(i + 1, &groups[i], out);
			in_depth++;
		}
	if (in_depth)
		fputs("\n", out);
	result = 0;
out:
	free(groups);
	return result;
}
