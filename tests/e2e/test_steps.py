"""A signal at each instruction of the library on the way of a malloc and a free."""
import os
import re

import harness
from harness import environment, equal, program, report, run, test, traces

STRIDE, LONG_STRIDE = (1, 1) if os.environ.get("SOAK") else (9, 97)
LEAST = 250  # instructions of the library in a pair


def step(what, stride):
    """Runs test_programs/stepped both ways; returns how many events went unrecorded in all."""
    bare = run([program("stepped"), what, str(stride)])
    done = run([program("stepped"), what, str(stride)], env=environment(MAPTRACE_KEEP="1"))
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), done.stderr)
    equal(bare.returncode, 0, bare.stderr)
    equal(bare.stderr, "0 instructions\n")
    count = int(re.fullmatch(r"(\d+) instructions\n", done.stderr)[1])
    assert count * stride >= LEAST, f"signals at {count} instructions"
    found = [report(trace) for trace in traces()]
    assert len(found) >= 2, "a trace of the program, and of its child"
    assert all(data["complete"] for data in found), "a trace without a last word"
    return sum(data["unrecorded"] for data in found)


@test
def allocates():
    """a handler that allocates within an event: such an allocation is counted as unrecorded"""
    assert step("allocate", STRIDE) > 0


@test
def frees():
    """a handler that frees: the block is freed once the event is over, and nothing is lost"""
    equal(step("free", STRIDE), 0)


@test
def jumps():
    """a handler that leaves by siglongjmp: at most the event that it left is lost"""
    assert step("jump", LONG_STRIDE) <= 1


@test
def forks():
    """a handler that forks: both processes end the event, and nothing is lost"""
    equal(step("fork", STRIDE), 0)


harness.main()
