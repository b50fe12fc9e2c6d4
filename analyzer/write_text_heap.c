/*
 * The heap over time in a report: its composition by role, and why it fell, in parts that add up.
 */
#include "analyzer/table.h"
#include "analyzer/units.h"
#include "analyzer/write_text.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const role_names[TRACE_ROLES] = {
    [TRACE_BUCKETS] = "buckets", [TRACE_OVERFLOW] = "overflow", [TRACE_VALUES] = "values",
    [TRACE_HEADER] = "header",   [TRACE_OTHER] = "other",
};

enum { SHOWN = 300 };

static void
add_roles(struct table *table, const struct model_roles *roles, unsigned role)
{
	char text[UNITS_SIZE];

	table_add(table, "%s%s", roles->is_exact[role] ? "" : "~",
		  units_bytes(text, roles->bytes[role]));
}

/* Of a program that ended, the exit snapshot is the last word. */
static bool
shows_now(const struct model *model)
{
	return !model->judged || model->trace->header.end != TRACE_ENDED ||
	       model->judged->rows->info.cause > TRACE_CAUSE_EXIT_LATE;
}

static const char *
last_moment(const struct model *model)
{
	if (model->trace->header.flags & TRACE_OUTSIDE)
		return "in the last";
	if (model->trace->header.end == TRACE_ENDED)
		return "at the end";
	if (model->trace->header.end == TRACE_STOPPED)
		return "when tracing stopped";
	return model->guest_is_running ? "now"
	       : model->has_go	       ? "at the last event"
				       : "when it was killed";
}

static void
add_titles(struct table *table, const struct model *model)
{
	char text[SHOWN];

	table_add(table, "role");
	table_add(table, model->trace->header.flags & TRACE_OUTSIDE ? "at the highest"
								    : "at the peak");
	if (model->judged)
		table_add(table, "\"%s\"",
			  units_escape(text, sizeof text, model->judged->rows->info.label));
	if (shows_now(model))
		table_add(table, "%s", last_moment(model));
}

static uint64_t
largest(const struct model *model, unsigned role)
{
	uint64_t judged = model->judged ? model->judged->roles.bytes[role] : 0;
	uint64_t most = model->peak.bytes[role];

	most = most > judged ? most : judged;
	return most > model->now.bytes[role] ? most : model->now.bytes[role];
}

int
write_text_roles(const struct model *model, const struct options *options, FILE *out)
{
	const struct trace_header *header = &model->trace->header;
	char text[UNITS_SIZE], when[UNITS_SIZE];
	bool is_estimate = false;
	struct table table;

	fprintf(out, "%sBytes by role%s (%s of %s came after %s)\n", table_bold(options->color),
		table_plain(options->color),
		header->flags & TRACE_OUTSIDE ? "the highest snapshot's heap" : "the heap's peak",
		units_bytes(text, header->peak_bytes), units_duration(when, header->peak_ns));
	table_open(&table, model->judged && shows_now(model) ? "lrrr" : "lrr");
	add_titles(&table, model);
	for (unsigned role = 0; role < TRACE_ROLES; role++) {
		if (largest(model, role) == 0 && role != TRACE_BUCKETS)
			continue;
		table_add(&table, "%s", role_names[role]);
		add_roles(&table, &model->peak, role);
		if (model->judged)
			add_roles(&table, &model->judged->roles, role);
		if (shows_now(model))
			add_roles(&table, &model->now, role);
		is_estimate |=
		    !model->peak.is_exact[role] || (shows_now(model) && !model->now.is_exact[role]);
	}
	if (table_print(&table, out, 2, options->color))
		return -1;
	if (model->has_go)
		fputs("  Go's own heap is counted in snapshots only: all other columns, and the "
		      "peak, are malloc's.\n",
		      out);
	if (model->judged && model->judged->told)
		fprintf(out,
			"  %s in this snapshot have their role by the program's own word alone "
			"(maptrace_role): no profile proves it.\n",
			units_bytes(text, model->judged->told));
	if (header->peak_slack_bytes_log2)
		fprintf(out,
			"  The peak is exact within %s: %" PRIu32 " threads batch their counts.\n",
			units_bytes(text, (uint64_t)header->threads_seen
					      << (header->peak_slack_bytes_log2 & 31)),
			header->threads_seen);
	else if (header->unrecorded)
		fputs("  ~ estimate: allocations that could not be recorded are missing.\n", out);
	else if (is_estimate)
		fputs(
		    "  ~ estimate: what was allocated outside map code is split as in the nearest "
		    "snapshot.\n",
		    out);
	fputs("\n", out);
	return 0;
}

/* A part of the change, unless nothing moved. */
static void
print_move(FILE *out, const char *text, uint64_t fell, uint64_t grew)
{
	char bytes[UNITS_SIZE];

	if (!fell && !grew)
		return;
	fprintf(out, "  %s:", text);
	if (fell)
		fprintf(out, " -%s", units_bytes(bytes, fell));
	if (grew)
		fprintf(out, " +%s", units_bytes(bytes, grew));
	fputs("\n", out);
}

static void
print_deletion(const struct model_drop *drop, FILE *out)
{
	char number[UNITS_SIZE], bytes[UNITS_SIZE];

	if (drop->deleted)
		fprintf(out, "  deleting %s entries released %s of the map%s\n",
			units_number(number, drop->deleted),
			units_bytes(bytes, drop->fell[MODEL_DELETION]),
			drop->stayed_maps == 1 ? "" : "s");
	else
		print_move(out, "buckets and overflow of maps that stayed",
			   drop->fell[MODEL_DELETION], 0);
	print_move(out, "growth of maps that stayed", 0, drop->grew[MODEL_DELETION]);
	print_move(out, "out-of-line keys and values of those maps",
		   drop->fell[MODEL_DELETION_VALUES], drop->grew[MODEL_DELETION_VALUES]);
}

static void
print_superseded(const struct model_drop *drop, FILE *out)
{
	uint64_t from = drop->from->rows->info.live_bytes, to = drop->to->rows->info.live_bytes;
	uint64_t fell = drop->fell[MODEL_SUPERSEDED], grew = drop->grew[MODEL_SUPERSEDED];
	char bytes[UNITS_SIZE];

	if (fell && from > to && fell == from - to)
		fprintf(out,
			"  the whole fall was superseded arrays and their chains, which no map "
			"used any more: -%s\n",
			units_bytes(bytes, fell));
	else
		print_move(out, "superseded arrays and their chains, which no map used any more",
			   fell, 0);
	print_move(out, "superseded arrays and their chains that are still there", 0, grew);
}

/* "added" at 1.25 s */
static void
print_moment(FILE *out, const struct model_snapshot *snapshot)
{
	char label[SHOWN], when[UNITS_SIZE];

	fprintf(out, "\"%s\" at %s", units_escape(label, sizeof label, snapshot->rows->info.label),
		units_duration(when, snapshot->rows->info.ns));
}

static void
print_drop(const struct model_drop *drop, const struct options *options, FILE *out)
{
	char before[UNITS_SIZE], after[UNITS_SIZE];

	fprintf(out, "%sFrom ", table_bold(options->color));
	print_moment(out, drop->from);
	fputs(" to ", out);
	print_moment(out, drop->to);
	fprintf(out, "%s the heap went from %s to %s:\n", table_plain(options->color),
		units_bytes(before, drop->from->rows->info.live_bytes),
		units_bytes(after, drop->to->rows->info.live_bytes));
	print_deletion(drop, out);
	print_superseded(drop, out);
	print_move(out, "maps that vanished (-) or came (+)", drop->fell[MODEL_VANISHED],
		   drop->grew[MODEL_VANISHED]);
	print_move(out, "garbage, which the collector took (-) or has yet to take (+)",
		   drop->fell[MODEL_COLLECTED], drop->grew[MODEL_COLLECTED]);
	print_move(out, "memory that is no map's", drop->fell[MODEL_OTHER],
		   drop->grew[MODEL_OTHER]);
	print_move(out, "unexplained", drop->fell[MODEL_UNEXPLAINED],
		   drop->grew[MODEL_UNEXPLAINED]);
}

int
write_text_drops(const struct model *model, const struct options *options, FILE *out)
{
	struct model_drop *drops;
	size_t count;

	if (model_drops(model, &drops, &count))
		return -1;
	for (size_t i = 0; i < count; i++)
		print_drop(&drops[i], options, out);
	if (count)
		fputs("\n", out);
	free(drops);
	return 0;
}
