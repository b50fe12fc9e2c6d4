/*
 * Prints the table of maps, a line for each place that made some. Called by maps.c. Computes
 * nothing: group.c and spread.c did.
 */
#include "analyzer/write_maps.h"

#include "analyzer/symbols.h"
#include "analyzer/units.h"
#include "analyzer/write_json.h"

#include <inttypes.h>
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
	fprintf(out, "%12s %12s %12s %12s %12s %12s %5s %6s %6s %6s  %-18s %s\n", "RETAINED",
		"HELD", "NEEDED", "RESIDENT", "COUNT", "CAPACITY", "FILL", "CHAIN", "PROBE", "MAPS",
		"ADDRESS",
		model->trace->header.flags & TRACE_OUTSIDE ? "MAP, HELD" : "MAP, MADE BY");
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
	const struct symbols_frame *maker = names->maker;
	char text[TEXT_SIZE];

	if (map->name)
		fprintf(out, "\"%s\", ", units_escape(text, sizeof(text), map->name));
	symbols_shorten(text, sizeof(text),
			names->written_type ? names->written_type : map->profile_name,
			MADE_BY_WIDTH);
	fputs(text, out);
	if (maker && maker->function) {
		symbols_shorten(text, sizeof(text), maker->function, MADE_BY_WIDTH);
		fprintf(out, ", %s", text);
	}
	if (maker && maker->file)
		fprintf(out, " (%s:%u)", units_escape(text, sizeof(text), basename(maker->file)),
			maker->line);
	else if (maker && !maker->function && maker->module)
		fprintf(out, ", %s+0x%" PRIx64,
			units_escape(text, sizeof(text), basename(maker->module)), maker->offset);
	fputc('\n', out);
}

static void
write_bytes_spread(FILE *out, const char *name, const struct model_spread *spread)
{
	char least[UNITS_SIZE], median[UNITS_SIZE], nine[UNITS_SIZE], most[UNITS_SIZE];

	fprintf(out, "%s %s", name, units_bytes(least, spread->least));
	if (spread->least != spread->most)
		fprintf(out, " to %s (median %s, nine tenths up to %s)",
			units_bytes(most, spread->most), units_bytes(median, spread->median),
			units_bytes(nine, spread->nine_tenths));
}

/* What the sums of a group hide. */
static void
write_spread(FILE *out, const struct model_group *group)
{
	struct model_spread held = model_spread(group, MODEL_HELD);
	struct model_spread retained = model_spread(group, MODEL_RETAINED);
	struct model_spread fill = model_spread(group, MODEL_FILL);

	fprintf(out, "%12s ", "each:");
	write_bytes_spread(out, "held", &held);
	if (fill.known)
		fprintf(out, ", fill %" PRIu64 " %% to %" PRIu64 " %% (median %" PRIu64 " %%)",
			fill.least, fill.most, fill.median);
	fputc('\n', out);
	if (retained.most) {
		fprintf(out, "%12s ", "");
		write_bytes_spread(out, "retained", &retained);
		fputc('\n', out);
	}
}

static void
write_group(FILE *out, const struct model_group *group)
{
	const struct model_totals *totals = &group->totals;
	bool is_ruled = totals->unknown_maps < totals->maps;
	uint64_t percent = model_percent(totals->count, totals->capacity);
	char retained[UNITS_SIZE + 1], needed[UNITS_SIZE + 1], held[UNITS_SIZE];
	char resident[UNITS_SIZE], count[UNITS_SIZE], capacity[UNITS_SIZE], fill[UNITS_SIZE];
	char maps[UNITS_SIZE], chain[UNITS_SIZE], probe[UNITS_SIZE], address[32] = "";

	units_number(fill, percent);
	if (totals->maps == 1)
		snprintf(address, sizeof(address), "0x%" PRIx64, group->worst->row->address);
	fprintf(out, "%12s %12s %12s %12s %12s %12s %3s%s %6s %6s %6s  %-18s ",
		estimated(retained, sizeof(retained), is_ruled ? totals->retained : TRACE_UNKNOWN,
			  totals->is_estimate),
		units_bytes(held, totals->held),
		estimated(needed, sizeof(needed), is_ruled ? totals->needed_high : TRACE_UNKNOWN,
			  totals->is_estimate),
		units_bytes(resident, totals->resident_maps ? totals->resident : TRACE_UNKNOWN),
		units_number(count, totals->count), units_number(capacity, totals->capacity), fill,
		percent == TRACE_UNKNOWN ? "  " : " %",
		totals->chained_maps ? units_number(chain, totals->longest_chain) : "",
		totals->probed_maps ? units_number(probe, totals->longest_probe) : "",
		units_number(maps, totals->maps), address);
	write_names(out, group->worst, group->names);
	if (totals->maps > 1)
		write_spread(out, group);
}

void
write_maps(FILE *out, const struct model *model, const struct model_group *groups, size_t count)
{
	struct model_totals totals = {0};
	char retained[UNITS_SIZE], held[UNITS_SIZE], all[UNITS_SIZE], shown[UNITS_SIZE];
	bool is_grouped = false;

	write_heading(out, model);
	for (size_t i = 0; i < count; i++) {
		write_group(out, &groups[i]);
		model_add_totals(&totals, &groups[i].totals);
		is_grouped |= groups[i].totals.maps > 1;
	}
	fprintf(out, "%s of %s maps; they retain %s of %s held\n",
		units_number(shown, totals.maps),
		units_number(all, model->judged->totals.maps),
		units_bytes(retained, totals.retained), units_bytes(held, totals.held));
	if (totals.is_estimate)
		fputs("~ marks estimates: their rule hangs on hashes that cannot be seen\n", out);
	if (is_grouped)
		fputs(
		    "maps of one type made at one place share a line; --each gives each its own\n",
		    out);
}

static json_t *
spread_of(const struct model_group *group, enum model_measure measure)
{
	struct model_spread spread = model_spread(group, measure);

	if (!spread.known)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "known", write_json_number(spread.known),
			 "least", write_json_number(spread.least), "median",
			 write_json_number(spread.median), "nine_tenths",
			 write_json_number(spread.nine_tenths), "most",
			 write_json_number(spread.most));
}

static json_t *
group_of(const struct model_group *group)
{
	const struct model_totals *totals = &group->totals;
	json_t *object = json_object();

	object = write_json_put(object, "profile", write_json_text(group->worst->profile_name));
	object = write_json_put(object, "name", write_json_text(group->worst->name));
	object = write_json_put(object, "type", write_json_text(group->names->type));
	object = write_json_put(
	    object, "made_at",
	    group->names->maker ? write_json_frame(group->names->maker) : json_null());
	object = write_json_put(object, "maps", write_json_number(totals->maps));
	object = write_json_put(object, "held_bytes", write_json_number(totals->held));
	object = write_json_put(object, "retained_bytes", write_json_number(totals->retained));
	object = write_json_put(object, "longest_chain",
				write_json_number(totals->chained_maps ? totals->longest_chain
								       : TRACE_UNKNOWN));
	object = write_json_put(object, "longest_probe",
				write_json_number(totals->probed_maps ? totals->longest_probe
								      : TRACE_UNKNOWN));
	object = write_json_put(object, "held_each", spread_of(group, MODEL_HELD));
	object = write_json_put(object, "retained_each", spread_of(group, MODEL_RETAINED));
	object = write_json_put(object, "fill_percent_each", spread_of(group, MODEL_FILL));
	return write_json_put(object, "count_each", spread_of(group, MODEL_COUNT));
}

json_t *
write_maps_json(const struct model_group *groups, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		list = write_json_append(list, group_of(&groups[i]));
	return list;
}
