/*
 * Attributes the bytes of a snapshot, and says of those that stacks call buckets or overflow and no
 * map reaches whether they were superseded or must stay unexplained. Called by retained.c.
 *
 * Superseded arrays wait for the end of an operation, or for a collector, and go: what is gone by
 * the next complete snapshot is superseded. Everything else might be a map that was not found. What
 * cannot be judged must never pass, so in doubt bytes are unexplained: among them what the program
 * itself calls buckets or overflow (maptrace_role) of maps that no profile knows.
 */
#include "analyzer/explain.h"

void
explain_close(struct explain *explain)
{
	accounts_close(&explain->next);
	explain->has_next = false;
}

static uint64_t
smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
add_to(uint64_t *sum, uint64_t bytes)
{
	*sum = model_add(*sum, bytes);
}

/* One stack's share of the snapshot's roles: structure first, the role of the stack for the rest.
 */
static void
add_roles(struct model_snapshot *snapshot, const struct trace_origin *stack,
	  const struct account *account)
{
	uint64_t first, second = account_split(stack, account->rest, &first);
	uint64_t blocks = smaller(account->claimed_blocks, account->blocks);
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

void
explain_snapshot(struct explain *explain, const struct model *model,
		 struct model_snapshot *snapshot, struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->list[i];
		const struct trace_origin *stack = &model->trace->stacks[account->stack];
		uint64_t all = account_structure(stack, account->live);
		uint64_t stays = account->unreached;

		if (stays && explain->has_next && !account->is_told)
			stays = smaller(
			    stays, accounts_find(&explain->next, account->stack)->unreached);
		add_roles(snapshot, stack, account);
		if (stack->flags & TRACE_STACK_GARBAGE)
			add_to(&snapshot->garbage, account->live);
		if (account->is_told && stack->role != TRACE_OTHER)
			add_to(&snapshot->told, account->rest);
		add_to(&snapshot->by_stack, all);
		add_to(&snapshot->by_stack_reached, model_less(all, account->unreached));
		add_to(&snapshot->unexplained, stays);
		add_to(&snapshot->superseded, account->unreached - stays);
	}
	add_to(&snapshot->roles.bytes[TRACE_OTHER], accounts->bare_bytes);
	add_to(&snapshot->roles.blocks[TRACE_OTHER], accounts->bare_blocks);
	for (int role = 0; role < TRACE_ROLES; role++)
		snapshot->roles.is_exact[role] = snapshot->is_complete;
	if (!snapshot->is_complete) {
		accounts_close(accounts);
		return;
	}
	explain_close(explain);
	explain->next = *accounts;
	explain->has_next = true;
}
