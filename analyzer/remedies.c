/*
 * What would give memory back: the profile's remedies with the numbers that the snapshot holds for
 * each map. Called by every writer. A remedy with nothing to give is no advice and is left out.
 */
#include "analyzer/model.h"

#include <string.h>

/* The advice as written in a profile: quotes are escaped, long lines go on in the next. */
static size_t
read_advice(char into[PROFILE_LINE_MAX], const char *text, size_t size)
{
	size_t out = 0;

	for (size_t i = 0; i < size && out + 1 < PROFILE_LINE_MAX; i++) {
		if (text[i] == '\\' && i + 1 < size && text[i + 1] == '\n')
			i++;
		else if (text[i] == '\\' && i + 1 < size)
			into[out++] = text[++i];
		else
			into[out++] = text[i] == '\n' || text[i] == '\t' ? ' ' : text[i];
	}
	into[out] = '\0';
	return out;
}

size_t
model_remedies(const struct model_map *map, struct model_remedy out[TRACE_REMEDIES_MAX])
{
	const struct profile *profile = map->profile;
	size_t count = 0;

	for (size_t i = 0; profile && i < profile->remedy_count && i < TRACE_REMEDIES_MAX; i++) {
		const struct profile_remedy *from = &profile->remedies[i];
		struct model_remedy *to = &out[count];

		if (map->row->remedies[i].leaves == TRACE_UNKNOWN ||
		    map->row->remedies[i].leaves >= map->held)
			continue;
		to->name = from->name;
		to->name_size = strlen(from->name);
		to->advice_size =
		    read_advice(to->advice, profile->text + from->text_offset, from->text_size);
		to->leaves = map->row->remedies[i].leaves;
		to->transient = map->row->remedies[i].transient;
		to->gives = map->held - to->leaves;
		count++;
	}
	return count;
}

static void
add_offer(struct model_offer *offers, size_t *count, const struct model_map *map,
	  const struct model_remedy *remedy)
{
	struct model_offer *offer = offers;

	while (offer < offers + *count &&
	       (offer->profile != map->profile || strcmp(offer->remedy.name, remedy->name) != 0))
		offer++;
	if (offer == offers + *count) {
		if (*count == MODEL_OFFERS_MAX)
			return;
		++*count;
		*offer =
		    (struct model_offer){.profile = map->profile, .remedy = *remedy, .maps = 1};
		return;
	}
	offer->maps++;
	offer->remedy.gives = model_add(offer->remedy.gives, remedy->gives);
	offer->remedy.leaves = model_add(offer->remedy.leaves, remedy->leaves);
	if (offer->remedy.transient == TRACE_UNKNOWN || remedy->transient == TRACE_UNKNOWN)
		offer->remedy.transient = TRACE_UNKNOWN;
	else if (remedy->transient > offer->remedy.transient)
		offer->remedy.transient = remedy->transient;
}

size_t
model_offers(const struct model_map *const *maps, size_t count,
	     struct model_offer out[MODEL_OFFERS_MAX])
{
	struct model_remedy remedies[TRACE_REMEDIES_MAX];
	size_t offers = 0;

	for (size_t i = 0; i < count; i++) {
		size_t offered = model_remedies(maps[i], remedies);

		/* a map that needs what it holds is not to be rebuilt */
		for (size_t j = 0; j < offered; j++)
			if (maps[i]->retained || maps[i]->reserved)
				add_offer(out, &offers, maps[i], &remedies[j]);
	}
	return offers;
}
