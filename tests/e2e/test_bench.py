"""The benchmark's harness: its arithmetic, what it counts, and what it refuses to call a figure."""
import ctypes
import json
import os
import sys
import types

import harness
from harness import TOP, contains, equal, main, run, test

os.environ["BUILD"] = harness.BUILD
sys.path.insert(0, os.path.join(TOP, "bench"))
# pylint: disable=wrong-import-position
import document
import figures
import measure as measuring
import places
import run as rounds_of
import tables
import tools
import workloads

BARE, MAPTRACE = tools.ALL[0], tools.ALL[1]
SYS_CLONE = 56  # x86-64


def sample(wall, cpu=None, **more):
    return dict({"wall_s": wall, "cpu_s": wall if cpu is None else cpu}, **more)


def near(got, want):
    assert abs(got - want) < 1e-9, f"got {got}, want {want}"


def measured(*command, options=()):
    """The facts that bench/measure.c tells of a command."""
    done = run([places.built("measure"), "-o", "facts.json", *options, *command])
    with open("facts.json", encoding="utf-8") as file:
        return json.load(file), done


@test
def median_of_ratios():
    """a ratio is the median of the rounds' own ratios, not a ratio of medians"""
    rounds = [{"bare": sample(b), "maptrace": sample(m)} for b, m in ((1, 2), (2, 2), (4, 12))]
    found = figures.ratio(rounds, "maptrace", "wall_s")
    equal((found.least, found.median, found.most), (1, 2, 3))  # the medians' ratio would be 1
    near(figures.added(rounds, "maptrace", "wall_s").median, 1)


@test
def share_of_the_rival():
    """added cost against heaptrack's: within a round, and none where heaptrack adds nothing"""
    rounds = [{"bare": sample(1), "maptrace": sample(1.2), "heaptrack": sample(3)},
              {"bare": sample(2), "maptrace": sample(2.2), "heaptrack": sample(3)},
              {"bare": sample(1), "maptrace": sample(1.5), "heaptrack": sample(0.9)}]
    found = figures.share(rounds, "maptrace", "heaptrack", "wall_s")
    equal(found.count, 2)
    near(found.least, 0.1)
    near(found.most, 0.2)


@test
def failures_have_no_say():
    """a round in which a run failed counts for nothing, and the failure stays to be seen"""
    rounds = [{"bare": sample(1), "heaptrack": sample(3)},
              {"bare": sample(1), "heaptrack": {"failed": "ended with status 1"}},
              {"heaptrack": sample(9)}]
    equal(figures.ratio(rounds, "heaptrack", "wall_s").count, 1)
    equal(figures.ratio(rounds, "maptrace", "wall_s"), None)
    equal(figures.failures(rounds), {"heaptrack": "ended with status 1"})
    data = {"workloads": {"W1": {"rounds": rounds}}}
    contains(tables.failed(tables.entries_of(data)), "W1 under heaptrack: ended with status 1")
    contains(tables.costs(tables.entries_of(data)), tables.FAILED)


@test
def memory_beyond():
    """memory: what is added beyond 8 MiB, as a part of the heap; 0 within them"""
    rounds = [{"bare": sample(1, peak_kib=10240),
               "maptrace": sample(1, peak_kib=10240 + 28 * 1024)}]
    near(figures.memory_share(rounds, "maptrace", 100 * figures.MIB), 0.2)
    rounds[0]["maptrace"]["peak_kib"] = 10240 + 8 * 1024
    near(figures.memory_share(rounds, "maptrace", 100 * figures.MIB), 0)
    equal(figures.memory_share(rounds, "maptrace", 0), None)


@test
def flat_or_not():
    """a run ten times longer is judged by what is added, not by what the program costs itself"""
    def of(bare, traced):
        return [{"bare": sample(1, pair_cpu_ns=bare), "maptrace": sample(1, pair_cpu_ns=traced)}]
    near(figures.flatness(of(50, 60), of(80, 95), "maptrace", "pair_cpu_ns"), 1.5)
    equal(figures.flatness(of(50, 50), of(80, 95), "maptrace", "pair_cpu_ns"), None)


@test
def goes_on():
    """interrupted, the benchmark goes on with what is lacking, slow tools for less rounds"""
    options = types.SimpleNamespace(runs=5, quick=False)
    dhat = tools.ALL[5]
    rounds = [{"bare": sample(1), "maptrace": sample(1), "dhat": sample(1)} for _ in range(3)]
    equal(rounds_of.lacking([BARE, MAPTRACE, dhat], rounds, options), [BARE, MAPTRACE])
    more = rounds + [{"bare": sample(1)}] * 2
    equal(rounds_of.lacking([BARE, MAPTRACE], more, options), [BARE, MAPTRACE])
    equal(rounds_of.lacking([MAPTRACE], rounds, options), [MAPTRACE])
    rounds += rounds[:2]
    equal(rounds_of.lacking([BARE, MAPTRACE, dhat], rounds, options), [])
    rounds[4] = {"maptrace": {"failed": "no"}}
    equal(rounds_of.lacking([MAPTRACE], rounds[4:], options), [])
    rounds_of.drop_failures(rounds)
    equal(rounds_of.lacking([BARE, MAPTRACE], rounds[4:], options), [BARE, MAPTRACE])


@test
def takes_turns():
    """every round begins with another tool, and slow tools have a bare run of their own size"""
    chosen = list(tools.ALL)
    firsts = [rounds_of.turns(chosen, number)[0][1] for number in range(3)]
    equal(sorted(firsts), ["bare", "heaptrack", "maptrace"])
    equal([(key, small) for _, key, small in rounds_of.turns(chosen, 0)][3:5],
          [("bare/small", True), ("jemalloc", True)])


@test
def counts_orphans():
    """measure counts the CPU time of a child without exit signal that nobody waits for"""
    assert ctypes.CDLL(None).syscall  # as the child's program below has it
    burn = ("import ctypes, os, time\n"
            "parent = os.getpid()\n"
            f"if ctypes.CDLL(None).syscall({SYS_CLONE}, 0, 0, 0, 0, 0) == 0:\n"
            "    while os.getppid() == parent: os.sched_yield()\n"
            "    began = time.process_time()\n"
            "    while time.process_time() < began + 0.3: pass\n"
            "os._exit(0)\n")
    facts, _ = measured("/usr/bin/python3", "-c", burn)
    assert facts["user_s"] + facts["system_s"] >= 0.3, facts
    assert facts["tree_s"] > facts["wall_s"], facts


@test
def own_memory_only():
    """a command's peak memory has nothing of the benchmark's own"""
    ballast = bytearray(64 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    facts, _ = measured("/bin/true")
    assert 0 < facts["peak_kib"] < 16 * 1024, facts
    facts, _ = measured("/usr/bin/python3", "-c", "x = bytearray(100 << 20)")
    assert facts["peak_kib"] > 100 * 1024, facts


@test
def tells_the_end():
    """measure tells how a command ended, ends one that takes too long, with all that it started"""
    equal(measured("sh", "-c", "exit 7")[0]["exit"], 7)
    equal(measured("sh", "-c", "kill -9 $$")[0]["signal"], 9)
    equal(measured("./there-is-none")[0]["exit"], 127)
    facts, _ = measured("sh", "-c", "sleep 600 & sleep 600", options=("-t", "0.1"))
    equal((facts["is_late"], facts["signal"]), (True, 9))


@test
def guests_do_their_work():
    """each workload that needs no other package does what it says, bare and recorded in full"""
    chosen = [w for w in workloads.WHOLE if w.name in ("W1", "W2", "W3", "W4", "W7")] + \
             [w for w in workloads.MICRO if w.name in ("paths-10000", "paths-random", "threads-2")]
    equal(len(chosen), 8)
    for workload in chosen:
        for tool in (BARE, MAPTRACE):
            found = measuring.sample_of(workload, tool, 20000)
            assert "failed" not in found, f"{workload.name} under {tool.name}: {found}"
        assert found["allocations"] >= workload.least_allocations(20000), found
        equal(found["unrecorded"], 0)


@test
def searches_find_what_is_there():
    """with every profile awake a search finds the maps of its guest, and no other"""
    for case, size, maps in (("inline", 100000, 1), ("pointer", 100000, 1), ("big", 100000, 1),
                             ("emptied", 100000, 1), ("many", 100000, 0), ("chain", 100000, 1),
                             ("unordered", 1000, 1000), ("small", 100000, 0), ("plain", 100000, 0)):
        done = run([os.path.join(harness.BUILD, "bench", "finder_bench"), case, str(size), "1"])
        equal(done.returncode, 0, case)
        contains(done.stderr, f" blocks, {maps} maps, ")


@test
def refuses_what_is_no_figure():
    """a guest that did not do its work, or a tool that did not see it, is a failure"""
    def of(words, **more):
        return workloads.Workload("mine", "mine", words, size=1, **more)
    contains(measuring.sample_of(of("sh -c false"), BARE, 1)["failed"], "status 1")
    contains(measuring.sample_of(of("/bin/true", says="{size} done"), BARE, 1)["failed"], "1 done")
    contains(measuring.sample_of(of("/bin/sort /dev/null", least=10**6), MAPTRACE, 1)["failed"],
             "allocations, not 1,000,000")
    contains(measuring.sample_of(of("sleep 600", beside="/bin/false"), BARE, 1)["failed"],
             "false failed beside it")


@test
def tells_who_disturbed():
    """the tables call themselves preliminary where the machine was not quiet"""
    entry = {"rounds": [{"bare": sample(1), "maptrace": sample(2)}], "busy": [1.5]}
    data = {"date": "-", "commit": "-", "tools": {}, "workloads": {"W1": entry},
            "key": {"library": "-", "is_quick": False, "machine": {
                "processor": "-", "cores": 2, "memory_gib": 1, "kernel": "-", "system": "-",
                "compiler": "-", "libc": "-", "huge_pages": ""}}}
    contains(document.document(data), "Preliminary")
    entry["busy"] = [0.0]
    assert "Preliminary" not in document.document(data)
    contains(document.document(data),
             "| W1: wall against bare | 1.2 | 2.00 (2.00 to 2.00) | **not met** |")


main()
