/*
 * Refusals; see refuse.h. Many stale words can point at one array, so what is noted is sorted by
 * array and profile first, and only the best placed of each counts.
 */
#include "finder/refuse.h"

static void
note(struct finder *finder, const struct candidate *candidate, uint8_t reason, uint32_t line)
{
	struct refusal *refusal = array_add(&finder->refusals, sizeof(*refusal), 1);
	if (!refusal) {
		finder->is_out_of_memory = true;
		return;
	}
	*refusal = (struct refusal){
		.block = candidate->block,
		.line = line,
		.profile = candidate->profile,
		.where = candidate->where,
		.reason = reason,
		.step = finder->proof.step,
	};
}

bool
refuse_is_kept(const struct finder *finder)
{
	return finder->scope.is_sized || finder->input->keeps_all_refusals;
}

void
refuse_note(struct finder *finder)
{
	const struct proof *proof = &finder->proof;
	if (refuse_is_kept(finder))
		note(finder, proof->candidate, proof->reason, proof->line);
}

void
refuse_note_claimed(struct finder *finder, const struct candidate *candidate)
{
	note(finder, candidate, TRACE_REFUSED_CLAIMED, 0);
}

/* By array and profile; the best placed first, then the one whose proof went furthest. */
static int
compare(const void *a, const void *b)
{
	const struct refusal *x = a, *y = b;
	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	if (x->profile != y->profile)
		return x->profile < y->profile ? -1 : 1;
	if (x->where != y->where)
		return x->where < y->where ? -1 : 1;
	if (x->step != y->step)
		return x->step > y->step ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->reason > y->reason) - (x->reason < y->reason);
}

static bool
is_told(const struct finder *finder, const struct refusal *refusal)
{
	if (finder->blocks.at[refusal->block].map == TRACE_NONE)
		return true;
	return refusal->reason == TRACE_REFUSED_CLAIMED && refusal->where <= TRACE_WHERE_GLOBAL;
}

/* The row of this profile, line and reason; there are few. NULL: no memory. */
static struct trace_refused *
row_of(struct finder *finder, const struct refusal *refusal)
{
	uint32_t profile = finder->input->profile_ids[refusal->profile];
	struct trace_refused *rows = finder->refused.at;
	for (size_t i = 0; i < finder->refused.count; i++)
		if (rows[i].profile == profile && rows[i].line == refusal->line &&
		    rows[i].reason == refusal->reason)
			return &rows[i];
	struct trace_refused *row = array_add(&finder->refused, sizeof(*row), 1);
	if (row)
		*row = (struct trace_refused){.profile = profile, .line = refusal->line,
		                              .reason = refusal->reason};
	return row;
}

int
refuse_add_up(struct finder *finder)
{
	struct refusal *all = finder->refusals.at;
	const struct refusal *told = NULL;
	array_sort(&finder->refusals, sizeof(*all), compare);
	for (size_t i = 0; i < finder->refusals.count; i++) {
		if (told && told->block == all[i].block && told->profile == all[i].profile)
			continue;
		if (!is_told(finder, &all[i]))
			continue;
		struct trace_refused *row = row_of(finder, &all[i]);
		if (!row)
			return -1;
		row->candidates++;
		row->bytes += finder->blocks.at[all[i].block].size;
		told = &all[i];
	}
	return 0;
}
