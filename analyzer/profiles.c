/*
 * `maptrace profiles`: which map implementations are known (`list`; profiles_list.c), whether a
 * profile that somebody writes is sound (`check`), each error with its line, its column and the
 * line itself, and what it finds in a program (`test`; profiles_test.c).
 */
#include "analyzer/command.h"
#include "analyzer/profiles_list.h"
#include "analyzer/profiles_test.h"
#include "analyzer/text_file.h"
#include "analyzer/units.h"
#include "profiles/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ERRORS_MAX = 64 };

/* The line with a caret below the column; tabs stay, so that the caret stands right. */
static void
quote_line(const char *text, const struct profile_error *error)
{
	char shown[PROFILE_LINE_MAX * 4], line[PROFILE_LINE_MAX + 1];
	size_t length;

	for (uint32_t i = 1; i < error->line && text; i++) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	if (!text || !*text)
		return;
	length = strcspn(text, "\n");
	snprintf(line, sizeof(line), "%.*s",
		 (int)(length < PROFILE_LINE_MAX ? length : PROFILE_LINE_MAX), text);
	for (char *at = line; *at; at++)
		*at = *at == '\t' ? ' ' : *at;
	printf("    %s\n", units_escape(shown, sizeof(shown), line));
	if (error->column >= 1 && error->column <= length + 1)
		printf("    %*s^\n", (int)error->column - 1, "");
}

/* Returns how many errors the file has. */
static size_t
check_text(struct profile *profile, const char *path, const char *text, size_t size)
{
	struct profile_error errors[ERRORS_MAX];
	size_t count = profile_compile(profile, text, size, errors, ERRORS_MAX);
	char shown[4096], message[4 * sizeof(errors[0].message)];

	units_escape(shown, sizeof(shown), path);
	for (size_t i = 0; i < count; i++) {
		printf("%s:%u:%u: %s\n", shown, errors[i].line, errors[i].column,
		       units_escape(message, sizeof(message), errors[i].message));
		quote_line(text, &errors[i]);
	}
	if (count == ERRORS_MAX)
		printf("%s: there may be more errors; these are the first %d\n", shown, ERRORS_MAX);
	if (count == 0)
		printf("%s: profile %s is sound: %u role rules, %u anchors, %u steps of proof\n",
		       shown, profile->name, profile->rule_count, profile->anchor_count,
		       profile->step_count);
	return count;
}

static size_t
check_file(const struct command *command, struct profile *profile, const char *path)
{
	size_t size = 0, errors;
	char *text = text_file_read(path, PROFILE_TEXT_MAX, &size);

	if (!text) {
		command_complain(command, "%s: cannot be read: %s", path,
				 errno == EFBIG ? "it is larger than a profile may be (64 KiB)"
						: strerror(errno));
		return 1;
	}
	errors = check_text(profile, path, text, size);
	free(text);
	return errors;
}

/* Returns enum command_exit. */
static int
check(const struct command *command, char **files, int count)
{
	struct profile *profile = malloc(sizeof(*profile));
	size_t errors = 0;

	if (count == 0)
		command_complain(command,
				 "check which files? `maptrace profiles check my.profile`");
	else if (!profile)
		command_complain(command, "out of memory");
	for (int i = 0; profile && i < count; i++)
		errors += check_file(command, profile, files[i]);
	free(profile);
	if (command_finish(command, stdout) < 0 || !profile || count == 0)
		return COMMAND_FAILED;
	return errors ? COMMAND_FAILED : COMMAND_OK;
}

/* `test FILE PROGRAM ARGUMENT...`, behind its first word. Returns enum command_exit. */
static int
test(const struct command *command, char **operands, int count)
{
	struct profile *profile = malloc(sizeof(*profile));
	int code = COMMAND_FAILED;
	char *text = NULL;
	size_t size = 0;

	if (count < 2)
		command_complain(command, "test which profile on which program? "
					  "`maptrace profiles test my.profile -- ./program`");
	else if (!profile)
		command_complain(command, "out of memory");
	else if (!(text = text_file_read(operands[0], PROFILE_TEXT_MAX, &size)))
		command_complain(command, "%s: cannot be read: %s", operands[0], strerror(errno));
	else if (check_text(profile, operands[0], text, size) == 0)
		code = profiles_test(command, profile, operands + 1);
	free(text);
	free(profile);
	return code;
}

static int
run_profiles(const struct command *command, int argc, char **argv)
{
	struct options options;
	enum options_result parsed = options_parse(command, argc, argv, NULL, NULL, &options);
	const char *what;

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	what = options.operand_count ? options.operands[0] : "list";
	if (strcmp(what, "list") == 0 && options.operand_count <= 1)
		return profiles_list(command, &options);
	if (strcmp(what, "check") == 0)
		return check(command, options.operands + 1, options.operand_count - 1);
	if (strcmp(what, "test") == 0)
		return test(command, options.operands + 1, options.operand_count - 1);
	command_complain(command,
			 "'%s' is neither `list`, `check FILE...` nor `test FILE -- PROGRAM`",
			 strcmp(what, "list") == 0 ? options.operands[1] : what);
	return COMMAND_FAILED;
}

const struct command command_profiles = {
    .name = "profiles",
    .arguments = "list [--profile GLOB] | check FILE... | test FILE -- PROGRAM [ARGUMENT...]",
    .summary = "list the known map implementations, check or test a profile",
    .help =
	"`list` shows the shipped profiles and those of the folder MAPTRACE_PROFILES. `check` "
	"explains every error of a profile as FILE:LINE:COLUMN and exits 2 if there is one. `test` "
	"runs a program that has such maps and tells what the profile found, which line refused "
	"how many arrays, and how much of the bytes that its role rules saw the maps explain; it "
	"exits 1 where no map was found.\n\n"
	"Examples:\n"
	"  maptrace profiles list\n"
	"  maptrace profiles list --json --profile 'libstdc*'\n"
	"  maptrace profiles check my.profile\n"
	"  maptrace profiles test my.profile -- ./program\n",
    .run = run_profiles,
};
