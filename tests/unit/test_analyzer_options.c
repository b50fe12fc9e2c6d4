/* The shared options: what they read, and that every mistake is named and ends nothing by itself.
 */
#include "analyzer/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct command command = {
    .name = "sample",
    .arguments = "[OPTIONS] TRACE",
    .summary = "sums",
    .help = "Helps.\n",
};

/* What a call printed on a stream, which is redirected meanwhile. */
struct capture {
	FILE *stream, *file;
	int saved;
	char text[8192];
};

static void
capture_begin(struct capture *capture, FILE *stream)
{
	capture->stream = stream;
	fflush(stream);
	capture->saved = dup(fileno(stream));
	capture->file = tmpfile();
	assert_non_null(capture->file);
	dup2(fileno(capture->file), fileno(stream));
}

static void
capture_end(struct capture *capture)
{
	size_t size;

	fflush(capture->stream);
	dup2(capture->saved, fileno(capture->stream));
	close(capture->saved);
	rewind(capture->file);
	size = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
	capture->text[size] = '\0';
	fclose(capture->file);
}

/* Parses up to 8 words; what was said on stderr goes to `said`. */
static enum options_result
parse(const char *const *words, const struct argp *extra, void *input, struct options *options,
      struct capture *said)
{
	static char *argv[16];
	static char own_name[] = "sample";
	int argc = 0;
	enum options_result result;

	argv[argc++] = own_name;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	argv[argc] = NULL;
	capture_begin(said, stderr);
	result = options_parse(&command, argc, argv, extra, input, options);
	capture_end(said);
	return result;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
options_and_operands_may_mix(void **state)
{
	struct options options;
	struct capture said;

	assert_int_equal(parse(WORDS("a", "--json", "b", "--snapshot", "exit", "c"), NULL, NULL,
			       &options, &said),
			 OPTIONS_GO);
	assert_true(options.json);
	assert_string_equal(options.snapshot, "exit");
	assert_int_equal(options.operand_count, 3);
	assert_string_equal(options.operands[0], "a");
	assert_string_equal(options.operands[1], "b");
	assert_string_equal(options.operands[2], "c");
	assert_string_equal(said.text, "");
}

static void
values_are_read(void **state)
{
	struct options options;
	struct capture said;

	assert_int_equal(
	    parse(WORDS("--min=1.5K", "--profile=g*", "--sort=address", "--color=always"), NULL,
		  NULL, &options, &said),
	    OPTIONS_GO);
	assert_int_equal(options.filter.minimum, 1536);
	assert_string_equal(options.filter.profile, "g*");
	assert_int_equal(options.filter.sort, MODEL_SORT_ADDRESS);
	assert_true(options.color);
	assert_int_equal(options.operand_count, 0);
}

static void
mistakes_are_named(void **state)
{
	static const struct {
		const char *word, *says;
	} cases[] = {
	    {"--frob", "'--frob'"},
	    {"--min=lots", "--min: 'lots' is no size"},
	    {"--min=-1", "--min: '-1' is no size"},
	    {"--sort=color", "--sort: 'color' is none of retained, held, count, chain or address"},
	    {"--color=red", "--color: 'red' is none of auto, always or never"},
	    {"--snapshot", "requires an argument"},
	    {"--json=x", "doesn't allow an argument"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options options;
		struct capture said;

		assert_int_equal(parse(WORDS("a", cases[i].word), NULL, NULL, &options, &said),
				 OPTIONS_BAD);
		assert_non_null(strstr(said.text, cases[i].says));
		assert_non_null(strstr(said.text, "maptrace sample: "));
		assert_non_null(strstr(said.text, "--help"));
	}
}

static void
help_shows_usage_options_and_examples(void **state)
{
	static const char *const spellings[] = {"--help", "--usage"};

	for (size_t i = 0; i < 2; i++) {
		struct options options;
		struct capture said, shown;
		enum options_result result;

		capture_begin(&shown, stdout);
		result = parse(WORDS("a", spellings[i], "--frob"), NULL, NULL, &options, &said);
		capture_end(&shown);
		assert_int_equal(result, OPTIONS_DONE);
		assert_string_equal(said.text, "");
		assert_non_null(strstr(shown.text, "Usage: maptrace sample [OPTIONS] TRACE\n"));
		assert_non_null(strstr(shown.text, "--snapshot=LABEL"));
		assert_non_null(strstr(shown.text, "Helps.\n"));
	}
}

/* A command's own parser, which takes everything from the first operand on. */
static error_t
take_rest(int key, char *argument, struct argp_state *state)
{
	char ***rest = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	*rest = state->argv + state->next - 1;
	state->next = state->argc;
	return 0;
}

static void
command_may_take_the_rest_for_itself(void **state)
{
	static const struct argp extra = {.parser = take_rest};
	struct options options;
	struct capture said;
	char **rest = NULL;

	assert_int_equal(
	    parse(WORDS("--json", "--", "prog", "--json", "x"), &extra, &rest, &options, &said),
	    OPTIONS_GO);
	assert_string_equal(rest[0], "prog");
	assert_string_equal(rest[1], "--json");
	assert_string_equal(rest[2], "x");
	assert_null(rest[3]);
	assert_int_equal(parse(WORDS("prog", "--frob"), &extra, &rest, &options, &said),
			 OPTIONS_GO);
	assert_string_equal(rest[1], "--frob");
}

static void
complaints_obey_no_terminal(void **state)
{
	struct capture said;

	capture_begin(&said, stderr);
	command_complain(&command, "cannot open %s", "a\033[31m\nb");
	capture_end(&said);
	assert_string_equal(said.text, "maptrace sample: cannot open a\\x1b[31m\\x0ab\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_and_operands_may_mix),
	    cmocka_unit_test(values_are_read),
	    cmocka_unit_test(mistakes_are_named),
	    cmocka_unit_test(help_shows_usage_options_and_examples),
	    cmocka_unit_test(command_may_take_the_rest_for_itself),
	    cmocka_unit_test(complaints_obey_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
