/*
 * Sets bytes by stack against bytes by structure, stack by stack. Called by everything in the model
 * that asks which bytes a map explains. The rule that must not break: what is claimed and what is
 * left over add up to what was live, whatever a damaged trace claims.
 */
#include "analyzer/account.h"

#include "analyzer/model.h"

#include <stdbool.h>
#include <stdlib.h>

uint64_t
account_split(const struct trace_stack *stack, uint64_t bytes, uint64_t *first)
{
	if (stack->split_whole == 0 || stack->split_share >= stack->split_whole)
		*first = bytes;
	else
		*first = (uint64_t)((__uint128_t)bytes * stack->split_share / stack->split_whole);
	return bytes - *first;
}

static bool
is_structure(unsigned role)
{
	return role == TRACE_BUCKETS || role == TRACE_OVERFLOW;
}

uint64_t
account_structure(const struct trace_stack *stack, uint64_t bytes)
{
	uint64_t first, second = account_split(stack, bytes, &first);

	if (stack->flags & TRACE_STACK_TRANSIENT)
		return 0;
	return (is_structure(stack->role) ? first : 0) +
	       (is_structure(stack->split_role) ? second : 0);
}

static void
account_close(const struct trace_stack *stack, struct account *account)
{
	uint64_t claimed = 0;

	for (int role = 0; role < TRACE_ROLES; role++) {
		uint64_t room = model_less(account->live, claimed);

		if (account->claimed[role] > room)
			account->claimed[role] = room;
		claimed += account->claimed[role];
	}
	account->rest = account->live - claimed;
	account->unreached = account_structure(stack, account->rest);
}

static struct account *
account_of(struct account *accounts, const struct trace *trace, uint32_t stack)
{
	return &accounts[stack < trace->stack_count ? stack : 0]; /* 0: the unknown stack */
}

struct account *
account_open(const struct trace *trace, const struct trace_snapshot_rows *rows)
{
	struct account *accounts = calloc((size_t)trace->stack_count + 1, sizeof *accounts);

	if (!accounts)
		return NULL;
	for (uint32_t i = 0; i < rows->live_count; i++) {
		struct account *account = account_of(accounts, trace, rows->live[i].stack);

		account->live = model_add(account->live, rows->live[i].bytes);
		account->blocks = model_add(account->blocks, rows->live[i].blocks);
	}
	for (uint32_t i = 0; i < rows->claims_count; i++) {
		const struct trace_claim *claim = &rows->claims[i];
		struct account *account = account_of(accounts, trace, claim->stack);

		account->claimed[claim->role] =
		    model_add(account->claimed[claim->role], claim->bytes);
		account->claimed_blocks = model_add(account->claimed_blocks, claim->blocks);
	}
	for (uint32_t i = 0; i < trace->stack_count; i++)
		account_close(&trace->stacks[i], &accounts[i]);
	return accounts;
}

uint64_t
account_at_peak(const struct trace_header *header, const struct trace_stack *stack,
		uint64_t *blocks)
{
	bool use_saved = stack->epoch == header->peak_epoch;

	*blocks = use_saved ? stack->saved_blocks : stack->live_blocks;
	return use_saved ? stack->saved_bytes : stack->live_bytes;
}
