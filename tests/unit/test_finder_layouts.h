/*
 * Profiles of map implementations that are not shipped, as sketches: enough of each layout to hold
 * the language against arrays that are pointed into, fields behind a pointer, companion arrays,
 * bits, negative masks and lists in two tables at once. Sources: the implementations' headers.
 */
#ifndef TESTS_TEST_FINDER_LAYOUTS_H
#define TESTS_TEST_FINDER_LAYOUTS_H

#define SKETCH(name) "profile " name "\nminimum 32\nwake always\n"

/* Rust's hashbrown: slots | control bytes; the header points at the control bytes. */
static const char hashbrown_profile[] =
    SKETCH("hashbrown")
    "anchor ctrl at header points inside\n"
    "field mask u64 at header + 8\n"
    "require mask >= 3 && pow2(mask + 1)\n"
    "let slots = mask + 1\n"
    "let data = base(ctrl)\n"
    "require size(data) == ctrl - data + slots + 16\n"
    "field left u64 at header + 16\n"
    "field items u64 at header + 24\n"
    "let most = slots < 8 ? mask : slots / 8 * 7\n"
    "require items + left <= most\n"
    "walk cells table {\nat ctrl\ncount slots\nstride 1\nlive u8[bucket] < 128\n"
    "dead u8[bucket] == 128\n}\n"
    "require live(cells) == items && dead(cells) == most - left - items\n"
    "count items\n"
    "part buckets in ctrl bytes size(data)\n"
    "capacity most\n"
    "tombstones dead(cells)\n"
    "let width = (ctrl - data) / slots\n"
    "loop fit = 4 while count > (fit < 8 ? fit - 1 : fit / 8 * 7) next 2 * fit\n"
    "needed count == 0 ? 0 : align(width * fit, 16) + fit + 16\n"
    "remedy shrink_to_fit \"call shrink_to_fit()\" leaves needed transient needed\n";

/* Abseil's flat_hash_map: control bytes | slots in one block, a pointer at each. */
static const char absl_profile[] =
    SKETCH("absl")
    "anchor ctrl at header points base\n"
    "field slots ptr at header + 8\n"
    "field entries u64 at header + 16\n"
    "field most u64 at header + 24\n"
    "require most >= 3 && pow2(most + 1) && base(slots) == ctrl\n"
    "require slots == ctrl + align(most + 16, 8) && (size(ctrl) + ctrl - slots) % most == 0\n"
    "require u8[ctrl + most] == 0xff\n"
    "walk cells table {\nat ctrl\ncount most\nstride 1\nlive u8[bucket] < 128\n"
    "dead u8[bucket] == 0xfe\n}\n"
    "require live(cells) == entries\n"
    "count entries\n"
    "part buckets in ctrl bytes size(ctrl)\n"
    "capacity most - most / 8\n"
    "needed 0\n";

/* CPython's dict: the array's own head says how large it is and which entries it has. */
static const char dict_profile[] =
    SKETCH("dict")
    "anchor keys at header + 32 points base\n"
    "field used i64 at header + 16\n"
    "field slot_bits u8 at keys + 8\n"
    "field index_bits u8 at keys + 9\n"
    "field kind u8 at keys + 10\n"
    "require slot_bits >= 3 && slot_bits < 40 && index_bits >= slot_bits && index_bits < 43\n"
    "field entries i64 at keys + 24\n"
    "let most = (1 << slot_bits) * 2 / 3\n"
    "let stride = kind == 0 ? 24 : 16\n"
    "require size(keys) == 32 + (1 << index_bits) + most * stride\n"
    "require entries >= 0 && entries <= most\n"
    "walk cells table {\nat keys + 32 + (1 << index_bits)\ncount entries\nstride stride\n"
    "live ptr[bucket + stride - 8] != 0\ndead ptr[bucket + stride - 8] == 0\n}\n"
    "require live(cells) == used\n"
    "count used\n"
    "part buckets in keys bytes size(keys)\n"
    "capacity most\n"
    "tombstones dead(cells)\n"
    "needed 0\n";

/* Redis' dict: two tables of lists, of which one is emptied into the other. */
static const char redis_profile[] =
    SKETCH("redis")
    "anchor first at header + 8 points base\n"
    "field second ptr at header + 16\n"
    "field first_used u64 at header + 24\n"
    "field second_used u64 at header + 32\n"
    "field rehash i64 at header + 40\n"
    "field first_bits i8 at header + 50\n"
    "field second_bits i8 at header + 51\n"
    "let moving = rehash != -1\n"
    "require first_bits >= 2 && size(first) == 8 << first_bits\n"
    "require moving == (second != 0) && (!moving || size(second) == 8 << second_bits)\n"
    "walk one table {\nat first\ncount 1 << first_bits\nstride 8\nfrom ptr[bucket]\n"
    "next ptr[node + 16]\nsize 24\nkey ptr[node]\nvalue ptr[node + 8]\n}\n"
    "walk two table {\nwhen moving\nat second\ncount 1 << second_bits\nstride 8\n"
    "from ptr[bucket]\nnext ptr[node + 16]\nsize 24\nkey ptr[node]\nvalue ptr[node + 8]\n}\n"
    "require live(one) == first_used && live(two) == second_used\n"
    "count live(one) + live(two)\n"
    "part header in header bytes 56\n"
    "part buckets in moving ? second : first bytes size(moving ? second : first)\n"
    "part old in moving ? first : 0 bytes size(first)\n"
    "capacity 1 << (moving ? second_bits : first_bits)\n"
    "growing moving\n"
    "needed count == 0 ? 0 : 8 * max(4, ceil_pow2(count)) + bytes(one) + bytes(two)\n";

/* htslib's khash: keys, values and two bits a slot in arrays of their own. */
static const char khash_profile[] =
    SKETCH("khash")
    "anchor keys at header + 24 points base\n"
    "field slots u32 at header\n"
    "field entries u32 at header + 4\n"
    "field used u32 at header + 8\n"
    "field flags ptr at header + 16\n"
    "field values ptr at header + 32\n"
    "require slots >= 16 && pow2(slots) && size(flags) == slots / 4\n"
    "require size(keys) % slots == 0 && size(values) % slots == 0\n"
    "walk cells table {\nat keys\ncount slots\nstride size(keys) / slots\n"
    "live (u32[flags + index / 16 * 4] >> index % 16 * 2 & 3) == 0\n"
    "dead (u32[flags + index / 16 * 4] >> index % 16 * 2 & 3) == 1\n}\n"
    "require live(cells) == entries && live(cells) + dead(cells) == used\n"
    "count entries\n"
    "part header in header bytes 40\n"
    "part buckets in keys bytes size(keys)\n"
    "part buckets in flags bytes size(flags)\n"
    "part buckets in values bytes size(values)\n"
    "capacity floor(slots * 0.77 + 0.5)\n"
    "tombstones dead(cells)\n"
    "needed 0\n";

/* PHP's zend_hash: a hash of -mask slots before the entries that the header points at. */
static const char php_profile[] =
    SKETCH("php")
    "anchor data at header + 16 points inside\n"
    "field mask i32 at header + 12\n"
    "field used u32 at header + 24\n"
    "field entries u32 at header + 28\n"
    "field slots u32 at header + 32\n"
    "require slots >= 8 && pow2(slots) && -mask == 2 * slots && used <= slots\n"
    "require base(data) + 4 * -mask == data && size(base(data)) == 40 * slots\n"
    "walk cells table {\nat data\ncount used\nstride 32\nlive u8[bucket + 8] != 0\n"
    "dead u8[bucket + 8] == 0\n}\n"
    "require live(cells) == entries\n"
    "count entries\n"
    "part buckets in data bytes 40 * slots\n"
    "capacity slots\n"
    "needed 0\n";

/* An array made by new[] of objects with destructors: its length lies before what is pointed at. */
static const char cookie_profile[] =
    SKETCH("cookie")
    "anchor array at header + 8 points base + 8 size size % 16 == 8\n"
    "field entries u64 at header\n"
    "field slots u64 at array - 8\n"
    "require entries <= slots && size(array - 8) == 8 + 16 * slots\n"
    "count entries\n"
    "part buckets in array bytes 8 + 16 * slots\n"
    "capacity slots\n"
    "needed 0\n";

#endif
