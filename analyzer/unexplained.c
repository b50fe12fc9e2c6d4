/*
 * Bytes that no map explains, stack by stack.
 *
 * The rule that must never break: it never tells less than what is there. A stack is left out only
 * when the user's own words name it; without memory to look, none is.
 */
#include "analyzer/unexplained.h"
#include "analyzer/account.h"

static const struct model_snapshot *
next_complete(const struct model *model, const struct model_snapshot *snapshot)
{
	for (uint32_t i = snapshot->index + 1; i < model->snapshot_count; i++)
		if (model->snapshots[i].is_complete)
			return &model->snapshots[i];
	return NULL;
}

/* Of one stack: what is unreached now and did not go until then (NULL: there is no then). */
static uint64_t
stays(const struct account *now, const struct accounts *then)
{
	uint64_t later = then && now->unreached ? accounts_find(then, now->stack)->unreached
						: now->unreached;

	return later < now->unreached ? later : now->unreached;
}

uint64_t
unexplained_bytes(const struct model *model, const struct model_snapshot *snapshot,
		  bool (*is_for)(void *context, uint32_t stack), void *context)
{
	const struct model_snapshot *next = next_complete(model, snapshot);
	struct accounts now, then = {0};
	bool is_short = accounts_open(&now, model->trace, snapshot->rows, ACCOUNT_OF_MAPS) != 0;
	uint64_t sum = 0;

	if (next && accounts_open(&then, model->trace, next->rows, ACCOUNT_OF_MAPS))
		is_short = true;
	for (size_t i = 0; !is_short && i < now.count; i++) {
		uint64_t bytes = stays(&now.list[i], next ? &then : NULL);

		if (bytes && is_for(context, now.list[i].stack))
			sum = model_add(sum, bytes);
	}
	/* the model's word on all stacks is the most that some of them can be */
	if (is_short || sum > snapshot->unexplained)
		sum = snapshot->unexplained;
	accounts_close(&now);
	accounts_close(&then);
	return sum;
}
