/*
 * Anchors; see anchors.h. Most words of a heap are pointers at blocks that no map keeps as an
 * array: their size says so. Conditions on the size are evaluated once a size, and what came out
 * is kept as one byte for each block, so that a word is judged without reading its block. The sizes
 * that are met first have a class each: there the byte stands for the size as well.
 *
 * What must never break: a block's set may hold too many anchors, never too few.
 */
#include "finder/anchors.h"

#include <string.h>

enum { SIZES_BITS = 10 };
_Static_assert(ANCHORS_SIZES == 1 << SIZES_BITS, "sizes are kept in a place by hash");

static inline uint64_t
hash(uint64_t value, unsigned shift)
{
	return value * 0x9e3779b97f4a7c15ull >> shift;
}

static bool
is_beside(const struct profile_anchor *anchor)
{
	return anchor->points != PROFILE_POINTS_BASE || anchor->plus != 0;
}

static int
list_anchors(struct anchors *anchors)
{
	for (size_t p = 0; p < anchors->input->profile_count; p++) {
		const struct profile *profile = anchors->input->profiles[p];
		for (size_t a = 0; a < profile->anchor_count; a++) {
			size_t bit = anchors->all.count;
			struct anchors_one *one = array_add(&anchors->all, sizeof(*one), 1);
			if (!one)
				return -1;
			if (bit > ANCHORS_SHARED_BIT)
				bit = ANCHORS_SHARED_BIT;
			else if (bit < ANCHORS_SHARED_BIT)
				glance_compile(&anchors->glances[bit], profile, (uint8_t)a);
			*one = (struct anchors_one){(uint16_t)p, (uint8_t)a, (uint8_t)bit};
			if (is_beside(&profile->anchors[a]))
				anchors->beside |= 1ull << bit;
		}
	}
	return 0;
}

/* The range of the words that anchors can hold. */
static void
measure(struct anchors *anchors, const struct blocks *blocks)
{
	const struct anchors_one *all = anchors->all.at;
	int64_t least = 0, most = 0;
	for (size_t i = 0; i < anchors->all.count; i++) {
		int64_t plus =
		    anchors->input->profiles[all[i].profile]->anchors[all[i].anchor].plus;
		least = plus < least ? plus : least;
		most = plus > most ? plus : most;
	}
	anchors->lowest = blocks->lowest + (uint64_t)least;
	anchors->span = blocks->highest + (uint64_t)most + 1 - anchors->lowest;
}

/* Where an anchor's word lies outside of its block, the block before the word is another one. */
static bool
strays(const struct profile_anchor *anchor, uint64_t size)
{
	return anchor->points == PROFILE_POINTS_BASE && anchor->plus != 0 &&
	       (anchor->plus < 0 || (uint64_t)anchor->plus >= size);
}

static uint64_t
evaluate_set(struct anchors *anchors, uint64_t size)
{
	const struct anchors_one *all = anchors->all.at;
	uint64_t set = 0;
	for (size_t i = 0; i < anchors->all.count; i++) {
		const struct profile *profile = anchors->input->profiles[all[i].profile];
		const struct profile_anchor *anchor = &profile->anchors[all[i].anchor];
		if (!profile_anchor_fits(profile, anchor, size))
			continue;
		set |= 1ull << all[i].bit;
		if (strays(anchor, size))
			anchors->strays |= 1ull << all[i].bit;
	}
	return set;
}

/* The number of the class between these two that has this set and size, or `end`. */
static size_t
find_class(const struct anchors *anchors, size_t from, size_t end, uint64_t set, uint64_t size)
{
	while (from < end && (anchors->sets[from] != set || anchors->sizes[from] != size))
		from++;
	return from;
}

static uint8_t
class_of(struct anchors *anchors, uint64_t set, uint64_t size)
{
	size_t class = find_class(anchors, 1, anchors->sized_count, set, size);
	if (set == 0)
		return 0;
	if (class == ANCHORS_SIZED) {
		size = GLANCE_ANY_SIZE;
		class = find_class(anchors, class, anchors->class_count, set, size);
		if (class == ANCHORS_MIXED)
			return ANCHORS_MIXED;
		if (class == anchors->class_count)
			anchors->class_count++;
	} else if (class == anchors->sized_count) {
		anchors->sized_count++;
	}
	anchors->sets[class] = set;
	anchors->sizes[class] = size;
	return (uint8_t)class;
}

static uint8_t
class_of_size(struct anchors *anchors, uint64_t size)
{
	size_t place = hash(size, 64 - SIZES_BITS);
	if (__builtin_expect(anchors->kept[place].tag != size + 1, 0)) {
		anchors->kept[place].class = class_of(anchors, evaluate_set(anchors, size), size);
		anchors->kept[place].tag = size + 1;
	}
	return anchors->kept[place].class;
}

/* Anchors whose tests are alike share one. */
static int
add_first(struct anchors *anchors, struct anchors_firsts *of, const struct glance_first *new)
{
	struct glance_first *firsts = anchors->firsts.at, *added;
	uint32_t i = of->start;
	of->set |= new->set;
	while (i < of->end && memcmp(&firsts[i], new, offsetof(struct glance_first, set)) != 0)
		i++;
	if (i < of->end) {
		firsts[i].set |= new->set;
		return 0;
	}
	added = array_add(&anchors->firsts, sizeof(*added), 1);
	if (!added)
		return -1;
	*added = *new;
	of->end++;
	return 0;
}

static int
list_firsts(struct anchors *anchors, size_t class)
{
	struct anchors_firsts *of = &anchors->first_of[class];
	uint64_t set = anchors->sets[class] & ~(1ull << ANCHORS_SHARED_BIT);
	of->start = of->end = (uint32_t)anchors->firsts.count;
	for (; set; set &= set - 1) {
		const struct glance *glance = &anchors->glances[__builtin_ctzll(set)];
		struct glance_first first;
		if (!glance_first(glance, anchors->sizes[class], &first))
			continue;
		first.set = set & -set;
		if (add_first(anchors, of, &first) != 0)
			return -1;
	}
	return 0;
}

int
anchors_open(struct anchors *anchors, const struct finder_input *input,
             const struct blocks *blocks)
{
	anchors->input = input;
	anchors->sized_count = 1; /* sets[0] is empty */
	anchors->class_count = ANCHORS_SIZED;
	anchors->sets[ANCHORS_MIXED] = UINT64_MAX;
	anchors->sizes[0] = anchors->sizes[ANCHORS_MIXED] = GLANCE_ANY_SIZE;
	anchors->classes = array_map_dense(blocks->count);
	if (!anchors->classes || list_anchors(anchors) != 0)
		return -1;
	measure(anchors, blocks);
	for (size_t i = 0; i < blocks->count; i++)
		anchors->classes[i] = class_of_size(anchors, blocks->at[i].size);
	for (size_t class = 1; class < anchors->class_count; class++)
		if (list_firsts(anchors, class) != 0)
			return -1;
	return 0;
}

void
anchors_close(struct anchors *anchors)
{
	array_release(&anchors->all);
	array_release(&anchors->firsts);
	array_unmap(anchors->classes);
}

bool
anchors_fit(const struct anchors *anchors, const struct anchors_one *one,
            const struct blocks *blocks, uint32_t block)
{
	const struct profile *profile = anchors->input->profiles[one->profile];
	uint8_t class = anchors->classes[block];
	if (!(anchors->sets[class] >> one->bit & 1))
		return false;
	if (class != ANCHORS_MIXED && one->bit != ANCHORS_SHARED_BIT)
		return true;
	return profile_anchor_fits(profile, &profile->anchors[one->anchor], blocks->at[block].size);
}
