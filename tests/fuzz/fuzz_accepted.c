/*
 * Feeds any text as a list of accepted maps, and matches its rules against names that the text
 * itself holds.
 *
 * A text is a list or a message that names a line and a column; a glob ends in time that is at most
 * the product of both lengths. Run by `make fuzz`.
 */
#include "analyzer/accepted.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
match(const char *text, const struct accepted_rule *rule)
{
	const char *globs[] = { rule->profile, rule->function, rule->type, rule->name };

	fuzz_demand(rule->text != NULL && rule->line >= 1);
	for (size_t i = 0; i < sizeof(globs) / sizeof(*globs); i++)
		if (globs[i]) {
			accepted_glob_matches(globs[i], text);
			accepted_glob_matches(globs[i], globs[i]);
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct accepted_error error = { 0 };
	char *text = malloc(size + 1);
	struct accepted *accepted;

	fuzz_demand(text != NULL);
	memcpy(text, bytes, size);
	text[size] = '\0';
	accepted = accepted_parse(text, size, &error);
	if (!accepted)
		fuzz_demand(error.line >= 1 && error.column >= 1 && error.message[0] != '\0' &&
		       memchr(error.message, 0, sizeof(error.message)) != NULL);
	for (size_t i = 0; accepted && i < accepted->count; i++)
		match(text, &accepted->rules[i]);
	if (accepted)
		accepted_release(accepted);
	free(text);
	return 0;
}
