/*
 * All anchors of the awake profiles, and what a word's value alone tells about them: whether it can
 * be an anchor at all, and of which. Used by scan.c only.
 */
#ifndef FINDER_ANCHORS_H
#define FINDER_ANCHORS_H

#include "finder/array.h"
#include "finder/blocks.h"

enum {
	ANCHORS_SHIFTS_MAX = 32, /* distinct `plus` that the filter takes */
	ANCHORS_SIZES = 1 << 10, /* sizes whose answer is kept */
	ANCHORS_SHARED_BIT = 63, /* of all anchors from the 64th on */
};

/* A table of bits by hash: may say yes too often, never no to what was added. */
struct anchors_filter {
	uint64_t *bits;
	unsigned shift; /* of the hash, to the index of a bit */
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
	uint64_t insides;      /* set of the anchors that point inside */
	struct { int64_t plus; uint64_t set; } shifts[ANCHORS_SHIFTS_MAX]; /* of the others */
	size_t shift_count;
	bool is_open;          /* more shifts than that: every word in range may be an anchor */
	struct anchors_filter starts; /* base + plus of each block that fits */
	struct anchors_filter pages;  /* pages that a block touches which fits one of `insides` */
	struct { uint64_t tag, set; } kept[ANCHORS_SIZES]; /* tag: size + 1, 0: none */
};

/* Returns 0, or -1 with errno when memory was refused. `anchors` is zeroed memory. */
int anchors_open(struct anchors *anchors, const struct finder_input *input,
                 const struct blocks *blocks);
void anchors_close(struct anchors *anchors);

/* The set of anchors that can point at a block of this size: a bit each, the last one shared. */
uint64_t anchors_fitting(struct anchors *anchors, uint64_t size);

/* Asks for the memory that anchors_may_be() will read. */
void anchors_prefetch(const struct anchors *anchors, uint64_t word);

/* False: the word is no anchor. It is in range. */
bool anchors_may_be(const struct anchors *anchors, uint64_t word);

#endif
