"""Snapshots under bad conditions: children that linger, die or cannot be made, time that runs out."""
import contextlib
import os
import re
import signal
import subprocess

import harness
from harness import contains, environment, equal, maptrace, program, report, snapshot, test, \
    traces, wait_for


class Lead:
    """A running test_programs/marker: says one line, hears what it answers."""

    def __init__(self, process):
        self.process, self.pid = process, process.pid

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        heard = []
        while True:
            answer = self.process.stdout.readline()
            assert answer, f"the guest ended at {line!r}: {self.process.poll()}"
            if answer == "done\n":
                return heard
            heard.append(answer.strip())

    def children(self):
        """The guest's children; none ends for good before the guest has events again."""
        return harness.children(self.pid)

    def end(self):
        self.process.stdin.close()
        equal(self.process.wait(timeout=harness.LIMIT_S), 0)


@contextlib.contextmanager
def marker(entries=1000, threads=2, **variables):
    """With two threads each snapshot is a child that works beside the guest; with one it may not."""
    process = subprocess.Popen([program("marker"), str(entries)], text=True,
                               env=environment(MAPTRACE_AUTO="0", **variables),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lead = Lead(process)
    try:
        if threads > 1:
            lead.say("thread")
        yield lead
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def is_complete(label):
    return snapshot(report(traces()[0]), label)["complete"]


def is_reaped(guest):
    guest.say("work 100")
    return not guest.children()


@test
def no_zombies():
    """a snapshot's child that is done is reaped at the guest's next events"""
    with marker() as guest:
        guest.say("mark once")
        wait_for(lambda: [harness.state(pid) for pid in guest.children()] == ["Z"],
                 "the child to be done")
        wait_for(lambda: is_reaped(guest), "the child to be reaped")
        guest.end()


def look_at(pid):
    """What a child has open and its limit for cores, or None if it is gone or has not begun."""
    with contextlib.suppress(OSError):
        fds = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        with open(f"/proc/{pid}/limits", encoding="utf-8") as limits:
            core = re.search(r"Max core file size +(\S+)", limits.read()).group(1)
        if any("/proc/" in fd or fd.endswith(".mtr") for fd in fds) and len(fds) <= 3:
            return fds, core
    return None


@test
def alone_child():
    """a snapshot's child keeps nothing of the guest open, and can leave no core of it"""
    with marker(2000) as guest:
        guest.say("heap 1500000")
        seen = []

        def is_seen():
            guest.say("mark seen")
            for pid in guest.children():
                seen.extend(filter(None, [look_at(pid)]))
            return seen
        wait_for(is_seen, "a look at a child at work")
        guest.end()
    for fds, core in seen:
        assert not [fd for fd in fds if fd.startswith("pipe:")], fds
        assert core in ("0", "1"), core


@test
def killed_child():
    """a snapshot whose child is killed is cut, says so, and another one is judged"""
    with marker(2000) as guest:
        guest.say("heap 1500000")
        guest.say("mark good")
        wait_for(lambda: is_complete("good"), "the mark")
        guest.say("work 100000")

        tried = []

        def is_cut():
            guest.say(f"mark victim {len(tried)}")
            tried.append(guest.children())
            for pid in tried[-1]:
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: is_reaped(guest), "the child's end")
            return any(not s["complete"] for s in report(traces()[0])["snapshots"])
        wait_for(is_cut, "a child that was killed at work")
        guest.say("mark after")
        guest.end()
    snaps = report(traces()[0])["snapshots"]
    for snap in snaps:
        if not snap["complete"]:
            contains(snap["label"], "victim")
            contains(snap["reason"], "killed by signal 09")
    assert all(s["complete"] for s in snaps if s["label"] in ("good", "after", "exit")), snaps
    maptrace("check", traces()[0], "--max-retained", "64K", status=1)
    maptrace("check", traces()[0], "--max-retained", "1G", status=0)


@test
def out_of_time():
    """a snapshot that ends early says what share it saw, is never complete, and is not judged"""
    with marker(2000, MAPTRACE_BUDGET="0.001") as guest:
        guest.say("heap 1500000")
        guest.say("mark short")
        wait_for(lambda: is_reaped(guest), "the child's end")
        guest.end()
    data = report(traces()[0])
    snap = snapshot(data, "short")
    contains(snap["reason"], "out of time")
    assert snap["scanned_bytes"] < snap["scan_bytes"], snap
    assert not any(s["complete"] for s in data["snapshots"]), data["snapshots"]
    contains(maptrace("report", traces()[0], status=None).stdout, "out of time")
    maptrace("check", traces()[0], "--max-retained", "4G", status=3)


ARRAY = 64 << 20
PAGES = ARRAY // 4096


@test
def visited():
    """a guest of one thread and large blocks is searched while it stands still: no page is copied"""
    faults = []
    for threads in (1, 2):
        with marker(20000, threads, MAPTRACE_OUT=f"{threads}.mtr") as guest:
            guest.say(f"array {ARRAY}")
            guest.say("mark full")
            faults.append(int(guest.say("touch")[0]))
            assert not guest.children() or threads > 1, guest.children()
            guest.end()
    assert faults[0] < PAGES // 10 and faults[1] >= PAGES, faults
    by_visit, by_copy = (snapshot(report(trace), "full") for trace in ("1.mtr", "2.mtr"))
    assert by_visit["complete"] and not by_visit["in_place"], by_visit
    equal([m["bytes"] for m in by_visit["maps"]], [m["bytes"] for m in by_copy["maps"]])
    equal(len(by_visit["maps"]), 1)
    for role in ("buckets", "overflow", "header"):  # a thread has blocks of its own besides
        equal(by_visit["roles"][role], by_copy["roles"][role])


@test
def fallen():
    """what cannot be read kills the visitor, not the guest, and a copy without it is searched"""
    with marker(20000, threads=1) as guest:
        guest.say(f"array {ARRAY}")
        guest.say("mark before")
        visited_faults = int(guest.say("touch")[0])
        guest.say("holes")
        guest.say("mark after")
        copied_faults = int(guest.say("touch")[0])
        guest.end()
    assert visited_faults < PAGES // 10 and copied_faults >= PAGES, (visited_faults, copied_faults)
    data = report(traces()[0])
    before, after = snapshot(data, "before"), snapshot(data, "after")
    assert before["complete"] and after["complete"], (before, after)
    equal([m["bytes"] for m in after["maps"]], [m["bytes"] for m in before["maps"]])
    assert snapshot(data, "exit")["complete"], data


@test
def in_place():
    """where no process can be made (seccomp) the snapshot is taken in place and finds the map"""
    with marker(20000) as guest:
        guest.say("mark child")
        guest.say("refuse")
        guest.say("mark place")
        guest.end()
    data = report(traces()[0])
    by_child, by_place = snapshot(data, "child"), snapshot(data, "place")
    equal((by_child["in_place"], by_place["in_place"]), (False, True))
    assert by_place["complete"], by_place
    equal([m["bytes"] for m in by_place["maps"]], [m["bytes"] for m in by_child["maps"]])
    equal(len(by_place["maps"]), 1)


@test
def taken_child():
    """a guest that waits for clone children too takes ours away: nothing hangs, nothing is lost"""
    with marker() as guest:
        guest.say("work 1")  # stdio has its buffer now: no event of ours comes before the wait
        guest.say("mark one")
        equal(guest.say("wait"), ["child"])
        guest.say("mark two")
        guest.end()
    data = report(traces()[0])
    assert snapshot(data, "one")["complete"], snapshot(data, "one")
    assert snapshot(data, "two")["complete"], snapshot(data, "two")
    assert data["complete"], data


@test
def goes_on():
    """a guest stands still for the fork only: it works on while its snapshot's child does not"""
    with marker(2000) as guest:
        guest.say("heap 1500000")
        marked = []

        def is_stopped_at_work():
            marked.append(f"mark {len(marked)}")
            guest.say(f"mark {marked[-1]}")
            return [pid for pid in guest.children() if harness.stop(pid)]
        wait_for(is_stopped_at_work, "a child that is stopped at its work")
        guest.say("work 100000")
        assert not is_complete(marked[-1])
        for pid in guest.children():
            os.kill(pid, signal.SIGCONT)
        guest.end()
    equal([s["label"] for s in report(traces()[0])["snapshots"] if s["complete"]], marked + ["exit"])


harness.main()
