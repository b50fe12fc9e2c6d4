"""A memory cgroup at its limit: a guest that just fits goes on, and what is given up is a snapshot.

The guest writes to most of its memory while snapshots look at it, so that pages are copied until the
limit is reached and the kernel chooses whom to kill. Wants a control group that may be made here: root,
and /sys/fs/cgroup writable.
"""
import contextlib
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from harness import LIBRARY, equal, main, program, report, run, test, traces  # noqa: E402

ENTRIES = 200000
# What the library keeps itself is counted too: the live blocks and the trace.
SPARE_BYTES = 8 << 20
# Of what the guest needs alone; downwards, until a snapshot's copies no longer fit.
SHARES = range(200, 100, -5)


class Group:
    """A control group of its own, of version 1 or 2."""

    def __init__(self):
        is_first = os.path.isdir("/sys/fs/cgroup/memory")
        parent = "/sys/fs/cgroup/memory" if is_first else "/sys/fs/cgroup"
        self.path = os.path.join(parent, f"maptrace-soak-{os.getpid()}")
        self.limit = "memory.limit_in_bytes" if is_first else "memory.max"
        self.peak = "memory.max_usage_in_bytes" if is_first else "memory.peak"
        self.kills = "memory.oom_control" if is_first else "memory.events"
        os.mkdir(self.path)

    def read(self, name):
        with open(os.path.join(self.path, name), encoding="ascii") as source:
            return source.read()

    def killed(self):
        words = self.read(self.kills).split()
        return int(words[words.index("oom_kill") + 1])

    def set_limit(self, size):
        with open(os.path.join(self.path, self.limit), "w", encoding="ascii") as out:
            out.write(str(size))

    def run(self, command, **variables):
        enter = f"echo $$ >{self.path}/cgroup.procs && exec \"$@\""
        return run(["sh", "-c", enter, "sh", *command], env=dict(os.environ, **variables))


@contextlib.contextmanager
def group():
    made = Group()
    try:
        yield made
    finally:
        for _ in range(100):  # a snapshot's process may still be on its way out
            with contextlib.suppress(OSError):
                os.rmdir(made.path)
                break
            time.sleep(0.1)


@test
def at_its_limit():
    """a guest in a cgroup that it nearly fills: the same output; snapshots are killed in its place"""
    command = [program("article"), "--entries", str(ENTRIES), "--values", "pointer"]
    with group() as bare_group:
        bare = bare_group.run(command)
        equal(bare.returncode, 0, bare.stderr)
        needs = int(bare_group.read(bare_group.peak))
    killed, shares = 0, iter(SHARES)
    while not killed:
        share = next(shares, None)
        assert share, "the limits were never reached: the test shows nothing"
        with group() as tight:
            tight.set_limit(needs * share // 100 + SPARE_BYTES)
            done = tight.run(command, LD_PRELOAD=LIBRARY)
            equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), f"{share} %")
            killed = tight.killed()
        (trace,) = traces()
        data = report(trace)
        equal((data["complete"], data["unrecorded"]), (True, 0), f"{share} %")
        lost = [s for s in data["snapshots"] if not s["complete"]]
        assert all(s["reason"] for s in lost), lost
        os.unlink(trace)


main()
