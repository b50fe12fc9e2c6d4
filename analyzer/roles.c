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
	const struct model_snapshot *from; /* NULL: none saw it, so nobody knows what it was for */
	uint64_t live;
	uint64_t claimed[TRACE_OTHER];
};

static uint64_t
distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Straight from the rows: all stacks of all snapshots pass here. */
static void
learn(struct share *shares, const struct trace *trace, const struct model_snapshot *snapshot)
{
	const struct trace_snapshot_rows *rows = snapshot->rows;

	for (uint32_t i = 0; i < rows->live_count; i++) {
		const struct trace_live *live = &rows->live[i];
		struct share *share = &shares[live->stack < trace->stack_count ? live->stack : 0];

		if (!share->from && live->bytes)
			share->from = snapshot;
		if (share->from == snapshot)
			share->live = model_add(share->live, live->bytes);
	}
	for (uint32_t i = 0; i < rows->claims_count; i++) {
		const struct trace_claim *claim = &rows->claims[i];
		struct share *share = &shares[claim->stack < trace->stack_count ? claim->stack : 0];

		if (share->from == snapshot && claim->role < TRACE_OTHER)
			share->claimed[claim->role] =
			    model_add(share->claimed[claim->role], claim->bytes);
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

	if (!used)
		return -1;
	while ((snapshot = nearest(model, used, ns))) {
		learn(shares, model->trace, snapshot);
		used[snapshot->index] = true;
	}
	free(used);
	return 0;
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
add_stack(struct model_roles *roles, const struct trace_origin *stack, const struct share *share,
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
	bool is_exact = !header->unrecorded && !model->has_go && !trace->is_torn &&
			!(at_peak && header->peak_slack_bytes_log2);

	if (!shares ||
	    learn_all(model, shares, at_peak ? header->peak_ns : header->last_event_ns)) {
		free(shares);
		return -1;
	}
	memset(roles, 0, sizeof *roles);
	for (int role = 0; role < TRACE_ROLES; role++)
		roles->is_exact[role] = is_exact;
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		const struct trace_origin *stack = &trace->stacks[i];
		const struct trace_count *count = &trace->counts[i];

		add_stack(roles, stack, &shares[i],
			  at_peak ? count->at_peak_bytes : count->live_bytes,
			  at_peak ? count->at_peak_blocks : count->live_blocks);
	}
	free(shares);
	return 0;
}

/* Of a program that was read from outside nothing is known between its snapshots, and they are
 * exact: the highest is the peak, as far as it was seen. */
static int
settle_outside(struct model *model)
{
	const struct model_snapshot *highest = model_highest(model), *last = model_last(model);

	if (highest)
		model->peak = highest->roles;
	if (last)
		model->now = last->roles;
	return 0;
}

int
roles_settle(struct model *model)
{
	if (model->trace->header.flags & TRACE_OUTSIDE)
		return settle_outside(model);
	return settle(model, &model->peak, true) || settle(model, &model->now, false) ? -1 : 0;
}
