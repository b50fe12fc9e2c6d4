/*
 * Decides when a snapshot is due by itself. Asked by slow.c at every event that looks at the clock,
 * told by snapshot.c of every snapshot. Nobody's clock ticks here but the guest's own events.
 *
 * What must not be missed: a map that was emptied, held its arrays for most of the run and dies
 * before main returns. So the question is at which event the maps are worth a look, and every look
 * costs a fork. Four moments, the best first:
 *
 *   last look   a large array is about to be freed and with it live bytes will have fallen by a
 *               quarter. Whatever its map came to can be seen for the last time, if that was so for
 *               a while. A destructor deletes the entries, clears the array and frees it: at that
 *               moment a full map looks like one that was emptied. Nor when the event before was
 *               the allocation of another large block: that is an array being replaced.
 *   settled     live bytes have fallen by a quarter, and no further for a moment.
 *   falling     they have been that far down for a quarter of the run (1 s is enough), and still go
 *               down. Perhaps no other event will ever follow (a server that waits to be killed),
 *               so this is better than nothing; sooner it would mostly meet maps in the middle of a
 *               clear.
 *   standing    a large array has stood for 1, 10, 100 s and so on, or a Go heap, whose arrays no
 *               event tells of; at a quiet moment, if one comes.
 *
 * The pauses of all of them together stay under 2 % of the run so far, and none comes sooner after
 * a snapshot than a tenth of the run so far. The last two will come again, so they may use only
 * half of that share, and for them the searches and the pages copied meanwhile count as well: the
 * first two must find some left, also in a run that lasts a second.
 *
 * A request (trace/request.h) waits for nothing: each event compares its word in the header, in a
 * line that is hardly ever written, with the number answered so far.
 *
 * Most events end at the comparison with `not_before_ns`. All fields are read and written relaxed:
 * a lost update moves a snapshot by one tick.
 */
#include "preload/snapshot/trigger.h"

#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/snapshot/large.h"

#include <string.h>

#define TICK_NS 1000000ull     /* live bytes are looked at this often */
#define CLOCK_STEP_NS 4000000ull /* of the coarse clock */
#define QUIET_NS 10000000ull   /* no fall for so long: what deleted has probably finished */
#define QUIET_LAST_NS 100000000ull /* before an array goes; and 1 ns a byte, to clear it */
#define PATIENCE_NS_MAX 1000000000ull
#define FALL_BYTES (1ull << 20)/* less than this is not worth a fork */
#define RUN_PER_PAUSE 50       /* 2 % */
#define FORK_NS 300000ull      /* of a small process, until one was measured */
#define FORK_BYTES_PER_NS 256  /* of page tables to copy: some 4 ms a GiB */

static struct {
	uint64_t not_before_ns; /* what cost and distance allow */
	uint64_t seen_ns;       /* the last tick */
	uint64_t high;          /* most live bytes since the last snapshot */
	uint64_t low;           /* fewest since they rose last */
	uint64_t lowered_ns;    /* when they came down to that */
	uint64_t fallen_ns;     /* since when they are a quarter below the most; 0: they are not */
	uint32_t is_replacing;  /* the event before was the allocation of a large block */
	uint64_t taken_ns;      /* the last snapshot; 0: none */
	uint64_t spent_ns;      /* pauses of all snapshots */
	uint64_t searched_ns;   /* what automatic ones took besides: see trigger_snapshot_ended */
	uint64_t pause_ns;      /* of the last snapshot ... */
	uint64_t pause_live;    /* ... and the live bytes then */
} state __attribute__((aligned(64)));

uint32_t trigger_answered;

#define LOAD(field) __atomic_load_n(&state.field, __ATOMIC_RELAXED)
#define STORE(field, value) __atomic_store_n(&state.field, (value), __ATOMIC_RELAXED)

static uint64_t
live_bytes(void)
{
	return __atomic_load_n(&tracer.writer.header->live_bytes, __ATOMIC_RELAXED);
}

/* Pauses so far and the next one. */
static uint64_t
cost(uint64_t live)
{
	uint64_t known = LOAD(pause_ns) ? LOAD(pause_live) : 0;
	uint64_t pause = LOAD(pause_ns) ? LOAD(pause_ns) : FORK_NS;

	if (live > known)
		pause += (live - known) / FORK_BYTES_PER_NS;
	return LOAD(spent_ns) + pause;
}

static bool
is_quarter_below(uint64_t live, uint64_t high)
{
	return high >= FALL_BYTES && live <= high - high / 4;
}

/* What comes and goes all the time is no fall: a rise that counts is an eighth, a step down that
 * counts a thousandth lower than ever since. All that this tick sees came right after the last one,
 * or there would have been a tick between. */
static void
watch_fall(uint64_t live, uint64_t now_ns)
{
	uint64_t high = LOAD(high), low = LOAD(low), at_ns = LOAD(seen_ns) + CLOCK_STEP_NS;

	if (live > low + high / 8) {
		STORE(low, live);
	} else if (live + high / 1024 < low) {
		STORE(low, live);
		STORE(lowered_ns, at_ns < now_ns ? at_ns : now_ns);
	}
	if (!is_quarter_below(live, high))
		STORE(fallen_ns, 0);
	else if (!LOAD(fallen_ns))
		STORE(fallen_ns, now_ns);
}

static void
tick(uint64_t now_ns)
{
	uint64_t live = live_bytes(), taken = LOAD(taken_ns);
	uint64_t affordable = cost(live) * RUN_PER_PAUSE, distant = taken + taken / 9;

	if (live > LOAD(high))
		STORE(high, live);
	watch_fall(live, now_ns);
	STORE(seen_ns, now_ns);
	if (LOAD(not_before_ns) <= now_ns)
		STORE(not_before_ns, affordable > distant ? affordable : distant);
}

static bool
is_quiet(uint64_t now_ns, uint64_t least_ns)
{
	return now_ns >= LOAD(lowered_ns) + least_ns;
}

static bool
is_last_look(uint64_t size, uint64_t now_ns)
{
	uint64_t live = live_bytes();

	return is_quarter_below(live > size ? live - size : 0, LOAD(high)) &&
	       is_quiet(now_ns, QUIET_LAST_NS + size);
}

/* Whether something has waited so long for a quiet moment that it will not wait on. */
static bool
is_overdue(uint64_t since_ns, uint64_t now_ns)
{
	uint64_t patience = now_ns / 4 < PATIENCE_NS_MAX ? now_ns / 4 : PATIENCE_NS_MAX;

	return now_ns >= since_ns + patience;
}

/* The review comes last: it reads the whole table, and while one waits this is asked at every
 * event. */
static bool
is_standing(uint64_t now_ns, bool is_quiet_now)
{
	uint64_t due_ns = large_due();

	if (due_ns > now_ns || !(is_quiet_now || is_overdue(due_ns, now_ns)))
		return false;
	large_review(0); /* the one that was due may be gone */
	return large_due() <= now_ns;
}

static bool
is_worth_a_look(uint64_t now_ns, uint64_t leaving)
{
	uint64_t size = leaving ? large_size(leaving) : 0, fallen_ns = LOAD(fallen_ns);
	bool quiet = is_quiet(now_ns, QUIET_NS);

	if (leaving && LOAD(is_replacing))
		return false;
	if (size)
		return is_last_look(size, now_ns);
	if (fallen_ns && quiet)
		return true;
	return now_ns >= 2 * RUN_PER_PAUSE * (cost(live_bytes()) + LOAD(searched_ns)) &&
	       ((fallen_ns && is_overdue(fallen_ns, now_ns)) || is_standing(now_ns, quiet));
}

enum trigger_cause
trigger_is_due(uint64_t now_ns, uint64_t leaving)
{
	uint64_t not_before;

	if (!tracer.writer.header)
		return TRIGGER_NONE;
	if (__builtin_expect(trigger_is_asked(tracer.writer.header), 0))
		return TRIGGER_REQUEST;
	if (!settings.automatic)
		return TRIGGER_NONE;
	/* Clocks of two processors may differ by a little: a tick is never behind the last one. */
	if (now_ns > LOAD(seen_ns) && now_ns - LOAD(seen_ns) >= TICK_NS)
		tick(now_ns);
	not_before = LOAD(not_before_ns);
	if (now_ns < not_before || !is_worth_a_look(now_ns, leaving))
		return TRIGGER_NONE;
	/* The thread that moves it on takes the snapshot; if it cannot, another may try soon. */
	return __atomic_compare_exchange_n(&state.not_before_ns, &not_before, now_ns + QUIET_NS,
	                                   false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
	           ? TRIGGER_INTERVAL : TRIGGER_NONE;
}

bool
trigger_claim_request(uint32_t *number)
{
	uint32_t answered = __atomic_load_n(&trigger_answered, __ATOMIC_RELAXED);

	*number = __atomic_load_n(&tracer.writer.header->requests, __ATOMIC_RELAXED);
	return *number != answered &&
	       __atomic_compare_exchange_n(&trigger_answered, &answered, *number, false,
	                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

bool
trigger_is_waiting(uint64_t now_ns)
{
	if (!settings.automatic)
		return false;
	return (LOAD(fallen_ns) || large_due() <= now_ns) &&
	       now_ns + QUIET_NS >= LOAD(not_before_ns);
}

bool
trigger_is_replacing(void)
{
	return settings.automatic && LOAD(is_replacing);
}

void
trigger_allocation(uint64_t address, uint64_t size, uint64_t now_ns)
{
	uint32_t is_large = size >= LARGE_BYTES;

	if (LOAD(is_replacing) != is_large)
		STORE(is_replacing, is_large);
	if (is_large)
		large_add(address, size, now_ns);
}

void
trigger_runtime(uint64_t file, uint64_t now_ns)
{
	large_add(file, LARGE_BYTES, now_ns);
}

void
trigger_free(uint64_t address, uint64_t size, uint64_t now_ns)
{
	if (LOAD(is_replacing))
		STORE(is_replacing, 0);
	if (size >= LARGE_BYTES)
		large_remove(address);
}

void
trigger_snapshot_taken(uint64_t now_ns, uint64_t pause_ns, uint64_t live)
{
	STORE(taken_ns, now_ns);
	STORE(spent_ns, LOAD(spent_ns) + pause_ns);
	STORE(pause_ns, pause_ns);
	STORE(pause_live, live);
	STORE(high, live);
	STORE(fallen_ns, 0);
	STORE(not_before_ns, 0);
	tick(now_ns);
	large_review(now_ns);
}

void
trigger_snapshot_ended(uint64_t cost_ns)
{
	STORE(searched_ns, LOAD(searched_ns) + cost_ns);
}

void
trigger_after_fork(void)
{
	uint64_t now_ns = tracer_now(true);

	trigger_answered = 0;
	memset(&state, 0, sizeof(state)); /* the child's trace, and its clock, are new */
	STORE(seen_ns, now_ns);
	large_after_fork(now_ns);
}
