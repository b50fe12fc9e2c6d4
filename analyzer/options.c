/*
 * Shared options: one argp parser that every command takes in, and the readers of their values.
 *
 * The rule that must never break: a value that is not understood is an error that names the option
 * and shows the right form. A gate that guessed what "16x" means would be no gate.
 */
#include "analyzer/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { KEY_SNAPSHOT = 0x100, KEY_PROFILE, KEY_MIN, KEY_SORT, KEY_JSON, KEY_COLOR };

static const struct argp_option shared[] = {
	{ "snapshot", KEY_SNAPSHOT, "LABEL", 0, "Look at this snapshot instead of the worst one", 0 },
	{ "profile", KEY_PROFILE, "GLOB", 0, "Only maps of profiles whose name matches", 0 },
	{ "min", KEY_MIN, "BYTES", 0, "Only maps that hold at least this much (units: K, M, G, T, "
	  "KiB ... in 1024s, KB ... in 1000s)", 0 },
	{ "sort", KEY_SORT, "KEY", 0, "retained (the default), held, count, capacity, fill, profile "
	  "or address", 0 },
	{ "json", KEY_JSON, NULL, 0, "Print JSON, with exact bytes", 0 },
	{ "color", KEY_COLOR, "WHEN", 0, "auto (the default), always or never", 0 },
	{ 0 },
};

static const char *const sort_keys[] = {
	[OPTIONS_SORT_RETAINED] = "retained", [OPTIONS_SORT_HELD] = "held",
	[OPTIONS_SORT_COUNT] = "count", [OPTIONS_SORT_CAPACITY] = "capacity",
	[OPTIONS_SORT_FILL] = "fill", [OPTIONS_SORT_PROFILE] = "profile",
	[OPTIONS_SORT_ADDRESS] = "address",
};

static const char *const color_words[] = {
	[OPTIONS_COLOR_AUTO] = "auto", [OPTIONS_COLOR_ALWAYS] = "always",
	[OPTIONS_COLOR_NEVER] = "never",
};

static int
find_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

/* What a unit multiplies by; 0 for what is no unit. */
static double
unit_factor(const char *unit)
{
	static const char letters[] = "KMGT";
	const char *letter;
	double factor = 1;
	bool is_decimal;

	if (!*unit || strcasecmp(unit, "B") == 0)
		return 1;
	letter = strchr(letters, unit[0] & ~0x20);
	if (!letter || !*letter)
		return 0;
	is_decimal = strcasecmp(unit + 1, "B") == 0;
	if (unit[1] && !is_decimal && strcasecmp(unit + 1, "iB") != 0)
		return 0;
	for (const char *at = letters; at <= letter; at++)
		factor *= is_decimal ? 1000 : 1024;
	return factor;
}

/* Digits and at most one point: what strtod takes besides (0x, nan, e5, a sign) is no size. */
static size_t
number_length(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	size_t behind = text[digits] == '.' ? strspn(text + digits + 1, "0123456789") : 0;

	if (digits == 0 || (text[digits] == '.' && behind == 0))
		return 0;
	return behind ? digits + 1 + behind : digits;
}

int
options_size(const char *text, uint64_t *bytes)
{
	size_t length = number_length(text);
	double factor = unit_factor(text + length + strspn(text + length, " "));
	unsigned long long whole;
	double value;

	if (length == 0 || length > 20 || factor == 0)
		return -1;
	if (!memchr(text, '.', length)) {
		errno = 0;
		whole = strtoull(text, NULL, 10);
		if (errno || whole > UINT64_MAX / (uint64_t)factor)
			return -1;
		*bytes = whole * (uint64_t)factor;
		return 0;
	}
	value = strtod(text, NULL) * factor;
	if (!(value < 18446744073709551616.0))
		return -1;
	*bytes = (uint64_t)value;
	return 0;
}

uint64_t
options_size_argument(struct argp_state *state, const char *option, const char *text)
{
	uint64_t bytes = 0;

	if (options_size(text, &bytes) < 0)
		argp_error(state, "%s: '%s' is no size; write bytes or a unit, such as 4096, 16M or "
		           "1.5GiB", option, text);
	return bytes;
}

bool
options_glob_matches(const char *glob, const char *text)
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

bool
options_wants_color(const struct options *options)
{
	const char *refused = getenv("NO_COLOR");

	if (options->color != OPTIONS_COLOR_AUTO)
		return options->color == OPTIONS_COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(refused && *refused);
}

static int
chosen_word(struct argp_state *state, const char *option, const char *const *words, size_t count,
            const char *word)
{
	int chosen = find_word(words, count, word);
	char list[128] = "";

	if (chosen >= 0)
		return chosen;
	for (size_t i = 0; i < count; i++) {
		strcat(list, i == 0 ? "" : i + 1 == count ? " or " : ", ");
		strcat(list, words[i]);
	}
	argp_error(state, "%s: '%s' is not known; it is one of %s", option, word, list);
	return 0;
}

static error_t
parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_SNAPSHOT:
		options->snapshot = argument;
		return 0;
	case KEY_PROFILE:
		options->profile = argument;
		return 0;
	case KEY_MIN:
		options->minimum = options_size_argument(state, "--min", argument);
		return 0;
	case KEY_SORT:
		options->sort = (enum options_sort)chosen_word(state, "--sort", sort_keys,
		                sizeof(sort_keys) / sizeof(sort_keys[0]), argument);
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_COLOR:
		options->color = (enum options_color)chosen_word(state, "--color", color_words,
		                 sizeof(color_words) / sizeof(color_words[0]), argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp options_argp = { .options = shared, .parser = parse };
