/*
 * The traces that a command line means. Called by check.c and run.c.
 *
 * The rule that must never break: an operand never disappears. A folder without traces is an entry
 * of its own, so that a gate pointed at the wrong folder cannot pass by judging nothing.
 */
#include "analyzer/collect.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Takes `path` over, which may be NULL (no memory). */
static int
add_entry(struct collect *collect, char *path, int is_empty_folder, int errno_value)
{
	struct collect_entry *grown;

	if (!path)
		return -1;
	grown = reallocarray(collect->entries, collect->count + 1, sizeof(*grown));
	if (!grown) {
		free(path);
		return -1;
	}
	collect->entries = grown;
	grown[collect->count++] = (struct collect_entry){path, is_empty_folder, errno_value};
	return 0;
}

/* NAME.mtr, or NAME.mtr.1 and so on, which the library uses where a name was taken. */
static int
is_trace_name(const struct dirent *file)
{
	const char *end = file->d_name + strlen(file->d_name);
	const char *tail = end;

	while (tail > file->d_name && strchr("0123456789", tail[-1]))
		tail--;
	if (tail < end && tail > file->d_name && tail[-1] == '.')
		end = tail - 1;
	return file->d_name[0] != '.' && end - file->d_name > 4 && strncmp(end - 4, ".mtr", 4) == 0;
}

static char *
join(const char *folder, const char *name)
{
	size_t length = strlen(folder);
	char *path = NULL;

	if (strcmp(folder, ".") == 0)
		return strdup(name);
	if (asprintf(&path, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/",
		     name) < 0)
		return NULL;
	return path;
}

static int
add_folder(struct collect *collect, const char *folder)
{
	struct dirent **names = NULL;
	int found = scandir(folder, &names, is_trace_name, alphasort);
	int result = 0;

	if (found <= 0) {
		int why = found < 0 ? errno : 0;

		free(names);
		return add_entry(collect, strdup(folder), why == 0, why);
	}
	for (int i = 0; i < found; i++) {
		if (result == 0)
			result = add_entry(collect, join(folder, names[i]->d_name), 0, 0);
		free(names[i]);
	}
	free(names);
	return result;
}

int
collect_traces(struct collect *collect, char *const *operands, size_t count)
{
	memset(collect, 0, sizeof(*collect));
	for (size_t i = 0; i < count; i++) {
		struct stat file;
		int is_folder = stat(operands[i], &file) == 0 && S_ISDIR(file.st_mode);

		if ((is_folder ? add_folder(collect, operands[i])
			       : add_entry(collect, strdup(operands[i]), 0, 0)) < 0) {
			collect_release(collect);
			return -1;
		}
	}
	return 0;
}

void
collect_release(struct collect *collect)
{
	for (size_t i = 0; i < collect->count; i++)
		free(collect->entries[i].path);
	free(collect->entries);
	memset(collect, 0, sizeof(*collect));
}
