"""Threads that allocate, resize and free each other's blocks: the trace agrees with their own word.

Under glibc's allocator, jemalloc, tcmalloc and mimalloc; while the program forks; after SIGKILL.
"""
import glob
import json
import os
import signal
import struct
import subprocess
import time

import harness
from harness import LIBRARY, environment, equal, program, report, snapshot, test, traced, traces, \
    wait_for

FACTS = os.path.join(harness.BUILD, "bench/trace_facts")
THREADS = 8
SIZE_MAX = 500008
KILLS = 12


def allocator(name):
    """Path of another allocator's library; it must be installed."""
    found = glob.glob(f"/usr/lib/*/{name}")
    assert found, f"{name} is not installed: tests/deps.sh"
    return found[0]


def live(snap):
    """Bytes and blocks that were live in a snapshot."""
    return snap["live_bytes"], snap["live_blocks"]


def judge(preload):
    """Marks at rest: what came in between is what the program says."""
    done, found = traced([program("exchange"), "60000"], LD_PRELOAD=preload, MAPTRACE_KEEP="1")
    said = tuple(int(n) for n in done.stdout.split()[1:])
    equal(len(found), 1, "traces")
    data = report(found[0])
    before, after = live(snapshot(data, "begin")), live(snapshot(data, "end"))
    equal((after[0] - before[0], after[1] - before[1]), said, "live bytes and blocks")
    equal(data["peak"]["exact"], False, "the peak of many threads")


@test
def glibc():
    """eight threads free each other's blocks: live bytes and blocks are the program's own (glibc)"""
    judge(LIBRARY)


@test
def jemalloc():
    """the same with jemalloc, which has blocks of 8 bytes"""
    judge(f"{LIBRARY}:{allocator('libjemalloc.so.2')}")


@test
def tcmalloc():
    """the same with tcmalloc"""
    judge(f"{LIBRARY}:{allocator('libtcmalloc_minimal.so.4')}")


@test
def mimalloc():
    """the same with mimalloc"""
    judge(f"{LIBRARY}:{allocator('libmimalloc.so.2*')}")


def counted(preload, pairs):
    """The program's own word, and what the trace counts: allocations, live blocks and bytes."""
    done, found = traced([program("operators"), str(pairs)], LD_PRELOAD=preload, MAPTRACE_KEEP="1")
    equal(len(found), 1, "traces")
    facts = json.loads(harness.run([FACTS, found[0]]).stdout)
    live_bytes = report(found[0])["now"]["bytes"]
    os.unlink(found[0])
    return ([int(n) for n in done.stdout.split()],
            [facts["allocations"], facts["allocations"] - facts["frees"], live_bytes])


@test
def operators():
    """each new and each delete counts once, however often the hooks meet it, with any allocator"""
    for name in (None, "libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2*"):
        preload = f"{LIBRARY}:{allocator(name)}" if name else LIBRARY
        said_few, few = counted(preload, 100)
        said_many, many = counted(preload, 1100)
        equal([b - a for a, b in zip(few, many)],
              [b - a for a, b in zip(said_few, said_many)],
              f"{name}: blocks, live ones, their bytes")
        equal(said_many[0] - said_few[0], 8000, "the program's own work")


@test
def forks():
    """children forked while seven threads allocate: each has a sound trace, the parent's is exact"""
    done, found = traced([program("exchange"), "60000", "fork"], MAPTRACE_KEEP="1")
    said = tuple(int(n) for n in done.stdout.split()[-2:])
    reports = [report(trace) for trace in found]
    parents = [data for data in reports if any(s["label"] == "end" for s in data["snapshots"])]
    children = [data for data in reports if data not in parents]
    equal((len(parents), len(children)), (1, 20), "parent and children")
    before, after = live(snapshot(parents[0], "begin")), live(snapshot(parents[0], "end"))
    equal((after[0] - before[0], after[1] - before[1]), said, "live bytes and blocks")
    for data in children:
        marked = snapshot(data, "child")
        assert marked["complete"], marked["reason"]
        # nothing was allocated or freed for good after the mark, and there is one thread
        equal(data["now"]["bytes"], marked["live_bytes"], "counters and ledger of a child")


def began():
    """Whether the mark from which the program counts is there, and work was done since."""
    found = [s for trace in traces() for s in report(trace)["snapshots"]]
    return any(s["label"] == "begin" and s["complete"] for s in found) and truth() != 0


def truth():
    """What the program counted itself."""
    with open("truth", "rb") as file:
        return sum(struct.unpack("<q", file.read(64)[:8])[0] for _ in range(THREADS))


@test
def killed():
    """after SIGKILL at any moment the counters are the program's, but for what was under way"""
    for kill in range(KILLS):
        guest = subprocess.Popen([program("exchange"), "0", "truth"],
                                 env=environment(MAPTRACE_KEEP="1"), stdout=subprocess.PIPE)
        guest.stdout.readline()
        wait_for(began, "the program's work")
        time.sleep(0.003 * kill)
        guest.send_signal(signal.SIGKILL)
        guest.wait()
        guest.stdout.close()
        found = traces()
        equal(len(found), 1, "traces")
        data = report(found[0])
        os.unlink(found[0])
        off = data["now"]["bytes"] - snapshot(data, "begin")["live_bytes"] - truth()
        assert abs(off) <= 3 * THREADS * SIZE_MAX, f"{off} bytes off"


harness.main()
