"""Each MAPTRACE_* variable does what its line in `maptrace run --help` says."""
import os
import re

from harness import contains, environment, equal, main, maptrace, one_trace, program, report, \
    run, test, traced, traces


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


def said(done):
    """What the library said, without its name."""
    return [line[len("maptrace: "):] for line in done.stderr.splitlines()
            if line.startswith("maptrace: ")]


def tree(**variables):
    """A shell that starts the article twice; what the three had to say."""
    article = " ".join([program("article"), "--entries", "1000"])
    done, found = traced(["sh", "-c", f"{article}; {article}; true"], **variables)
    equal(len(found), 2, f"{found}: {done.stderr}")
    for trace in found:
        os.unlink(trace)
    return said(done)


@test
def misspelt():
    """a variable that is misspelt is told with those that exist, once in a tree of programs"""
    line, = tree(MAPTRACE_OTU="x.mtr")
    assert line.startswith("unknown variable MAPTRACE_OTU; known: MAPTRACE_OUT, "), line
    equal(tree(MAPTRACE_OTU="x.mtr", MAPTRACE_QUIET="1"), [])
    line, = tree(MAPTRACE_AUTO="yes")
    contains(line, "MAPTRACE_AUTO")
    line, = tree(MAPTRACE_PROFILES="/no/such/folder")
    contains(line, "/no/such/folder")


@test
def misspelt_by_a_child():
    """a program says what is wrong with a variable that its parent did not have"""
    article = " ".join([program("article"), "--entries", "1000"])
    done, _ = traced(["sh", "-c", f"MAPTRACE_OTU=x {article}; true"])
    line, = said(done)
    contains(line, "MAPTRACE_OTU")


@test
def misspelt_for_run():
    """`maptrace run` and `maptrace go` refuse a misspelt variable before they start anything"""
    for command in (["run"], ["go", "run"]):
        done = maptrace(*command, "--", "touch", "started", status=2,
                        env=dict(os.environ, MAPTRACE_OTU="x.mtr"))
        contains(done.stderr, "MAPTRACE_OTU is no variable of maptrace")
        assert not os.path.exists("started")
    done = maptrace("go", str(os.getpid()), status=2, env=dict(os.environ, MAPTRACE_OTU="x.mtr"))
    contains(done.stderr, "MAPTRACE_OTU is no variable of maptrace")
    equal(traces(), [])


@test
def place():
    """MAPTRACE_OUT: in a folder the usual name; a name that is taken gets .1, and that is told"""
    os.mkdir("folder")
    article = [program("article"), "--entries", "1000"]
    equal(said(run(article, env=environment(MAPTRACE_OUT="folder"))), [])
    found, = os.listdir("folder")
    assert re.fullmatch(r"maptrace\.article\.\d+\.mtr", found), found
    equal(said(run(article, env=environment(MAPTRACE_OUT="x.mtr"))), [])
    line, = said(run(article, env=environment(MAPTRACE_OUT="x.mtr")))
    equal(line, f"{os.path.realpath('x.mtr')} exists: this trace is "
                f"{os.path.realpath('x.mtr.1')}")
    assert report("x.mtr.1")["complete"]


main()
