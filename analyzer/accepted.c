/*
 * Accepted maps: reads the list and holds maps against it. Called by check.c.
 *
 * The rule that must never break: a line that is not understood stops the gate with its line and
 * column. A rule that was read wrongly could accept everything and would let every leak pass.
 */
#include "analyzer/accepted.h"
#include "analyzer/text_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCEPTED_SIZE_MAX = 16 * 1024 * 1024 };

struct scan {
	const char *line, *at, *end; /* the present line */
	size_t number;
	struct accepted_error *error;
};

__attribute__((format(printf, 2, 3))) static int
fail(const struct scan *scan, const char *format, ...)
{
	va_list arguments;

	scan->error->line = scan->number;
	scan->error->column = (size_t)(scan->at - scan->line) + 1;
	va_start(arguments, format);
	vsnprintf(scan->error->message, sizeof(scan->error->message), format, arguments);
	va_end(arguments);
	return -1;
}

static void
skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end && strchr(" \t\r", *scan->at))
		scan->at++;
	if (scan->at < scan->end && *scan->at == '#')
		scan->at = scan->end;
}

/* The word at the present place, which stays there. */
static size_t
word_length(const struct scan *scan)
{
	size_t length = 0;

	while (scan->at + length < scan->end && !strchr(" \t\r\"#", scan->at[length]))
		length++;
	return length;
}

static bool
is_word(const struct scan *scan, const char *word)
{
	return word_length(scan) == strlen(word) && memcmp(scan->at, word, strlen(word)) == 0;
}

/* A text in double quotes, into `out`; \" and \\ stand for themselves. */
static int
read_quoted(struct scan *scan, char *out)
{
	const char *open = scan->at;

	for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\' && scan->at + 1 < scan->end && strchr("\"\\", scan->at[1]))
			scan->at++;
		*out++ = *scan->at;
	}
	if (scan->at == scan->end) {
		scan->at = open;
		return fail(scan, "this double quote is never closed");
	}
	scan->at++;
	return 0;
}

/* A glob: a word, or a text in double quotes where it has blanks. */
static int
read_glob(struct scan *scan, char **glob)
{
	const char *start = scan->at;
	size_t length = word_length(scan);

	*glob = calloc(1, (size_t)(scan->end - scan->at) + 1);
	if (!*glob)
		return fail(scan, "out of memory");
	if (length) {
		memcpy(*glob, scan->at, length);
		scan->at += length;
		return 0;
	}
	if (scan->at == scan->end)
		return fail(scan, "a glob belongs here, such as \"*Cache*\"");
	if (read_quoted(scan, *glob) < 0)
		return -1;
	if (**glob)
		return 0;
	scan->at = start;
	return fail(scan, "an empty glob matches nothing; \"*\" matches all");
}

static int
read_condition(struct scan *scan, struct accepted_rule *rule)
{
	char **glob = is_word(scan, "profile")    ? &rule->profile
		      : is_word(scan, "function") ? &rule->function
		      : is_word(scan, "type")     ? &rule->type
		      : is_word(scan, "name")     ? &rule->name
						  : NULL;

	if (!glob)
		return fail(scan, "'%.*s' is none of profile, function, type and name",
			    (int)word_length(scan), scan->at);
	if (*glob)
		return fail(scan, "'%.*s' stands twice in this rule", (int)word_length(scan),
			    scan->at);
	scan->at += word_length(scan);
	skip_blanks(scan);
	return read_glob(scan, glob);
}

static int
read_rule(struct scan *scan, struct accepted_rule *rule)
{
	for (;;) {
		skip_blanks(scan);
		if (read_condition(scan, rule) < 0)
			return -1;
		skip_blanks(scan);
		if (scan->at == scan->end)
			return 0;
		if (!is_word(scan, "and"))
			return fail(scan, "`and` or the end of the line belongs here");
		scan->at += strlen("and");
	}
}

static struct accepted_rule *
add_rule(struct accepted *accepted, const struct scan *scan)
{
	size_t count = accepted->count + 1;
	struct accepted_rule *rules = reallocarray(accepted->rules, count, sizeof(*rules));
	struct accepted_rule *rule;

	if (!rules)
		return NULL;
	accepted->rules = rules;
	rule = &rules[accepted->count];
	memset(rule, 0, sizeof(*rule));
	rule->line = scan->number;
	rule->text = strndup(scan->at, (size_t)(scan->end - scan->at));
	if (!rule->text)
		return NULL;
	accepted->count = count;
	return rule;
}

static int
read_line(struct scan *scan, struct accepted *accepted)
{
	struct accepted_rule *rule;

	if (memchr(scan->line, '\0', (size_t)(scan->end - scan->line)))
		return fail(scan, "this is no text");
	skip_blanks(scan);
	if (scan->at == scan->end)
		return 0;
	rule = add_rule(accepted, scan);
	return rule ? read_rule(scan, rule) : fail(scan, "out of memory");
}

struct accepted *
accepted_parse(const char *text, size_t size, struct accepted_error *error)
{
	struct accepted *accepted = calloc(1, sizeof(*accepted));
	struct scan scan = {.error = error};
	const char *next = text;

	memset(error, 0, sizeof(*error));
	if (!accepted) {
		snprintf(error->message, sizeof(error->message), "out of memory");
		return NULL;
	}
	while (next < text + size) {
		const char *end = memchr(next, '\n', (size_t)(text + size - next));

		scan.line = scan.at = next;
		scan.end = end ? end : text + size;
		scan.number++;
		if (read_line(&scan, accepted) < 0) {
			accepted_release(accepted);
			return NULL;
		}
		next = scan.end + 1;
	}
	return accepted;
}

struct accepted *
accepted_read(const char *path, struct accepted_error *error)
{
	struct accepted *accepted = NULL;
	size_t size = 0;
	char *text = text_file_read(path, ACCEPTED_SIZE_MAX, &size);

	memset(error, 0, sizeof(*error));
	if (text)
		accepted = accepted_parse(text, size, error);
	else
		snprintf(error->message, sizeof(error->message), "cannot be read: %s",
			 strerror(errno));
	free(text);
	return accepted;
}

void
accepted_release(struct accepted *accepted)
{
	if (!accepted)
		return;
	for (size_t i = 0; i < accepted->count; i++) {
		free(accepted->rules[i].profile);
		free(accepted->rules[i].function);
		free(accepted->rules[i].type);
		free(accepted->rules[i].name);
		free(accepted->rules[i].text);
	}
	free(accepted->rules);
	free(accepted);
}

bool
accepted_glob_matches(const char *glob, const char *text)
{
	const char *star = NULL, *mark = NULL;

	while (*text) {
		if (*glob == '*') {
			star = glob++;
			mark = text;
		} else if (*glob && (*glob == '?' || *glob == *text)) {
			glob++;
			text++;
		} else if (star) {
			glob = star + 1;
			text = ++mark;
		} else {
			return false;
		}
	}
	return glob[strspn(glob, "*")] == '\0';
}

static bool
function_matches(const char *glob, const struct model_names *names)
{
	for (size_t i = 0; i < names->frame_count; i++) {
		const struct symbols_frame *frame = &names->frames[i];

		if ((frame->function && accepted_glob_matches(glob, frame->function)) ||
		    (frame->symbol && accepted_glob_matches(glob, frame->symbol)))
			return true;
	}
	return false;
}

static bool
type_matches(const char *glob, const struct model_names *names)
{
	return (names->type && accepted_glob_matches(glob, names->type)) ||
	       (names->written_type && accepted_glob_matches(glob, names->written_type));
}

bool
accepted_matches(struct accepted *accepted, const char *profile, const struct model_names *names,
		 const char *name)
{
	for (size_t i = 0; accepted && i < accepted->count; i++) {
		struct accepted_rule *rule = &accepted->rules[i];

		if (rule->profile && !accepted_glob_matches(rule->profile, profile))
			continue;
		if (rule->name && !(name && accepted_glob_matches(rule->name, name)))
			continue;
		if (rule->type && !type_matches(rule->type, names))
			continue;
		if (rule->function && !function_matches(rule->function, names))
			continue;
		rule->used++;
		return true;
	}
	return false;
}
