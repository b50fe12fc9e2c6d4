/* A small trace of every kind of record, on disk and in memory. For the tests of trace/: each is a
 * program of its own and includes this once. */
#ifndef TEST_TRACE_SAMPLE_H
#define TEST_TRACE_SAMPLE_H

#include "trace/reader.h"
#include "trace/rows.h"
#include "trace/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "test_trace_promise.h"

/* A folder of this test's own; removed by sample_folder_remove. */
static char sample_folder[64];

static int
sample_folder_make(void **state)
{
	strcpy(sample_folder, "/tmp/maptrace-test-XXXXXX");
	return mkdtemp(sample_folder) ? 0 : -1;
}

static int
sample_folder_remove(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", sample_folder);
	return system(command);
}

__attribute__((unused)) static const char *
sample_path(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", sample_folder, name);
	return path[turn];
}

struct sample_tables {
	struct trace_table sites, nodes, decisions, stacks, series, modules, profiles, text,
	    snapshots;
};

__attribute__((unused)) static void
sample_init(struct sample_tables *tables)
{
	assert_int_equal(trace_table_init(&tables->sites, TRACE_CHUNK_SITES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tables->decisions, TRACE_CHUNK_DECISIONS, TRACE_NONE),
	                 0);
	assert_int_equal(trace_table_init(&tables->nodes, TRACE_CHUNK_NODES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tables->stacks, TRACE_CHUNK_STACKS, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tables->series, TRACE_CHUNK_SERIES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tables->modules, TRACE_CHUNK_MODULES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tables->profiles, TRACE_CHUNK_PROFILES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tables->text, TRACE_CHUNK_TEXT, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tables->snapshots, TRACE_CHUNK_SNAPSHOTS, TRACE_NONE),
	                 0);
}

__attribute__((unused)) static void
sample_release(struct sample_tables *tables)
{
	trace_table_release(&tables->sites);
	trace_table_release(&tables->decisions);
	trace_table_release(&tables->nodes);
	trace_table_release(&tables->stacks);
	trace_table_release(&tables->series);
	trace_table_release(&tables->modules);
	trace_table_release(&tables->profiles);
	trace_table_release(&tables->text);
	trace_table_release(&tables->snapshots);
}

/* Appends `count` records of one kind; `fill` gets each with its index. */
__attribute__((unused)) static void
sample_append(struct trace_writer *writer, struct trace_table *table, uint32_t count,
              void (*fill)(void *record, uint32_t index))
{
	for (uint32_t i = 0; i < count; i++) {
		void *record = trace_table_next(writer, table);

		assert_non_null(record);
		fill(record, table->count);
		trace_table_publish(writer, table);
	}
}

/* There are so many of what nodes and stacks share. */
enum { SAMPLE_SITES = 90, SAMPLE_DECISIONS = 30 };

__attribute__((unused)) static void
sample_fill_site(void *record, uint32_t index)
{
	struct trace_site *site = record;

	site->pc = 0x1000 + index;
	site->module = index % 3 ? 0 : TRACE_SITE_NO_MODULE;
}

__attribute__((unused)) static void
sample_fill_node(void *record, uint32_t index)
{
	struct trace_node *node = record;

	node->site = index % SAMPLE_SITES;
	node->parent = index / 2;
}

__attribute__((unused)) static void
sample_fill_decision(void *record, uint32_t index)
{
	struct trace_decision *decision = record;

	decision->profile = index ? 0 : TRACE_NONE;
	decision->role = (uint8_t)(index % TRACE_ROLES);
	decision->split_share = 16;
	decision->split_whole = 17;
}

__attribute__((unused)) static void
sample_fill_stack(void *record, uint32_t index)
{
	struct trace_stack *stack = record;

	stack->node = index / 4;
	stack->decision = index % SAMPLE_DECISIONS;
}

__attribute__((unused)) static void
sample_fill_point(void *record, uint32_t index)
{
	((struct trace_point *)record)->ns = index;
}

__attribute__((unused)) static void
sample_fill_module(void *record, uint32_t index)
{
	struct trace_module *module = record;

	module->start = 0x10000 * (index + 1);
	module->end = module->start + 0x8000;
	module->build_id_size = 20;
	strcpy(module->path, "/usr/lib/libsample.so");
}

__attribute__((unused)) static void
sample_fill_live(void *record, uint32_t index)
{
	*(struct trace_live *)record = (struct trace_live){ .stack = index % 3, .bytes = index };
}

__attribute__((unused)) static void
sample_fill_claim(void *record, uint32_t index)
{
	*(struct trace_claim *)record = (struct trace_claim){
		.stack = index % 3, .role = TRACE_VALUES, .bytes = index, .blocks = 1 };
}

/* Where the texts of a snapshot's maps begin. */
enum { SAMPLE_NAME = 1, SAMPLE_TYPE = 10, SAMPLE_PLACE = 25 };

__attribute__((unused)) static void
sample_append_words(struct trace_writer *writer, uint32_t owner, uint32_t *told)
{
	struct trace_words words;

	assert_int_equal(trace_words_begin(&words, writer, owner), 0);
	assert_int_equal(trace_words_put(&words, "sessions"), SAMPLE_NAME);
	assert_int_equal(trace_words_put(&words, "map[int]string"), SAMPLE_TYPE);
	assert_int_equal(trace_words_put(&words, "main.cache"), SAMPLE_PLACE);
	trace_words_end(&words, told);
}

__attribute__((unused)) static void
sample_fill_map(void *record, uint32_t index)
{
	*(struct trace_map *)record = (struct trace_map){
		.address = 0x7000 + index, .where = TRACE_WHERE_BLOCK, .where_module = TRACE_NONE,
		.where_stack = 1, .stack = 2, .count = index, .capacity = TRACE_UNKNOWN,
		.bucket_bytes = 1000, .overflow_bytes = 20, .overflow_reserved_bytes = 10,
		.needed_low = 5, .needed_high = 6, .name = SAMPLE_NAME, .type = SAMPLE_TYPE,
		.place = index % 2 ? SAMPLE_PLACE : 0 };
}

__attribute__((unused)) static void
sample_fill_refused(void *record, uint32_t index)
{
	*(struct trace_refused *)record = (struct trace_refused){
		.line = index, .reason = TRACE_REFUSED_CENSUS, .candidates = 1 };
}

/* One kind of rows of a snapshot, as its writer would append them. */
__attribute__((unused)) static void
sample_append_rows(struct trace_writer *writer, enum trace_chunk_kind kind, uint32_t owner,
                   uint32_t count, void (*fill)(void *record, uint32_t index), uint32_t *told)
{
	uint64_t row[TRACE_ROW_MAX / sizeof(uint64_t)];
	struct trace_rows rows;

	assert_int_equal(trace_rows_begin(&rows, writer, kind, owner), 0);
	for (uint32_t i = 0; i < count; i++) {
		fill(row, i);
		assert_int_equal(trace_rows_add(&rows, row, 1), 0);
	}
	trace_rows_end(&rows, told);
}

__attribute__((unused)) static void
sample_append_snapshot(struct trace_writer *writer, struct trace_table *snapshots, uint32_t rows)
{
	struct trace_snapshot *info = trace_table_next(writer, snapshots);
	uint32_t index;

	assert_non_null(info);
	strcpy(info->label, "exit");
	index = trace_table_publish(writer, snapshots);
	sample_append_rows(writer, TRACE_CHUNK_LIVE, index, rows, sample_fill_live,
	                   &info->live);
	sample_append_rows(writer, TRACE_CHUNK_CLAIMS, index, rows + 1, sample_fill_claim,
	                   &info->claims);
	sample_append_words(writer, index, &info->words);
	sample_append_rows(writer, TRACE_CHUNK_MAPS, index, rows + 2, sample_fill_map,
	                   &info->maps);
	sample_append_rows(writer, TRACE_CHUNK_REFUSED, index, rows + 3, sample_fill_refused,
	                   &info->refused);
	__atomic_store_n(&info->state, TRACE_SNAPSHOT_COMPLETE, __ATOMIC_RELEASE);
}

#ifndef SAMPLE_PROFILE /* a text that compiles, for who builds a model */
#define SAMPLE_PROFILE "profile sample\n"
#endif
static const char sample_text[] = SAMPLE_PROFILE;

__attribute__((unused)) static void
sample_append_profile(struct trace_writer *writer, struct sample_tables *tables)
{
	struct trace_profile *profile = trace_table_next(writer, &tables->profiles);

	assert_non_null(profile);
	strcpy(profile->name, "sample");
	strcpy(profile->origin, "shipped");
	profile->text_offset = trace_text_append(writer, &tables->text, sample_text,
	                                         strlen(sample_text));
	assert_true(profile->text_offset != TRACE_UNKNOWN);
	profile->text_size = (uint32_t)strlen(sample_text);
	profile->awake = 1;
	trace_table_publish(writer, &tables->profiles);
}

/* Every kind; two snapshots; `nodes` and `rows` decide how many chunks. The trace stays open. */
__attribute__((unused)) static void
sample_write(struct trace_writer *writer, struct sample_tables *tables, const char *path,
             uint32_t nodes, uint32_t rows)
{
	assert_int_equal(trace_create(writer, path, "/bin/guest"), 0);
	sample_init(tables);
	sample_append(writer, &tables->modules, 3, sample_fill_module);
	sample_append(writer, &tables->sites, SAMPLE_SITES, sample_fill_site);
	sample_append(writer, &tables->nodes, nodes, sample_fill_node);
	sample_append_profile(writer, tables);
	sample_append(writer, &tables->decisions, SAMPLE_DECISIONS, sample_fill_decision);
	sample_append(writer, &tables->stacks, nodes, sample_fill_stack);
	sample_append(writer, &tables->series, 10, sample_fill_point);
	sample_append_snapshot(writer, &tables->snapshots, rows);
	sample_append_snapshot(writer, &tables->snapshots, rows);
}

/* Reads a file whole. Release with free. */
__attribute__((unused)) static uint8_t *
sample_read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	uint8_t *bytes;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	*size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *size, file), *size);
	fclose(file);
	return bytes;
}

/* A sound trace in memory; release bytes with free. */
struct bytes {
	uint8_t *at;
	size_t size;
};

__attribute__((unused)) static struct bytes
sample_bytes(uint32_t nodes, uint32_t rows)
{
	struct sample_tables tables;
	struct trace_writer writer;
	struct bytes bytes;

	sample_write(&writer, &tables, sample_path("bytes.mtr"), nodes, rows);
	bytes.at = sample_read_file(writer.path, &bytes.size);
	trace_remove(&writer);
	sample_release(&tables);
	trace_leave(&writer);
	return bytes;
}

/* The error that these bytes give; TRACE_ERROR_NONE if they open, and then the promise holds. The
 * copy is as large as the bytes, so that ASan sees one byte too many. */
__attribute__((unused)) static enum trace_error_kind
outcome(const uint8_t *at, size_t size, struct trace_error *error)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct trace *trace;

	if (size)
		memcpy(copy, at, size);
	trace = trace_open_bytes(copy, size, "sample.mtr", error);
	free(copy);
	if (!trace) {
		assert_int_not_equal(error->kind, TRACE_ERROR_NONE);
		assert_non_null(strstr(error->message, "sample.mtr"));
		assert_non_null(strstr(error->message, ";"));
		return error->kind;
	}
	promise_holds(trace);
	trace_close(trace);
	return TRACE_ERROR_NONE;
}

/* Opens a trace that must be sound; fails the test with the reader's own words. */
__attribute__((unused)) static struct trace *
open_sound(const char *path)
{
	struct trace_error error;
	struct trace *trace = trace_open(path, &error);

	if (!trace)
		fail_msg("%s", error.message);
	promise_holds(trace);
	return trace;
}

#endif
