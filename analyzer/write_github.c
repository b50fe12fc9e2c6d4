/*
 * `check` as GitHub workflow commands: an annotation for each finding, shown at the line of the
 * pull request that made the map. Called by check.c.
 *
 *     ::error file=src/cache.c,line=88,title=maptrace%3A retained::maps retain ...
 */
#include "analyzer/units.h"
#include "analyzer/write_check.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Escapes for a message; for a property also its separators. */
static void
write_escaped(FILE *out, const char *text, bool is_property)
{
	size_t size = text ? strlen(text) * 4 + 1 : 0;
	char *plain = text ? malloc(size) : NULL;

	if (!plain)
		return;
	for (const char *at = units_escape(plain, size, text); *at; at++) {
		if (*at == '%' || (is_property && (*at == ':' || *at == ',')))
			fprintf(out, "%%%02X", (unsigned char)*at);
		else
			fputc(*at, out);
	}
	free(plain);
}

/* Annotations want paths as the repository knows them: relative to the folder of the checkout. */
static const char *
within_checkout(const char *file)
{
	char here[PATH_MAX];
	size_t length;

	if (!getcwd(here, sizeof(here)))
		return file;
	length = strlen(here);
	return strncmp(file, here, length) == 0 && file[length] == '/' ? file + length + 1 : file;
}

static void
write_annotation(FILE *out, const char *title, const struct verdict *verdict, const char *message,
		 const struct verdict_map *map)
{
	fputs("::error ", out);
	if (map && map->file) {
		fputs("file=", out);
		write_escaped(out, within_checkout(map->file), true);
		fprintf(out, ",line=%u,", map->line);
	}
	fprintf(out, "title=maptrace%%3A %s::", title);
	write_escaped(out, message, false);
	fputs(" (", out);
	if (map && map->function) {
		write_escaped(out, map->function, false);
		fputs("; ", out);
	}
	write_escaped(out, verdict->path, false);
	fputs(")\n", out);
}

void
write_github(FILE *out, const struct check_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct verdict *verdict = &result->verdicts[i];

		for (size_t k = 0; k < verdict->finding_count; k++) {
			const struct verdict_finding *finding = &verdict->findings[k];
			char message[1024];

			if (finding->measured.verdict == LIMITS_WITHIN)
				continue;
			verdict_sentence(message, sizeof(message), &finding->measured);
			write_annotation(out, limits_name(finding->measured.kind), verdict, message,
					 finding->has_map ? &finding->map : NULL);
		}
		if (verdict->problem && verdict->outcome != VERDICT_WITHIN)
			write_annotation(out, verdict_word(verdict->outcome), verdict,
					 verdict->problem, NULL);
	}
}
