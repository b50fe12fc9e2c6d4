/*
 * The verdict on one trace. Called by check.c for each trace, one after the other.
 *
 * The rule that must never break: a trace passes only if every limit was measured at a complete
 * snapshot and the library saw the program to its end, or to the moment somebody else ended it.
 */
#include "analyzer/verdict.h"
#include "analyzer/symbols.h"
#include "analyzer/units.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL for NULL and where memory is refused: the writers say less then. */
static char *
copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

__attribute__((format(printf, 1, 2))) static char *
print(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return text;
}

const char *
verdict_word(enum verdict_outcome outcome)
{
	static const char *const words[VERDICT_OUTCOMES] = {
	    [VERDICT_WITHIN] = "pass",
	    [VERDICT_UNJUDGED] = "unjudged",
	    [VERDICT_OVER] = "over",
	    [VERDICT_UNREADABLE] = "unreadable",
	};

	return words[outcome];
}

static void
copy_remedy(struct verdict_map *out, const struct model_map *map)
{
	struct model_remedy remedies[TRACE_REMEDIES_MAX];

	if (model_remedies(map, remedies) == 0 || remedies[0].gives == 0)
		return;
	out->remedy = strndup(remedies[0].name, remedies[0].name_size);
	out->advice = strndup(remedies[0].advice, remedies[0].advice_size);
	out->gives = remedies[0].gives;
	out->transient = remedies[0].transient;
}

/* What symbols say. They cost more than all else that a verdict takes, so only a map that breaks a
 * limit, or may, gets them: it is the only one that is printed. */
static void
copy_names(struct verdict_map *out, struct model *model, const struct model_map *map)
{
	const struct model_names *names = model_map_names(model, map);

	out->type = copy(names->written_type);
	if (!names->maker)
		return;
	out->function = copy(names->maker->function);
	out->file = copy(names->maker->file);
	out->line = names->maker->line;
	out->module = copy(names->maker->module);
}

static void
copy_map(struct verdict_map *out, const struct model_map *map)
{
	out->profile = copy(map->profile_name);
	out->name = copy(map->name);
	out->address = map->row->address;
	out->count = map->row->count;
	out->capacity = map->row->capacity;
	out->held = map->held;
	out->retained = map->retained;
	out->retained_high = map->retained_high;
	out->fill = model_fill_percent(map);
	copy_remedy(out, map);
}

static void
copy_finding(struct verdict_finding *out, struct model *model, const struct limits_finding *found)
{
	out->measured = *found;
	out->label = copy(found->snapshot->rows->info.label);
	out->ns = found->snapshot->rows->info.ns;
	out->has_map = found->map != NULL;
	if (found->map)
		copy_map(&out->map, found->map);
	if (found->map && found->verdict != LIMITS_WITHIN)
		copy_names(&out->map, model, found->map);
	out->measured.snapshot = NULL;
	out->measured.map = NULL;
}

/* How the program ended, where that is not the ordinary way. */
static char *
end_note(const struct model *model)
{
	const struct trace_header *header = &model->trace->header;
	const struct model_snapshot *last = model_last(model);
	uint64_t seen = last ? last->rows->info.ns : 0;
	char unseen[UNITS_SIZE];

	if (header->end != TRACE_RUNNING)
		return NULL;
	units_duration(unseen, model_less(header->last_event_ns, seen));
	if (model->guest_is_running)
		return print(
		    "the program is still running: judged by its complete snapshots so far, "
		    "the last of them %s before its latest allocation",
		    unseen);
	if (model->has_go)
		return print(
		    "Go's runtime ended the program, or it was killed: judged by the complete "
		    "snapshots it left, the last of them %s before the last event that was seen",
		    unseen);
	return print(
	    "the program was killed: judged by the complete snapshots it left, the last of "
	    "them %s before its end",
	    unseen);
}

/* A program that ended by itself, and whose last snapshot is not complete: what its maps came to
 * after the one before, nobody saw. (One that was killed is judged by what it left.) */
static char *
unseen_end_problem(const struct model *model)
{
	const struct model_snapshot *last = &model->snapshots[model->snapshot_count - 1];
	const struct trace_snapshot *info = &last->rows->info;

	if (model->trace->header.end != TRACE_ENDED || last->is_complete)
		return NULL;
	return print("its last snapshot, '%s', is not complete (%s), so how it ended is not known",
		     info->label, model_unfinished_reason(last));
}

/* What keeps even a good measurement from being a pass; NULL: nothing. */
static char *
gap_problem(const struct model *model, const struct limits *limits)
{
	const struct trace_header *header = &model->trace->header;

	if (header->end == TRACE_STOPPED)
		return print("the library stopped tracing before the program ended: %s",
			     header->notice);
	if (header->unrecorded)
		return print("%llu allocations could not be recorded%s%s",
			     (unsigned long long)header->unrecorded, header->notice[0] ? ": " : "",
			     header->notice);
	return limits->snapshot ? NULL : unseen_end_problem(model);
}

static char *
missing_problem(const struct model *model, const struct limits *limits)
{
	const struct model_snapshot *last;

	if (limits->snapshot)
		return print("it has no complete snapshot labelled '%s'", limits->snapshot);
	if (model->snapshot_count == 0 && model->trace->header.notice[0])
		return print("it has no snapshot; the library said: %s",
			     model->trace->header.notice);
	if (model->snapshot_count == 0)
		return print(
		    "it has no snapshot: the program was killed before the first, or runs still");
	last = &model->snapshots[model->snapshot_count - 1];
	return print("it has no complete snapshot (%u incomplete; the last, '%s': %s)",
		     model->snapshot_count, last->rows->info.label, model_unfinished_reason(last));
}

static void
judge(struct verdict *verdict, struct model *model, const struct limits *limits)
{
	struct limits_finding findings[LIMITS_KINDS];
	enum limits_verdict worst = LIMITS_WITHIN;

	verdict->program = copy(model->trace->header.program);
	verdict->pid = model->trace->header.pid;
	for (uint32_t i = 0; i < model->snapshot_count; i++)
		verdict->complete += model->snapshots[i].is_complete;
	verdict->finding_count = limits_judge(model, limits, findings);
	if (verdict->finding_count == 0) {
		verdict->outcome = VERDICT_UNJUDGED;
		verdict->problem = missing_problem(model, limits);
		return;
	}
	for (size_t i = 0; i < verdict->finding_count; i++) {
		copy_finding(&verdict->findings[i], model, &findings[i]);
		if (findings[i].verdict > worst)
			worst = findings[i].verdict;
	}
	verdict->outcome = worst == LIMITS_OVER       ? VERDICT_OVER
			   : worst == LIMITS_UNJUDGED ? VERDICT_UNJUDGED
						      : VERDICT_WITHIN;
	verdict->note = end_note(model);
	verdict->problem = gap_problem(model, limits);
	if (verdict->problem && verdict->outcome == VERDICT_WITHIN)
		verdict->outcome = VERDICT_UNJUDGED;
}

void
verdict_reach(struct verdict *verdict, const char *path, const struct limits *limits)
{
	struct trace_error error = {0};
	struct model *model = model_open(path, &error);

	memset(verdict, 0, sizeof(*verdict));
	verdict->path = copy(path);
	if (!model) {
		verdict->outcome = VERDICT_UNREADABLE;
		verdict->problem = copy(error.message);
		return;
	}
	model->without_names = limits->without_names;
	judge(verdict, model, limits);
	model_close(model);
}

void
verdict_without_trace(struct verdict *verdict, const char *path, enum verdict_outcome outcome,
		      const char *problem)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->outcome = outcome;
	verdict->path = copy(path);
	verdict->problem = copy(problem);
}

void
verdict_release(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->finding_count; i++) {
		struct verdict_map *map = &verdict->findings[i].map;

		free(verdict->findings[i].label);
		free(map->profile);
		free(map->name);
		free(map->type);
		free(map->function);
		free(map->file);
		free(map->module);
		free(map->remedy);
		free(map->advice);
	}
	free(verdict->path);
	free(verdict->program);
	free(verdict->problem);
	free(verdict->note);
	memset(verdict, 0, sizeof(*verdict));
}
