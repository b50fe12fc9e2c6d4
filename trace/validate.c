/*
 * What reader.h promises about records, checked one record at a time. Called by reader.c on private
 * copies. Whoever adds a field that the analyzer uses as an index, a count or a string adds its
 * check here.
 *
 * Counters of stacks and of the header are only numbers: a guest that runs may be caught between
 * two of them, so they are not compared with each other.
 */
#include "trace/failure.h"
#include "trace/validate.h"

#include <string.h>

struct check {
	const struct trace *trace;
	struct trace_error *error;
};

/* One sentence for every wrong record: which, and what about it. */
static int
bad(const struct check *check, const char *record, uint64_t index, const char *what)
{
	return trace_corrupt(check->error, check->trace->path, 0, "%s %llu %s", record,
	                     (unsigned long long)index, what);
}

static bool
is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool
is_index(uint32_t index, uint32_t count)
{
	return index < count || index == TRACE_NONE;
}

/* Adds a number that may be unknown; false when the sum leaves 64 bits. */
static bool
add_known(uint64_t *sum, uint64_t value)
{
	return value == TRACE_UNKNOWN || !__builtin_add_overflow(*sum, value, sum);
}

static int
check_header(const struct check *check)
{
	const struct trace_header *header = &check->trace->header;

	if (!is_terminated(header->program, sizeof(header->program)))
		return bad(check, "header", 0, "has a program path without an end");
	if (!is_terminated(header->notice, sizeof(header->notice)))
		return bad(check, "header", 0, "has a notice without an end");
	if (header->end > TRACE_STOPPED)
		return bad(check, "header", 0, "says an unknown end of the program");
	if (header->flags & ~(uint32_t)(TRACE_NO_UNWINDER | TRACE_FORKED | TRACE_OUTSIDE))
		return bad(check, "header", 0, "has unknown flags");
	if (header->peak_slack_bytes_log2 >= 64)
		return bad(check, "header", 0, "has an impossible slack of the peak");
	if (check->trace->series_count > TRACE_SERIES_MAX)
		return bad(check, "header", 0, "has too many points in its time series");
	return 0;
}

static int
check_nodes(const struct check *check)
{
	const struct trace *trace = check->trace;

	for (uint32_t i = 0; i < trace->node_count; i++) {
		const struct trace_frame *node = &trace->nodes[i];

		if (i == 0 ? node->parent != 0 : node->parent >= i)
			return bad(check, "node", i, "does not come after its parent");
		if (!is_index(node->module, trace->module_count))
			return bad(check, "node", i, "names a module that is not there");
	}
	return 0;
}

static int
check_stacks(const struct check *check)
{
	const uint8_t flags = TRACE_STACK_TRANSIENT | TRACE_STACK_RESERVED |
	                      TRACE_STACK_CUT | TRACE_STACK_TOLD | TRACE_STACK_GARBAGE;
	const struct trace *trace = check->trace;

	for (uint32_t i = 0; i < trace->stack_count; i++) {
		const struct trace_origin *stack = &trace->stacks[i];

		if (stack->node >= trace->node_count)
			return bad(check, "stack", i, "names a node that is not there");
		if (!is_index(stack->profile, trace->profile_count))
			return bad(check, "stack", i, "names a profile that is not there");
		if (stack->role >= TRACE_ROLES || stack->split_role >= TRACE_ROLES)
			return bad(check, "stack", i, "has an unknown role");
		if (stack->flags & ~flags)
			return bad(check, "stack", i, "has unknown flags");
		if (stack->split_whole < 1 || stack->split_share > stack->split_whole)
			return bad(check, "stack", i, "splits its blocks into impossible parts");
	}
	return 0;
}

static int
check_modules(const struct check *check)
{
	for (uint32_t i = 0; i < check->trace->module_count; i++) {
		const struct trace_module *module = &check->trace->modules[i];

		if (module->start > module->end)
			return bad(check, "module", i, "ends before it starts");
		if (module->build_id_size > sizeof(module->build_id))
			return bad(check, "module", i, "has too long a build id");
		if (!is_terminated(module->path, sizeof(module->path)))
			return bad(check, "module", i, "has a path without an end");
	}
	return 0;
}

static int
check_profiles(const struct check *check)
{
	const struct trace *trace = check->trace;

	for (uint32_t i = 0; i < trace->profile_count; i++) {
		const struct trace_profile *profile = &trace->profiles[i];

		if (!is_terminated(profile->name, sizeof(profile->name)) ||
		    !is_terminated(profile->origin, sizeof(profile->origin)))
			return bad(check, "profile", i, "has a name without an end");
		if (profile->text_offset > trace->text_size ||
		    profile->text_size > trace->text_size - profile->text_offset)
			return bad(check, "profile", i, "has a text that is not there");
		if (profile->awake > 1)
			return bad(check, "profile", i, "is neither awake nor asleep");
	}
	return 0;
}

static int
check_live(const struct check *check, const struct trace_snapshot_rows *rows)
{
	for (uint32_t i = 0; i < rows->live_count; i++)
		if (!is_index(rows->live[i].stack, check->trace->stack_count))
			return bad(check, "live row", i, "names a stack that is not there");
	return 0;
}

static int
check_claims(const struct check *check, const struct trace_snapshot_rows *rows)
{
	uint64_t bytes = 0, blocks = 0;

	for (uint32_t i = 0; i < rows->claims_count; i++) {
		const struct trace_claim *claim = &rows->claims[i];

		if (!is_index(claim->stack, check->trace->stack_count))
			return bad(check, "claim", i, "names a stack that is not there");
		if (!is_index(claim->profile, check->trace->profile_count))
			return bad(check, "claim", i, "names a profile that is not there");
		if (claim->role >= TRACE_ROLES)
			return bad(check, "claim", i, "has an unknown role");
		if (!add_known(&bytes, claim->bytes) || !add_known(&blocks, claim->blocks))
			return bad(check, "claim", i, "makes more bytes than there can be");
	}
	return 0;
}

static int
check_refused(const struct check *check, const struct trace_snapshot_rows *rows)
{
	for (uint32_t i = 0; i < rows->refused_count; i++) {
		if (!is_index(rows->refused[i].profile, check->trace->profile_count))
			return bad(check, "refusal", i, "names a profile that is not there");
		if (rows->refused[i].reason > TRACE_REFUSED_BUSY)
			return bad(check, "refusal", i, "has an unknown reason");
	}
	return 0;
}

static bool
map_names_what_is_there(const struct trace *trace, const struct trace_map *map)
{
	return is_index(map->profile, trace->profile_count) &&
	       is_index(map->where_module, trace->module_count) &&
	       is_index(map->where_stack, trace->stack_count) &&
	       is_index(map->stack, trace->stack_count);
}

/* A writer that died among the words had no map yet that needs them: only texts that maps name
 * must end. */
static bool
has_text(const struct trace_snapshot_rows *rows, uint32_t start)
{
	return start == 0 || (start < rows->words_size &&
	                      is_terminated(rows->words + start, rows->words_size - start));
}

static bool
map_is_consistent(const struct trace_map *map)
{
	if (map->overflow_reserved_bytes != TRACE_UNKNOWN &&
	    map->overflow_reserved_bytes > map->overflow_bytes)
		return false;
	return map->needed_low == TRACE_UNKNOWN || map->needed_high == TRACE_UNKNOWN ||
	       map->needed_low <= map->needed_high;
}

/* Sums over one snapshot; the analyzer adds these without looking. */
struct map_sums {
	uint64_t bytes, count, capacity, tombstones, blocks, needed, resident, kept;
};

static bool
add_map(struct map_sums *sums, const struct trace_map *map)
{
	return add_known(&sums->bytes, map->header_bytes) &&
	       add_known(&sums->bytes, map->bucket_bytes) &&
	       add_known(&sums->bytes, map->old_bucket_bytes) &&
	       add_known(&sums->bytes, map->overflow_bytes) &&
	       add_known(&sums->bytes, map->value_bytes) &&
	       add_known(&sums->count, map->count) &&
	       add_known(&sums->capacity, map->capacity) &&
	       add_known(&sums->tombstones, map->tombstones) &&
	       add_known(&sums->blocks, map->overflow_blocks) &&
	       add_known(&sums->blocks, map->value_blocks) &&
	       add_known(&sums->needed, map->needed_high) &&
	       add_known(&sums->resident, map->resident_bytes) &&
	       add_known(&sums->kept, map->kept_by_rule);
}

static int
check_maps(const struct check *check, const struct trace_snapshot_rows *rows)
{
	const uint32_t flags = TRACE_MAP_GROWING | TRACE_MAP_MID_ERASE |
	                       TRACE_MAP_NEEDED_ESTIMATE | TRACE_MAP_EMPTIED;
	struct map_sums sums = { 0 };

	for (uint32_t i = 0; i < rows->maps_count; i++) {
		const struct trace_map *map = &rows->maps[i];

		if (!map_names_what_is_there(check->trace, map))
			return bad(check, "map", i, "names a record that is not there");
		if (map->where > TRACE_WHERE_OTHER)
			return bad(check, "map", i, "lies at an unknown kind of place");
		if (map->flags & ~flags)
			return bad(check, "map", i, "has unknown flags");
		if (!has_text(rows, map->name) || !has_text(rows, map->type) ||
		    !has_text(rows, map->place))
			return bad(check, "map", i, "has a text without an end");
		if (!map_is_consistent(map))
			return bad(check, "map", i, "has parts larger than the whole");
		if (!add_map(&sums, map))
			return bad(check, "map", i, "makes more bytes than there can be");
	}
	return 0;
}

static int
check_snapshots(const struct check *check)
{
	for (uint32_t i = 0; i < check->trace->snapshot_count; i++) {
		const struct trace_snapshot_rows *rows = &check->trace->snapshots[i];
		const struct trace_snapshot *info = &rows->info;

		if (!is_terminated(info->label, sizeof(info->label)) ||
		    !is_terminated(info->reason, sizeof(info->reason)))
			return bad(check, "snapshot", i, "has a label or reason without an end");
		if (info->cause > TRACE_CAUSE_REQUEST || info->state > TRACE_SNAPSHOT_CUT ||
		    info->in_place > 1)
			return bad(check, "snapshot", i, "has an unknown cause or state");
		if (check_live(check, rows) != 0 || check_claims(check, rows) != 0 ||
		    check_maps(check, rows) != 0 || check_refused(check, rows) != 0)
			return -1;
	}
	return 0;
}

int
trace_validate(const struct trace *trace, struct trace_error *error)
{
	struct check check = { trace, error };

	if (check_header(&check) != 0 || check_modules(&check) != 0 || check_nodes(&check) != 0 ||
	    check_profiles(&check) != 0 || check_stacks(&check) != 0)
		return -1;
	return check_snapshots(&check);
}
