"""Programs that make life hard for whoever lives inside them do the same with and without the library.

Each case of test_programs/hardship is a test of its own: the same output, errors and status, no hang;
every trace that is left opens. With SOAK set each case runs as often as it says for a long test.
"""
import os
import subprocess

import harness
from harness import BUILD, LIBRARY, equal, program, report, run, test, traces

PROGRAMS = ("processes", "handlers", "threads", "sizes", "stacks", "signals", "jails", "namespaces")
ALLOCATOR = {"signals": "libsteady.so"}  # what the program brings to bear handlers that allocate
MANY_PROCESSES = ("processes", "handlers")
SOAK = bool(os.environ.get("SOAK"))
HANG_S = 1800 if SOAK else harness.LIMIT_S
LEFT_MAX = 200  # blocks of libc and the loader at the end
# What a handler does inside the library, and what finds no memory, may go unrecorded: it is counted.
UNEXACT = ("signals", "sizes no_memory", "jails no_growth")
# Where the library cannot do its work it says so, each process once.
TOLD = {"jails no_growth": "found no room in the trace", "sizes no_memory": "found no room in the trace",
        "jails no_descriptors": "Too many open files; it goes on untraced"}
# Where the program forbids itself what recording needs, the trace ends with a last snapshot.
LOCKED_IN = ("jails kills", "jails kills_by_syscall")


def library(name):
    return os.path.join(BUILD, "test_programs", "hardship", name)


def preload(name, *first):
    """LD_PRELOAD for a program: what comes first, and its own allocator."""
    return " ".join([*first, *([library(ALLOCATOR[name])] if name in ALLOCATOR else [])])


def cases(name):
    """(case, few times, many times) of a program, by its own word."""
    lines = run([program("hardship/" + name), "--list"]).stdout.splitlines()
    assert lines, name
    return [(line.split()[0], *line.split()[1:]) for line in lines]


def both(name, case, times, keep):
    """Runs a case bare and traced; they must be alike."""
    command = [program("hardship/" + name), case, times]
    plain = dict(os.environ, LD_PRELOAD=preload(name))
    under = dict(os.environ, LD_PRELOAD=preload(name, LIBRARY), MAPTRACE_KEEP=keep)
    bare, done = (run(command, env=env, timeout=HANG_S) for env in (plain, under))
    told = [line for line in done.stderr.splitlines() if line.startswith("maptrace: ")]
    errors = "".join(line + "\n" for line in done.stderr.splitlines() if line not in told)
    equal((done.returncode, done.stdout, errors), (bare.returncode, bare.stdout, bare.stderr),
          f"{name} {case}: {done.stderr}")
    equal([line for line in told if TOLD.get(f"{name} {case}", "\n") not in line], [], "told")
    equal(len(told), len(set(told)), f"said once: {told}")
    equal(bare.returncode, 0, f"{name} {case}")


def judge(name, case):
    """Every trace opens; the program's own holds what libc keeps and nothing else."""
    found = [report(trace) for trace in traces()]
    assert found, "no trace"
    equal(len({data["pid"] for data in found}), len(found), "one trace a process")
    own = min(found, key=lambda data: data["pid"] if data["parent_pid"] == os.getpid() else 1 << 30)
    is_locked_in = f"{name} {case}" in LOCKED_IN
    equal((own["end"], own["complete"]), ("stopped", False) if is_locked_in else ("ended", True),
          f"{name} {case}")
    if is_locked_in:
        assert harness.snapshot(own, "sandbox")["complete"]
    if name not in UNEXACT and f"{name} {case}" not in UNEXACT:
        equal(own["unrecorded"], 0, "events that were not recorded")
        blocks = sum(role["blocks"] for role in own["now"]["roles"].values())
        assert blocks <= LEFT_MAX, f"{blocks} blocks are left"


def _add(name, case, few, many):
    def run_case():
        keeps = name not in MANY_PROCESSES
        both(name, case, many if SOAK else few, "1" if keeps else "")
        if keeps:
            judge(name, case)
    run_case.__doc__ = f"{name} {case}: the same under the library, {many if SOAK else few} times"
    run_case.__name__ = f"{name}_{case}"
    test(run_case)


def _left(case):
    """(bytes, blocks, events that are missing) of the program's own trace at its end."""
    before = set(traces())
    env = dict(os.environ, LD_PRELOAD=preload("signals", LIBRARY), MAPTRACE_KEEP="1")
    process = subprocess.Popen([program("hardship/signals"), case, "200"], env=env)
    equal(process.wait(HANG_S), 0, case)
    own, = [data for data in map(report, set(traces()) - before) if data["pid"] == process.pid]
    roles = own["now"]["roles"].values()
    return (sum(role["bytes"] for role in roles), sum(role["blocks"] for role in roles),
            own["unrecorded"])


@test
def handlers_forks_end_their_event_elsewhere():
    """a child that a handler made within an event ends it in its own trace, not in its parent's"""
    equal(_left("forks_back"), _left("only_ticks"), "what is left")


for _name in PROGRAMS:
    for _case in cases(_name):
        _add(_name, *_case)

harness.main()
