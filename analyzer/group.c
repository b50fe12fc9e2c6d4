/*
 * Maps that one place in the code made, as far as a reader can tell them apart: by profile, type,
 * maker and name. Called by the text report and `maps`, where ten thousand equal lines would hide
 * the one that matters. The rule: sums of groups are sums of maps, each map in exactly one group.
 *
 *     maps --by profile and stack--> few stacks --by name--> groups --worst first--> report
 *
 * Symbols are asked for once a stack, not once a map.
 */
#include "analyzer/model.h"
#include "analyzer/symbols.h"

#include <stdlib.h>
#include <string.h>

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* NULL comes first. */
static int
compare_texts(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return a == b ? 0 : strcmp(a, b);
}

static int
compare_makings(const struct model_map *a, const struct model_map *b)
{
	int by_profile = compare_numbers(a->row->profile, b->row->profile);
	int by_stack = compare_numbers(a->row->stack, b->row->stack);

	if (by_profile || by_stack)
		return by_profile ? by_profile : by_stack;
	if (compare_texts(a->name, b->name))
		return compare_texts(a->name, b->name);
	return compare_texts(a->told_type, b->told_type);
}

/* The worst map of each stack (and name) comes first. */
static int
compare_stacks(const void *left, const void *right)
{
	const struct model_map *a = *(const struct model_map *const *)left;
	const struct model_map *b = *(const struct model_map *const *)right;
	int by_making = compare_makings(a, b);

	return by_making ? by_making : model_compare_worst(a, b);
}

/* A frame without a name is known by its address. */
static int
compare_makers(const struct symbols_frame *a, const struct symbols_frame *b)
{
	int by_function, by_file;

	if (!a || !b)
		return (a != NULL) - (b != NULL);
	by_function = compare_texts(a->function, b->function);
	by_file = compare_texts(a->file, b->file);
	if (by_function || by_file)
		return by_function ? by_function : by_file;
	if (a->file)
		return compare_numbers(a->line, b->line);
	return a->function ? compare_texts(a->module, b->module) : compare_numbers(a->pc, b->pc);
}

static int
compare_places(const void *left, const void *right)
{
	const struct model_group *a = left, *b = right;
	int by_profile = compare_numbers(a->worst->row->profile, b->worst->row->profile);
	int by_name = compare_texts(a->worst->name, b->worst->name);
	int by_type = compare_texts(a->names->type, b->names->type);

	if (by_profile || by_name)
		return by_profile ? by_profile : by_name;
	if (by_type)
		return by_type;
	return compare_makers(a->names->maker, b->names->maker);
}

/* Of the entries in a bucket or the places of a search, in any of its maps. */
static uint64_t
longest_search(const struct model_group *group)
{
	uint64_t chain = group->totals.longest_chain, probe = group->totals.longest_probe;

	return chain > probe ? chain : probe;
}

static int
compare_groups(const void *left, const void *right, void *context)
{
	const struct model_group *a = left, *b = right;
	enum model_sort sort = *(const enum model_sort *)context;

	if (sort == MODEL_SORT_COUNT && a->totals.count != b->totals.count)
		return compare_numbers(b->totals.count, a->totals.count);
	if (sort == MODEL_SORT_CHAIN && longest_search(a) != longest_search(b))
		return compare_numbers(longest_search(b), longest_search(a));
	if (sort == MODEL_SORT_RETAINED && a->totals.retained != b->totals.retained)
		return compare_numbers(b->totals.retained, a->totals.retained);
	if (sort == MODEL_SORT_RETAINED && a->totals.retained_high != b->totals.retained_high)
		return compare_numbers(b->totals.retained_high, a->totals.retained_high);
	if (sort != MODEL_SORT_ADDRESS && a->totals.held != b->totals.held)
		return compare_numbers(b->totals.held, a->totals.held);
	return model_compare_identity(a->worst, b->worst);
}

/* One group for each stack and name of `sorted`; returns how many. */
static size_t
group_stacks(struct model *model, const struct model_map *const *sorted, size_t count,
	     struct model_group *groups)
{
	size_t made = 0;

	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count; to++)
			if (compare_makings(sorted[to], sorted[from]))
				break;
		groups[made++] = (struct model_group){
		    .worst = sorted[from],
		    .maps = sorted + from,
		    .names = model_map_names(model, sorted[from]),
		    .totals = model_sum(sorted + from, to - from),
		};
	}
	return made;
}

/* Joins neighbours that are one place, their maps side by side in `list`; returns how many are
 * left. */
static size_t
join_places(struct model_group *groups, size_t count, const struct model_map **list)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct model_group *last = kept ? &groups[kept - 1] : NULL;
		size_t maps = groups[i].totals.maps;

		memcpy(list, groups[i].maps, maps * sizeof *list);
		groups[i].maps = list;
		list += maps;
		if (!last || compare_places(last, &groups[i]) != 0) {
			groups[kept++] = groups[i];
			continue;
		}
		model_add_totals(&last->totals, &groups[i].totals);
		if (model_compare_worst(groups[i].worst, last->worst) < 0) {
			last->worst = groups[i].worst;
			last->names = groups[i].names;
		}
	}
	return kept;
}

struct model_group *
model_groups(struct model *model, const struct model_map *const *maps, size_t count,
	     enum model_sort sort, size_t *group_count)
{
	const struct model_map **sorted = calloc(count + 1, sizeof *sorted);
	/* the groups, and behind them the lists that they point at */
	struct model_group *groups = calloc(count + 1, sizeof *groups + sizeof *sorted);

	*group_count = 0;
	if (!sorted || !groups) {
		free(sorted);
		free(groups);
		return NULL;
	}
	memcpy(sorted, maps, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare_stacks);
	*group_count = group_stacks(model, sorted, count, groups);
	qsort(groups, *group_count, sizeof *groups, compare_places);
	*group_count = join_places(groups, *group_count,
				   (const struct model_map **)(void *)(groups + count + 1));
	qsort_r(groups, *group_count, sizeof *groups, compare_groups, &sort);
	free(sorted);
	return groups;
}
