/* Adds a result up by its two stacks; see account.h. */
#include "golang/account.h"

#include <stdbool.h>
#include <string.h>

const char *const golang_profiles[] = {
	[GOLANG_CLASSIC] = "go-classic", [GOLANG_SWISS] = "go-swiss",
};

static enum golang_stack_of
stack_of(const struct golang_map *map)
{
	return map->held == GOLANG_HELD_NOTHING ? GOLANG_GARBAGE : GOLANG_REACHED;
}

void
golang_account_map(const struct golang_account *account, const struct golang_map *map,
                   struct trace_map *row)
{
	*row = map->map;
	row->profile = account->profile;
	row->stack = account->stacks[stack_of(map)];
	row->where_stack = row->where == TRACE_WHERE_BLOCK ? row->stack : TRACE_NONE;
}

void
golang_account_claims(const struct golang_account *account, const struct golang_result *result,
                      struct trace_claim sums[GOLANG_ACCOUNTS * TRACE_ROLES])
{
	memset(sums, 0, GOLANG_ACCOUNTS * TRACE_ROLES * sizeof *sums);
	for (uint32_t i = 0; i < GOLANG_ACCOUNTS * TRACE_ROLES; i++) {
		sums[i].stack = account->stacks[i / TRACE_ROLES];
		sums[i].role = i % TRACE_ROLES;
		sums[i].profile = account->profile;
	}
	for (size_t i = 0; i < result->claim_count; i++) {
		const struct golang_claim *claim = &result->claims[i];
		struct trace_claim *sum = sums + stack_of(&result->maps[claim->map]) * TRACE_ROLES +
		                          claim->role;
		sum->bytes += claim->bytes;
		sum->blocks += claim->blocks;
	}
}

void
golang_account_live(const struct golang_account *account, const struct golang_result *result,
                    struct trace_live live[GOLANG_ACCOUNTS])
{
	const struct golang_totals *totals = &result->totals;
	bool is_marked = totals->reachable_bytes != TRACE_UNKNOWN &&
	                 totals->reachable_bytes <= totals->object_bytes &&
	                 totals->reachable_objects <= totals->objects;
	uint64_t bytes = is_marked ? totals->reachable_bytes : totals->object_bytes;
	uint64_t blocks = is_marked ? totals->reachable_objects : totals->objects;
	live[GOLANG_REACHED] = (struct trace_live){
		.stack = account->stacks[GOLANG_REACHED],
		.blocks = (uint32_t)blocks,
		.bytes = bytes,
	};
	live[GOLANG_GARBAGE] = (struct trace_live){
		.stack = account->stacks[GOLANG_GARBAGE],
		.blocks = (uint32_t)(totals->objects - blocks),
		.bytes = totals->object_bytes - bytes,
	};
}
