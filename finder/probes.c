/*
 * Searches, gone again as the map itself would go for each of its entries:
 *
 *     home          onward (turn 1)        onward (turn 2)
 *      v             v                      v
 *     [x][x]        [x][dead]              [x][entry]         run 2: 6 places looked at
 *
 * Each place that is not the entry must be one that a search passes over. So the rule proves
 * itself: with another hash than the map's own it comes to a vacant place, and nothing is told.
 * Called by attribute.c once a map is proved.
 *
 * What must never break: every search ends. All those of a table together look at a number of
 * places that its cells bound, since a rule that leads in a circle must not hold up the snapshot.
 */
#include "finder/probes.h"

#include "finder/table.h"
#include "profiles/bound.h"

/* Places for each cell of a table, and for a table: what the worst of hashes takes with some 2,000
 * entries, a tenth of a second. */
enum { LOOKS_PER_CELL = 64, LOOKS = 1 << 21 };

struct search {
	struct finder *finder;
	const struct profile_walk *text;
	struct profile_bound live, home, onward, run, found, vacant;
	struct table table;
	uint64_t cells, cell; /* of a bucket; number of the entry's cell among all */
	uint64_t looks_left;
};

static void
set_name(struct search *search, enum profile_fixed_name name, uint64_t value)
{
	struct profile_scope *scope = &search->finder->scope;

	scope->values[name] = (struct profile_value){.integer = (int64_t)value};
	scope->known[name] = 1;
}

static bool
ask(struct search *search, const struct profile_bound *bound, uint64_t *out)
{
	struct finder *finder = search->finder;

	return profile_bound_value(finder->proof.profile, bound, &finder->scope, &finder->view,
	                           out);
}

static void
bind(struct search *search, struct profile_expression expression, struct profile_bound *out)
{
	struct finder *finder = search->finder;

	profile_bind(finder->proof.profile, expression, &finder->scope, &finder->view, out);
}

static bool
is_found(struct search *search, uint64_t place, bool *is_here)
{
	uint64_t value = place == search->cell;

	if (search->text->found.length && !ask(search, &search->found, &value))
		return false;
	*is_here = value != 0;
	return true;
}

/* Looks at `run` places from this one on. False: the search ends without its entry. */
static bool
look(struct search *search, uint64_t from, uint64_t *looked, bool *is_here)
{
	uint64_t run = 1, is_vacant;

	if (search->text->run.length && !ask(search, &search->run, &run))
		return false;
	for (uint64_t place = from; run-- > 0; place++) {
		set_name(search, PROFILE_NAME_PLACE, place);
		++*looked;
		if (search->looks_left-- == 0 || !is_found(search, place, is_here))
			return false;
		if (*is_here)
			return true;
		if (!ask(search, &search->vacant, &is_vacant) || is_vacant)
			return false;
	}
	set_name(search, PROFILE_NAME_PLACE, from);
	return true;
}

/* Places that a search for the present entry looks at; 0: it does not come there. */
static uint64_t
seek(struct search *search)
{
	uint64_t place, looked = 0;
	bool is_here = false;

	if (!ask(search, &search->home, &place))
		return 0;
	for (uint64_t turn = 1;; turn++) {
		set_name(search, PROFILE_NAME_PLACE, place);
		set_name(search, PROFILE_NAME_TURN, turn);
		if (!look(search, place, &looked, &is_here))
			return 0;
		if (is_here)
			return looked;
		if (!ask(search, &search->onward, &place))
			return 0;
	}
}

static bool
seek_cell(struct search *search, uint64_t number, struct probes *probes)
{
	uint64_t index = number / search->cells, is_live, looked;

	search->cell = number;
	set_name(search, PROFILE_NAME_INDEX, index);
	set_name(search, PROFILE_NAME_BUCKET, search->table.at + index * search->table.stride);
	set_name(search, PROFILE_NAME_CELL, number % search->cells);
	if (!ask(search, &search->live, &is_live))
		return false;
	if (!is_live)
		return true;
	looked = seek(search);
	probes->all += looked;
	if (looked > probes->longest)
		probes->longest = looked;
	return looked != 0;
}

static void
forget_names(struct finder *finder)
{
	uint8_t *known = finder->scope.known;

	known[PROFILE_NAME_BUCKET] = known[PROFILE_NAME_INDEX] = known[PROFILE_NAME_CELL] = 0;
	known[PROFILE_NAME_PLACE] = known[PROFILE_NAME_TURN] = 0;
}

/* Bound before any place has a value: what names one is asked each time. */
static void
bind_all(struct search *search)
{
	bind(search, search->text->live, &search->live);
	bind(search, search->text->home, &search->home);
	bind(search, search->text->onward, &search->onward);
	bind(search, search->text->run, &search->run);
	bind(search, search->text->found, &search->found);
	bind(search, search->text->vacant, &search->vacant);
}

bool
probes_measure(struct finder *finder, size_t index, struct probes *probes)
{
	const struct profile_census *census = &finder->scope.walks[index];
	struct search search = {
		.finder = finder,
		.text = &finder->proof.profile->walks[index],
		.cells = census->cells,
	};
	uint64_t cells = census->slots * census->cells;
	bool is_seen = search.text->home.length > 0;

	if (!is_seen || census->slots == 0)
		return is_seen;
	if (!table_find(finder, index, &search.table))
		return false;
	search.looks_left = LOOKS_PER_CELL * cells + LOOKS;
	bind_all(&search);
	for (uint64_t i = 0; i < cells && is_seen; i++)
		is_seen = !finder_is_late(finder) && seek_cell(&search, i, probes);
	forget_names(finder);
	return is_seen;
}
