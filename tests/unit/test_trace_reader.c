/* The reader against files that lie: an error with its cause and its advice, never a crash, never a
 * trace that breaks the promise of reader.h. */
#include "test_trace_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* The chunk number `sequence` of a kind; fails if there is none. */
static struct trace_chunk *
chunk_of(struct bytes bytes, uint32_t kind, uint32_t sequence)
{
	for (size_t at = TRACE_HEADER_SIZE; at + TRACE_CHUNK_SIZE <= bytes.size;
	     at += TRACE_CHUNK_SIZE) {
		struct trace_chunk *chunk = (struct trace_chunk *)(bytes.at + at);

		if (chunk->kind == kind && chunk->sequence == sequence)
			return chunk;
	}
	fail_msg("no chunk of kind %u", kind);
	return NULL;
}

static void *
record_of(struct bytes bytes, uint32_t kind, uint32_t index)
{
	return (uint8_t *)chunk_of(bytes, kind, 0) + TRACE_CHUNK_HEADER_SIZE +
	       index * trace_record_size(kind);
}

enum { ROWS_MAX = 8 };

/* The rows of one kind of the first snapshot; returns how many. */
static uint32_t
unpack_rows(struct bytes bytes, uint32_t kind, uint8_t rows[ROWS_MAX * TRACE_ROW_MAX])
{
	const struct trace_chunk *chunk = chunk_of(bytes, kind, 0);
	const uint8_t *at = (const uint8_t *)chunk + TRACE_CHUNK_HEADER_SIZE;
	const uint8_t *end = at + chunk->used;
	uint32_t count = 0;

	for (; at < end && count < ROWS_MAX; count++) {
		size_t used = trace_row_unpack(kind, at, (size_t)(end - at),
		                               rows + count * trace_row_size(kind));

		assert_int_not_equal(used, 0);
		at += used;
	}
	assert_ptr_equal(at, end);
	return count;
}

static void
pack_rows(struct bytes bytes, uint32_t kind, const uint8_t *rows, uint32_t count)
{
	struct trace_chunk *chunk = chunk_of(bytes, kind, 0);
	uint8_t *start = (uint8_t *)chunk + TRACE_CHUNK_HEADER_SIZE, *at = start;

	for (uint32_t i = 0; i < count; i++)
		at += trace_row_pack(kind, rows + i * trace_row_size(kind), at);
	chunk->used = (uint32_t)(at - start);
}

static void
expect_words(struct bytes bytes, const char *words)
{
	struct trace_error error;

	assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_CORRUPT);
	if (!strstr(error.message, words))
		fail_msg("\"%s\" does not say \"%s\"", error.message, words);
}

/* Expects CORRUPT with these words while *field is `value`; puts the old value back. */
static void
expect_corrupt(struct bytes bytes, void *field, size_t size, uint64_t value, const char *words)
{
	struct trace_error error;
	uint8_t old[8];

	memcpy(old, field, size);
	memcpy(field, &value, size);
	expect_words(bytes, words);
	memcpy(field, old, size);
	assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_NONE);
}

#define EXPECT_CORRUPT(bytes, field, value, words) \
	expect_corrupt(bytes, &(field), sizeof(field), value, words)

/* The same for a field of row 2 of the first snapshot. */
static void
expect_corrupt_row(struct bytes bytes, uint32_t kind, size_t offset, size_t size, uint64_t value,
                   const char *words)
{
	uint8_t rows[ROWS_MAX * TRACE_ROW_MAX], *field = rows + 2 * trace_row_size(kind) + offset;
	uint32_t count = unpack_rows(bytes, kind, rows);
	struct trace_error error;
	uint64_t old = 0;

	memcpy(&old, field, size);
	memcpy(field, &value, size);
	pack_rows(bytes, kind, rows, count);
	expect_words(bytes, words);
	memcpy(field, &old, size);
	pack_rows(bytes, kind, rows, count);
	assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_NONE);
}

#define EXPECT_CORRUPT_ROW(bytes, kind, type, field, value, words) \
	expect_corrupt_row(bytes, kind, offsetof(struct type, field), \
	                   sizeof(((struct type *)0)->field), value, words)
#define EXPECT_CORRUPT_LIVE(field, value, words) \
	EXPECT_CORRUPT_ROW(bytes, TRACE_CHUNK_LIVE, trace_live, field, value, words)
#define EXPECT_CORRUPT_CLAIM(field, value, words) \
	EXPECT_CORRUPT_ROW(bytes, TRACE_CHUNK_CLAIMS, trace_claim, field, value, words)
#define EXPECT_CORRUPT_MAP(field, value, words) \
	EXPECT_CORRUPT_ROW(bytes, TRACE_CHUNK_MAPS, trace_map, field, value, words)
#define EXPECT_CORRUPT_REFUSED(field, value, words) \
	EXPECT_CORRUPT_ROW(bytes, TRACE_CHUNK_REFUSED, trace_refused, field, value, words)

/* Each index, enum, size and string of each kind of record is looked at. */
static void
every_promise_is_checked(void **state)
{
	struct bytes bytes = sample_bytes(100, 5);
	struct trace_header *header = (struct trace_header *)bytes.at;
	struct trace_node *node = record_of(bytes, TRACE_CHUNK_NODES, 7);
	struct trace_node *root = record_of(bytes, TRACE_CHUNK_NODES, 0);
	struct trace_site *site = record_of(bytes, TRACE_CHUNK_SITES, 7);
	struct trace_stack *stack = record_of(bytes, TRACE_CHUNK_STACKS, 7);
	struct trace_decision *decision = record_of(bytes, TRACE_CHUNK_DECISIONS, 7);
	struct trace_module *module = record_of(bytes, TRACE_CHUNK_MODULES, 1);
	struct trace_profile *profile = record_of(bytes, TRACE_CHUNK_PROFILES, 0);
	struct trace_snapshot *info = record_of(bytes, TRACE_CHUNK_SNAPSHOTS, 1);
	struct trace_chunk *maps = chunk_of(bytes, TRACE_CHUNK_MAPS, 0);

	EXPECT_CORRUPT(bytes, header->end, 3, "end of the program");
	EXPECT_CORRUPT(bytes, header->flags, 0x80, "unknown flags");
	EXPECT_CORRUPT(bytes, header->peak_slack_bytes_log2, 64, "slack");
	EXPECT_CORRUPT(bytes, header->chunk_size, 0, "a chunk");
	EXPECT_CORRUPT(bytes, header->nodes, 101, "promises 101 nodes and holds 100");
	EXPECT_CORRUPT(bytes, header->snapshots, 3, "snapshots");
	EXPECT_CORRUPT(bytes, root->parent, 1, "node 0 does not come after its parent");
	EXPECT_CORRUPT(bytes, node->parent, 7, "node 7 does not come after its parent");
	EXPECT_CORRUPT(bytes, node->site, SAMPLE_SITES, "node 7 names a site");
	EXPECT_CORRUPT(bytes, ((uint16_t *)(void *)site)[3], 3,
	               "node 7 names a module"); /* a
	                                          * bit-field */
	EXPECT_CORRUPT(bytes, stack->node, 100, "stack 7 names a node");
	EXPECT_CORRUPT(bytes, stack->node, TRACE_NONE, "stack 7 names a node");
	EXPECT_CORRUPT(bytes, stack->decision, SAMPLE_DECISIONS, "stack 7 names a decision");
	EXPECT_CORRUPT(bytes, decision->profile, 1, "stack 7 names a profile");
	EXPECT_CORRUPT(bytes, decision->role, TRACE_ROLES, "unknown role");
	EXPECT_CORRUPT(bytes, decision->split_role, 255, "unknown role");
	EXPECT_CORRUPT(bytes, decision->split_share, 18, "impossible parts");
	EXPECT_CORRUPT(bytes, decision->split_whole, 0, "impossible parts");
	EXPECT_CORRUPT(bytes, decision->flags, 0x80, "unknown flags");
	EXPECT_CORRUPT(bytes, module->start, UINT64_MAX, "module 1 ends before it starts");
	EXPECT_CORRUPT(bytes, module->build_id_size, 33, "build id");
	EXPECT_CORRUPT(bytes, profile->text_offset, 1, "text that is not there");
	EXPECT_CORRUPT(bytes, profile->text_offset, UINT64_MAX, "text that is not there");
	EXPECT_CORRUPT(bytes, profile->text_size, 16, "text that is not there");
	EXPECT_CORRUPT(bytes, profile->awake, 2, "awake");
	EXPECT_CORRUPT(bytes, info->cause, 5, "cause");
	EXPECT_CORRUPT(bytes, info->state, 3, "state");
	EXPECT_CORRUPT(bytes, info->in_place, 2, "state");
	EXPECT_CORRUPT(bytes, info->maps, 6, "rows");
	EXPECT_CORRUPT(bytes, info->maps, 8, "rows");
	EXPECT_CORRUPT_LIVE(stack, 100, "live row 2 names a stack");
	EXPECT_CORRUPT_CLAIM(stack, 100, "claim 2 names a stack");
	EXPECT_CORRUPT_CLAIM(profile, 1, "claim 2 names a profile");
	EXPECT_CORRUPT_CLAIM(role, TRACE_ROLES, "claim 2 has an unknown role");
	EXPECT_CORRUPT_CLAIM(bytes, UINT64_MAX - 1, "more bytes than there can be");
	EXPECT_CORRUPT_REFUSED(profile, 1, "refusal 2 names a profile");
	EXPECT_CORRUPT_REFUSED(reason, 5, "refusal 2 has an unknown reason");
	EXPECT_CORRUPT_MAP(profile, 1, "map 2 names");
	EXPECT_CORRUPT_MAP(stack, 100, "map 2 names");
	EXPECT_CORRUPT_MAP(where_stack, 100, "map 2 names");
	EXPECT_CORRUPT_MAP(where_module, 3, "map 2 names");
	EXPECT_CORRUPT_MAP(name, SAMPLE_PLACE + 11, "a text without an end");
	EXPECT_CORRUPT_MAP(type, UINT32_MAX, "a text without an end");
	EXPECT_CORRUPT_MAP(place, 1u << 20, "a text without an end");
	EXPECT_CORRUPT_MAP(where, 4, "unknown kind of place");
	EXPECT_CORRUPT_MAP(flags, 0x80, "unknown flags");
	EXPECT_CORRUPT_MAP(overflow_reserved_bytes, 21, "parts larger than the whole");
	EXPECT_CORRUPT_MAP(needed_low, 7, "parts larger than the whole");
	EXPECT_CORRUPT_MAP(value_bytes, UINT64_MAX - 1, "more bytes than there can be");
	EXPECT_CORRUPT(bytes, maps->used, TRACE_CHUNK_PAYLOAD + 1, "more than fit");
	EXPECT_CORRUPT(bytes, maps->used, maps->used - 1, "promises 7 rows of a snapshot");
	EXPECT_CORRUPT(bytes, maps->used, maps->used + 1, "rows of a snapshot");
	EXPECT_CORRUPT(bytes, ((uint8_t *)(maps + 1))[0], 0x9f, "rows of a snapshot");
	EXPECT_CORRUPT(bytes, maps->kind, 99, "unknown kind 99");
	EXPECT_CORRUPT(bytes, chunk_of(bytes, TRACE_CHUNK_NODES, 0)->sequence, 1, "nodes");
	EXPECT_CORRUPT(bytes, maps->owner, 1, "claim one place");
	free(bytes.at);
}

/* A string without an end is found in each field that has one. */
static void
every_string_must_end(void **state)
{
	struct bytes bytes = sample_bytes(10, 1);
	struct trace_header *header = (struct trace_header *)bytes.at;
	struct trace_module *module = record_of(bytes, TRACE_CHUNK_MODULES, 1);
	struct trace_profile *profile = record_of(bytes, TRACE_CHUNK_PROFILES, 0);
	struct trace_snapshot *info = record_of(bytes, TRACE_CHUNK_SNAPSHOTS, 1);
	char *words = record_of(bytes, TRACE_CHUNK_WORDS, 0);
	struct { char *at; size_t size; } strings[] = {
		{ header->program, sizeof(header->program) },
		{ header->notice, sizeof(header->notice) },
		{ module->path, sizeof(module->path) },
		{ profile->name, sizeof(profile->name) },
		{ profile->origin, sizeof(profile->origin) },
		{ info->label, sizeof(info->label) },
		{ info->reason, sizeof(info->reason) },
		{ words + SAMPLE_PLACE, sizeof("main.cache") },
	};
	struct trace_error error;

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		char old[TRACE_PATH_MAX];

		memcpy(old, strings[i].at, strings[i].size);
		memset(strings[i].at, 'x', strings[i].size);
		assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_CORRUPT);
		assert_non_null(strstr(error.message, "without an end"));
		memcpy(strings[i].at, old, strings[i].size);
	}
	free(bytes.at);
}

/* Numbers that are not known count as unknown, not as huge. */
static void
unknown_numbers_are_no_overflow(void **state)
{
	struct bytes bytes = sample_bytes(10, 5);
	_Alignas(struct trace_map) uint8_t rows[ROWS_MAX * TRACE_ROW_MAX];
	uint32_t count = unpack_rows(bytes, TRACE_CHUNK_MAPS, rows);
	struct trace_error error;

	for (uint32_t i = 0; i < count; i++) {
		struct trace_map *map = (struct trace_map *)(void *)rows + i;

		map->value_bytes = map->overflow_bytes = map->tombstones = TRACE_UNKNOWN;
		map->needed_low = map->needed_high = map->resident_bytes = TRACE_UNKNOWN;
		map->overflow_reserved_bytes = TRACE_UNKNOWN;
	}
	pack_rows(bytes, TRACE_CHUNK_MAPS, rows, count);
	assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_NONE);
	free(bytes.at);
}

/* A snapshot whose writer died has the rows that it got to; one that was cut, too. */
static void
unfinished_snapshots_keep_their_rows(void **state)
{
	for (uint32_t ended = TRACE_SNAPSHOT_BEGUN; ended <= TRACE_SNAPSHOT_CUT; ended += 2) {
		struct bytes bytes = sample_bytes(10, 5);
		struct trace_snapshot *info = record_of(bytes, TRACE_CHUNK_SNAPSHOTS, 0);
		struct trace_error error;
		struct trace *trace;

		info->state = ended;
		info->maps = info->live = info->claims = info->refused = 0;
		trace = trace_open_bytes(bytes.at, bytes.size, "sample.mtr", &error);
		assert_non_null(trace);
		assert_int_equal(trace->snapshots[0].maps_count, 7);
		assert_int_equal(trace->snapshots[0].info.maps, 7);
		assert_int_equal(trace->snapshots[0].live_count, 5);
		promise_holds(trace);
		trace_close(trace);
		info->maps = 8;
		assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_CORRUPT);
		free(bytes.at);
	}
}

/* Foreign, empty, newer, older, of the other byte order: each says so. */
static void
what_is_no_trace_of_ours_is_named(void **state)
{
	static const uint8_t elf[5000] = "\177ELF";
	struct bytes bytes = sample_bytes(10, 1);
	struct trace_header *header = (struct trace_header *)bytes.at;
	struct trace_error error;
	char formats[64];

	assert_int_equal(outcome(elf, 0, &error), TRACE_ERROR_FOREIGN);
	assert_non_null(strstr(error.message, "is empty"));
	assert_int_equal(outcome(elf, sizeof(elf), &error), TRACE_ERROR_FOREIGN);
	assert_int_equal(outcome(elf, 3, &error), TRACE_ERROR_FOREIGN);
	header->version = TRACE_VERSION + 1;
	assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_VERSION);
	snprintf(formats, sizeof(formats), "a newer maptrace (format %u; this one reads %u)",
	         TRACE_VERSION + 1, TRACE_VERSION);
	assert_non_null(strstr(error.message, formats));
	header->version = 0;
	assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_VERSION);
	assert_non_null(strstr(error.message, "an older maptrace"));
	header->version = __builtin_bswap32(TRACE_VERSION);
	header->byte_order = __builtin_bswap32(TRACE_BYTE_ORDER);
	assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_ORDER);
	free(bytes.at);
}

/* What is no file, or cannot be read, is refused without waiting for it. */
static void
what_is_no_file_is_refused(void **state)
{
	struct trace_error error;

	assert_null(trace_open(sample_path("missing.mtr"), &error));
	assert_int_equal(error.kind, TRACE_ERROR_OPEN);
	assert_int_equal(error.errno_value, ENOENT);
	assert_non_null(strstr(error.message, "missing.mtr: No such file"));
	assert_null(trace_open(sample_folder, &error));
	assert_int_equal(error.kind, TRACE_ERROR_OPEN);
	assert_non_null(strstr(error.message, "a directory"));
	assert_int_equal(mkfifo(sample_path("fifo"), 0600), 0);
	assert_null(trace_open(sample_path("fifo"), &error));
	assert_int_equal(error.kind, TRACE_ERROR_OPEN);
	assert_null(trace_open("/dev/null", &error));
	assert_int_equal(error.kind, TRACE_ERROR_OPEN);
}

/* Larger than any trace: refused before memory is asked for. */
static void
huge_files_are_refused(void **state)
{
	struct trace_error error;
	int fd = open(sample_path("huge"), O_RDWR | O_CREAT, 0600);

	assert_int_equal(ftruncate(fd, ((off_t)4 << 30) + 1), 0);
	close(fd);
	assert_null(trace_open(sample_path("huge"), &error));
	assert_int_equal(error.kind, TRACE_ERROR_OPEN);
	assert_int_equal(error.errno_value, EFBIG);
	unlink(sample_path("huge"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_promise_is_checked),
		cmocka_unit_test(every_string_must_end),
		cmocka_unit_test(unknown_numbers_are_no_overflow),
		cmocka_unit_test(unfinished_snapshots_keep_their_rows),
		cmocka_unit_test(what_is_no_trace_of_ours_is_named),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(huge_files_are_refused),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
