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
account_split(const struct trace_origin *stack, uint64_t bytes, uint64_t *first)
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
account_structure(const struct trace_origin *stack, uint64_t bytes)
{
	uint64_t first, second = account_split(stack, bytes, &first);

	if (stack->flags & TRACE_STACK_TRANSIENT)
		return 0;
	return (is_structure(stack->role) ? first : 0) +
	       (is_structure(stack->split_role) ? second : 0);
}

static void
account_close(const struct trace_origin *stack, struct account *account)
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
	account->is_told = stack->flags & TRACE_STACK_TOLD;
}

/* Accounts under construction: where each stack's is. */
struct builder {
	struct accounts *accounts;
	const struct trace *trace;
	uint32_t *place; /* [stack_count]: index in the list plus one; 0: none yet */
};

static struct account *
account_of(struct builder *builder, uint32_t stack)
{
	struct accounts *accounts = builder->accounts;

	if (builder->place[stack] == 0) {
		accounts->list[accounts->count++].stack = stack;
		builder->place[stack] = (uint32_t)accounts->count;
	}
	return &accounts->list[builder->place[stack] - 1];
}

static uint32_t
known_stack(const struct trace *trace, uint32_t stack)
{
	return stack < trace->stack_count ? stack : 0; /* 0: the unknown stack */
}

static void
add_claims(struct builder *builder, const struct trace_snapshot_rows *rows)
{
	for (uint32_t i = 0; i < rows->claims_count; i++) {
		const struct trace_claim *claim = &rows->claims[i];
		struct account *account =
		    account_of(builder, known_stack(builder->trace, claim->stack));

		account->claimed[claim->role] =
		    model_add(account->claimed[claim->role], claim->bytes);
		account->claimed_blocks = model_add(account->claimed_blocks, claim->blocks);
	}
}

static bool
has_role(const struct trace_origin *stack)
{
	return stack->role != TRACE_OTHER || stack->split_role != TRACE_OTHER;
}

/* After the claims: what is not listed by now was reached by no map. */
static void
add_live(struct builder *builder, const struct trace_snapshot_rows *rows, enum account_scope scope)
{
	struct accounts *accounts = builder->accounts;

	for (uint32_t i = 0; i < rows->live_count; i++) {
		const struct trace_live *live = &rows->live[i];
		uint32_t stack = known_stack(builder->trace, live->stack);
		struct account *account;

		if (scope == ACCOUNT_OF_MAPS && builder->place[stack] == 0 &&
		    !has_role(&builder->trace->stacks[stack])) {
			accounts->bare_bytes = model_add(accounts->bare_bytes, live->bytes);
			accounts->bare_blocks = model_add(accounts->bare_blocks, live->blocks);
			continue;
		}
		account = account_of(builder, stack);
		account->live = model_add(account->live, live->bytes);
		account->blocks = model_add(account->blocks, live->blocks);
	}
}

static int
compare_stacks(const void *a, const void *b)
{
	const struct account *left = a, *right = b;

	return (left->stack > right->stack) - (left->stack < right->stack);
}

/* Live rows come in order, so mostly nothing is left to sort. */
static void
sort(struct accounts *accounts)
{
	for (size_t i = 1; i < accounts->count; i++) {
		if (accounts->list[i - 1].stack < accounts->list[i].stack)
			continue;
		qsort(accounts->list, accounts->count, sizeof *accounts->list, compare_stacks);
		return;
	}
}

int
accounts_open(struct accounts *accounts, const struct trace *trace,
	      const struct trace_snapshot_rows *rows, enum account_scope scope)
{
	struct builder builder = {.accounts = accounts, .trace = trace};
	size_t rows_count = (size_t)rows->claims_count + rows->live_count;
	size_t most = rows_count < trace->stack_count ? rows_count : trace->stack_count;

	*accounts = (struct accounts){.list = calloc(most + 1, sizeof *accounts->list)};
	if (trace->stack_count == 0 && accounts->list)
		return 0;
	builder.place = calloc((size_t)trace->stack_count + 1, sizeof *builder.place);
	if (!accounts->list || !builder.place) {
		free(builder.place);
		return -1;
	}
	add_claims(&builder, rows);
	add_live(&builder, rows, scope);
	free(builder.place);
	sort(accounts);
	for (size_t i = 0; i < accounts->count; i++)
		account_close(&trace->stacks[accounts->list[i].stack], &accounts->list[i]);
	return 0;
}

void
accounts_close(struct accounts *accounts)
{
	free(accounts->list);
	*accounts = (struct accounts){0};
}

const struct account *
accounts_find(const struct accounts *accounts, uint32_t stack)
{
	static const struct account nothing;
	struct account wanted = {.stack = stack};
	const struct account *found = NULL;

	if (accounts->count)
		found = bsearch(&wanted, accounts->list, accounts->count, sizeof wanted,
				compare_stacks);
	return found ? found : &nothing;
}
