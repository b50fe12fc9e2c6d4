"""Snapshots by themselves: what maps held before they died is seen, what they never held is not.

The guest's time is told (test_programs/told_time.h), so that these snapshots come at the same moments of
every run. What their pauses may take of a run tests/unit/test_preload_trigger.c holds.
"""
import math
import os
import signal

import harness
from harness import (background, environment, equal, maptrace, one_trace, program, report, test, traces,
                     wait_for)

ENTRIES = 200000  # 2.8 MB of buckets
LIMIT = "1M"


def live(scenario, *arguments, name="automatic", status=None):
    """Runs one scenario; returns the report, after `check` said what it should."""
    _, trace = one_trace([program(name), scenario, *map(str, arguments)], MAPTRACE_KEEP="1")
    data = report(trace)
    if status is not None:
        maptrace("check", trace, "--max-retained", LIMIT, status=status)
    return data


def counts(data):
    """Entries of the maps seen, by snapshot."""
    return [m["count"] for s in data["snapshots"] for m in s["maps"]]


def by_itself(data):
    return [s for s in data["snapshots"] if s["label"] == "interval"]


@test
def emptied_then_idle():
    """a map erased one by one, then no event at all, then destroyed: seen empty"""
    assert 0 in counts(live("idle", ENTRIES))
    maptrace("check", traces()[0], "--max-retained", LIMIT, status=1)


@test
def full_then_destroyed():
    """a map that was only filled is never seen as retained, however large, when it dies"""
    for i in range(20):
        data = live("full", 20000 + 17000 * i, status=0)
        for snap in data["snapshots"]:
            equal([m["retained_bytes"] for m in snap["maps"]], [0] * len(snap["maps"]))
            equal(snap["unexplained_bytes"], 0)
        os.unlink(traces()[0])


@test
def cleared_then_busy():
    """a map emptied by clear() and held while other memory comes and goes: seen empty"""
    assert 0 in counts(live("cleared", ENTRIES, status=1))


@test
def erased_to_a_tenth():
    """a map erased to a tenth that dies 100 ms later: seen with just those entries"""
    assert ENTRIES // 10 in counts(live("tenth", ENTRIES, status=1))


@test
def shrinks_by_itself():
    """GHashTable filled and emptied again and again: nothing to complain about"""
    live("20000", 10, name="ghash_churn", status=0)


@test
def in_a_worker():
    """a map in another thread's stack, while main only waits: seen empty"""
    assert 0 in counts(live("worker", ENTRIES, status=1))


@test
def steady_rise():
    """memory that only rises for two seconds costs few snapshots"""
    data = live("rise")
    assert len(by_itself(data)) <= 3, [s["time_ms"] for s in by_itself(data)]


@test
def cycles():
    """filled and emptied 100 times: snapshots grow with the logarithm of the run, not with it"""
    data = live("cycles", 60000, 100)
    own, ends = by_itself(data), data["snapshots"][-1]["time_ms"]
    assert ends > 2000, ends
    assert 2 <= len(own) <= 25 * math.log10(ends), own


def killed(scenario):
    """The snapshots of a guest that was killed after its scenario, their searches having ended."""
    with background([program("automatic"), scenario, str(ENTRIES)], env=environment(),
                    ready="ready") as guest:
        guest.send_signal(signal.SIGKILL)
        guest.wait()
    wait_for(lambda: all(s["complete"] for s in report(traces()[0])["snapshots"]), "the searches")
    return report(traces()[0])["snapshots"]


@test
def killed_with_events():
    """killed while idling: the last snapshot shows the map as it idled, not in mid-erase"""
    last = killed("killed")[-1]
    equal((last["complete"], [m["count"] for m in last["maps"]]), (True, [0]))
    maptrace("check", traces()[0], "--max-retained", LIMIT, status=1)


@test
def killed_in_silence():
    """killed without an event after the fall: nothing was seen, and that never passes"""
    equal(killed("killed_silent"), [])
    maptrace("check", traces()[0], "--max-retained", LIMIT, status=3)


harness.main()
