/*
 * Attributes the bytes of a snapshot, and says of those that stacks call buckets or overflow and no
 * map reaches whether they were superseded or must stay unexplained. Called by retained.c.
 *
 * Superseded arrays wait for a collector, or for the end of one operation, and go. So bytes that
 * are gone by the next complete snapshot are superseded. Bytes that go later are too, as long as
 * they are no more than proved maps of that profile hold: arrays at least double, so all that a map
 * left behind is less than what it has. Everything else might be a map that was not found. What
 * cannot be judged must never pass, so in doubt bytes are unexplained.
 */
#include "analyzer/explain.h"

#include <stdlib.h>
#include <string.h>

int
explain_open(struct explain *explain, const struct trace *trace)
{
	memset(explain, 0, sizeof *explain);
	explain->least = malloc(((size_t)trace->stack_count + 1) * sizeof *explain->least);
	explain->late = calloc((size_t)trace->profile_count + 1, sizeof *explain->late);
	explain->claimed = calloc((size_t)trace->profile_count + 1, sizeof *explain->claimed);
	if (!explain->least || !explain->late || !explain->claimed) {
		explain_close(explain);
		return -1;
	}
	memset(explain->least, 0xff, ((size_t)trace->stack_count + 1) * sizeof *explain->least);
	return 0;
}

void
explain_close(struct explain *explain)
{
	free(explain->next);
	free(explain->least);
	free(explain->late);
	free(explain->claimed);
}

static void
add_to(uint64_t *sum, uint64_t bytes)
{
	*sum = model_add(*sum, bytes);
}

/* One stack's share of the snapshot's roles: structure first, the role of the stack for the rest.
 */
static void
add_roles(struct model_snapshot *snapshot, const struct trace_stack *stack,
	  const struct account *account)
{
	uint64_t first, second = account_split(stack, account->rest, &first);
	uint64_t blocks =
	    account->claimed_blocks < account->blocks ? account->claimed_blocks : account->blocks;
	unsigned main_role = stack->role;

	for (unsigned role = 0; role < TRACE_ROLES; role++) {
		add_to(&snapshot->roles.bytes[role], account->claimed[role]);
		add_to(&snapshot->reached[role], account->claimed[role]);
		if (account->claimed[role] > account->claimed[main_role])
			main_role = role;
	}
	/* a block that two roles share is counted once, with its larger part */
	add_to(&snapshot->roles.blocks[main_role], blocks);
	add_to(&snapshot->roles.blocks[stack->role], account->blocks - blocks);
	add_to(&snapshot->roles.bytes[stack->role], first);
	add_to(&snapshot->roles.bytes[stack->split_role], second);
}

static void
count_claims(struct explain *explain, const struct trace *trace,
	     const struct trace_snapshot_rows *rows)
{
	memset(explain->late, 0, ((size_t)trace->profile_count + 1) * sizeof *explain->late);
	memset(explain->claimed, 0, ((size_t)trace->profile_count + 1) * sizeof *explain->claimed);
	for (uint32_t i = 0; i < rows->claims_count; i++) {
		const struct trace_claim *claim = &rows->claims[i];

		if (claim->profile < trace->profile_count &&
		    (claim->role == TRACE_BUCKETS || claim->role == TRACE_OVERFLOW))
			add_to(&explain->claimed[claim->profile], claim->bytes);
	}
}

static uint64_t
smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Sorts what no map reaches of one stack: gone by the next snapshot, gone later, or never gone. */
static void
sort_unreached(struct explain *explain, struct model_snapshot *snapshot, const struct trace *trace,
	       uint32_t index, uint64_t unreached)
{
	uint32_t profile = trace->stacks[index].profile;
	uint64_t in_next = unreached, stays = unreached;

	if (explain->next) {
		in_next = smaller(unreached, explain->next[index].unreached);
		stays = smaller(in_next, explain->least[index]);
	}
	if (profile >= trace->profile_count)
		stays = in_next;
	else
		add_to(&explain->late[profile], in_next - stays);
	add_to(&snapshot->superseded, unreached - in_next);
	add_to(&snapshot->unexplained, stays);
}

static void
settle_late(const struct explain *explain, struct model_snapshot *snapshot,
	    const struct trace *trace)
{
	for (uint32_t i = 0; i < trace->profile_count; i++)
		add_to(explain->late[i] <= explain->claimed[i] ? &snapshot->superseded
							       : &snapshot->unexplained,
		       explain->late[i]);
}

static void
keep_for_earlier(struct explain *explain, const struct trace *trace, struct account *accounts)
{
	for (uint32_t i = 0; i < trace->stack_count; i++)
		explain->least[i] = smaller(explain->least[i], accounts[i].unreached);
	free(explain->next);
	explain->next = accounts;
}

void
explain_snapshot(struct explain *explain, const struct model *model,
		 struct model_snapshot *snapshot, struct account *accounts)
{
	const struct trace *trace = model->trace;

	count_claims(explain, trace, snapshot->rows);
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		uint64_t all = account_structure(&trace->stacks[i], accounts[i].live);

		add_roles(snapshot, &trace->stacks[i], &accounts[i]);
		add_to(&snapshot->by_stack, all);
		add_to(&snapshot->by_stack_reached, model_less(all, accounts[i].unreached));
		sort_unreached(explain, snapshot, trace, i, accounts[i].unreached);
	}
	settle_late(explain, snapshot, trace);
	for (int role = 0; role < TRACE_ROLES; role++)
		snapshot->roles.is_exact[role] = snapshot->is_complete;
	if (snapshot->is_complete)
		keep_for_earlier(explain, trace, accounts);
	else
		free(accounts);
}
