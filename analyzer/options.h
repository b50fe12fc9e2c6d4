/*
 * The options that all commands share, and the values that options take: sizes with units, globs.
 *
 * A command's own argp names options_argp among its children and gives it a struct options as input
 * (state->child_inputs). Wrong values end the program in argp's way: the option is named, the form
 * that would be right is shown, the exit status is 2.
 */
#ifndef ANALYZER_OPTIONS_H
#define ANALYZER_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum options_sort { /* largest first, but for the last three */
	OPTIONS_SORT_RETAINED,
	OPTIONS_SORT_HELD,
	OPTIONS_SORT_COUNT,
	OPTIONS_SORT_CAPACITY,
	OPTIONS_SORT_FILL,    /* emptiest first */
	OPTIONS_SORT_PROFILE, /* by name */
	OPTIONS_SORT_ADDRESS, /* lowest first */
};

enum options_color { OPTIONS_COLOR_AUTO, OPTIONS_COLOR_ALWAYS, OPTIONS_COLOR_NEVER };

struct options {
	const char *snapshot; /* --snapshot LABEL; NULL: the worst */
	const char *profile;  /* --profile GLOB; NULL: all */
	uint64_t minimum;     /* --min BYTES: maps that hold less are not listed */
	enum options_sort sort;
	bool json;
	enum options_color color;
};

extern const struct argp options_argp;

/* Reads "4096", "16M", "1.5GiB", "3GB": K M G T and KiB MiB GiB TiB are powers of 1024, KB MB GB TB
 * of 1000. Returns 0, or -1 where the text is no size or does not fit 64 bits. */
int options_size(const char *text, uint64_t *bytes);

/* The same for an option's argument: ends the program naming the option. */
uint64_t options_size_argument(struct argp_state *state, const char *option, const char *text);

/* Whether `glob` (* any bytes, ? one byte, all else itself: brackets too, as in operator[]) matches
 * the whole of `text`. */
bool options_glob_matches(const char *glob, const char *text);

/* Whether standard output is to have colors: --color, NO_COLOR, and whether it is a terminal. */
bool options_wants_color(const struct options *options);

#endif
