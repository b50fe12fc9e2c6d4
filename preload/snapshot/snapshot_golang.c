/*
 * See snapshot_golang.h. The child has none of the guest's threads: a goroutine that waited, or
 * that was in C as the one that made the call, had saved its registers; those of one that ran are
 * not known, and golang/ says of which maps that leaves open who holds them. Other threads moved on
 * until the fork reached them, but each only up to its first write to a page that was taken before:
 * what is seen of one is seen of all that it did before, as if all had been stopped.
 *
 * Where the search runs in place, beside threads that go on, a Go heap is not looked at: without a
 * ledger nothing would tell a block that moved on from one that is not there.
 */
#include "preload/snapshot/snapshot_golang.h"

#include "preload/process/tracer.h"
#include "preload/stacks/module.h"
#include "preload/stacks/stacks.h"
#include "preload/text.h"
#include "trace/words.h"

#include <string.h>

/* By enum golang_stack_of; 0: not made yet. */
static uint32_t stacks[GOLANG_ACCOUNTS];

void
snapshot_golang_prepare(void)
{
	uint64_t file;

	if (stacks[GOLANG_GARBAGE] || module_next_runtime(0, &file) == TRACE_NONE)
		return;
	stacks[GOLANG_REACHED] = stacks_without_frames(0);
	stacks[GOLANG_GARBAGE] = stacks_without_frames(TRACE_STACK_GARBAGE);
}

/* ---- looking */

static const char *
path_of(uint32_t module)
{
	const struct trace_module *record = trace_table_at(&tracer.modules, module);

	return record->path;
}

/* What was left out first is what is told. A plugin has no runtime of its own. */
static void
note(struct snapshot_golang *golang, uint32_t module, const char *version, const char *reason)
{
	if (golang->reason[0])
		return;
	text_join(golang->reason, sizeof(golang->reason), "the Go heap of ",
	          text_file_name(path_of(module)), version[0] ? " (" : "", version,
	          version[0] ? ")" : "", " was not read: ", reason,
	          golang->count > 0 ? "; that of plugins never is" : "", NULL);
}

/* The number of the profile that names maps of this layout; one of the user's may have taken it. */
static uint32_t
profile_of(uint32_t layout)
{
	for (uint32_t i = 0; i < tracer.profile_count; i++)
		if (strcmp(tracer.profile[i]->name, golang_profiles[layout]) == 0)
			return i;
	return TRACE_NONE;
}

static void
look_at(struct snapshot_golang *golang, uint32_t module, const struct golang_input *input)
{
	struct golang_runtime *runtime = &golang->runtimes[golang->count];
	struct golang_result *found = &runtime->found;
	enum golang_outcome outcome = golang_find(input, found);

	runtime->module = module;
	runtime->account = (struct golang_account){
		.profile = profile_of(found->layout),
		.stacks = { stacks[GOLANG_REACHED], stacks[GOLANG_GARBAGE] },
	};
	if (outcome == GOLANG_FOUND && runtime->account.profile != TRACE_NONE) {
		golang->count++;
		if (!found->is_complete && !found->has_plugins) /* a plugin is named by itself */
			note(golang, module, found->version, found->reason);
		return;
	}
	if (outcome == GOLANG_FOUND)
		note(golang, module, found->version, "its profile is not among those loaded");
	else
		note(golang, module, found->version,
		     outcome == GOLANG_FAILED ? "no memory for the search" : found->reason);
	golang_release(found);
}

/* Each through a view of the memory of its own: the constants of a module are no memory of the
 * guest's to the finder. */
static void
open_and_look(struct snapshot_golang *golang, uint32_t module, uint64_t file,
              const struct memory_range *hidden, size_t hidden_count, uint64_t deadline_ns)
{
	struct memory memory;
	struct golang_input input = {
		.memory = &memory, .image = file, .deadline_ns = deadline_ns,
	};

	if (golang->count == SNAPSHOT_GOLANG_MAX) {
		note(golang, module, "", "there are four others already");
		return;
	}
	if (memory_open_self(&memory, hidden, hidden_count, 0, true, path_of(module)) != 0) {
		note(golang, module, "", "the guest's memory could not be read");
		return;
	}
	look_at(golang, module, &input);
	memory_close_self(&memory);
}

void
snapshot_golang_look(struct snapshot_golang *golang, const struct snapshot_job *job,
                     const struct memory_range *hidden, size_t hidden_count, uint64_t deadline_ns)
{
	uint64_t file = 0, last_file = 0;
	uint32_t module = TRACE_NONE;

	golang->count = 0;
	golang->reason[0] = '\0';
	while ((module = module_next_runtime(module + 1, &file)) != TRACE_NONE) {
		if (file == last_file) /* another piece of the same object */
			continue;
		last_file = file;
		if (!job->is_frozen)
			note(golang, module, "", "no copy of the guest could be made");
		else if (!stacks[GOLANG_GARBAGE])
			note(golang, module, "", "the trace has no room for its stacks");
		else
			open_and_look(golang, module, file, hidden, hidden_count, deadline_ns);
	}
	for (size_t i = 0; i < golang->count; i++)
		if (golang->runtimes[i].found.has_plugins) /* that no module was known for */
			note(golang, golang->runtimes[i].module,
			     golang->runtimes[i].found.version, golang->runtimes[i].found.reason);
}

void
snapshot_golang_release(struct snapshot_golang *golang)
{
	for (size_t i = 0; i < golang->count; i++)
		golang_release(&golang->runtimes[i].found);
	golang->count = 0;
}

/* ---- rows */

int
snapshot_golang_add_words(struct snapshot_golang *golang, struct trace_words *words)
{
	for (size_t i = 0; i < golang->count; i++) {
		struct golang_result *found = &golang->runtimes[i].found;

		for (size_t k = 0; k < found->map_count; k++) {
			struct trace_map *map = &found->maps[k].map;

			map->type = trace_words_put(words, found->texts + map->type);
			map->place = trace_words_put(words, found->texts + map->place);
			if (map->type == TRACE_NONE || map->place == TRACE_NONE)
				return -1;
		}
	}
	return 0;
}

int
snapshot_golang_add_maps(const struct snapshot_golang *golang, struct trace_rows *rows)
{
	for (size_t i = 0; i < golang->count; i++) {
		const struct golang_runtime *runtime = &golang->runtimes[i];

		for (size_t k = 0; k < runtime->found.map_count; k++) {
			struct trace_map row;

			golang_account_map(&runtime->account, &runtime->found.maps[k], &row);
			row.where_module = row.where_pc ? runtime->module : TRACE_NONE;
			if (trace_rows_add(rows, &row, 1) < 0)
				return -1;
		}
	}
	return 0;
}

int
snapshot_golang_add_claims(const struct snapshot_golang *golang, struct trace_rows *rows)
{
	struct trace_claim sums[GOLANG_ACCOUNTS * TRACE_ROLES];

	for (size_t i = 0; i < golang->count; i++) {
		const struct golang_runtime *runtime = &golang->runtimes[i];

		golang_account_claims(&runtime->account, &runtime->found, sums);
		for (size_t k = 0; k < sizeof(sums) / sizeof(*sums); k++)
			if (sums[k].blocks && trace_rows_add(rows, &sums[k], 1) < 0)
				return -1;
	}
	return 0;
}

int
snapshot_golang_add_refused(const struct snapshot_golang *golang, struct trace_rows *rows)
{
	for (size_t i = 0; i < golang->count; i++) {
		const struct golang_runtime *runtime = &golang->runtimes[i];

		for (size_t k = 0; k < runtime->found.refused_count; k++) {
			struct trace_refused row = runtime->found.refused[k];

			row.profile = runtime->account.profile;
			if (trace_rows_add(rows, &row, 1) < 0)
				return -1;
		}
	}
	return 0;
}

int
snapshot_golang_add_live(const struct snapshot_golang *golang, struct trace_rows *rows,
                         struct trace_snapshot *record)
{
	struct trace_live live[GOLANG_ACCOUNTS];

	for (size_t i = 0; i < golang->count; i++) {
		golang_account_live(&golang->runtimes[i].account, &golang->runtimes[i].found, live);
		for (size_t k = 0; k < GOLANG_ACCOUNTS; k++) {
			record->live_bytes += live[k].bytes;
			record->live_blocks += live[k].blocks;
		}
		if (trace_rows_add(rows, live, GOLANG_ACCOUNTS) < 0)
			return -1;
	}
	return 0;
}
