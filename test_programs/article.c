/*
 * The article's experiment: insert entries into a Go map with int keys, delete them all, and see
 * what stays. Prints the map's own accounting in the article's three lines, and takes a snapshot
 * after each step when it runs under the library.
 *
 *     --values inline    map[int][128]byte     values lie in the buckets
 *     --values pointer   map[int]*[128]byte    values are blocks that the program owns
 *     --values big       map[int][129]byte     the map itself stores them out of line
 *
 * As in the article, the adds are measured without a collection, the deletions with one. The map
 * lives until main returns. MB are MiB, as the article's are.
 */
#include "test_programs/gomap.h"

#include <argp.h>
#include <inttypes.h>
#include <maptrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	VALUE_SIZE = 128,
	BIG_VALUE_SIZE = 129,
	SEED = 2023,
	ENTRIES_MAX = 1 << 28, /* some 75 GiB with inline values */
};

enum values { VALUES_INLINE, VALUES_POINTER, VALUES_BIG };
static const char *const value_names[] = {"inline", "pointer", "big"};

struct experiment {
	enum values values;
	int64_t entries;
	bool is_rebuilt;
	struct gomap_type type;
	struct gomap *map;
	uint64_t pointed_bytes; /* live blocks that the values point at */
};

/* ---- what it prints */

/* 1234567 as 1,234,567. */
static const char *
grouped(uint64_t number, char text[32])
{
	char *at = text + 31;
	*at = '\0';
	for (int digits = 0; number > 0 || digits == 0; digits++, number /= 10) {
		if (digits > 0 && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + number % 10);
	}
	return at;
}

static void
print_part(const char *name, uint64_t bytes)
{
	char text[32];
	if (bytes > 0)
		printf("    %-20s %15s\n", name, grouped(bytes, text));
}

static void
print_usage(const struct experiment *experiment, const char *step)
{
	char text[32];
	struct gomap_usage usage = gomap_usage(experiment->map);
	uint64_t total = gomap_usage_total(&usage) + experiment->pointed_bytes;
	printf("%s: %.0f MB (%s bytes)\n", step, (double)total / (1 << 20), grouped(total, text));
	print_part("header", usage.header);
	print_part("bucket array", usage.buckets);
	print_part("reserved overflow", usage.reserved);
	print_part("chained overflow", usage.chained);
	print_part("array being left", usage.old);
	print_part("superseded", usage.superseded);
	print_part("values", usage.indirect + experiment->pointed_bytes);
}

/* ---- the steps */

/* What a Go program does with &value: a block of the program's own. */
static void *
value_new(void)
{
	void *value = calloc(1, VALUE_SIZE);
	if (value == NULL) {
		perror("article: a value");
		exit(1);
	}
	return value;
}

static void
add_all(struct experiment *experiment)
{
	static const uint8_t zero[BIG_VALUE_SIZE];
	for (int64_t key = 0; key < experiment->entries; key++) {
		if (experiment->values != VALUES_POINTER) {
			gomap_insert(experiment->map, &key, zero);
			continue;
		}
		void *value = value_new();
		gomap_insert(experiment->map, &key, &value);
		experiment->pointed_bytes += VALUE_SIZE;
	}
}

static void
delete_all(struct experiment *experiment)
{
	for (int64_t key = 0; key < experiment->entries; key++) {
		if (experiment->values == VALUES_POINTER) {
			free(*(void **)gomap_lookup(experiment->map, &key));
			experiment->pointed_bytes -= VALUE_SIZE;
		}
		gomap_delete(experiment->map, &key);
	}
}

static struct gomap_type
type_of(enum values values)
{
	switch (values) {
	case VALUES_POINTER:
		return gomap_type_of(sizeof(int64_t), sizeof(void *), GOMAP_POINTER_VALUE);
	case VALUES_BIG:
		return gomap_type_of(sizeof(int64_t), BIG_VALUE_SIZE, 0);
	default:
		return gomap_type_of(sizeof(int64_t), VALUE_SIZE, 0);
	}
}

static void
experiment_run(struct experiment *experiment)
{
	char step[64], text[32];

	experiment->type = type_of(experiment->values);
	experiment->map = gomap_new(&experiment->type, SEED);
	print_usage(experiment, "Empty");
	maptrace_mark("empty");

	add_all(experiment);
	snprintf(step, sizeof(step), "After %s adds",
	         grouped((uint64_t)experiment->entries, text));
	print_usage(experiment, step);
	maptrace_mark("added");

	delete_all(experiment);
	maptrace_mark("deleted");
	gomap_collect(experiment->map);
	print_usage(experiment, "After deleting all and a collection");
	maptrace_mark("collected");

	if (experiment->is_rebuilt) {
		experiment->map = gomap_rebuild(experiment->map);
		print_usage(experiment, "After rebuilding the map");
		maptrace_mark("rebuilt");
	}
}

/* ---- the command line */

static void
parse_values(struct experiment *experiment, const char *text, struct argp_state *state)
{
	for (size_t i = 0; i < sizeof(value_names) / sizeof(*value_names); i++) {
		if (strcmp(text, value_names[i]) == 0) {
			experiment->values = (enum values)i;
			return;
		}
	}
	argp_error(state, "--values %s: must be inline, pointer or big", text);
}

static void
parse_entries(struct experiment *experiment, const char *text, struct argp_state *state)
{
	char *end;
	experiment->entries = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || experiment->entries < 0 ||
	    experiment->entries > ENTRIES_MAX)
		argp_error(state, "--entries %s: must be a number from 0 to %d", text, ENTRIES_MAX);
}

static error_t
parse_option(int key, char *text, struct argp_state *state)
{
	struct experiment *experiment = state->input;
	switch (key) {
	case 'v':
		parse_values(experiment, text, state);
		return 0;
	case 'n':
		parse_entries(experiment, text, state);
		return 0;
	case 'r':
		experiment->is_rebuilt = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "%s: no argument is expected", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int
main(int argc, char **argv)
{
	static const struct argp_option options[] = {
	    {"values", 'v', "KIND", 0, "inline, pointer or big (default inline)", 0},
	    {"entries", 'n', "N", 0, "Entries to add and delete (default 1000000)", 0},
	    {"rebuild", 'r', NULL, 0, "Rebuild the map at the end", 0},
	    {0},
	};
	static const struct argp argp = {
	    .options = options, .parser = parse_option,
	    .doc = "Adds entries to a Go-style map, deletes them all, and tells what stays.",
	};
	/* Static: the map's type must outlive main's frame, as a type of Go's outlives
	 * everything. */
	static struct experiment experiment = {.entries = 1000000};

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &experiment);
	experiment_run(&experiment);
	return 0;
}
