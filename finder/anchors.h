/*
 * All anchors of the awake profiles, and which of them can point at a block, by its size alone.
 * Used by scan.c only.
 */
#ifndef FINDER_ANCHORS_H
#define FINDER_ANCHORS_H

#include "finder/array.h"
#include "finder/blocks.h"
#include "finder/glance.h"

enum {
	ANCHORS_SIZES = 1 << 10, /* sizes whose answer is kept */
	ANCHORS_CLASSES = 256,   /* of blocks; the first is of those that no anchor is for ... */
	ANCHORS_SIZED = 128,     /* ... those before this one are of a single size ... */
	ANCHORS_MIXED = 255,     /* ... the last is for all that found no number */
	ANCHORS_SHARED_BIT = 63, /* of all anchors from the 64th on */
};

struct anchors_one {
	uint16_t profile; /* index into the input's profiles */
	uint8_t anchor;   /* index into that profile's anchors */
	uint8_t bit;      /* in the sets below */
};

struct anchors {
	const struct finder_input *input;
	struct array all;      /* struct anchors_one, in the profiles' order */
	uint64_t lowest, span; /* an anchor's word w has w - lowest < span */
	uint64_t beside;       /* set of the anchors whose word may be another than the block's
	                        * start ... */
	uint64_t strays;       /* ... and of those whose word may lie outside of the block */
	uint8_t *classes;      /* of each block: index into sets and sizes */
	uint64_t sets[ANCHORS_CLASSES];
	uint64_t sizes[ANCHORS_CLASSES]; /* of all blocks of the class, or GLANCE_ANY_SIZE */
	size_t sized_count, class_count; /* up to ANCHORS_SIZED, and from there on */
	struct glance glances[ANCHORS_SHARED_BIT]; /* by bit */
	struct array firsts;   /* struct glance_first: those of each class in a row ... */
	struct anchors_firsts {
		uint32_t start, end; /* ... where ... */
		uint64_t set;        /* ... of which anchors */
	} first_of[ANCHORS_CLASSES];
	struct { uint64_t tag; uint8_t class; } kept[ANCHORS_SIZES]; /* tag: size + 1, 0: none */
};

/* Returns 0, or -1 with errno when memory was refused. `anchors` is zeroed memory. */
int anchors_open(struct anchors *anchors, const struct finder_input *input,
                 const struct blocks *blocks);
void anchors_close(struct anchors *anchors);

/* The class of the block that starts at or before a word, or BLOCKS_NONE. */
static inline uint8_t
anchors_class(const struct anchors *anchors, uint32_t block)
{
	return block == BLOCKS_NONE ? 0 : anchors->classes[block];
}

/* The set of anchors that such a word can be: a bit each, the last one shared. */
static inline uint64_t
anchors_of_class(const struct anchors *anchors, uint8_t class)
{
	return anchors->sets[class] | anchors->strays;
}

/* Those of the set that a glance at the word does not rule out; see glance.h. */
static inline uint64_t
anchors_glance(const struct anchors *anchors, uint64_t set, uintptr_t word, uint8_t class)
{
	const struct anchors_firsts *of = &anchors->first_of[class];
	const struct glance_first *first = anchors->firsts.at, *end = first + of->end;
	uint64_t passed = ~of->set, left = set & 1ull << ANCHORS_SHARED_BIT;
	uint64_t size = anchors->sizes[class];
	for (first += of->start; first < end; first++)
		if (glance_first_passes(first, word))
			passed |= first->set;
	for (set &= passed & ~left; set; set &= set - 1)
		if (glance_holds(&anchors->glances[__builtin_ctzll(set)], word, size))
			left |= set & -set;
	return left;
}

/* Asks for the memory that anchors_class() will read. */
static inline void
anchors_prefetch(const struct anchors *anchors, uint32_t block)
{
	if (block != BLOCKS_NONE)
		__builtin_prefetch(&anchors->classes[block]);
}

/* Whether this one can point at this block. */
bool anchors_fit(const struct anchors *anchors, const struct anchors_one *one,
                 const struct blocks *blocks, uint32_t block);

#endif
