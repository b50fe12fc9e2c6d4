/*
 * The report as text, the answer first: what is retained, by which maps, made where, and what gives
 * it back. Called by the commands report and run. Everything that came from the guest goes through
 * units_escape or symbols_shorten before it reaches a terminal.
 */
#include "analyzer/write_text.h"

#include "analyzer/symbols.h"
#include "analyzer/table.h"
#include "analyzer/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* "293.25 MiB", or "290.00 MiB to 293.25 MiB" where the two differ as far as is shown. */
static void
print_range(FILE *out, uint64_t low, uint64_t high)
{
	char text[UNITS_SIZE], more[UNITS_SIZE];

	fputs(units_bytes(text, low), out);
	if (strcmp(text, units_bytes(more, high)) != 0)
		fprintf(out, " to %s", more);
}

static void
print_answer(const struct model_totals *totals, bool color, FILE *out)
{
	bool is_one = totals->maps == 1;
	char text[UNITS_SIZE];

	fprintf(out, "%s map%s hold%s", units_number(text, totals->maps), is_one ? "" : "s",
		is_one ? "s" : "");
	fprintf(out, " %s and need%s ", units_bytes(text, totals->held), is_one ? "s" : "");
	if (totals->retained_high == 0 && totals->reserved == 0 && totals->unknown_maps == 0) {
		fprintf(out, "it: %snothing is retained%s.\n", table_bold(color),
			table_plain(color));
		return;
	}
	print_range(out, totals->needed_low, totals->needed_high);
	fprintf(out, ": %s", totals->retained ? table_alarm(color) : table_bold(color));
	print_range(out, totals->retained, totals->retained_high);
	fprintf(out, " retained%s%s.\n", table_plain(color),
		totals->is_estimate ? " (estimate)" : "");
	if (totals->reserved)
		fprintf(out,
			"%s more is reserved: room asked for in advance that was never filled.\n",
			units_bytes(text, totals->reserved));
	if (totals->unknown_cause) {
		fprintf(out, "Of what is retained %s is of unknown cause:",
			units_bytes(text, totals->unknown_cause));
		fputs(" nothing shows whether entries were deleted or room was asked for in "
		      "advance.\n",
		      out);
	}
	if (totals->unknown_maps) {
		fprintf(out, "Not in these figures: what %s of the maps need",
			units_number(text, totals->unknown_maps));
		fprintf(out, ", which hold %s; their profiles have no rule for it.\n",
			units_bytes(text, totals->unknown_held));
	}
}

static void
print_filter(const struct model *model, const struct options *options,
	     const struct model_totals *totals, FILE *out)
{
	char shown[UNITS_SIZE], all[UNITS_SIZE];

	if (totals->maps != model->judged->totals.maps)
		fprintf(out, "%s of %s maps pass %s; the other figures on maps leave them out.\n",
			units_number(shown, totals->maps),
			units_number(all, model->judged->totals.maps),
			options->filter.profile ? "--profile and --min" : "--min");
}

static void
print_unexplained(const struct model_snapshot *snapshot, FILE *out)
{
	char text[UNITS_SIZE];

	if (snapshot->superseded)
		fprintf(out,
			"%s more were superseded arrays and chains, which no map used any more: "
			"gone by the next snapshot.\n",
			units_bytes(text, snapshot->superseded));
	if (snapshot->garbage)
		fprintf(out, "%s of the heap are garbage, which the collector has yet to take.\n",
			units_bytes(text, snapshot->garbage));
	if (snapshot->unexplained)
		fprintf(
		    out,
		    "%s that map code allocated belong to no map that was found: unexplained.\n",
		    units_bytes(text, snapshot->unexplained));
}

/* Claims of values are those of the other maps. */
static void
print_unknown_values(const struct model_totals *totals, FILE *out)
{
	char text[UNITS_SIZE];

	if (totals->unknown_values_maps)
		fprintf(out,
			"Not among the values: those of %s map%s, of which it is not known what "
			"belongs to them.\n",
			units_number(text, totals->unknown_values_maps),
			totals->unknown_values_maps == 1 ? "" : "s");
}

/* What the look cost the program: a core's was over before. */
static void
print_outside(const struct trace_snapshot *info, FILE *out)
{
	char paused[UNITS_SIZE], copied[UNITS_SIZE];

	fputs("Read from outside: maps were found and proved by their structure.\n", out);
	if (info->pause_ns)
		fprintf(out, "The program stood still for %s, while %s of it were copied.\n",
			units_duration(paused, info->pause_ns),
			units_bytes(copied, info->scan_bytes));
}

static bool
has_shown_map_code(const struct model *model)
{
	for (int role = 0; role < TRACE_OTHER; role++)
		if (model->trace->header.role_peak_bytes[role])
			return true;
	return false;
}

/* Nothing to hold the maps against: what stacks call map code's is gone, or was never seen. */
static void
print_structure_alone(const struct model *model, FILE *out)
{
	if (model->judged->rows->maps_count == 0)
		return;
	fputs(has_shown_map_code(model)
		  ? "No memory of this snapshot is map code's by its stack"
		  : "No stack showed map code (the program is stripped, or inlines it)",
	      out);
	fputs(": maps were found by their structure alone.\n", out);
}

/* How far the two ways of attributing bytes agree. */
static void
print_explained(const struct model *model, FILE *out)
{
	const struct model_snapshot *snapshot = model->judged;
	char reached[UNITS_SIZE], all[UNITS_SIZE];

	if (model->trace->header.flags & TRACE_OUTSIDE) {
		print_outside(&snapshot->rows->info, out);
		return;
	}
	if (snapshot->by_stack == 0 && model->has_go) {
		fputs("Go's maps were found and proved by their structure.\n", out);
		return;
	}
	if (snapshot->by_stack == 0) {
		print_structure_alone(model, out);
		return;
	}
	fprintf(out,
		"Cross-check: the maps found explain %s of the %s that map code allocated "
		"(%" PRIu64 " %%).\n",
		units_bytes(reached, snapshot->by_stack_reached),
		units_bytes(all, snapshot->by_stack),
		model_percent(snapshot->by_stack_reached, snapshot->by_stack));
}

static void
print_offers(const struct model_map *const *maps, size_t count, const struct options *options,
	     FILE *out)
{
	struct model_offer offers[MODEL_OFFERS_MAX];
	size_t offered = model_offers(maps, count, offers);
	char text[UNITS_SIZE], escaped[PROFILE_LINE_MAX * 4];

	if (offered == 0)
		return;
	fprintf(out, "%sWhat the remedies would give%s\n", table_bold(options->color),
		table_plain(options->color));
	for (size_t i = 0; i < offered; i++) {
		const struct model_remedy *remedy = &offers[i].remedy;

		fprintf(out, "  %s: ", units_escape(escaped, sizeof escaped, remedy->name));
		fprintf(out, "%s", units_bytes(text, remedy->gives));
		fprintf(out, " of %s map%s", units_number(text, offers[i].maps),
			offers[i].maps == 1 ? "" : "s");
		fprintf(out, "; leaves %s", units_bytes(text, remedy->leaves));
		if (remedy->transient)
			fprintf(out, "; needs %s%s more while it runs",
				offers[i].maps == 1 ? "" : "up to ",
				units_bytes(text, remedy->transient));
		fputs("\n", out);
		if (count > 1) /* else it stands above */
			fprintf(out, "      %s\n",
				units_escape(escaped, sizeof escaped, remedy->advice));
	}
	fputs("\n", out);
}

static int
write_judged(struct model *model, const struct options *options, FILE *out)
{
	size_t count;
	const struct model_map **maps = model_list(model->judged, &options->filter, &count);
	struct model_totals totals;
	int result = -1;

	if (!maps)
		return -1;
	totals = model_sum(maps, count);
	if (model->judged->totals.maps == 0)
		fputs("No map was found in this snapshot.\n", out);
	else
		print_answer(&totals, options->color, out);
	print_filter(model, options, &totals, out);
	print_unexplained(model->judged, out);
	fputs("\n", out);
	if (write_text_maps(model, maps, count, options, out))
		goto out;
	if (model->judged->totals.maps == 0)
		write_text_refused(model, out);
	if (write_text_roles(model, options, out) || write_text_drops(model, options, out))
		goto out;
	print_offers(maps, count, options, out);
	if (model->judged->totals.maps)
		write_text_refused(model, out);
	print_unknown_values(&model->judged->totals, out);
	print_explained(model, out);
	result = 0;
out:
	free(maps);
	return result;
}

/* Frames without names deserve a word on why. */
static void
print_problems(const struct model *model, FILE *out)
{
	const char *const *sentences;
	size_t count = model->symbols ? symbols_problems(model->symbols, &sentences) : 0;
	char sentence[1024];

	for (size_t i = 0; i < count; i++)
		fprintf(out, "Note: %s.\n", units_escape(sentence, sizeof sentence, sentences[i]));
}

int
write_text(struct model *model, const struct options *options, FILE *out)
{
	write_text_head(model, out);
	if (!model->judged) {
		fputs("No snapshot is complete, so what maps retain cannot be said. A snapshot is "
		      "taken at "
		      "marks, at the end of the\nprogram and by itself while it runs; a program "
		      "that was "
		      "killed early has none.\n\n",
		      out);
		return write_text_roles(model, options, out);
	}
	if (write_judged(model, options, out))
		return -1;
	print_problems(model, out);
	return 0;
}
