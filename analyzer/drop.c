/*
 * Why the heap is smaller (or larger) in one snapshot than in another. Called by the report and by
 * whoever compares two moments of one trace.
 *
 * The law of this file: fell - grew over all parts is the difference of live bytes, exactly. What
 * the parts do not carry goes to MODEL_UNEXPLAINED, in full view.
 */
#include "analyzer/account.h"
#include "analyzer/model.h"

#include <stdlib.h>
#include <string.h>

static void
move(struct model_drop *drop, enum model_part part, uint64_t from, uint64_t to)
{
	drop->fell[part] = model_add(drop->fell[part], model_less(from, to));
	drop->grew[part] = model_add(drop->grew[part], model_less(to, from));
}

static uint64_t
known(uint64_t bytes)
{
	return bytes == TRACE_UNKNOWN ? 0 : bytes;
}

/* Buckets in use, overflow and header; the old array is superseded memory, the values apart. */
static uint64_t
structure_of(const struct trace_map *row)
{
	return model_add(model_add(known(row->bucket_bytes), known(row->overflow_bytes)),
			 known(row->header_bytes));
}

static uint64_t
whole_of(const struct trace_map *row)
{
	return model_add(model_add(structure_of(row), known(row->old_bucket_bytes)),
			 known(row->value_bytes));
}

static void
compare_stayed(struct model_drop *drop, const struct trace_map *from, const struct trace_map *to)
{
	drop->stayed_maps++;
	drop->deleted = model_add(drop->deleted, model_less(known(from->count), known(to->count)));
	drop->inserted =
	    model_add(drop->inserted, model_less(known(to->count), known(from->count)));
	move(drop, MODEL_DELETION, structure_of(from), structure_of(to));
	move(drop, MODEL_DELETION_VALUES, known(from->value_bytes), known(to->value_bytes));
	move(drop, MODEL_SUPERSEDED, known(from->old_bucket_bytes), known(to->old_bucket_bytes));
}

/* -1, 0, 1 as the map of `a` comes before, is, or comes after that of `b`. */
static int
order(const struct trace_map *a, const struct trace_map *b)
{
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->profile > b->profile) - (a->profile < b->profile);
}

/* Maps of one snapshot that have no match in the other so far. */
struct unmatched {
	const struct model_map **list;
	size_t count;
};

/* Pairs what `compare` calls equal in both, which are sorted by it; keeps the rest in place. */
static void
match(struct model_drop *drop, struct unmatched *from, struct unmatched *to,
      int (*compare)(const struct trace_map *a, const struct trace_map *b))
{
	size_t i = 0, j = 0, kept_from = 0, kept_to = 0;

	while (i < from->count || j < to->count) {
		int side = i == from->count ? 1
			   : j == to->count ? -1
					    : compare(from->list[i]->row, to->list[j]->row);

		if (side == 0)
			compare_stayed(drop, from->list[i++]->row, to->list[j++]->row);
		else if (side < 0)
			from->list[kept_from++] = from->list[i++];
		else
			to->list[kept_to++] = to->list[j++];
	}
	from->count = kept_from;
	to->count = kept_to;
}

static int
order_by_array(const struct trace_map *a, const struct trace_map *b)
{
	if (a->array != b->array)
		return a->array < b->array ? -1 : 1;
	return (a->profile > b->profile) - (a->profile < b->profile);
}

static int
compare_arrays(const void *a, const void *b)
{
	return order_by_array((*(const struct model_map *const *)a)->row,
			      (*(const struct model_map *const *)b)->row);
}

static int
unmatched_open(struct unmatched *maps, const struct model_snapshot *snapshot)
{
	maps->count = snapshot->rows->maps_count;
	maps->list = malloc((maps->count + 1) * sizeof *maps->list);
	if (!maps->list)
		return -1;
	memcpy(maps->list, snapshot->by_address, maps->count * sizeof *maps->list);
	return 0;
}

/* A header on a stack moves with it (Go's stacks do): what is left is the same map where it has the
 * same array. */
static int
compare_maps(struct model_drop *drop)
{
	struct unmatched from = {0}, to = {0};
	int result = -1;

	if (unmatched_open(&from, drop->from) || unmatched_open(&to, drop->to))
		goto out;
	match(drop, &from, &to, order);
	qsort(from.list, from.count, sizeof *from.list, compare_arrays);
	qsort(to.list, to.count, sizeof *to.list, compare_arrays);
	match(drop, &from, &to, order_by_array);
	for (size_t i = 0; i < from.count; i++)
		move(drop, MODEL_VANISHED, whole_of(from.list[i]->row), 0);
	for (size_t i = 0; i < to.count; i++)
		move(drop, MODEL_VANISHED, 0, whole_of(to.list[i]->row));
	drop->vanished_maps = from.count;
	drop->new_maps = to.count;
	result = 0;
out:
	free(from.list);
	free(to.list);
	return result;
}

/* Whatever is left of the difference, so that the parts add up. Wide, since sums of parts are. */
static void
close_sum(struct model_drop *drop)
{
	__int128 left =
	    (__int128)drop->from->rows->info.live_bytes - drop->to->rows->info.live_bytes;
	__int128 most = TRACE_UNKNOWN - 1;

	for (int part = 0; part < MODEL_UNEXPLAINED; part++)
		left -= (__int128)drop->fell[part] - drop->grew[part];
	if (left > 0)
		drop->fell[MODEL_UNEXPLAINED] = (uint64_t)(left < most ? left : most);
	else
		drop->grew[MODEL_UNEXPLAINED] = (uint64_t)(-left < most ? -left : most);
}

static void
compare_stack(struct model_drop *drop, const struct trace_origin *stack, const struct account *from,
	      const struct account *to)
{
	if (stack->flags & TRACE_STACK_GARBAGE) {
		move(drop, MODEL_COLLECTED, from->rest, to->rest);
		return;
	}
	/* of a map that nobody found: not superseded */
	bool is_told = from->is_told || to->is_told;

	if (!is_told)
		move(drop, MODEL_SUPERSEDED, from->unreached, to->unreached);
	move(drop, MODEL_OTHER, from->rest - (is_told ? 0 : from->unreached),
	     to->rest - (is_told ? 0 : to->unreached));
}

static void
compare_stacks(struct model_drop *drop, const struct trace *trace, const struct accounts *before,
	       const struct accounts *after)
{
	static const struct account none = {.stack = TRACE_NONE};
	size_t i = 0, j = 0;

	while (i < before->count || j < after->count) {
		const struct account *from = i < before->count ? &before->list[i] : &none;
		const struct account *to = j < after->count ? &after->list[j] : &none;
		uint32_t stack = from->stack < to->stack ? from->stack : to->stack;
		bool has_from = from->stack == stack, has_to = to->stack == stack;

		compare_stack(drop, &trace->stacks[stack], has_from ? from : &none,
			      has_to ? to : &none);
		i += has_from;
		j += has_to;
	}
}

int
model_drop(const struct model *model, const struct model_snapshot *from,
	   const struct model_snapshot *to, struct model_drop *drop)
{
	struct accounts before, after = {0};
	int result = -1;

	memset(drop, 0, sizeof *drop);
	drop->from = from;
	drop->to = to;
	if (accounts_open(&before, model->trace, from->rows, ACCOUNT_ALL) ||
	    accounts_open(&after, model->trace, to->rows, ACCOUNT_ALL) || compare_maps(drop))
		goto out;
	compare_stacks(drop, model->trace, &before, &after);
	close_sum(drop);
	result = 0;
out:
	accounts_close(&before);
	accounts_close(&after);
	return result;
}

enum { STEPS_MAX = 2, WORTH_PERCENT = 5 };

struct step {
	const struct model_snapshot *from, *to;
	uint64_t fall;
};

static uint64_t
fall_between(const struct model_snapshot *from, const struct model_snapshot *to)
{
	return model_less(from->rows->info.live_bytes, to->rows->info.live_bytes);
}

/* Keeps the largest falls, ordered by time. */
static void
keep_step(struct step steps[STEPS_MAX], size_t *count, struct step step)
{
	size_t smallest = 0;

	if (*count < STEPS_MAX) {
		steps[(*count)++] = step;
		return;
	}
	for (size_t i = 1; i < STEPS_MAX; i++)
		if (steps[i].fall < steps[smallest].fall)
			smallest = i;
	if (step.fall <= steps[smallest].fall)
		return;
	memmove(&steps[smallest], &steps[smallest + 1], (STEPS_MAX - 1 - smallest) * sizeof *steps);
	steps[STEPS_MAX - 1] = step;
}

/* Whether a step tells what the whole way does not: too small a fall is nothing to explain, and one
 * that is nearly the whole way has been explained. */
static bool
is_worth_telling(const struct step *step, const struct step *whole)
{
	uint64_t high = whole->from->rows->info.live_bytes;
	bool is_within =
	    step->from->index >= whole->from->index && step->to->index <= whole->to->index;

	if (step->fall == 0 || step->fall < high / 100 * WORTH_PERCENT)
		return false;
	return !is_within || step->fall < whole->fall - whole->fall / 100 * WORTH_PERCENT;
}

static size_t
find_steps(const struct model *model, const struct step *whole, struct step steps[STEPS_MAX])
{
	const struct model_snapshot *before = NULL;
	size_t count = 0;

	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		const struct model_snapshot *snapshot = &model->snapshots[i];
		struct step step;

		if (!snapshot->is_complete)
			continue;
		step = (struct step){before, snapshot, before ? fall_between(before, snapshot) : 0};
		if (before && is_worth_telling(&step, whole))
			keep_step(steps, &count, step);
		before = snapshot;
	}
	return count;
}

/* The first that is as high, but for a thousandth: what fell began there. */
static const struct model_snapshot *
first_as_high(const struct model *model, const struct model_snapshot *highest)
{
	uint64_t most = highest->rows->info.live_bytes;

	for (uint32_t i = 0; i < highest->index; i++) {
		const struct model_snapshot *snapshot = &model->snapshots[i];

		if (snapshot->is_complete && snapshot->rows->info.live_bytes >= most - most / 1000)
			return snapshot;
	}
	return highest;
}

/* From the highest snapshot to the judged one, or to the last if the judged one came before. */
static bool
find_whole(const struct model *model, struct step *whole)
{
	const struct model_snapshot *judged = model->judged;

	whole->from = model_highest(model);
	whole->to = model_last(model);
	if (!whole->from)
		return false;
	whole->from = first_as_high(model, whole->from);
	if (judged && judged->index > whole->from->index)
		whole->to = judged;
	whole->fall = fall_between(whole->from, whole->to);
	return true;
}

int
model_drops(const struct model *model, struct model_drop **drops, size_t *count)
{
	struct step steps[1 + STEPS_MAX];
	size_t found = 0;

	*count = 0;
	*drops = calloc(1 + STEPS_MAX, sizeof **drops);
	if (!*drops)
		return -1;
	if (find_whole(model, &steps[0])) {
		found = find_steps(model, &steps[0], steps + 1);
		/* the whole way comes first, if it is one */
		if (steps[0].fall)
			found++;
		else
			memmove(steps, steps + 1, found * sizeof *steps);
	}
	for (; *count < found; ++*count) {
		if (model_drop(model, steps[*count].from, steps[*count].to, &(*drops)[*count])) {
			free(*drops);
			*drops = NULL;
			*count = 0;
			return -1;
		}
	}
	return 0;
}
