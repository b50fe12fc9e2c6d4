/*
 * A baseline: places in the code and what their maps retain. Called by limits.c (the new trace) and
 * check.c (the old one).
 *
 *     key of a place:  profile \n file-name!function \n file-name+offset \n ...
 *
 * The rule that must never break: where the old trace's modules are not on this machine any more,
 * its places have no names, and a place that is not found in it may be old: it cannot be judged.
 */
#include "analyzer/baseline.h"
#include "analyzer/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1 /* an element that was refused memory has no table */
#include <uthash.h>

struct place {
	char *key;
	struct baseline_place value;
	UT_hash_handle hh;
};

struct baseline {
	struct place *places;
	bool is_nameless; /* some module could not be used: names of places may be missing */
};

static void
write_frame(FILE *out, const struct symbols_frame *frame)
{
	const char *module = frame->module ? basename(frame->module) : NULL;

	if (frame->function)
		fprintf(out, "\n%s!%s", module ? module : "?", frame->function);
	else if (module)
		fprintf(out, "\n%s+%llx", module, (unsigned long long)frame->offset);
	else /* generated code: its address means nothing in another run */
		fputs("\n?", out);
}

/* The key of the place that made this map; NULL: no memory. free() it. */
static char *
place_key(struct model *model, const struct model_map *map)
{
	char *key = NULL;
	size_t size = 0, count = 0;
	const struct symbols_frame *frames = model_stack_frames(model, map->row->stack, &count);
	FILE *out = open_memstream(&key, &size);

	if (!out)
		return NULL;
	fputs(map->profile_name, out);
	for (size_t i = 0; i < count; i++)
		write_frame(out, &frames[i]);
	if (fclose(out) != 0) {
		free(key);
		return NULL;
	}
	return key;
}

static uint64_t
retained_low(const struct model_map *map)
{
	return map->retained == TRACE_UNKNOWN ? 0 : map->retained;
}

static uint64_t
retained_high(const struct model_map *map)
{
	return map->retained == TRACE_UNKNOWN ? map->held : map->retained_high;
}

/* Finds or adds a place. Takes `key` over. NULL: no memory. */
static struct place *
place_at(struct baseline *baseline, char *key)
{
	struct place *place;

	HASH_FIND_STR(baseline->places, key, place);
	if (place) {
		free(key);
		return place;
	}
	place = calloc(1, sizeof(*place));
	if (!place) {
		free(key);
		return NULL;
	}
	place->key = key;
	HASH_ADD_KEYPTR(hh, baseline->places, place->key, strlen(place->key), place);
	if (place->hh.tbl)
		return place;
	free(key);
	free(place);
	return NULL;
}

static int
add_map(struct baseline *baseline, struct model *model, const struct model_map *map)
{
	char *key = place_key(model, map);
	struct place *place = key ? place_at(baseline, key) : NULL;
	struct baseline_place *value;

	if (!place)
		return -1;
	value = &place->value;
	value->low = model_add(value->low, retained_low(map));
	value->high = model_add(value->high, retained_high(map));
	if (!value->worst || retained_high(map) > retained_high(value->worst))
		value->worst = map;
	return 0;
}

struct baseline *
baseline_build(struct model *model, const struct model_map *const *maps, size_t count)
{
	struct baseline *baseline = calloc(1, sizeof(*baseline));
	const char *const *problems;

	for (size_t i = 0; baseline && i < count; i++) {
		if (add_map(baseline, model, maps[i]) < 0) {
			baseline_release(baseline);
			return NULL;
		}
	}
	if (baseline && model->symbols)
		baseline->is_nameless = symbols_problems(model->symbols, &problems) > 0;
	return baseline;
}

void
baseline_release(struct baseline *baseline)
{
	struct place *place, *next;

	if (!baseline)
		return;
	HASH_ITER(hh, baseline->places, place, next)
	{
		HASH_DEL(baseline->places, place);
		free(place->key);
		free(place);
	}
	free(baseline);
}

void
baseline_growth(const struct baseline *before, const struct baseline *now, uint64_t *low,
		uint64_t *high, const struct model_map **worst)
{
	uint64_t most = 0;

	*low = *high = 0;
	*worst = NULL;
	for (struct place *place = now->places; place; place = place->hh.next) {
		const struct baseline_place *value = &place->value;
		struct place *old = NULL;
		uint64_t at_most;

		HASH_FIND_STR(before->places, place->key, old);
		at_most = model_less(value->high, old ? old->value.low : 0);
		*high = model_add(*high, at_most);
		if (old || !before->is_nameless)
			*low = model_add(*low, model_less(value->low, old ? old->value.high : 0));
		if (at_most > most) {
			most = at_most;
			*worst = value->worst;
		}
	}
}
