/*
 * Two kinds of maps for the tests of finder/, their profiles, and how to make them in a guest by
 * hand: a table with chained buckets, growing or not, and an array with a list of nodes.
 */
#ifndef TESTS_TEST_FINDER_MAPS_H
#define TESTS_TEST_FINDER_MAPS_H

#include "tests/unit/test_finder_guest.h"

/*
 * A table of buckets with four cells: four states (0 free, 1 live, 2 dead), four values, and the
 * next bucket, 72 bytes in all. As many again as 1/4 of the slots are reserved behind them.
 *
 *     header: count +0, array +8, slots +16, old array +24, old slots +32, busy +40
 */
enum { CELLS = 4, STRIDE = 72, HEADER = 48 };

__attribute__((unused)) static const char table_profile[] =
    "profile table\n"
    "title \"test table\"\n"
    "minimum 64\n"
    "wake always\n"
    "anchor array at header + 8 points base\n"
    "field entries u64 at header\n"
    "field slots u64 at header + 16\n"
    "field old ptr at header + 24\n"
    "field old_slots u64 at header + 32\n"
    "field busy u64 at header + 40\n"
    "require slots >= 1 && slots < 100000 && old_slots < 100000\n"
    "require size(array) == 72 * (slots + slots / 4)\n"
    "require size(old) == 72 * old_slots\n"
    "quiet busy == 0\n"
    "walk main table {\n"
    "at array\n"
    "count slots\n"
    "stride 72\n"
    "cells 4\n"
    "live u8[bucket + cell] == 1\n"
    "dead u8[bucket + cell] == 2\n"
    "next ptr[bucket + 64]\n"
    "size 72\n"
    "value ptr[bucket + 8 + 8 * cell]\n"
    "}\n"
    "walk previous table {\n"
    "when old != 0\n"
    "at old\n"
    "count old_slots\n"
    "stride 72\n"
    "cells 4\n"
    "live u8[bucket + cell] == 1\n"
    "}\n"
    "require live(main) + live(previous) == entries\n"
    "count entries\n"
    "part header in header bytes 48\n"
    "part buckets in array bytes 72 * slots\n"
    "part reserved in array bytes 72 * (slots / 4)\n"
    "part old in old bytes 72 * old_slots\n"
    "capacity 4 * slots\n"
    "tombstones dead(main)\n"
    "growing old != 0\n"
    "needed 72 * max(1, count / 4)\n"
    "remedy rebuild \"make it anew\" leaves needed transient held\n";

/* A list of nodes as libstdc++ has it: header: array +0, slots +8, first +16, count +24. Node:
 * next +0, payload to 40 bytes. */
__attribute__((unused)) static const char chain_profile[] =
    "profile chain\n"
    "title \"test chain\"\n"
    "minimum 64\n"
    "wake always\n"
    "anchor array at header points base\n"
    "field slots u64 at header + 8\n"
    "field first ptr at header + 16\n"
    "field entries u64 at header + 24\n"
    "require slots >= 8 && slots < 1M\n"
    "require size(array) == 8 * slots\n"
    "walk nodes chain {\n"
    "from first\n"
    "next ptr[node]\n"
    "value ptr[node + 16]\n"
    "}\n"
    "require live(nodes) == entries\n"
    "count entries\n"
    "part buckets in array bytes 8 * slots\n"
    "capacity slots\n"
    "needed about 8 * max(8, count) + 40 * count\n";

static inline uint64_t
make_table_at(struct guest *guest, uint64_t header, uint64_t slots)
{
	uint64_t array = guest_block(guest, STRIDE * (slots + slots / 4));
	guest_put(guest, header + 8, array);
	guest_put(guest, header + 16, slots);
	return array;
}

static inline uint64_t
make_table(struct guest *guest, uint64_t slots)
{
	uint64_t header = guest_block(guest, HEADER);
	make_table_at(guest, header, slots);
	return header;
}

static inline void
set_cell(struct guest *guest, uint64_t bucket, unsigned cell, unsigned char state, uint64_t value)
{
	*((unsigned char *)guest_at(guest, bucket) + cell) = state;
	guest_put(guest, bucket + 8 + 8 * cell, value);
}

static inline void
insert(struct guest *guest, uint64_t header, unsigned slot, unsigned cell, uint64_t value)
{
	set_cell(guest, guest_get(guest, header + 8) + STRIDE * slot, cell, 1, value);
	guest_put(guest, header, guest_get(guest, header) + 1);
}

static inline uint64_t
make_chain(struct guest *guest, uint64_t header, unsigned nodes)
{
	uint64_t array = guest_block(guest, 8 * 16), last = header + 16;
	guest_put(guest, header, array);
	guest_put(guest, header + 8, 16);
	guest_put(guest, header + 24, nodes);
	for (unsigned i = 0; i < nodes; i++) {
		uint64_t node = guest_block(guest, 40);
		guest_put(guest, last, node);
		last = node;
	}
	return array;
}

static inline void
copy_bytes(struct guest *guest, uint64_t to, uint64_t from, size_t size)
{
	memcpy(guest_at(guest, to), guest_at(guest, from), size);
}

static inline void
expect_refused(const struct guest *guest, enum trace_refusal reason, uint32_t candidates)
{
	assert_int_equal(guest->result.refused_count, 1);
	assert_int_equal(guest->result.refused[0].reason, reason);
	assert_int_equal(guest->result.refused[0].candidates, candidates);
}

#endif
