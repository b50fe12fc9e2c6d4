"""Snapshots by themselves: what maps held before they died is seen, what they never held is not."""
import math
import os
import signal
import time

import harness
from harness import background, environment, equal, maptrace, one_trace, program, report, run, test, \
    traces, wait_for

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


def pauses(data):
    return sum(s["pause_ms"] for s in data["snapshots"])


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
    for _ in range(4):  # on a busy machine a guest that waits for its turn looks like one at rest
        seen = counts(live("tenth", ENTRIES, status=1))
        if ENTRIES // 10 in seen:
            return
        os.unlink(traces()[0])
    raise AssertionError(seen)


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
    """memory that only rises costs few snapshots and under 2 % of the run"""
    data = live("rise")
    own = [s for s in data["snapshots"] if s["label"] == "interval"]
    assert len(own) <= 3, [s["time_ms"] for s in own]
    assert sum(s["pause_ms"] for s in own) < 0.02 * 2000, own


@test
def cycles():
    """filled and emptied 100 times: snapshots grow with the logarithm of the run, not with it"""
    command = [program("automatic"), "cycles", "20000", "100"]
    began = time.monotonic()
    run(command)
    bare = time.monotonic() - began
    began = time.monotonic()
    data = live("cycles", 20000, 100)
    traced = time.monotonic() - began
    print(f"# cycles: {bare:.2f} s bare, {traced:.2f} s traced, {len(data['snapshots'])} snapshots")
    ends = data["snapshots"][-1]["time_ms"]
    own = [s for s in data["snapshots"] if s["label"] == "interval"]
    assert len(own) <= 5 + 25 * math.log10(max(ends, 10)), own
    assert sum(s["pause_ms"] for s in own) < 0.04 * ends + 10, own


def last_counts():
    done = [s for t in traces() for s in report(t)["snapshots"] if s["complete"]]
    return [m["count"] for m in done[-1]["maps"]] if done else []


@test
def killed_with_events():
    """killed while idling: the last snapshot shows the map as it idled, not in mid-erase"""
    with background([program("automatic"), "killed", str(ENTRIES)], env=environment(),
                    ready="ready") as guest:
        wait_for(lambda: last_counts() == [0], "a snapshot of the emptied map", seconds=10)
        guest.send_signal(signal.SIGKILL)
        guest.wait()
    equal(last_counts(), [0])
    maptrace("check", traces()[0], "--max-retained", LIMIT, status=1)


@test
def killed_in_silence():
    """killed without an event after the fall: nothing was seen, and that never passes"""
    with background([program("automatic"), "killed_silent", str(ENTRIES)], env=environment(),
                    ready="ready") as guest:
        time.sleep(0.3)
        guest.send_signal(signal.SIGKILL)
        guest.wait()
    done = maptrace("check", traces()[0], "--max-retained", LIMIT, status=None)
    assert done.returncode in (1, 3), done.stdout


harness.main()
