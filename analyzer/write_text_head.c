/*
 * The first lines of a report: which program, how it ended, how far this trace can be trusted, and
 * at the end of a report without maps what was refused and why. Nothing that limits what the
 * figures mean may be left out here.
 */
#include "analyzer/units.h"
#include "analyzer/write_text.h"

#include <inttypes.h>
#include <string.h>

enum { SHOWN = 512 };

/* Whether the last look from outside was at its end. */
static bool
was_seen_ending(const struct model *model)
{
	for (uint32_t i = 0; i < model->snapshot_count; i++)
		if (model->snapshots[i].rows->info.cause == TRACE_CAUSE_EXIT)
			return true;
	return false;
}

static const char *
ending(const struct model *model)
{
	if (model->trace->header.flags & TRACE_OUTSIDE && model->trace->header.end == TRACE_ENDED)
		return was_seen_ending(model) ? "read from outside to its end"
					      : "read from outside";
	switch (model->trace->header.end) {
	case TRACE_ENDED:
		return "ended properly";
	case TRACE_STOPPED:
		return "tracing stopped early";
	default:
		return model->guest_is_running ? "still running"
		       : model->has_go	       ? "ended without a word"
					       : "killed or crashed";
	}
}

static void
head_line(const struct model *model, FILE *out)
{
	const struct trace_header *header = &model->trace->header;
	const struct model_snapshot *judged = model->judged;
	char program[SHOWN], label[SHOWN], when[UNITS_SIZE];

	fprintf(out, "maptrace report: %s (pid %" PRIu32 "), %s, %" PRIu32 " snapshot%s",
		units_escape(program, sizeof program, basename(header->program)), header->pid,
		ending(model), model->snapshot_count, model->snapshot_count == 1 ? "" : "s");
	if (judged)
		fprintf(out, "\nabout snapshot \"%s\" at %s%s",
			units_escape(label, sizeof label, judged->rows->info.label),
			units_duration(when, judged->rows->info.ns),
			model->is_judged_by_name       ? ""
			: judged->totals.retained_high ? ", in which maps retain most"
						       : ", in which maps hold most");
	fputs("\n", out);
}

/* The last look at its maps, where there is none at its end. */
static void
last_look(const struct model *model, FILE *out)
{
	const struct model_snapshot *last = model_last(model);
	char label[SHOWN], when[UNITS_SIZE];

	if (last)
		fprintf(out, "Its maps are known as of its last complete snapshot, \"%s\" at %s.\n",
			units_escape(label, sizeof label, last->rows->info.label),
			units_duration(when, last->rows->info.ns));
}

static void
ending_lines(const struct model *model, FILE *out)
{
	const struct trace_header *header = &model->trace->header;
	char when[UNITS_SIZE], notice[SHOWN];

	units_duration(when, header->last_event_ns);
	if (header->end == TRACE_RUNNING && model->guest_is_running)
		fprintf(out, "The program still runs: this is its state %s after its start.\n",
			when);
	else if (header->end == TRACE_RUNNING && model->has_go)
		fprintf(out,
			"A Go runtime ends its process where the library does not see it (or the "
			"program was killed):\nthere is no snapshot at its end, as `maptrace go "
			"run` takes one, and its last event is %s after its start.\n",
			when);
	else if (header->end == TRACE_RUNNING)
		fprintf(out,
			"The program did not end properly: its last event is %s after its start, "
			"and all counters are as\nof then.\n",
			when);
	else if (header->end == TRACE_STOPPED)
		fprintf(out, "The library stopped tracing %s after the start: figures end there.\n",
			when);
	if (header->end == TRACE_RUNNING && !model->guest_is_running)
		last_look(model, out);
	if (header->notice[0])
		fprintf(out, "The library says: %s\n",
			units_escape(notice, sizeof notice, header->notice));
	if (header->flags & TRACE_NO_UNWINDER)
		fputs("libunwind was not found: stacks are one frame deep and roles by stack are "
		      "incomplete.\n",
		      out);
	if (header->unrecorded) {
		fprintf(out, "%s allocations could not be recorded: every figure may miss them.\n",
			units_number(when, header->unrecorded));
	}
}

static void
incomplete_line(const struct model_snapshot *snapshot, FILE *out)
{
	const struct trace_snapshot *info = &snapshot->rows->info;
	char label[SHOWN], reason[SHOWN], seen[UNITS_SIZE], all[UNITS_SIZE];

	fprintf(out, "Snapshot \"%s\" is not complete and is not judged",
		units_escape(label, sizeof label, info->label));
	if (info->scan_bytes)
		fprintf(out, ": it saw %s of %s of memory", units_bytes(seen, info->scanned_bytes),
			units_bytes(all, info->scan_bytes));
	fprintf(out, " (%s).\n",
		units_escape(reason, sizeof reason, model_unfinished_reason(snapshot)));
}

enum { LINES = 4 }; /* of one kind; the rest is counted */

static void
incomplete_lines(const struct model *model, FILE *out)
{
	uint32_t incomplete = 0;

	for (uint32_t i = 0; i < model->snapshot_count; i++)
		if (!model->snapshots[i].is_complete && incomplete++ < LINES)
			incomplete_line(&model->snapshots[i], out);
	if (incomplete > LINES)
		fprintf(out, "%" PRIu32 " more snapshots are not complete.\n", incomplete - LINES);
}

/* What was there to the end and no map explains: there may have been more than the judged snapshot
 * shows. */
static void
unexplained_line(const struct model *model, FILE *out)
{
	const struct model_snapshot *last = model_last(model);
	char label[SHOWN], bytes[UNITS_SIZE];

	if (last && last != model->judged && last->unexplained)
		fprintf(out,
			"In snapshot \"%s\" %s of buckets and overflow belong to no map found.\n",
			units_escape(label, sizeof label, last->rows->info.label),
			units_bytes(bytes, last->unexplained));
}

void
write_text_head(const struct model *model, FILE *out)
{
	char warning[SHOWN * 2];

	head_line(model, out);
	ending_lines(model, out);
	incomplete_lines(model, out);
	unexplained_line(model, out);
	for (size_t i = 0; i < model->warning_count; i++)
		fprintf(out, "Note: %s.\n",
			units_escape(warning, sizeof warning, model->warnings[i]));
	fputs("\n", out);
}

/* The text of a profile's line, without the spaces before it. */
static void
profile_line(const struct model *model, uint32_t profile, uint32_t number, char *into, size_t size)
{
	const struct trace_profile *row = &model->trace->profiles[profile];
	const char *at = model->trace->text + row->text_offset, *end = at + row->text_size;
	char raw[PROFILE_LINE_MAX];
	size_t length = 0;

	for (uint32_t line = 1; line < number && at < end; line++) {
		const char *next = memchr(at, '\n', (size_t)(end - at));

		at = next ? next + 1 : end;
	}
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (at < end && *at != '\n' && *at && length + 1 < sizeof raw)
		raw[length++] = *at++;
	raw[length] = '\0';
	units_escape(into, size, raw);
}

void
write_text_refusal(const struct model *model, const struct trace_refused *row, FILE *out)
{
	static const char *const reasons[] = {
	    [TRACE_REFUSED_REQUIREMENT] = "a requirement was not met",
	    [TRACE_REFUSED_CENSUS] = "its entries are not as many as its header says",
	    [TRACE_REFUSED_WALK] = "a pointer led outside live blocks or round in a circle",
	    [TRACE_REFUSED_CLAIMED] = "another map owns the array with better proof",
	    [TRACE_REFUSED_BUSY] = "it was being changed at this moment",
	};
	char number[UNITS_SIZE], bytes[UNITS_SIZE], line[SHOWN], name[SHOWN];
	bool is_known = row->profile < model->trace->profile_count;

	fprintf(out, "  %s: %s candidate%s with %s in arrays: %s\n",
		units_escape(name, sizeof name,
			     is_known ? model->trace->profiles[row->profile].name : "?"),
		units_number(number, row->candidates), row->candidates == 1 ? "" : "s",
		units_bytes(bytes, row->bytes), reasons[row->reason]);
	if (is_known && row->line) {
		profile_line(model, row->profile, row->line, line, sizeof line);
		fprintf(out, "      line %" PRIu32 ": %s\n", row->line, line);
	}
}

/* Look-alikes of a few bytes are everywhere; they are told where they could explain something. */
static bool
is_worth_a_word(const struct model_snapshot *snapshot, const struct trace_refused *row)
{
	return snapshot->rows->maps_count == 0 || snapshot->unexplained ||
	       row->bytes >= snapshot->rows->info.live_bytes / 100;
}

static void
awake_profiles(const struct model *model, FILE *out)
{
	const char *separator = "Profiles that looked for maps: ";
	char name[SHOWN];

	for (uint32_t i = 0; i < model->trace->profile_count; i++) {
		if (!model->trace->profiles[i].awake)
			continue;
		fprintf(out, "%s%s", separator,
			units_escape(name, sizeof name, model->trace->profiles[i].name));
		separator = ", ";
	}
	if (separator[0] == 'P')
		fputs("No profile met the code that it waits for in this program", out);
	fputs(". `maptrace profiles` lists them all;\nMAPTRACE_PROFILES=DIR adds your own.\n", out);
}

void
write_text_refused(const struct model *model, FILE *out)
{
	const struct trace_snapshot_rows *rows = model->judged->rows;
	uint32_t shown = 0;

	if (rows->maps_count == 0)
		awake_profiles(model, out);
	for (uint32_t i = 0; i < rows->refused_count; i++) {
		if (!is_worth_a_word(model->judged, &rows->refused[i]))
			continue;
		if (shown++ == 0)
			fputs("Refused, because what cannot be proved is not counted:\n", out);
		write_text_refusal(model, &rows->refused[i], out);
	}
	if (rows->maps_count == 0 || shown)
		fputs("\n", out);
}
