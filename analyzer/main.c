/*
 * maptrace: the commands over trace files. Finds the command in the table and runs it; what every
 * command needs of the process (standard output that tells of its errors, quiet ends of pipes) is
 * set up here once.
 */
#include "analyzer/command.h"

#include <signal.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_report, &command_check, &command_maps, &command_map, &command_run, &command_go,
    &command_snapshot, &command_profiles,
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command top = {.name = "--help"};

static int
print_usage(FILE *out)
{
	fprintf(out,
		"Usage: maptrace COMMAND [OPTIONS] ...\n\n"
		"Shows which hash maps of a program hold memory that they no longer need.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(
	    out,
	    "\nThe usual way:\n"
	    "  maptrace run -- ./program              trace it, then report\n"
	    "  maptrace report maptrace.program.*.mtr\n"
	    "  maptrace check . --max-retained 16M    for CI: exits 0, 1, 2 or 3\n\n"
	    "`maptrace COMMAND --help` has the options and examples of each; `man maptrace` has "
	    "it all.\n");
	return command_finish(&top, out) < 0 ? COMMAND_FAILED : COMMAND_OK;
}

static int
refuse(const char *word)
{
	fprintf(stderr, "maptrace: unknown %s '%s'; the commands are",
		word[0] == '-' ? "option" : "command", word);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "%s %s",
			i == 0              ? ""
			: i + 1 == COMMANDS ? " and"
					    : ",",
			commands[i]->name);
	fprintf(stderr, ". `maptrace --help` describes them.\n");
	return COMMAND_FAILED;
}

/* `maptrace help COMMAND` is `maptrace COMMAND --help`. */
static int
help(const char *word)
{
	char option[] = "--help", name[32];
	char *arguments[] = {name, option, NULL};

	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, word) == 0) {
			snprintf(name, sizeof(name), "%s", word);
			return commands[i]->run(commands[i], 2, arguments);
		}
	}
	return refuse(word);
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	/* `maptrace report | head` ends quietly, whatever the caller did with SIGPIPE */
	signal(SIGPIPE, SIG_DFL);
	if (!word) {
		print_usage(stderr);
		return COMMAND_FAILED;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return argc > 2 ? help(argv[2]) : print_usage(stdout);
	if (strcmp(word, "--version") == 0) {
		printf("maptrace %s\n", MAPTRACE_VERSION);
		return command_finish(&top, stdout) < 0 ? COMMAND_FAILED : COMMAND_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, word) == 0)
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	return refuse(word);
}
