"""A filter of system calls from before the program was started: it kills nobody for what is ours.

The sandbox is test_programs/sandboxed.c. Each program runs in it bare and under the library.
"""
import os

import harness
from harness import LIBRARY, contains, equal, program, report, run, test, traces

ARTICLE = ("article", "--values", "inline", "--entries", "2000")
SENTENCE = "kills for what recording needs; this program runs untraced\n"


def inside(sandbox, name, *arguments):
    """Runs a program in a sandbox, bare and under the library: the same output and status. Returns
    what the library said, and its traces."""
    command = [program("sandboxed"), sandbox]
    bare, done = (run([*command, library, program(name), *arguments]) for library in ("", LIBRARY))
    equal((bare.returncode, bare.stderr), (0, ""), f"{name} in {sandbox}, bare")
    equal((done.returncode, done.stdout), (0, bare.stdout), f"{name} in {sandbox}: {done.stderr}")
    return done.stderr, [report(trace) for trace in traces()]


def recorded(sandbox):
    """The article's program is recorded to its end, in silence."""
    said, (data,) = inside(sandbox, *ARTICLE)
    equal((said, data["end"], data["complete"], data["unrecorded"]), ("", "ended", True, 0),
          sandbox)
    equal(harness.snapshot(data, "exit")["complete"], True)


@test
def few_calls():
    """where a program may make few calls it lives, untraced"""
    said, found = inside("few", *ARTICLE)
    equal((said, found), ("", []))  # who would say it is killed for that


@test
def few_calls_and_children():
    """so do its forked children"""
    equal(inside("few", "forks"), ("", []))


@test
def killed_for_ours():
    """where a call of ours kills, the program runs untraced and that is said once"""
    for sandbox in ("kill", "trap"):
        said, found = inside(sandbox, *ARTICLE)
        contains(said, SENTENCE)
        equal((said.count("\n"), found), (1, []), sandbox)


@test
def killed_for_ours_quietly():
    """with MAPTRACE_QUIET nothing is said"""
    done = run([program("sandboxed"), "kill", LIBRARY, program(ARTICLE[0]), *ARTICLE[1:]],
               env=dict(harness.environment(MAPTRACE_QUIET=1), LD_PRELOAD=""))
    equal((done.returncode, done.stderr, traces()), (0, "", []))


@test
def refused():
    """where the same calls fail, the program is recorded to its end"""
    recorded("refuse")


@test
def quota():
    """where a quota leaves no room for a trace, the program runs untraced and that is said once"""
    said, found = inside("quota", *ARTICLE)
    contains(said, "Disk quota exceeded")
    equal((said.count("\n"), found), (1, []))


@test
def not_concerned():
    """where only calls that are none of ours kill, the program is recorded to its end"""
    recorded("none")
    for trace in traces():
        os.unlink(trace)
    recorded("others")


def totals(sandbox):
    """What each process of a program that forks tells: its parent's place, its bytes, its blocks."""
    said, found = inside(sandbox, "forks")
    equal(said, "", sandbox)
    for trace in traces():
        os.unlink(trace)
    assert len(found) > 1, found
    return sorted((data["end"], data["complete"], data["unrecorded"],
                   sum(role["bytes"] for role in data["now"]["roles"].values()),
                   sum(role["blocks"] for role in data["now"]["roles"].values())) for data in found)


@test
def an_old_kernel():
    """what a kernel of 2015 lacks is done without: the same is recorded, in forked children too"""
    recorded("old")
    for trace in traces():
        os.unlink(trace)
    equal(totals("old"), totals("none"))


harness.main()
