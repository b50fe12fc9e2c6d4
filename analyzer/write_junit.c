/*
 * `check` as JUnit XML, which every CI server reads: a test case for each limit of each trace; over
 * a limit is a failure, what cannot be judged or read an error. Called by check.c.
 */
#include "analyzer/units.h"
#include "analyzer/write_check.h"

#include <stdlib.h>
#include <string.h>

/* Escapes what XML forbids (control characters, by units_escape) and what it reserves. */
static void
write_escaped(FILE *out, const char *text)
{
	size_t size = text ? strlen(text) * 4 + 1 : 0;
	char *plain = text ? malloc(size) : NULL;

	if (!plain)
		return;
	for (const char *at = units_escape(plain, size, text); *at; at++) {
		switch (*at) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*at, out);
		}
	}
	free(plain);
}

static void
open_case(FILE *out, const struct verdict *verdict, const char *limit)
{
	fputs("    <testcase classname=\"maptrace.", out);
	write_escaped(out, verdict->program ? basename(verdict->program) : "trace");
	fputs("\" name=\"", out);
	write_escaped(out, verdict->path);
	fprintf(out, "%s%s\">\n", limit ? ": " : "", limit ? limit : "");
}

static void
write_trouble(FILE *out, const char *element, const char *type, const char *message,
	      const struct verdict_map *map)
{
	fprintf(out, "      <%s type=\"%s\" message=\"", element, type);
	write_escaped(out, message);
	fputs("\">", out);
	if (map) {
		write_escaped(out, map->name ? map->name : "");
		fputs(map->name ? ", " : "", out);
		write_escaped(out, map->type ? map->type : map->profile);
		fputs(map->function || map->file ? " made by " : "", out);
		write_escaped(out, map->function);
		if (map->file) {
			fputs(" at ", out);
			write_escaped(out, map->file);
			fprintf(out, ":%u", map->line);
		}
	}
	fprintf(out, "</%s>\n", element);
}

static void
write_finding(FILE *out, const struct verdict *verdict, const struct verdict_finding *finding)
{
	char message[1024];

	open_case(out, verdict, limits_name(finding->measured.kind));
	verdict_sentence(message, sizeof(message), &finding->measured);
	if (finding->measured.verdict != LIMITS_WITHIN)
		write_trouble(out, finding->measured.verdict == LIMITS_OVER ? "failure" : "error",
			      finding->measured.verdict == LIMITS_OVER ? "over" : "unjudged",
			      message, finding->has_map ? &finding->map : NULL);
	fputs("    </testcase>\n", out);
}

/* A case of its own for what is wrong with the whole trace, or for a trace without any limit. */
static bool
has_own_case(const struct verdict *verdict)
{
	return verdict->problem || verdict->finding_count == 0;
}

static void
write_own_case(FILE *out, const struct verdict *verdict)
{
	open_case(out, verdict, NULL);
	if (verdict->outcome != VERDICT_WITHIN)
		write_trouble(out, "error",
			      verdict->outcome == VERDICT_UNREADABLE ? "unreadable" : "unjudged",
			      verdict->problem, NULL);
	fputs("    </testcase>\n", out);
}

static void
count_cases(const struct check_result *result, size_t counts[LIMITS_OVER + 1])
{
	for (size_t i = 0; i < result->count; i++) {
		const struct verdict *verdict = &result->verdicts[i];

		for (size_t k = 0; k < verdict->finding_count; k++)
			counts[verdict->findings[k].measured.verdict]++;
		if (has_own_case(verdict))
			counts[verdict->outcome == VERDICT_WITHIN ? LIMITS_WITHIN
								  : LIMITS_UNJUDGED]++;
	}
}

void
write_junit(FILE *out, const struct check_result *result)
{
	size_t counts[LIMITS_OVER + 1] = {0};

	count_cases(result, counts);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
	fprintf(out,
		"  <testsuite name=\"maptrace check\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"%zu\">\n",
		counts[LIMITS_WITHIN] + counts[LIMITS_OVER] + counts[LIMITS_UNJUDGED],
		counts[LIMITS_OVER], counts[LIMITS_UNJUDGED]);
	for (size_t i = 0; i < result->count; i++) {
		const struct verdict *verdict = &result->verdicts[i];

		for (size_t k = 0; k < verdict->finding_count; k++)
			write_finding(out, verdict, &verdict->findings[k]);
		if (has_own_case(verdict))
			write_own_case(out, verdict);
	}
	fputs("  </testsuite>\n</testsuites>\n", out);
}
