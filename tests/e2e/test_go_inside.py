"""Go's maps in the library's own snapshots: cgo programs, which load it, and libraries built by Go
in a program in C. What their own words say is found, their goroutines are not harmed, and what a
search cannot know is not guessed at."""
import contextlib
import os
import subprocess

import harness
from golang import Standing, Watched, check, find, toolchains, truth
from harness import contains, environment, equal, maptrace, program, report, run, snapshot, test

SETTINGS = {"MAPTRACE_AUTO": 0}


def whole(trace, count):
    """The report once this many snapshots are complete: who writes them outlives a Go program."""
    def is_whole():
        return sum(s["complete"] for s in report(trace)["snapshots"]) >= count
    harness.wait_for(is_whole, f"{count} whole snapshots of {trace}")
    return report(trace)


@test
def found_is_made():
    """a mark from C finds the maps of a cgo program: all that were made, counts, bytes and types"""
    for toolchain in toolchains():
        for kind in ("cgo", "cgo-stripped", "cgo-pie"):
            settings = dict(SETTINGS, MAPTRACE_OUT=os.path.abspath("truth.mtr"))
            with Standing([toolchain.build("truth", kind)], environment(**settings)) as guest:
                data = whole("truth.mtr", 1)
                equal([s["label"] for s in data["snapshots"]], ["truth"])
                check(guest.truth, data)
                guest.go_on()
            os.unlink("truth.mtr")


@test
def busy_goroutines():
    """a hundred snapshots amid goroutines that write maps: each is whole, no goroutine is harmed"""
    for toolchain in toolchains():
        done = run([harness.MAPTRACE, "run", "-o", "busy.mtr", "--report", "text", "--",
                    toolchain.build("busy", "cgo"), "-marks", "100"],
                   env=dict(os.environ, **{key: str(value) for key, value in SETTINGS.items()}))
        equal((done.returncode, done.stdout), (0, "ready\nsound\n"), done.stderr)
        data = report("busy.mtr")
        equal([s["label"] for s in data["snapshots"]], [f"busy {i}" for i in range(100)])
        for look in data["snapshots"]:
            equal(look["complete"], True, look["reason"])
            calm = [m for m in look["maps"] if m["type"] == "map[uint16]uint8"]
            equal([m["count"] for m in calm], [3000], look["label"])
            wrong = [m for m in look["maps"] if "map[int]string" in m["type"] and m["count"] > 3000]
            equal(wrong, [], look["label"])
        os.unlink("busy.mtr")


@contextlib.contextmanager
def busy_guest(env, *command):
    """`busy`, for as long as the block takes; then it has to end well by its own word."""
    guest = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True)
    try:
        equal(guest.stdout.readline(), "ready\n")
        yield
        out, _ = guest.communicate("\n", timeout=harness.LIMIT_S)
        equal((guest.returncode, out), (0, "sound\n"))
    finally:
        if guest.poll() is None:
            guest.kill()
            guest.communicate()


@test
def asked_for():
    """a snapshot asked for from outside comes at the next event in C, and holds Go's maps"""
    for toolchain in toolchains():
        settings = dict(SETTINGS, MAPTRACE_OUT=os.path.abspath("asked.mtr"))
        with busy_guest(environment(**settings), toolchain.build("busy", "cgo"), "-again"):
            maptrace("snapshot", "--wait", "0", "--label", "asked", "asked.mtr")
        looks = {look["label"]: look for look in whole("asked.mtr", 2)["snapshots"]}
        for label in ("asked", "again"):
            calm = [m for m in looks[label]["maps"] if m["type"] == "map[uint16]uint8"]
            equal([m["count"] for m in calm], [3000], label)
        os.unlink("asked.mtr")


def looks_by_itself(trace):
    """Complete snapshots by the library itself that have the map of `busy` that nobody touches."""
    return [look for look in report(trace)["snapshots"]
            if look["label"] == "interval" and look["complete"] and
            [m["count"] for m in look["maps"] if m["type"] == "map[uint16]uint8"] == [3000]]


@test
def by_itself():
    """a Go heap is looked at by itself, with none of C's, and the report says when it was last"""
    for toolchain in toolchains():
        env = environment(MAPTRACE_OUT=os.path.abspath("itself.mtr"), EVENTS="1")
        with busy_guest(env, toolchain.build("busy", "cgo")):
            harness.wait_for(lambda: looks_by_itself("itself.mtr"), "a look by itself")
        text = maptrace("report", "itself.mtr").stdout
        head = text[:text.index("\n\n")]
        contains(head, "there is no snapshot at its end, as `maptrace go run` takes one")
        contains(head, 'as of its last complete snapshot, "interval" at ')
        os.unlink("itself.mtr")


@test
def children_of_looks():
    """under `maptrace go run` as well: the end of what takes a snapshot is not the program's"""
    for toolchain in toolchains():
        with Watched("env", f"LD_PRELOAD={harness.LIBRARY}", "MAPTRACE_OUT=inner.mtr",
                     "MAPTRACE_AUTO=0", toolchain.build("busy", "cgo"), "-marks", "2") as guest:
            equal(guest.line(), "ready")
            whole("inner.mtr", 2)
            maptrace("snapshot", "--wait", str(harness.LIMIT_S), "--label", "later", "watched.mtr")
            guest.go_on()
            equal([s["label"] for s in guest.end()["snapshots"]], ["later", "exit"])
        os.unlink("inner.mtr")
        os.unlink("watched.mtr")


@test
def library_in_c():
    """a library built by Go in a program in C: its map is judged at marks and at the exit"""
    for toolchain in toolchains():
        done, _ = harness.traced([program("go_library"), toolchain.build("shared", "c-shared"),
                                  "5000", "10"], MAPTRACE_OUT="shared.mtr", **SETTINGS)
        told, = truth(done.stdout)
        data = report("shared.mtr")
        counts = {}
        for label in ("filled", "dropped", "exit"):
            found = find(data, label, "map[int64][2]uint32")
            equal(found["address"], told["address"], label)
            counts[label] = found["count"]
            held = found["bytes"]["buckets"]
        equal(counts, {"filled": 5000, "dropped": 10, "exit": told["count"]})
        assert found["retained_bytes"] > held * 9 // 10, found
        equal(found["remark"], None, "its cells show that it was filled")
        equal(maptrace("check", "--max-retained", "1K", "shared.mtr", status=1).stderr, "")
        os.unlink("shared.mtr")


ARCHIVED = """
#include <maptrace.h>
void Fill(long), Drop(long), Tell(void);
int main(void) { Fill(5000); maptrace_mark("filled"); Drop(10); Tell(); return 0; }
"""


@test
def archive_in_c():
    """a stripped program in C with an archive built by Go: its map is seen, at the exit as well"""
    with open("archived.c", "w", encoding="ascii") as out:
        out.write(ARCHIVED)
    for toolchain in toolchains():
        done = run(["gcc", "-s", "-I", os.path.join(harness.TOP, "include"), "-o", "archived",
                    "archived.c", toolchain.build("shared", "c-archive"), "-lpthread"])
        equal(done.returncode, 0, done.stderr)
        done, _ = harness.traced(["./archived"], MAPTRACE_OUT="archived.mtr", **SETTINGS)
        told, = truth(done.stdout)
        data = report("archived.mtr")
        found = {label: find(data, label, "map[int64][2]uint32") for label in ("filled", "exit")}
        equal({label: m["address"] for label, m in found.items()},
              dict.fromkeys(found, told["address"]))
        equal((found["filled"]["count"], found["exit"]["count"]), (5000, told["count"]))
        os.unlink("archived.mtr")


@test
def plugins_are_refused():
    """a program with a plugin, whose maps would be missed: its snapshots say so"""
    for toolchain in toolchains():
        done, _ = harness.traced([toolchain.build("plugging", "cgo"),
                                  toolchain.build("plugged", "plugin")],
                                 MAPTRACE_OUT=os.path.abspath("plugging.mtr"), **SETTINGS)
        equal(done.stdout, "1\n")
        harness.wait_for(lambda: "the Go heap of plugged" in
                         report("plugging.mtr")["snapshots"][0]["reason"], "the refusal")
        look, = report("plugging.mtr")["snapshots"]
        equal(look["complete"], False)
        contains(look["reason"], "plugin")
        maptrace("check", "--max-retained", "1G", "plugging.mtr", status=3)
        os.unlink("plugging.mtr")


@test
def words_of_the_report():
    """a report on a cgo program says when Go's heap was seen, and how such a program ends"""
    for toolchain in toolchains():
        done = run([harness.MAPTRACE, "run", "-o", "truth.mtr", "--",
                    toolchain.build("truth", "cgo")],
                   env=dict(os.environ, **{key: str(value) for key, value in SETTINGS.items()}))
        text = done.stdout[done.stdout.index("maptrace report:"):]
        contains(text, "ended without a word")
        contains(text, "Go's own heap is counted in snapshots only")
        contains(text, "in global main.")
        equal(report("truth.mtr")["peak"]["exact"], False)
        os.unlink("truth.mtr")


if __name__ == "__main__":
    harness.main()
