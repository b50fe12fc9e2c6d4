/*
 * Loading profiles. Called by tracer.c at start, before anything is traced and from inside
 * (the C library's directory functions allocate). A profile of the user's replaces the shipped one
 * of the same name, so that a layout that moved can be put right without a new library. The shipped
 * ones were compiled while the library was built: a short-lived guest would pay for that more than
 * for all else.
 *
 * Rule: a bad profile costs its own maps, nothing else: its first error is reported, with file,
 * line and column.
 */
#include "preload/process/catalog.h"

#include "preload/hidden.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/text.h"
#include "profiles/shipped.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CATALOG_MAX = sizeof(tracer.profile) / sizeof(tracer.profile[0]), ERRORS_COUNTED = 16,
	SENTENCE_MAX = 2 * TRACE_PATH_MAX + 320 };

static char origins[CATALOG_MAX][sizeof(((struct trace_profile *)0)->origin)];

static void
catalog_complain(const char *what, const char *where, const char *why)
{
	char sentence[SENTENCE_MAX];

	if (settings_were_told(TRACE_VARIABLE_PROFILES))
		return;
	text_join(sentence, sizeof(sentence), what, " ", where, ": ", why, NULL);
	tracer_warn(sentence);
}

/* One line: the first error, and where the others are. */
static void
catalog_report(const char *origin, const struct profile_error *first, size_t count)
{
	char sentence[SENTENCE_MAX], line[TEXT_NUMBER_MAX], column[TEXT_NUMBER_MAX],
	     others[TEXT_NUMBER_MAX];

	text_join(sentence, sizeof(sentence), origin, ":", text_number(line, first->line), ":",
	          text_number(column, first->column), ": ", first->message,
	          "; this profile is left out", NULL);
	if (count > 1)
		text_join(sentence + strlen(sentence), sizeof(sentence) - strlen(sentence), " (",
		          text_number(others, count - 1), count < ERRORS_COUNTED ? "" : " or more",
		          " further errors: 'maptrace profiles check ", origin, "' shows all)",
		          NULL);
	tracer_warn(sentence);
}

/* The number of the profile of this name, or the next free one. */
static uint32_t
catalog_number(const char *name)
{
	uint32_t number = 0;

	while (number < tracer.profile_count && strcmp(tracer.profile[number]->name, name))
		number++;
	return number;
}

static void
catalog_enter(const struct profile *profile, const char *origin)
{
	uint32_t number = catalog_number(profile->name);
	size_t length = strlen(origin), room = sizeof(origins[0]) - 1;

	tracer.profile[number] = profile;
	if (number == tracer.profile_count)
		tracer.profile_count++;
	text_join(origins[number], room + 1, length > room ? origin + length - room : origin, NULL);
}

static void
catalog_compile(const char *text, size_t size, const char *origin)
{
	struct profile_error errors[ERRORS_COUNTED];
	struct profile *profile;
	size_t count;

	if (tracer.profile_count == CATALOG_MAX) {
		catalog_complain("cannot load profile", origin, "there are 64 already");
		return;
	}
	profile = hidden_map(sizeof(*profile));
	if (!profile) {
		catalog_complain("cannot load profile", origin, strerrordesc_np(errno));
		return;
	}
	count = profile_compile(profile, text, size, errors, ERRORS_COUNTED);
	if (!count) {
		catalog_enter(profile, origin);
		return;
	}
	catalog_report(origin, errors, count);
	hidden_unmap(profile, sizeof(*profile));
}

/* The whole file in hidden memory, which stays; NULL with errno. */
static char *
catalog_read(int fd, size_t *size)
{
	struct stat status;
	ssize_t got = 0;
	char *text;

	if (fstat(fd, &status))
		return NULL;
	if (!S_ISREG(status.st_mode) || status.st_size > PROFILE_TEXT_MAX) {
		errno = S_ISREG(status.st_mode) ? EFBIG : EINVAL;
		return NULL;
	}
	text = hidden_map((size_t)status.st_size + 1);
	*size = 0;
	while (text && *size < (size_t)status.st_size) {
		got = read(fd, text + *size, (size_t)status.st_size - *size);
		if (got <= 0)
			break;
		*size += (size_t)got;
	}
	return text;
}

static void
catalog_load_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	size_t size;

	if (fd >= 0)
		text = catalog_read(fd, &size);
	if (text)
		catalog_compile(text, size, path);
	else
		catalog_complain("cannot read profile", path, strerrordesc_np(errno));
	if (fd >= 0)
		close(fd);
}

static int
catalog_is_profile(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".profile");
}

static void
catalog_load_folder(const char *folder)
{
	char path[TRACE_PATH_MAX + sizeof(((struct dirent *)0)->d_name)];
	struct dirent *entry;
	DIR *directory = opendir(folder);

	if (!directory) {
		catalog_complain("cannot open the folder of MAPTRACE_PROFILES", folder,
		                 strerrordesc_np(errno));
		return;
	}
	while ((entry = readdir(directory))) {
		if (!catalog_is_profile(entry))
			continue;
		text_join(path, sizeof(path), folder, "/", entry->d_name, NULL);
		catalog_load_file(path);
	}
	closedir(directory);
}

void
catalog_load(void)
{
	for (size_t i = 0; i < profiles_shipped_count; i++)
		catalog_enter(profiles_compiled[i], "shipped");
	if (settings.profiles[0])
		catalog_load_folder(settings.profiles);
}

int
catalog_publish(void)
{
	for (uint32_t i = 0; i < tracer.profile_count; i++) {
		const struct profile *profile = tracer.profile[i];
		struct trace_profile *record = trace_table_next(&tracer.writer, &tracer.profiles);

		if (!record)
			return -1;
		record->text_offset = trace_text_append(&tracer.writer, &tracer.text, profile->text,
		                                        profile->text_size);
		if (record->text_offset == TRACE_UNKNOWN)
			return -1;
		record->text_size = profile->text_size;
		memcpy(record->name, profile->name, sizeof(record->name));
		memcpy(record->origin, origins[i], sizeof(record->origin));
		trace_table_publish(&tracer.writer, &tracer.profiles);
	}
	return 0;
}
