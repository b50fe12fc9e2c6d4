/*
 * `check` in words. Called by check.c. Every text of a trace goes through units_escape: a program's
 * name may hold anything that a terminal would obey.
 */
#include "analyzer/write_check.h"
#include "analyzer/units.h"

#include <string.h>

enum { TEXT_SIZE = 1024 };

static const char *
word_of(enum verdict_outcome outcome, bool color)
{
	static const char *const words[VERDICT_OUTCOMES][2] = {
	    [VERDICT_WITHIN] = {"PASS", "\033[32mPASS\033[0m"},
	    [VERDICT_UNJUDGED] = {"CANNOT JUDGE", "\033[33mCANNOT JUDGE\033[0m"},
	    [VERDICT_OVER] = {"FAIL", "\033[1;31mFAIL\033[0m"},
	    [VERDICT_UNREADABLE] = {"UNREADABLE", "\033[1;31mUNREADABLE\033[0m"},
	};

	return words[outcome][color];
}

static void
write_maker(FILE *out, const struct verdict_map *map)
{
	char function[TEXT_SIZE], place[TEXT_SIZE];

	if (!map->function && !map->module)
		return;
	units_escape(function, sizeof(function),
		     map->function ? map->function : "an unnamed function");
	fprintf(out, "      made by %s", function);
	if (map->file)
		fprintf(out, " (%s:%u)", units_escape(place, sizeof(place), map->file), map->line);
	else if (map->module)
		fprintf(out, " (%s)", units_escape(place, sizeof(place), map->module));
	fputc('\n', out);
}

static void
write_map(FILE *out, const struct verdict_map *map)
{
	char retained[UNITS_SIZE], held[UNITS_SIZE], count[UNITS_SIZE], capacity[UNITS_SIZE];
	char gives[UNITS_SIZE], meanwhile[UNITS_SIZE], text[TEXT_SIZE];

	fputs("      the worst: ", out);
	if (map->name)
		fprintf(out, "\"%s\", ", units_escape(text, sizeof(text), map->name));
	fprintf(out, "%s at 0x%llx retains %s of %s, %s of %s entries\n",
		units_escape(text, sizeof(text), map->type ? map->type : map->profile),
		(unsigned long long)map->address, units_bytes(retained, map->retained),
		units_bytes(held, map->held), units_number(count, map->count),
		units_number(capacity, map->capacity));
	write_maker(out, map);
	if (!map->remedy)
		return;
	fprintf(out, "      %s gives back %s", units_escape(text, sizeof(text), map->remedy),
		units_bytes(gives, map->gives));
	if (map->transient && map->transient != TRACE_UNKNOWN)
		fprintf(out, ", and takes %s meanwhile", units_bytes(meanwhile, map->transient));
	fprintf(out, ": %s\n", units_escape(text, sizeof(text), map->advice ? map->advice : ""));
}

static void
write_finding(FILE *out, const struct verdict_finding *finding)
{
	char sentence[TEXT_SIZE], label[2 * TRACE_NAME_MAX], when[UNITS_SIZE];

	verdict_sentence(sentence, sizeof(sentence), &finding->measured);
	fprintf(out, "    %s, at snapshot '%s' (%s)\n", sentence,
		units_escape(label, sizeof(label), finding->label ? finding->label : ""),
		units_duration(when, finding->ns));
	if (finding->measured.verdict != LIMITS_WITHIN && finding->has_map)
		write_map(out, &finding->map);
}

static void
write_verdict(FILE *out, const struct verdict *verdict, bool color)
{
	char text[4 * TEXT_SIZE];

	fprintf(out, "%s  %s", word_of(verdict->outcome, color),
		units_escape(text, sizeof(text), verdict->path ? verdict->path : ""));
	if (verdict->program)
		fprintf(out, "  (%s, pid %u)", units_escape(text, sizeof(text), verdict->program),
			verdict->pid);
	fputc('\n', out);
	for (size_t i = 0; i < verdict->finding_count; i++)
		write_finding(out, &verdict->findings[i]);
	/* what cannot be read is an error, and told as one on standard error */
	if (verdict->problem && verdict->outcome != VERDICT_UNREADABLE)
		fprintf(out, "    %s\n", units_escape(text, sizeof(text), verdict->problem));
	if (verdict->note)
		fprintf(out, "    %s\n", units_escape(text, sizeof(text), verdict->note));
}

static void
write_unused(FILE *out, const struct check_result *result)
{
	char path[4 * TEXT_SIZE], text[TEXT_SIZE];

	for (size_t i = 0; result->accepted && i < result->accepted->count; i++) {
		const struct accepted_rule *rule = &result->accepted->rules[i];

		if (rule->used == 0)
			fprintf(out, "note: %s:%zu accepted no map: %s\n",
				units_escape(path, sizeof(path), result->accepted_path), rule->line,
				units_escape(text, sizeof(text), rule->text));
	}
}

void
write_check_text(FILE *out, const struct check_result *result, bool color)
{
	static const char *const counted[VERDICT_OUTCOMES] = {
	    [VERDICT_WITHIN] = "within all limits",
	    [VERDICT_UNJUDGED] = "cannot be judged",
	    [VERDICT_OVER] = "over a limit",
	    [VERDICT_UNREADABLE] = "unreadable",
	};
	const char *separator = "";

	for (size_t i = 0; i < result->count; i++)
		write_verdict(out, &result->verdicts[i], color);
	write_unused(out, result);
	for (int outcome = VERDICT_OUTCOMES - 1; outcome >= 0; outcome--) {
		if (result->outcomes[outcome] == 0)
			continue;
		fprintf(out, "%s%zu %s", separator, result->outcomes[outcome], counted[outcome]);
		separator = ", ";
	}
	fputc('\n', out);
}
