/*
 * Writes one snapshot: runs the finder over the guest's memory, stores what
 * it found as rows of the trace. Called by snapshot.c in the forked child, or in place.
 *
 *     ledger --gather--> blocks --finder_run--> maps, claims --+--> MAPS, REFUSED  (as they are)
 *                          |                                   +--> CLAIMS         (summed)
 *                          +--summed by stack------------------+--> LIVE
 *     heap of a Go runtime  --snapshot_golang.c----------------+--> to each of them
 *
 * No lock is taken (in the child nobody is left to release one), nothing is allocated but by
 * mmap, and the record's state is stored last: what is not complete never looks so.
 */
#include "preload/snapshot/snapshot_write.h"

#include "preload/hidden.h"
#include "preload/ledger/named.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/snapshot/claims.h"
#include "preload/snapshot/holder.h"
#include "preload/snapshot/snapshot_golang.h"
#include "preload/stacks/awake.h"
#include "preload/stacks/module.h"
#include "preload/text.h"
#include "trace/rows.h"
#include "trace/words.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HIDDEN_MAX = 8192 };

/* One writer in a process at a time: these may be static, and stacks may be small. */
static struct memory_range hidden[HIDDEN_MAX];
static size_t hidden_count;
static struct snapshot_golang golang;
static const struct profile *profiles[64];
static uint32_t profile_ids[64];

static struct trace_snapshot *
record_of(uint32_t index)
{
	return trace_table_at(&tracer.snapshots, index);
}

static void
finish(struct trace_snapshot *record, enum trace_snapshot_state state, const char *reason)
{
	text_join(record->reason, sizeof(record->reason), reason, NULL);
	__atomic_store_n(&record->state, state, __ATOMIC_RELEASE);
	/* The guest may be waiting for it, in another process. */
	syscall(SYS_futex, &record->state, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void
snapshot_cut(uint32_t index, const char *reason)
{
	finish(record_of(index), TRACE_SNAPSHOT_CUT, reason);
}

/* ---- rows */

struct sum {
	uint64_t bytes, blocks;
};

static int
write_sums(const struct snapshot_job *job, const struct sum *sums, size_t count)
{
	struct trace_snapshot *record = record_of(job->index);
	struct trace_rows rows;
	int result = 0;

	if (trace_rows_begin(&rows, &tracer.writer, TRACE_CHUNK_LIVE, job->index) < 0)
		return -1;
	record->live_bytes = record->live_blocks = 0;
	for (size_t i = 0; i < count && result == 0; i++) {
		struct trace_live row = { (uint32_t)i, (uint32_t)sums[i].blocks, sums[i].bytes };

		if (sums[i].blocks == 0)
			continue;
		record->live_bytes += row.bytes;
		record->live_blocks += row.blocks;
		result = trace_rows_add(&rows, &row, 1);
	}
	if (result == 0)
		result = snapshot_golang_add_live(&golang, &rows, record);
	trace_rows_end(&rows, &record->live);
	return result;
}

static void
sum_blocks(struct sum *sums, uint32_t stacks, const struct finder_block *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t stack = blocks[i].stack < stacks ? blocks[i].stack : 0;

		sums[stack].bytes += blocks[i].size;
		sums[stack].blocks++;
	}
}

/* What was live at this very moment, from the same blocks that the finder saw: the counters have
 * moved on. */
static int
write_live(const struct snapshot_job *job)
{
	uint32_t stacks = __atomic_load_n(&tracer.stacks.count, __ATOMIC_ACQUIRE);
	size_t bytes = (stacks + 1ul) * sizeof(struct sum);
	struct sum *sums = hidden_map(bytes);
	int result;

	if (!sums)
		return -1;
	sum_blocks(sums, stacks, job->blocks, job->block_count);
	sum_blocks(sums, stacks, job->rests, job->rest_count);
	result = write_sums(job, sums, stacks);
	hidden_unmap(sums, bytes);
	return result;
}

static int
write_claims(const struct snapshot_job *job, const struct finder_result *found)
{
	struct claims claims = { 0 };
	struct trace_rows rows;
	int result = -1;

	if (claims_sum(&claims, job->blocks, found) < 0)
		goto out;
	if (trace_rows_begin(&rows, &tracer.writer, TRACE_CHUNK_CLAIMS, job->index) < 0)
		goto out;
	result = 0;
	for (size_t i = 0; i < claims.room && result == 0; i++)
		if (claims.slots[i].blocks)
			result = trace_rows_add(&rows, &claims.slots[i], 1);
	if (result == 0)
		result = snapshot_golang_add_claims(&golang, &rows);
	trace_rows_end(&rows, &record_of(job->index)->claims);
out:
	claims_release(&claims);
	return result;
}

/* The texts that maps point to; before the maps. */
static int
write_words(const struct snapshot_job *job, const struct finder_result *found)
{
	static struct trace_words words;
	static struct named_firsts firsts;
	int result = 0;

	named_match(&firsts, found->maps, found->map_count);
	if (trace_words_begin(&words, &tracer.writer, job->index) < 0)
		return -1;
	for (size_t i = 0; i < found->map_count && result == 0; i++) {
		struct trace_map *map = &found->maps[i];

		map->name = trace_words_put(&words, named_of(&firsts, map->address));
		if (map->name == TRACE_NONE)
			result = -1;
	}
	if (result == 0)
		result = snapshot_golang_add_words(&golang, &words);
	trace_words_end(&words, &record_of(job->index)->words);
	return result;
}

/* The finder knows addresses; whose data they are is known here. What looks like data of a module
 * may be an arena that the kernel put behind its bss, or a file that the guest mapped: no module
 * ends beyond its segments, and what lies in none is no global. The kernel names the first thread's
 * stack only: those of other threads are known by their events. */
static void
name_places(struct memory *memory, const struct finder_result *found)
{
	for (size_t i = 0; i < found->map_count; i++) {
		struct trace_map *map = &found->maps[i];

		if (map->where == TRACE_WHERE_GLOBAL) {
			map->where_module = module_of_data(map->address);
			if (map->where_module == TRACE_NONE)
				map->where = TRACE_WHERE_OTHER;
		}
		if (map->where == TRACE_WHERE_OTHER || map->where == TRACE_WHERE_STACK)
			holder_find(memory, map);
	}
}

static int
write_maps(const struct snapshot_job *job, const struct finder_result *found)
{
	struct trace_rows rows;
	int result;

	if (trace_rows_begin(&rows, &tracer.writer, TRACE_CHUNK_MAPS, job->index) < 0)
		return -1;
	result = trace_rows_add(&rows, found->maps, found->map_count);
	if (result == 0)
		result = snapshot_golang_add_maps(&golang, &rows);
	trace_rows_end(&rows, &record_of(job->index)->maps);
	return result;
}

static int
write_refused(const struct snapshot_job *job, const struct finder_result *found)
{
	struct trace_rows rows;
	int result;

	if (trace_rows_begin(&rows, &tracer.writer, TRACE_CHUNK_REFUSED, job->index) < 0)
		return -1;
	result = trace_rows_add(&rows, found->refused, found->refused_count);
	if (result == 0)
		result = snapshot_golang_add_refused(&golang, &rows);
	trace_rows_end(&rows, &record_of(job->index)->refused);
	return result;
}

static int
write_found(const struct snapshot_job *job, struct memory *memory,
            const struct finder_result *found)
{
	struct trace_snapshot *record = record_of(job->index);

	record->scan_bytes = found->scan_bytes;
	record->scanned_bytes = found->scanned_bytes;
	name_places(memory, found);
	if (write_claims(job, found) < 0 || write_words(job, found) < 0 ||
	    write_maps(job, found) < 0 || write_refused(job, found) < 0)
		return -1;
	return 0;
}

/* ---- the search */

static size_t
choose_profiles(void)
{
	size_t count = 0;

	for (uint32_t i = 0; i < tracer.profile_count; i++)
		if (tracer.profile[i] && !tracer.profile[i]->is_outside && awake_has(i)) {
			profiles[count] = tracer.profile[i];
			profile_ids[count++] = i;
		}
	return count;
}

/* The budget counts from the moment of the snapshot: copying the blocks takes time as well. */
static uint64_t
deadline_of(const struct trace_snapshot *record)
{
	return tracer.writer.header->start_monotonic_ns + record->ns + settings.budget_ns;
}

static int
search(const struct snapshot_job *job, struct memory *memory, struct finder_result *found)
{
	struct finder_input input = {
		.memory = memory,
		.blocks = job->blocks,
		.block_count = job->block_count,
		.profiles = profiles,
		.profile_ids = profile_ids,
		.profile_count = choose_profiles(),
		.freeing = job->freeing,
		.keeps_all_refusals = settings.refused,
		.deadline_ns = deadline_of(record_of(job->index)),
	};

	return finder_run(&input, found);
}

static void
search_and_write(const struct snapshot_job *job, struct memory *memory)
{
	struct trace_snapshot *record = record_of(job->index);
	struct finder_result found;

	if (search(job, memory, &found) < 0) {
		finish(record, TRACE_SNAPSHOT_CUT, "no memory for the search");
		return;
	}
	snapshot_golang_look(&golang, job, hidden, hidden_count, deadline_of(record));
	if (write_found(job, memory, &found) < 0 || write_live(job) < 0)
		finish(record, TRACE_SNAPSHOT_CUT, "no room in the trace, the disk may be full");
	else if (!found.is_complete)
		finish(record, TRACE_SNAPSHOT_CUT, found.reason ? found.reason : "");
	else if (golang.reason[0])
		finish(record, TRACE_SNAPSHOT_CUT, golang.reason);
	else
		finish(record, TRACE_SNAPSHOT_COMPLETE, "");
	snapshot_golang_release(&golang);
	finder_release(&found);
}

void
snapshot_write(struct snapshot_job *job)
{
	struct trace_snapshot *record = record_of(job->index);
	struct memory memory;

	hidden_count = hidden_copy(hidden, HIDDEN_MAX);
	record->pid = (uint32_t)getpid();
	if (memory_open_self(&memory, hidden, hidden_count, job->stack_pointer, job->is_frozen,
	                     NULL) < 0) {
		finish(record, TRACE_SNAPSHOT_CUT, "the guest's memory could not be read");
	} else {
		search_and_write(job, &memory);
		memory_close_self(&memory);
	}
	hidden_unmap(job->blocks, job->mapped);
}
