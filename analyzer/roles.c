/*
 * The heap's composition by role at the peak and now. By stack, which is exact, except where the
 * stack has no role: out-of-line values, and maps whose code was inlined or stripped. There the
 * nearest snapshot that saw the stack tells which share of it maps reached, and every role that got
 * such a share is labelled an estimate. Where no snapshot ever saw the stack it may have been any
 * part of a map, and every role is one.
 *
 * The roles always add up to the bytes of all stacks.
 */
#include "analyzer/roles.h"

#include "analyzer/account.h"

#include <stdlib.h>
#include <string.h>

/* What a snapshot knows of a stack without role. */
struct share {
	uint64_t live; /* 0: no snapshot saw it live, so nobody knows what it was for */
	uint64_t claimed[TRACE_OTHER];
};

static uint64_t
distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void
learn(struct share *shares, const struct trace *trace, const struct account *accounts)
{
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		if (trace->stacks[i].role != TRACE_OTHER || shares[i].live || !accounts[i].live)
			continue;
		shares[i].live = accounts[i].live;
		memcpy(shares[i].claimed, accounts[i].claimed, sizeof shares[i].claimed);
	}
}

/* The complete snapshot nearest to `ns` among those not `used`, or NULL. */
static const struct model_snapshot *
nearest(const struct model *model, const bool *used, uint64_t ns)
{
	const struct model_snapshot *best = NULL;

	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		const struct model_snapshot *snapshot = &model->snapshots[i];

		if (snapshot->is_complete && !used[i] &&
		    (!best ||
		     distance(snapshot->rows->info.ns, ns) < distance(best->rows->info.ns, ns)))
			best = snapshot;
	}
	return best;
}

static int
learn_all(const struct model *model, struct share *shares, uint64_t ns)
{
	bool *used = calloc((size_t)model->snapshot_count + 1, sizeof *used);
	const struct model_snapshot *snapshot;
	int result = used ? 0 : -1;

	while (result == 0 && (snapshot = nearest(model, used, ns))) {
		struct account *accounts = account_open(model->trace, snapshot->rows);

		if (accounts)
			learn(shares, model->trace, accounts);
		else
			result = -1;
		free(accounts);
		used[snapshot->index] = true;
	}
	free(used);
	return result;
}

static void
put(struct model_roles *roles, unsigned role, uint64_t bytes)
{
	roles->bytes[role] = model_add(roles->bytes[role], bytes);
}

/* A stack without role: what maps reached of it then, they reached of it at this moment too. */
static void
add_shared(struct model_roles *roles, const struct share *share, uint64_t bytes)
{
	uint64_t left = bytes;

	if (bytes && !share->live)
		memset(roles->is_exact, 0, sizeof roles->is_exact);
	for (unsigned role = 0; role < TRACE_OTHER && share->live; role++) {
		uint64_t part = (uint64_t)((__uint128_t)bytes * share->claimed[role] / share->live);

		part = part < left ? part : left;
		if (part) {
			put(roles, role, part);
			roles->is_exact[role] = roles->is_exact[TRACE_OTHER] = false;
		}
		left -= part;
	}
	put(roles, TRACE_OTHER, left);
}

static void
add_stack(struct model_roles *roles, const struct trace_stack *stack, const struct share *share,
	  uint64_t bytes, uint64_t blocks)
{
	uint64_t first, second = account_split(stack, bytes, &first);

	roles->blocks[stack->role] = model_add(roles->blocks[stack->role], blocks);
	if (stack->role == TRACE_OTHER) {
		add_shared(roles, share, bytes);
		return;
	}
	put(roles, stack->role, first);
	put(roles, stack->split_role, second);
}

static int
settle(const struct model *model, struct model_roles *roles, bool at_peak)
{
	const struct trace *trace = model->trace;
	const struct trace_header *header = &trace->header;
	struct share *shares = calloc((size_t)trace->stack_count + 1, sizeof *shares);
	bool is_exact = !(at_peak && header->peak_slack_bytes_log2);

	if (!shares ||
	    learn_all(model, shares, at_peak ? header->peak_ns : header->last_event_ns)) {
		free(shares);
		return -1;
	}
	memset(roles, 0, sizeof *roles);
	for (int role = 0; role < TRACE_ROLES; role++)
		roles->is_exact[role] = is_exact;
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		const struct trace_stack *stack = &trace->stacks[i];
		uint64_t bytes = stack->live_bytes, blocks = stack->live_blocks;

		if (at_peak)
			bytes = account_at_peak(header, stack, &blocks);
		add_stack(roles, stack, &shares[i], bytes, blocks);
	}
	free(shares);
	return 0;
}

int
roles_settle(struct model *model)
{
	return settle(model, &model->peak, true) || settle(model, &model->now, false) ? -1 : 0;
}
