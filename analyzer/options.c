/*
 * The options that all commands share: one argp parser that every command line goes through, a
 * command's own options beside it.
 *
 * The rule that must never break: what is not understood is an error that names it and shows the
 * right form. A gate that guessed what --max-retained 16x means would be no gate. Nothing here
 * ends the program: main() returns the exit code.
 */
#include "analyzer/command.h"
#include "analyzer/units.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	KEY_HELP = 0x1000,
	KEY_SNAPSHOT,
	KEY_PROFILE,
	KEY_MIN,
	KEY_SORT,
	KEY_JSON,
	KEY_NO_SYMBOLS,
	KEY_COLOR
};

static const struct argp_option shared[] = {
    {"snapshot", KEY_SNAPSHOT, "LABEL", 0, "Look at this snapshot instead of the worst one", 0},
    {"profile", KEY_PROFILE, "GLOB", 0, "Only maps of profiles whose name matches", 0},
    {"min", KEY_MIN, "BYTES", 0, "Only maps that hold at least this much: 4096, 16M, 1.5GiB", 0},
    {"sort", KEY_SORT, "KEY", 0,
     "retained (default), held, count, chain (or probe, the longest first) or address", 0},
    {"json", KEY_JSON, NULL, 0, "Print JSON, with exact bytes", 0},
    {"no-symbols", KEY_NO_SYMBOLS, NULL, 0,
     "Read no symbols: modules and offsets instead of functions and lines, at once", 0},
    {"color", KEY_COLOR, "WHEN", 0, "auto (default), always or never", 0},
    {"help", KEY_HELP, NULL, 0, "Print this", 0},
    {"usage", KEY_HELP, NULL, OPTION_HIDDEN, NULL, 0}, /* argp's messages point at it */
    {0},
};

static const char *const sort_keys[] = {
    [MODEL_SORT_RETAINED] = "retained",
    [MODEL_SORT_HELD] = "held",
    [MODEL_SORT_COUNT] = "count",
    [MODEL_SORT_CHAIN] = "chain",
    [MODEL_SORT_ADDRESS] = "address",
    NULL,
};

enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
static const char *const color_words[] = {
    [COLOR_AUTO] = "auto",
    [COLOR_ALWAYS] = "always",
    [COLOR_NEVER] = "never",
    NULL,
};

/* What one call of options_parse works on: input of both parsers below. */
struct parse {
	const struct command *command;
	struct options *options;
	void *extra_input;
	int color;
	bool is_help;
};

void
command_complain(const struct command *command, const char *format, ...)
{
	char message[2048], shown[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	fprintf(stderr, "maptrace %s: %s\n", command->name,
		units_escape(shown, sizeof(shown), message));
}

/* Index of `word` among `words`; -1, said so, where it is none of them. */
static int
choose(struct argp_state *state, const char *option, const char *const *words, const char *word)
{
	char list[128] = "";

	for (int i = 0; words[i]; i++) {
		const char *joint = i == 0 ? "" : words[i + 1] ? ", " : " or ";
		size_t used = strlen(list);

		if (strcmp(words[i], word) == 0)
			return i;
		snprintf(list + used, sizeof(list) - used, "%s%s", joint, words[i]);
	}
	argp_error(state, "%s: '%s' is none of %s", option, word, list);
	return -1;
}

static error_t
set_minimum(struct argp_state *state, const char *argument, uint64_t *minimum)
{
	if (units_parse_bytes(argument, minimum) == 0)
		return 0;
	argp_error(state, "--min: '%s' is no size; write 4096, 16M or 1.5GiB", argument);
	return EINVAL;
}

static error_t
print_help(struct argp_state *state, struct parse *parse)
{
	printf("Usage: maptrace %s %s\n", parse->command->name, parse->command->arguments);
	argp_state_help(state, stdout, ARGP_HELP_DOC | ARGP_HELP_LONG);
	parse->is_help = true;
	return ECANCELED;
}

/* Operands move to the front of argv, behind the name: those slots have been read already. */
static error_t
keep_operand(struct argp_state *state, struct options *options, char *operand)
{
	state->argv[1 + options->operand_count++] = operand;
	return 0;
}

static error_t
parse_shared(int key, char *argument, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct options *options = parse->options;
	int word = 0;

	switch (key) {
	case ARGP_KEY_ARG:
		return keep_operand(state, options, argument);
	case KEY_SNAPSHOT:
		options->snapshot = argument;
		return 0;
	case KEY_PROFILE:
		options->filter.profile = argument;
		return 0;
	case KEY_MIN:
		return set_minimum(state, argument, &options->filter.minimum);
	case KEY_SORT:
		word = choose(state, "--sort", sort_keys, argument);
		options->filter.sort = (enum model_sort)word;
		return word < 0 ? EINVAL : 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_NO_SYMBOLS:
		options->without_names = true;
		return 0;
	case KEY_COLOR:
		parse->color = word = choose(state, "--color", color_words, argument);
		return word < 0 ? EINVAL : 0;
	case KEY_HELP:
		return print_help(state, parse);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp shared_argp = {.options = shared, .parser = parse_shared};

/* The parser above both: hands each its input. */
static error_t
parse_root(int key, char *argument, struct argp_state *state)
{
	struct parse *parse = state->input;

	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	for (int i = 0; state->root_argp->children[i].argp; i++) {
		bool is_shared = state->root_argp->children[i].argp == &shared_argp;

		state->child_inputs[i] = is_shared ? (void *)parse : parse->extra_input;
	}
	return 0;
}

static bool
wants_color(int color)
{
	const char *refused = getenv("NO_COLOR");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(refused && *refused);
}

enum options_result
options_parse(const struct command *command, int argc, char **argv, const struct argp *extra,
	      void *extra_input, struct options *options)
{
	struct parse parse = {.command = command, .options = options, .extra_input = extra_input};
	struct argp_child children[3] = {{0}};
	struct argp argp = {.parser = parse_root, .children = children};
	char name[64], doc[4096];
	char *own_name = argv[0];
	error_t failed;

	/* the command's own comes first: `run` takes all operands for itself */
	if (extra)
		children[0] = (struct argp_child){extra, 0, NULL, 1};
	children[extra ? 1 : 0] = (struct argp_child){&shared_argp, 0, "Shared options:", 2};
	snprintf(name, sizeof(name), "maptrace %s", command->name);
	snprintf(doc, sizeof(doc), "%s\v%s", command->summary, command->help);
	argp.doc = doc;
	memset(options, 0, sizeof(*options));
	options->operands = argv + 1;
	argv[0] = name; /* getopt names it in its messages */
	failed = argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_EXIT | ARGP_NO_HELP, NULL,
			    &parse);
	argv[0] = own_name;
	if (parse.is_help)
		return command_finish(command, stdout) < 0 ? OPTIONS_BAD : OPTIONS_DONE;
	options->color = wants_color(parse.color);
	return failed ? OPTIONS_BAD : OPTIONS_GO;
}
