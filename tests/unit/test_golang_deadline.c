/* Time that runs out. Images whose numbers ask for hours of work are left soon after the deadline,
 * and what is told of a map is true whenever the deadline came. No clock decides: the deadline
 * passes at a view of the memory that is chosen, and what is counted is the views after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/test_golang_endless.h"

enum {
	STEP = 7,             /* between views at which it passes */
	LATE_AT = 20000,      /* views: past the first steps */
	VIEWS_AFTER = 40000,  /* some for each of the small steps between two looks at the clock */
	INT_GROUP = 8 + 8 * 8 + 8 * 8 + 8,
	GOROUTINE_SIZE = 448,
};

/* ---- endless images */

/* A span of one large block that is all of endless memory, up to `pages`. */
static void
add_large_block(struct limited *limited, uint64_t pages, bool has_pointers)
{
	struct guest *guest = &limited->guest;
	uint64_t record = GUEST_RUNTIME + 4096 + guest->spans * GUEST_SPAN_SIZE;
	guest_block(guest, 40960, has_pointers);
	guest_word(guest, record + 24, ENDLESS);
	guest_word(guest, record + 32, pages);
	guest_word(guest, record + 104, pages * GUEST_PAGE);
}

/* A waiting goroutine and its stack; returns its address. */
static uint64_t
add_goroutine(struct guest *guest)
{
	uint64_t goroutine = guest_block(guest, GOROUTINE_SIZE, true);
	uint64_t stack = guest_span(guest, 2, 8192, false);
	guest_word(guest, goroutine, stack);
	guest_word(guest, goroutine + 8, stack + 8192);
	guest_word(guest, goroutine + 56, stack + 128);
	guest_word(guest, goroutine + 64, GUEST_CODE + 8);
	return goroutine;
}

static void
constants(struct limited *limited)
{
	const uint64_t magic[] = {0x756220656f4720ff, 0x3a666e69646c69}; /* not quite Go's */
	repeat(limited, magic, 2);
	enlarge_image(limited, 0);
	memset(limited->guest.image + 0x4000, 0, 16);
}

static void
map_types(struct limited *limited)
{
	struct guest *guest = &limited->guest;
	enlarge_image(limited, TYPES_AT);
	guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
	for (size_t at = 0; at < sizeof limited->window; at++)
		limited->window[at] = guest->image[GUEST_TYPES - GUEST_IMAGE + at % 4096];
}

static void
list_of_spans(struct limited *limited)
{
	const uint64_t spans[] = {GUEST_RUNTIME + 4096, GUEST_RUNTIME + 4096 + GUEST_SPAN_SIZE};
	repeat(limited, spans, 2);
	guest_word(&limited->guest, GUEST_SPAN_LIST, ENDLESS);
	guest_word(&limited->guest, GUEST_SPAN_LIST + 8, 1 << 25);
	guest_word(&limited->guest, GUEST_SPAN_LIST + 16, 1 << 25);
}

static void
lists_of_spans(struct limited *limited)
{
	const uint64_t slice[] = {GUEST_RUNTIME + 32768, 8, 8, 0};
	repeat(limited, slice, 4);
	enlarge_image(limited, NOPTR_BSS_AT);
}

static void
list_of_goroutines(struct limited *limited)
{
	const uint64_t goroutine = add_goroutine(&limited->guest);
	repeat(limited, &goroutine, 1);
	guest_word(&limited->guest, GUEST_LISTS, ENDLESS);
	guest_word(&limited->guest, GUEST_LISTS + 8, 1 << 24);
	guest_word(&limited->guest, GUEST_LISTS + 16, 1 << 24);
}

static void
lists_of_goroutines(struct limited *limited)
{
	struct guest *guest = &limited->guest;
	uint64_t list = guest_block(guest, 64, true);
	const uint64_t slice[] = {list, 1, 1, 0};
	guest_word(guest, list, add_goroutine(guest));
	repeat(limited, slice, 4);
	enlarge_image(limited, BSS_AT);
}

/* 2^26 empty buckets, and a header that says there is an entry. */
static void
classic_array(struct limited *limited)
{
	struct guest *guest = &limited->guest;
	uint64_t header = guest_block(guest, 48, true);
	uint64_t bytes = ((1ull << 26) + (1ull << 22)) * INT_GROUP;
	guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
	guest_word(guest, header, 1);
	guest_word(guest, header + 8, 0x77ull << 32 | 26 << 8);
	guest_word(guest, header + 16, ENDLESS);
	add_large_block(limited, (bytes + GUEST_PAGE - 1) / GUEST_PAGE, false);
}

/* A directory of 2^26 words, all of which lead to the same table. */
static void
swiss_directory(struct limited *limited)
{
	struct guest *guest = &limited->guest;
	uint64_t header = guest_block(guest, 48, true), table = guest_block(guest, 32, true);
	guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
	repeat(limited, &table, 1);
	guest_word(guest, header, 1);
	guest_word(guest, header + 8, 0x77);
	guest_word(guest, header + 16, ENDLESS);
	guest_word(guest, header + 24, 1 << 26);
	guest_put(guest, header + 32, 26 | (64 - 26) << 8, 2);
	guest_word(guest, table, 8 | 8 << 16 | 7ull << 32);
	guest_word(guest, table + 16, guest_block(guest, 144, false));
	add_large_block(limited, 8ull * (1 << 26) / GUEST_PAGE, true);
}

/* A block of a million structs that carries their type. */
static void
typed_block(struct limited *limited)
{
	struct guest *guest = &limited->guest;
	uint64_t itself = guest_type(guest, GUEST_STRUCT, 8, 8, "main.T");
	uint64_t pointer = guest_type(guest, GUEST_POINTER, 8, 8, "*main.T");
	guest_word(guest, pointer + 48, itself);
	guest_word(guest, itself + 56, GUEST_LISTS);
	guest_word(guest, itself + 64, 1);
	guest_word(guest, GUEST_LISTS + 8, pointer);
	add_large_block(limited, 1 << 20, true);
	uint64_t span = GUEST_RUNTIME + 4096 + (guest->spans - 1) * GUEST_SPAN_SIZE;
	guest_word(guest, span + 152, itself);
}

/* 32 GB of pointers that a global holds. */
static void
reachable_block(struct limited *limited)
{
	uint64_t block = guest_block(&limited->guest, 64, true);
	repeat(limited, &block, 1);
	add_large_block(limited, 1 << 22, true);
	guest_word(&limited->guest, GUEST_GLOBALS, ENDLESS);
}

static const struct endless {
	const char *name;
	unsigned minor;
	const char *version;
	void (*build)(struct limited *limited);
	enum golang_outcome outcome;
} endless[] = {
	{"constants", 26, "go1.26.5", constants, GOLANG_REFUSED},
	{"map types", 26, "go1.26.5", map_types, GOLANG_FOUND},
	{"a list of spans", 26, "go1.26.5", list_of_spans, GOLANG_REFUSED},
	{"lists of spans", 26, "go1.26.5", lists_of_spans, GOLANG_REFUSED},
	{"a list of goroutines", 19, "go1.19.8", list_of_goroutines, GOLANG_FOUND},
	{"lists of goroutines", 19, "go1.19.8", lists_of_goroutines, GOLANG_FOUND},
	{"a classic array", 19, "go1.19.8", classic_array, GOLANG_FOUND},
	{"a Swiss directory", 26, "go1.26.5", swiss_directory, GOLANG_FOUND},
	{"a block of known type", 26, "go1.26.5", typed_block, GOLANG_FOUND},
	{"a block that is reached", 26, "go1.26.5", reachable_block, GOLANG_FOUND},
	{"a block of words", 19, "go1.19.8", reachable_block, GOLANG_FOUND},
};

static void
endless_images_end_with_the_deadline(void **state)
{
	for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
		struct limited *limited = open_limited(endless[i].minor, endless[i].version);
		const struct golang_result *result = &limited->guest.result;
		endless[i].build(limited);
		print_message("%s\n", endless[i].name);
		assert_int_equal(find_between(limited, LATE_AT, 0), endless[i].outcome);
		assert_true(limited->views >= LATE_AT);
		assert_true(limited->views <= LATE_AT + VIEWS_AFTER);
		assert_false(result->is_complete);
		assert_non_null(strstr(result->reason, "time was up"));
		close_limited(limited);
	}
}

/* ---- maps whose figures must be true whenever time runs out */

enum { ARRAY = 2688, OVERFLOW = 144 }; /* of B = 4 with its reserve; slots of these sizes exist */

/* Maps with values, chains and paths; Swiss ones are small. All but the last are held. */
static void
add_maps(struct guest *guest)
{
	bool is_swiss = guest->minor >= 24;
	uint64_t pointer = guest_type(guest, GUEST_POINTER, 8, 8, "*int");
	guest_word(guest, pointer + 48, guest->int_type);
	guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
	guest_map_type(guest, "map[int]*int", pointer, 8, false, true);
	for (unsigned i = 0; i < 6; i++) {
		bool has_pointers = i & 1, is_large = i < 2 && !is_swiss;
		uint64_t header = guest_block(guest, 48, true);
		uint64_t array = guest_block(guest, is_large ? ARRAY : 144, has_pointers);
		guest_word(guest, header, is_large ? 3 : 2);
		guest_word(guest, header + 8,
		           0x77ull << (is_swiss ? 0 : 32) | (is_large ? 4 << 8 : 0));
		guest_word(guest, header + 16, array);
		guest_word(guest, array, is_swiss ? 0x8080808080800101 : 0x8080);
		guest_word(guest, array + (is_swiss ? 16 : 72), guest_block(guest, 16, false));
		if (is_large) {
			uint64_t chained = guest_block(guest, OVERFLOW, has_pointers);
			guest_word(guest, array + INT_GROUP - 8, chained);
			guest_word(guest, chained, 0x80);
		}
		if (i < 5)
			guest_word(guest, GUEST_GLOBALS + 8 * i, header);
	}
	add_goroutine(guest);
}

static uint64_t
claimed(const struct golang_result *result, size_t map, enum trace_role role)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < result->claim_count; i++)
		if (result->claims[i].map == map && result->claims[i].role == role)
			bytes += result->claims[i].bytes;
	return bytes;
}

/* The row of one that was cut short against that of the whole. */
static void
check_row(const struct golang_map *got, const struct golang_map *want)
{
	assert_int_equal(got->map.count, want->map.count);
	assert_int_equal(got->map.bucket_bytes, want->map.bucket_bytes);
	assert_int_equal(got->map.overflow_bytes, want->map.overflow_bytes);
	assert_int_equal(got->map.needed_low, want->map.needed_low);
	assert_int_equal(got->map.needed_high, want->map.needed_high);
	assert_int_equal(got->map.remedies[0].leaves, want->map.remedies[0].leaves);
	if (got->map.value_bytes != TRACE_UNKNOWN) {
		assert_int_equal(got->map.value_bytes, want->map.value_bytes);
		assert_int_equal(got->shared_bytes, want->shared_bytes);
	}
	if (got->held != GOLANG_HELD_UNKNOWN)
		assert_int_equal(got->held, want->held);
}

static void
check_cut(const struct golang_result *got, const struct golang_result *want)
{
	size_t k = 0, claims = 0;
	for (size_t i = 0; i < got->map_count; i++) {
		const struct golang_map *row = &got->maps[i];
		while (k < want->map_count && want->maps[k].map.address < row->map.address)
			k++;
		assert_true(k < want->map_count);
		assert_int_equal(row->map.address, want->maps[k].map.address);
		check_row(row, &want->maps[k]);
		bool has_values = row->map.value_bytes != TRACE_UNKNOWN;
		assert_int_equal(claimed(got, i, TRACE_BUCKETS), row->map.bucket_bytes);
		assert_int_equal(claimed(got, i, TRACE_OVERFLOW), row->map.overflow_bytes);
		assert_int_equal(claimed(got, i, TRACE_VALUES),
		                 has_values ? row->map.value_bytes : 0);
		for (size_t c = 0; c < got->claim_count; c++)
			claims += got->claims[c].map == i;
	}
	assert_int_equal(claims, got->claim_count);
	assert_int_equal(got->refused_count, 0);
}

struct seen { size_t some, without_values; }; /* runs with less than all was to tell */

static void
check_each(struct limited *cut, const struct limited *whole, uint64_t late_for, struct seen *seen)
{
	const struct golang_result *want = &whole->guest.result, *got = &cut->guest.result;
	for (uint64_t at = 1; at <= whole->views; at += STEP) {
		if (find_between(cut, at, at + late_for) == GOLANG_REFUSED) {
			assert_int_equal(got->map_count, 0);
			continue;
		}
		check_cut(got, want);
		if (got->is_complete)
			assert_int_equal(got->map_count, want->map_count);
		seen->some += got->map_count > 0 && got->map_count < want->map_count;
		seen->without_values +=
		    got->map_count && got->maps[0].map.value_bytes == TRACE_UNKNOWN;
	}
}

static void
cut_at_each_view(unsigned minor, const char *version)
{
	struct limited *whole = open_limited(minor, version), *cut = open_limited(minor, version);
	const struct golang_result *want = &whole->guest.result;
	struct seen seen = {0};
	add_maps(&whole->guest);
	add_maps(&cut->guest);
	assert_int_equal(find_between(whole, 0, 0), GOLANG_FOUND);
	assert_int_equal(want->map_count, 6);
	assert_true(want->is_complete);
	static const uint64_t views_late[] = {30, 300, UINT64_MAX / 2};
	for (size_t i = 0; i < sizeof views_late / sizeof *views_late; i++)
		check_each(cut, whole, views_late[i], &seen);
	assert_true(seen.some > 0 && seen.without_values > 0);
	close_limited(whole);
	close_limited(cut);
}

static void
what_is_told_of_a_classic_map_is_true_whenever_time_runs_out(void **state)
{
	cut_at_each_view(19, "go1.19.8");
}

static void
what_is_told_of_a_swiss_map_is_true_whenever_time_runs_out(void **state)
{
	cut_at_each_view(26, "go1.26.5");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endless_images_end_with_the_deadline),
		cmocka_unit_test(what_is_told_of_a_classic_map_is_true_whenever_time_runs_out),
		cmocka_unit_test(what_is_told_of_a_swiss_map_is_true_whenever_time_runs_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
