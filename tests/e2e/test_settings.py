"""Each MAPTRACE_* variable does what its line in `maptrace run --help` says."""
import os

from harness import contains, environment, equal, main, one_trace, program, report, run, test, \
    traced, traces


@test
def only():
    """MAPTRACE_ONLY: programs whose name does not match run as if the library were absent"""
    article = [program("article"), "--entries", "1000"]
    traced(article, MAPTRACE_ONLY="cc1*", MAPTRACE_KEEP="1")
    equal(traces(), [])
    traced(["sh", "-c", " ".join(article) + "; true"], MAPTRACE_ONLY="art?c*", MAPTRACE_KEEP="1")
    equal([report(t)["program"] for t in traces()], [program("article")])


def made_at(**variables):
    """Frames of each map of a program by the last digits of its address, which is a global's."""
    _, trace = one_trace([program("unordered_global")], **variables)
    data = report(trace)
    os.unlink(trace)
    return {m["address"][-3:]: m["allocated_at"] for s in data["snapshots"] for m in s["maps"]
            if m["where"]["kind"] == "global"}


@test
def depth():
    """MAPTRACE_DEPTH: no stack is deeper, and the innermost frames are those that stay"""
    deep, flat = made_at(), made_at(MAPTRACE_DEPTH="2")
    assert deep and deep.keys() == flat.keys(), (deep.keys(), flat.keys())
    for address, frames in flat.items():
        real = [f for f in frames if not f["inlined"]]
        assert 1 <= len(real) <= 2, real
        assert len([f for f in deep[address] if not f["inlined"]]) > 2
        equal([f["function"] for f in frames],
              [f["function"] for f in deep[address]][:len(frames)])


@test
def automatic():
    """MAPTRACE_AUTO=0: no snapshot but marks and the exit"""
    scenario = [program("automatic"), "tenth", "100000"]
    labels = []
    for value in ("1", "0"):
        _, trace = one_trace(scenario, MAPTRACE_AUTO=value, MAPTRACE_KEEP="1")
        labels.append({s["label"] for s in report(trace)["snapshots"]})
        os.unlink(trace)
    equal(labels, [{"interval", "exit"}, {"exit"}])


@test
def quiet():
    """MAPTRACE_QUIET=1: not a word on standard error, whatever is wrong"""
    article = [program("article"), "--entries", "1000"]
    wrong = {"MAPTRACE_OUT": "/proc/no/x.mtr", "MAPTRACE_DEPTH": "many", "MAPTRACE_BUDGET": "-1",
             "MAPTRACE_PROFILES": "/no/such/folder"}
    loud = run(article, env=environment(**wrong))
    contains(loud.stderr, "MAPTRACE_DEPTH")
    contains(loud.stderr, "/proc/no/x.mtr")
    silent = run(article, env=environment(MAPTRACE_QUIET="1", **wrong))
    equal((silent.returncode, silent.stdout, silent.stderr), (0, loud.stdout, ""))


@test
def nonsense():
    """values that make no sense keep their defaults: one line each, and the guest is traced"""
    done, trace = one_trace([program("article"), "--entries", "1000"], MAPTRACE_AUTO="maybe",
                            MAPTRACE_BUDGET="0", MAPTRACE_DEPTH="513")
    lines = [line for line in done.stderr.splitlines() if line.startswith("maptrace: ")]
    equal(len(lines), 3, done.stderr)
    assert report(trace)["complete"]


main()
