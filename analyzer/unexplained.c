/*
 * Bytes that no map explains, stack by stack.
 *
 * The rule that must never break: it never tells less than what is there. A stack is left out only
 * when the user's own words name it; without memory to look, none is.
 */
#include "analyzer/unexplained.h"
#include "analyzer/account.h"

#include <stdlib.h>

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
stays(const struct account *now, const struct account *then, uint32_t stack)
{
	if (then && then[stack].unreached < now[stack].unreached)
		return then[stack].unreached;
	return now[stack].unreached;
}

uint64_t
unexplained_bytes(const struct model *model, const struct model_snapshot *snapshot,
		  bool (*is_for)(void *context, uint32_t stack), void *context)
{
	const struct model_snapshot *next = next_complete(model, snapshot);
	struct account *now = account_open(model->trace, snapshot->rows);
	struct account *then = next ? account_open(model->trace, next->rows) : NULL;
	uint64_t sum = 0;

	for (uint32_t i = 0; now && i < model->trace->stack_count; i++) {
		uint64_t bytes = stays(now, then, i);

		if (bytes && is_for(context, i))
			sum = model_add(sum, bytes);
	}
	/* the model's word on all stacks is the most that some of them can be */
	if (!now || (next && !then) || sum > snapshot->unexplained)
		sum = snapshot->unexplained;
	free(now);
	free(then);
	return sum;
}
