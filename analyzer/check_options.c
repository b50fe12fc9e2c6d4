/*
 * The options of `maptrace check`. Called by check.c before any trace is opened.
 *
 * The rule that must never break: a gate without a limit, or with half of one, is a mistake and not
 * a gate that always passes.
 */
#include "analyzer/check_options.h"
#include "analyzer/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_RETAINED = 0x2000,
	KEY_PER_MAP,
	KEY_FILL,
	KEY_BUCKETS,
	KEY_BASELINE,
	KEY_GROWTH,
	KEY_CAUSE,
	KEY_ACCEPTED,
	KEY_JUNIT,
	KEY_GITHUB,
	KEY_EMPTY
};

/* Maps smaller than this are too small to be asked for their fill, unless --min says otherwise. */
static const uint64_t FILL_MINIMUM = 64 * 1024;

static const struct argp_option own[] = {
    {"max-retained", KEY_RETAINED, "BYTES", 0, "All maps together may retain this much", 0},
    {"max-retained-per-map", KEY_PER_MAP, "BYTES", 0, "Each map may retain this much", 0},
    {"min-fill", KEY_FILL, "PERCENT", 0,
     "Each map that holds at least --min (64K unless told "
     "otherwise) must fill this much of its capacity",
     0},
    {"max-buckets", KEY_BUCKETS, "BYTES", 0, "All bucket arrays together may take this much", 0},
    {"baseline", KEY_BASELINE, "OLD.mtr", 0, "The earlier trace that --max-growth compares with",
     0},
    {"max-growth", KEY_GROWTH, "BYTES", 0,
     "Maps may retain this much more than in the baseline, "
     "matched by profile and allocation stack",
     0},
    {"max-unknown-cause", KEY_CAUSE, "BYTES", 0,
     "All maps together may retain this much for which nothing shows whether entries were deleted "
     "or room was asked for in advance",
     0},
    {"accepted", KEY_ACCEPTED, "FILE", 0, "Leave out the maps that this file names", 0},
    {"junit", KEY_JUNIT, "FILE", 0, "Write JUnit XML too", 0},
    {"github", KEY_GITHUB, NULL, 0, "Print GitHub annotations too", 0},
    {"allow-empty", KEY_EMPTY, NULL, 0, "A folder without traces passes", 0},
    {0},
};

static error_t
set_bytes(struct argp_state *state, struct limits *limits, enum limits_kind kind,
	  const char *option, const char *argument)
{
	limits->is_set[kind] = true;
	if (units_parse_bytes(argument, &limits->allowed[kind]) == 0)
		return 0;
	argp_error(state, "%s: '%s' is no size; write 4096, 16M or 1.5GiB", option, argument);
	return EINVAL;
}

static error_t
set_percent(struct argp_state *state, struct limits *limits, const char *argument)
{
	char *end;
	unsigned long percent = strtoul(argument, &end, 10);

	limits->is_set[LIMITS_FILL] = true;
	limits->allowed[LIMITS_FILL] = percent;
	if (*argument >= '0' && *argument <= '9' && percent <= 100 &&
	    (*end == '\0' || strcmp(end, "%") == 0))
		return 0;
	argp_error(state, "--min-fill: '%s' is no percentage from 0 to 100", argument);
	return EINVAL;
}

static error_t
parse_own(int key, char *argument, struct argp_state *state)
{
	struct check_options *check = state->input;
	struct limits *limits = &check->limits;

	switch (key) {
	case KEY_RETAINED:
		return set_bytes(state, limits, LIMITS_RETAINED, "--max-retained", argument);
	case KEY_PER_MAP:
		return set_bytes(state, limits, LIMITS_PER_MAP, "--max-retained-per-map", argument);
	case KEY_BUCKETS:
		return set_bytes(state, limits, LIMITS_BUCKETS, "--max-buckets", argument);
	case KEY_GROWTH:
		return set_bytes(state, limits, LIMITS_GROWTH, "--max-growth", argument);
	case KEY_CAUSE:
		return set_bytes(state, limits, LIMITS_CAUSE, "--max-unknown-cause", argument);
	case KEY_FILL:
		return set_percent(state, limits, argument);
	case KEY_BASELINE:
		check->baseline_path = argument;
		return 0;
	case KEY_ACCEPTED:
		check->accepted_path = argument;
		return 0;
	case KEY_JUNIT:
		check->junit_path = argument;
		return 0;
	case KEY_GITHUB:
		check->is_github = true;
		return 0;
	case KEY_EMPTY:
		check->allows_empty = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp own_argp = {.options = own, .parser = parse_own};

/* What options can only be wrong about together. */
static int
validate(const struct command *command, const struct check_options *check)
{
	bool is_any_set = false;

	for (int kind = 0; kind < LIMITS_KINDS; kind++)
		is_any_set |= check->limits.is_set[kind];
	if (check->shared.operand_count == 0)
		command_complain(command, "which traces? Name files or folders, such as "
					  "`maptrace check . --max-retained 16M`");
	else if (!is_any_set)
		command_complain(command, "no limit is given; at least one is needed, such as "
					  "--max-retained 16M (see `maptrace check --help`)");
	else if (check->limits.is_set[LIMITS_GROWTH] != (check->baseline_path != NULL))
		command_complain(command, "--baseline and --max-growth need each other");
	else
		return 0;
	return -1;
}

enum options_result
check_options_parse(const struct command *command, int argc, char **argv,
		    struct check_options *check)
{
	enum options_result result;

	memset(check, 0, sizeof(*check));
	result = options_parse(command, argc, argv, &own_argp, check, &check->shared);
	if (result != OPTIONS_GO)
		return result;
	check->limits.profile = check->shared.filter.profile;
	check->limits.snapshot = check->shared.snapshot;
	check->limits.without_names = check->shared.without_names;
	check->limits.fill_minimum =
	    check->shared.filter.minimum ? check->shared.filter.minimum : FILL_MINIMUM;
	return validate(command, check) < 0 ? OPTIONS_BAD : OPTIONS_GO;
}
