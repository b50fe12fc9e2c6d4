/*
 * A finding in words, the same in every output of `check`: what was measured, what is allowed, by
 * how much it is over, or what makes it impossible to say.
 */
#include "analyzer/units.h"
#include "analyzer/verdict.h"

#include <stdio.h>

static const char *
subject(enum limits_kind kind)
{
	static const char *const subjects[LIMITS_KINDS] = {
	    [LIMITS_RETAINED] = "maps retain",
	    [LIMITS_PER_MAP] = "one map retains",
	    [LIMITS_FILL] = "the emptiest map is filled to",
	    [LIMITS_BUCKETS] = "bucket arrays take",
	    [LIMITS_GROWTH] = "retained memory grew by",
	    [LIMITS_CAUSE] = "maps retain, of unknown cause,",
	};

	return subjects[kind];
}

/* What lies between the low and the high end. */
static void
doubt(char *into, size_t size, const struct limits_finding *finding)
{
	char unexplained[UNITS_SIZE], unruled[UNITS_SIZE];

	units_bytes(unexplained, finding->unexplained);
	units_bytes(unruled, finding->unruled);
	if (finding->unexplained && finding->unruled)
		snprintf(into, size,
			 "%s of bucket memory that no proved map explains and %s of maps "
			 "without a known need",
			 unexplained, unruled);
	else if (finding->unexplained)
		snprintf(into, size, "%s of bucket memory that no proved map explains",
			 unexplained);
	else if (finding->unruled)
		snprintf(into, size, "%s of maps without a known need", unruled);
	else
		snprintf(into, size, "estimates that reach that far");
}

static void
fill_sentence(char *into, size_t size, const struct limits_finding *finding)
{
	unsigned long long low = finding->low, allowed = finding->allowed;
	char why[160];

	doubt(why, sizeof(why), finding);
	if (finding->verdict == LIMITS_OVER)
		snprintf(into, size, "%zu %s filled to less than %llu %%; %s %llu %%",
			 finding->maps, finding->maps == 1 ? "map is" : "maps are", allowed,
			 subject(LIMITS_FILL), low);
	else if (finding->verdict == LIMITS_UNJUDGED)
		snprintf(into, size, "cannot judge the fill of %s", why);
	else if (!finding->map && finding->low == 100)
		snprintf(into, size, "no map is filled to less than %llu %%", allowed);
	else
		snprintf(into, size, "%s %llu %%, at least %llu %% wanted", subject(LIMITS_FILL),
			 low, allowed);
}

void
verdict_sentence(char *into, size_t size, const struct limits_finding *finding)
{
	char low[UNITS_SIZE], high[UNITS_SIZE], allowed[UNITS_SIZE], over[UNITS_SIZE], why[160];

	if (finding->kind == LIMITS_FILL) {
		fill_sentence(into, size, finding);
		return;
	}
	units_bytes(low, finding->low);
	units_bytes(high, finding->high);
	units_bytes(allowed, finding->allowed);
	units_bytes(over, model_less(finding->low, finding->allowed));
	if (finding->verdict == LIMITS_OVER) {
		snprintf(into, size, "%s %s%s, %s allowed: %s over", subject(finding->kind),
			 finding->low < finding->high ? "at least " : "", low, allowed, over);
	} else if (finding->verdict == LIMITS_UNJUDGED) {
		doubt(why, sizeof(why), finding);
		snprintf(into, size, "%s between %s and %s, %s allowed: cannot judge because of %s",
			 subject(finding->kind), low, high, allowed, why);
	} else {
		snprintf(into, size, "%s %s%s, %s allowed", subject(finding->kind),
			 finding->low < finding->high ? "at most " : "", high, allowed);
	}
}
