/*
 * `maptrace profiles`: which map implementations are known (`list`), whether a profile that
 * somebody writes is sound (`check`), each error with its line, its column and the line itself, and
 * what it finds in a program (`test`; profiles_test.c).
 */
#include "analyzer/accepted.h"
#include "analyzer/command.h"
#include "analyzer/profiles_test.h"
#include "analyzer/text_file.h"
#include "analyzer/units.h"
#include "profiles/profile.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ERRORS_MAX = 64 };

/* Copies a range of a profile's text, terminated and escaped, for printing. */
static char *
pattern_text(char *into, size_t size, const struct profile *profile, struct profile_pattern pattern)
{
	char plain[PROFILE_LINE_MAX * 4];

	snprintf(plain, sizeof(plain), "%.*s", (int)pattern.size, profile->text + pattern.offset);
	return units_escape(into, size, plain);
}

static void
print_profile(const struct profile *profile, const char *origin)
{
	static const struct {
		const char *name;
		size_t offset;
	} lines[] = {
	    {"about", offsetof(struct profile, about)},
	    {"verified", offsetof(struct profile, verified)},
	};
	char text[PROFILE_LINE_MAX * 4], name[PROFILE_LINE_MAX];

	printf("%s: %s\n", profile->name,
	       pattern_text(text, sizeof(text), profile, profile->title));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct profile_pattern pattern;

		memcpy(&pattern, (const char *)profile + lines[i].offset, sizeof(pattern));
		if (pattern.size)
			printf("  %-12s %s\n", lines[i].name,
			       pattern_text(text, sizeof(text), profile, pattern));
	}
	for (size_t i = 0; i < profile->remedy_count; i++) {
		const struct profile_remedy *remedy = &profile->remedies[i];
		struct profile_pattern advice = {remedy->text_offset, remedy->text_size};

		printf("  %-12s %s: %s\n", i == 0 ? "gives back" : "",
		       units_escape(name, sizeof(name), remedy->name),
		       pattern_text(text, sizeof(text), profile, advice));
	}
	printf("  %-12s %s\n\n", "from", units_escape(text, sizeof(text), origin));
}

/* Compiles and prints one; a broken one is told and not printed. */
static void
list_source(const struct command *command, const struct options *options, struct profile *profile,
	    const char *text, size_t size, const char *origin)
{
	struct profile_error error;

	if (profile_compile(profile, text, size, &error, 1) > 0)
		command_complain(command, "%s:%u:%u: %s", origin, error.line, error.column,
				 error.message);
	else if (!options->filter.profile ||
		 accepted_glob_matches(options->filter.profile, profile->name))
		print_profile(profile, origin);
}

static int
is_profile_name(const struct dirent *file)
{
	size_t length = strlen(file->d_name);

	return length > 8 && strcmp(file->d_name + length - 8, ".profile") == 0;
}

static void
list_file(const struct command *command, const struct options *options, struct profile *profile,
	  const char *path)
{
	size_t size;
	char *text = text_file_read(path, PROFILE_TEXT_MAX, &size);

	if (text)
		list_source(command, options, profile, text, size, path);
	else
		command_complain(command, "%s: cannot be read: %s", path, strerror(errno));
	free(text);
}

static void
list_folder(const struct command *command, const struct options *options, struct profile *profile,
	    const char *folder)
{
	struct dirent **names = NULL;
	int found = scandir(folder, &names, is_profile_name, alphasort);
	char path[4096];

	if (found < 0)
		command_complain(command, "MAPTRACE_PROFILES=%s: cannot be read: %s", folder,
				 strerror(errno));
	for (int i = 0; i < found; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		list_file(command, options, profile, path);
		free(names[i]);
	}
	free(names);
}

/* Returns enum command_exit. */
static int
list(const struct command *command, const struct options *options)
{
	const char *folder = getenv("MAPTRACE_PROFILES");
	struct profile *profile = malloc(sizeof(*profile));

	if (!profile) {
		command_complain(command, "out of memory");
		return COMMAND_FAILED;
	}
	for (size_t i = 0; i < profiles_shipped_count; i++)
		list_source(command, options, profile, profiles_shipped[i].text,
			    profiles_shipped[i].size, "shipped");
	if (folder && *folder)
		list_folder(command, options, profile, folder);
	free(profile);
	return command_finish(command, stdout) < 0 ? COMMAND_FAILED : COMMAND_OK;
}

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
		return list(command, &options);
	if (strcmp(what, "check") == 0)
		return check(command, options.operands + 1, options.operand_count - 1);
	if (strcmp(what, "test") == 0)
		return test(command, options.operands + 1, options.operand_count - 1);
	command_complain(command, "'%s' is neither `list`, `check FILE...` nor `test FILE -- PROGRAM`",
			 strcmp(what, "list") == 0 ? options.operands[1] : what);
	return COMMAND_FAILED;
}

const struct command command_profiles = {
    .name = "profiles",
    .arguments = "list [--profile GLOB] | check FILE... | test FILE -- PROGRAM [ARGUMENT...]",
    .summary = "list the known map implementations, check or test a profile",
    .help = "`list` shows the shipped profiles and those of the folder MAPTRACE_PROFILES. `check` "
	    "explains "
	    "every error of a profile as FILE:LINE:COLUMN and exits 2 if there is one. `test` runs a "
	    "program that has such maps and tells what the profile found, which line refused how "
	    "many arrays, and how much of the bytes that its role rules saw the maps explain; it "
	    "exits 1 where no map was found.\n\n"
	    "Examples:\n"
	    "  maptrace profiles list\n"
	    "  maptrace profiles check my.profile\n"
	    "  maptrace profiles test my.profile -- ./program\n",
    .run = run_profiles,
};
