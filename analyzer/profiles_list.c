/*
 * `maptrace profiles list`: what is known of each map implementation: versions, what was verified,
 * what gives memory back. Shipped profiles first, then those of the folder MAPTRACE_PROFILES; a
 * broken one is told on standard error and left out. Text and JSON say the same.
 */
#include "analyzer/profiles_list.h"

#include "analyzer/accepted.h"
#include "analyzer/text_file.h"
#include "analyzer/units.h"
#include "analyzer/write_json.h"
#include "profiles/shipped.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = PROFILE_LINE_MAX * 4 };

struct listing {
	const struct command *command;
	const struct options *options;
	struct profile *profile; /* the one at hand */
	json_t *list;            /* with --json; NULL after a failure */
};

static struct profile_pattern
advice_of(const struct profile *profile, size_t remedy)
{
	return (struct profile_pattern){profile->remedies[remedy].text_offset,
					profile->remedies[remedy].text_size};
}

/* A text of the profile, escaped for printing. */
static const char *
shown(char into[TEXT_SIZE], const struct profile *profile, struct profile_pattern text)
{
	char plain[PROFILE_LINE_MAX];

	return units_escape(into, TEXT_SIZE, profile_text(profile, text, plain, sizeof(plain)));
}

static void
print_line(const char *name, const struct profile *profile, struct profile_pattern text)
{
	char line[TEXT_SIZE];

	if (text.size)
		printf("  %-12s %s\n", name, shown(line, profile, text));
}

static void
print_profile(const struct profile *profile, const char *origin)
{
	char text[TEXT_SIZE], name[TEXT_SIZE];

	printf("%s: %s\n", profile->name, shown(text, profile, profile->title));
	print_line("about", profile, profile->about);
	print_line("verified", profile, profile->verified);
	for (size_t i = 0; i < profile->remedy_count; i++)
		printf("  %-12s %s: %s\n", i == 0 ? "gives back" : "",
		       units_escape(name, sizeof(name), profile->remedies[i].name),
		       shown(text, profile, advice_of(profile, i)));
	printf("  %-12s %s\n\n", "from", units_escape(text, sizeof(text), origin));
}

/* null where the profile does not say. */
static json_t *
text_of(const struct profile *profile, struct profile_pattern text)
{
	char plain[PROFILE_LINE_MAX];

	if (!text.size)
		return json_null();
	return write_json_text(profile_text(profile, text, plain, sizeof(plain)));
}

static json_t *
remedies_of(const struct profile *profile)
{
	json_t *remedies = json_array();

	for (size_t i = 0; i < profile->remedy_count; i++)
		remedies = write_json_append(
		    remedies, json_pack("{s:o, s:o}", "name",
					write_json_text(profile->remedies[i].name), "advice",
					text_of(profile, advice_of(profile, i))));
	return remedies;
}

static json_t *
object_of(const struct profile *profile, const char *origin)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name", write_json_text(profile->name),
			 "title", text_of(profile, profile->title), "about",
			 text_of(profile, profile->about), "verified",
			 text_of(profile, profile->verified), "remedies", remedies_of(profile),
			 "origin", write_json_text(origin));
}

static void
list_source(struct listing *listing, const char *text, size_t size, const char *origin)
{
	const char *glob = listing->options->filter.profile;
	struct profile *profile = listing->profile;
	struct profile_error error;

	if (profile_compile(profile, text, size, &error, 1) > 0)
		command_complain(listing->command, "%s:%u:%u: %s", origin, error.line,
				 error.column, error.message);
	else if (glob && !accepted_glob_matches(glob, profile->name))
		return;
	else if (listing->options->json)
		listing->list = write_json_append(listing->list, object_of(profile, origin));
	else
		print_profile(profile, origin);
}

static int
is_profile_name(const struct dirent *file)
{
	size_t length = strlen(file->d_name);

	return length > 8 && strcmp(file->d_name + length - 8, ".profile") == 0;
}

static void
list_file(struct listing *listing, const char *path)
{
	size_t size;
	char *text = text_file_read(path, PROFILE_TEXT_MAX, &size);

	if (text)
		list_source(listing, text, size, path);
	else
		command_complain(listing->command, "%s: cannot be read: %s", path,
				 strerror(errno));
	free(text);
}

static void
list_folder(struct listing *listing, const char *folder)
{
	struct dirent **names = NULL;
	int found = scandir(folder, &names, is_profile_name, alphasort);
	char path[4096];

	if (found < 0)
		command_complain(listing->command, "MAPTRACE_PROFILES=%s: cannot be read: %s",
				 folder, strerror(errno));
	for (int i = 0; i < found; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		list_file(listing, path);
		free(names[i]);
	}
	free(names);
}

static void
list_all(struct listing *listing)
{
	const char *folder = getenv("MAPTRACE_PROFILES");

	for (size_t i = 0; i < profiles_shipped_count; i++)
		list_source(listing, profiles_shipped[i].text, profiles_shipped[i].size, "shipped");
	if (folder && *folder)
		list_folder(listing, folder);
}

int
profiles_list(const struct command *command, const struct options *options)
{
	struct listing listing = {.command = command, .options = options,
				  .profile = malloc(sizeof(*listing.profile))};
	bool is_whole = listing.profile != NULL;

	if (is_whole && options->json)
		listing.list = json_array();
	if (is_whole)
		list_all(&listing);
	free(listing.profile);
	if (is_whole && options->json) {
		is_whole = write_json_print(json_pack("{s:s, s:o}", "schema", "maptrace/1",
						      "profiles", listing.list), stdout) == 0;
		putchar('\n');
	}
	if (!is_whole)
		command_complain(command, "out of memory");
	return command_finish(command, stdout) < 0 || !is_whole ? COMMAND_FAILED : COMMAND_OK;
}
