/*
 * `maptrace profiles test FILE -- PROGRAM`: runs a program that has such maps and tells its author
 * what the profile found, what each of its lines refused, and how much of the bytes that its role
 * rules saw the maps explain.
 *
 *     FILE --> folder/tested.profile --library--> folder/PID.mtr --> what is told
 *
 * The folder is new and removed at the end, whatever happened between. The program is told by its
 * own name only; what it starts leaves traces that are not looked at.
 */
#include "analyzer/profiles_test.h"

#include "analyzer/account.h"
#include "analyzer/launch.h"
#include "analyzer/library.h"
#include "analyzer/program.h"
#include "analyzer/run_traces.h"
#include "analyzer/units.h"
#include "analyzer/write_text.h"
#include "trace/environment.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
	char folder[PATH_MAX / 2];
	char profile[PATH_MAX];
	char pattern[PATH_MAX]; /* of traces */
};

/* ---- the folder */

static int
place_make(struct place *place, const struct profile *profile)
{
	const char *top = getenv("TMPDIR");
	FILE *out;
	size_t written;

	snprintf(place->folder, sizeof(place->folder), "%s/maptrace-profile-XXXXXX",
		 top && *top ? top : "/tmp");
	if (!mkdtemp(place->folder))
		return -1;
	snprintf(place->profile, sizeof(place->profile), "%s/tested.profile", place->folder);
	snprintf(place->pattern, sizeof(place->pattern), "%s/%%p.mtr", place->folder);
	out = fopen(place->profile, "we");
	if (!out)
		return -1;
	written = fwrite(profile->text, 1, profile->text_size, out);
	return fclose(out) == 0 && written == profile->text_size ? 0 : -1;
}

static void
place_remove(const struct place *place, const struct run_traces *traces)
{
	if (traces->own)
		unlink(traces->own);
	for (size_t i = 0; i < traces->count; i++)
		unlink(traces->others[i]);
	unlink(place->profile);
	rmdir(place->folder);
}

/* ---- the run */

static int
prepare(const struct command *command, const struct place *place)
{
	char error[2 * PATH_MAX];
	char *library = library_find(NULL, error, sizeof(error));
	int result = -1;

	if (!library)
		command_complain(command, "%s", error);
	else if (library_prepare(library, place->pattern) != 0 ||
		 setenv(trace_environment[TRACE_VARIABLE_PROFILES].name, place->folder, 1) != 0 ||
		 setenv(trace_environment[TRACE_VARIABLE_KEEP].name, "1", 1) != 0 ||
		 setenv(trace_environment[TRACE_VARIABLE_REFUSED].name, "1", 1) != 0)
		command_complain(command, "the environment cannot be set: %s", strerror(errno));
	else
		result = 0;
	free(library);
	return result;
}

static int
run(const struct command *command, const struct place *place, char **arguments,
    struct run_traces *traces)
{
	struct program program;
	int status = 0, why;
	pid_t pid;

	if (prepare(command, place) != 0)
		return -1;
	program_examine(arguments[0], &program);
	fflush(stdout); /* what was said of the profile comes first */
	why = launch_and_wait(program.path, arguments, NULL, &pid, &status);
	if (why) {
		command_complain(command, "%s cannot be started: %s", arguments[0], strerror(why));
		return -1;
	}
	if (status != 0)
		command_complain(command, "%s did not end well; what it left is told all the same",
				 arguments[0]);
	if (run_traces_find(traces, place->pattern, pid, 0) < 0 || !traces->own) {
		command_complain(command, "%s left no trace: `maptrace run -- %s` says why",
				 arguments[0], arguments[0]);
		return -1;
	}
	return 0;
}

/* ---- what is told */

/* The library's own profiles come first. */
static uint32_t
number_of(const struct model *model, const char *name)
{
	uint32_t number = model->trace->profile_count;

	while (number-- > 0)
		if (strcmp(model->trace->profiles[number].name, name) == 0)
			break;
	return number;
}

static uint64_t
maps_in(const struct model_snapshot *snapshot, uint32_t profile)
{
	uint64_t maps = 0;

	for (uint32_t i = 0; i < snapshot->rows->maps_count; i++)
		maps += snapshot->rows->maps[i].profile == profile;
	return maps;
}

/* The complete snapshot with most maps of this profile, then with most live bytes; or NULL. */
static const struct model_snapshot *
best_snapshot(const struct model *model, uint32_t profile)
{
	const struct model_snapshot *best = NULL;

	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		const struct model_snapshot *snapshot = &model->snapshots[i];
		uint64_t maps = maps_in(snapshot, profile),
			 most = best ? maps_in(best, profile) : 0;

		if (snapshot->is_complete && (!best || maps > most ||
					      (maps == most && snapshot->rows->info.live_bytes >
								   best->rows->info.live_bytes)))
			best = snapshot;
	}
	return best;
}

static void
tell_found(const struct model_snapshot *snapshot, uint32_t profile)
{
	char maps[UNITS_SIZE], count[UNITS_SIZE], held[UNITS_SIZE], retained[UNITS_SIZE];
	uint64_t entries = 0, bytes = 0, kept = 0;

	for (uint32_t i = 0; i < snapshot->rows->maps_count; i++) {
		const struct model_map *map = &snapshot->maps[i];

		if (map->row->profile != profile)
			continue;
		if (map->row->count != TRACE_UNKNOWN)
			entries = model_add(entries, map->row->count);
		bytes = model_add(bytes, map->held);
		if (map->retained != TRACE_UNKNOWN)
			kept = model_add(kept, map->retained);
	}
	printf("found %s maps: %s entries, %s held, %s retained\n",
	       units_number(maps, maps_in(snapshot, profile)), units_number(count, entries),
	       units_bytes(held, bytes), units_bytes(retained, kept));
}

/* Arrays that no map got, by the line that went furthest with one of their candidates. */
static void
tell_refused(const struct model *model, const struct model_snapshot *snapshot, uint32_t profile)
{
	uint32_t told = 0;

	for (uint32_t i = 0; i < snapshot->rows->refused_count; i++) {
		const struct trace_refused *row = &snapshot->rows->refused[i];

		if (row->profile != profile)
			continue;
		if (told++ == 0)
			puts("refused, by the line that was not true, each array once:");
		write_text_refusal(model, row, stdout);
	}
	if (told == 0)
		puts("refused none");
}

static void
tell_stacks(const struct model *model, const struct model_snapshot *snapshot, uint32_t profile)
{
	struct accounts accounts;
	uint64_t seen = 0, unreached = 0;
	char all[UNITS_SIZE], part[UNITS_SIZE];

	if (accounts_open(&accounts, model->trace, snapshot->rows, ACCOUNT_OF_MAPS) == 0) {
		for (size_t i = 0; i < accounts.count; i++) {
			const struct account *account = &accounts.list[i];
			const struct trace_origin *stack = &model->trace->stacks[account->stack];

			if (stack->profile != profile)
				continue;
			seen = model_add(seen, account_structure(stack, account->live));
			unreached = model_add(unreached, account->unreached);
		}
	}
	accounts_close(&accounts);
	if (seen == 0)
		puts(
		    "role rules saw no bytes: the code is stripped or inlined, or no pattern fits");
	else
		printf(
		    "role rules saw %s of buckets and overflow, of which maps explain %s (%u %%)\n",
		    units_bytes(all, seen), units_bytes(part, model_less(seen, unreached)),
		    (unsigned)model_percent(model_less(seen, unreached), seen));
}

/* Returns enum command_exit. */
static int
tell(const struct command *command, const char *name, const char *path)
{
	struct options options = {.without_names = true};
	struct model *model = command_open(command, &options, path);
	const struct model_snapshot *snapshot;
	uint32_t profile;
	int code = COMMAND_FAILED;

	if (!model)
		return code;
	profile = number_of(model, name);
	snapshot = profile == UINT32_MAX ? NULL : best_snapshot(model, profile);
	if (profile == UINT32_MAX) {
		command_complain(command, "the library did not take the profile");
	} else if (!model->trace->profiles[profile].awake) {
		puts("it never woke: no module, symbol or import is what its wake lines wait for");
		code = COMMAND_OVER;
	} else if (!snapshot) {
		command_complain(command, "no snapshot is complete");
	} else {
		printf("in snapshot \"%s\", the one with most such maps of %u:\n",
		       snapshot->rows->info.label, model->snapshot_count);
		tell_found(snapshot, profile);
		tell_refused(model, snapshot, profile);
		tell_stacks(model, snapshot, profile);
		code = maps_in(snapshot, profile) > 0 ? COMMAND_OK : COMMAND_OVER;
	}
	model_close(model);
	return code;
}

int
profiles_test(const struct command *command, const struct profile *profile, char **program)
{
	struct place place;
	struct run_traces traces = {0};
	int code = COMMAND_FAILED;

	if (place_make(&place, profile) != 0)
		command_complain(command, "%s: cannot be made: %s", place.folder, strerror(errno));
	else if (run(command, &place, program, &traces) == 0)
		code = tell(command, profile->name, traces.own);
	place_remove(&place, &traces);
	run_traces_release(&traces);
	return command_finish(command, stdout) < 0 ? COMMAND_FAILED : code;
}
