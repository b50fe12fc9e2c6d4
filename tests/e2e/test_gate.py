"""`maptrace check` as a gate: what is over fails, what cannot be judged never passes."""
import json
import os
import pty
import shutil
import signal
import xml.etree.ElementTree as xml

import harness
from harness import background, contains, environment, equal, maptrace, one_trace, program, report, \
    run, snapshot, test, traces, wait_for


@test
def dead_before_main_returns():
    """maps that die before main returns, but held empty buckets most of the run, fail the gate"""
    _, trace = one_trace([program("hold_empty")])
    data = report(trace)
    equal(snapshot(data, "exit")["maps"], [], "the maps are dead at the end")
    done = maptrace("check", trace, "--max-retained", "16M", status=1)
    contains(done.stdout, "interval")
    maptrace("check", trace, "--max-retained", "4G", status=0)


def saw_an_empty_map():
    return any(m["count"] == 0 and m["retained_bytes"]
               for trace in traces() for s in report(trace)["snapshots"]
               if s["complete"] for m in s["maps"])


def killed_server(number):
    with background([program("server_empty")], env=environment(), ready="ready") as server:
        wait_for(saw_an_empty_map, "a snapshot by itself of the emptied map")
        os.kill(server.pid, number)
        server.wait()
    trace = traces()[0]
    maptrace("check", trace, "--max-retained", "64K", status=1)
    maptrace("check", trace, "--max-retained", "4G", status=0)


@test
def server_sigterm():
    """a server ended by SIGTERM is judged by its last complete snapshot"""
    killed_server(signal.SIGTERM)


@test
def server_sigkill():
    """a server ended by SIGKILL is judged by its last complete snapshot"""
    killed_server(signal.SIGKILL)


@test
def killed_without_snapshot():
    """a guest killed before any snapshot cannot be judged"""
    with background([program("server_empty")], env=environment(MAPTRACE_AUTO="0"),
                    ready="ready") as server:
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    done = maptrace("check", traces()[0], "--max-retained", "4G", status=3)
    contains(done.stdout + done.stderr, "snapshot")


@test
def hundreds_of_children():
    """a build that runs hundreds of children: the folder is judged as one"""
    os.mkdir("out")
    done = run([program("children"), "300"], env=environment(MAPTRACE_OUT="out/%n.%p.mtr"))
    equal(done.returncode, 0, done.stderr)
    found = traces("out")
    assert 5 <= len(found) <= 301, f"{len(found)} traces"
    maptrace("check", "out", "--max-retained", "4G", status=0)
    over = maptrace("check", "out", "--max-retained", "1K", status=1).stdout
    assert over.count("FAIL") >= 1, over


@test
def usage():
    """usage errors and unreadable traces exit with 2 and say what to do"""
    _, trace = one_trace([program("article"), "--entries", "1000"])
    for arguments in ([], ["check"], ["check", trace, "--max-retained", "12Q"],
                      ["check", trace, "--no-such-option"], ["no-such-command"],
                      ["check", trace, "--max-retained"]):
        done = maptrace(*arguments, status=2)
        contains(done.stderr, "maptrace")
    contains(maptrace("check", "missing.mtr", "--max-retained", "1M", status=2).stdout,
             "missing.mtr")
    maptrace("check", ".", "--max-retained", "1M", status=0)
    os.mkdir("empty")
    maptrace("check", "empty", "--max-retained", "1M", status=3)


@test
def limits():
    """every limit judges: total, per map, fill, buckets, growth"""
    _, trace = one_trace([program("article"), "--entries", "50000"])
    for over, within in ((["--max-retained", "1K"], ["--max-retained", "1G"]),
                         (["--max-retained-per-map", "1K"], ["--max-retained-per-map", "1G"]),
                         (["--max-buckets", "1K"], ["--max-buckets", "1G"]),
                         (["--min-fill", "50", "--min", "1K"], ["--min-fill", "0"])):
        maptrace("check", trace, *over, status=1)
        maptrace("check", trace, *within, status=0)


def worst_maps(trace):
    return json.loads(maptrace("maps", "--json", trace).stdout)["maps"]


@test
def unknown_cause():
    """a reserve() in a stripped program is retained of unknown cause, with a limit of its own"""
    _, trace = one_trace([program("unordered_reserve", "stripped")])
    said = worst_maps(trace)
    doubtful = sum(it["unknown_cause_bytes"] for it in said)
    equal(doubtful, sum(it["retained_bytes"] for it in said))
    assert doubtful > 800000, said
    contains(maptrace("report", trace).stdout, "is of unknown cause")
    done = maptrace("check", trace, "--max-unknown-cause", "1K", status=1)
    contains(done.stdout, "of unknown cause")
    maptrace("check", trace, "--max-unknown-cause", "4M", status=0)
    os.unlink(trace)
    _, named = one_trace([program("unordered_reserve")])
    equal(sum(it["unknown_cause_bytes"] for it in worst_maps(named)), 0)
    maptrace("check", named, "--max-unknown-cause", "0", status=0)


@test
def deletion_is_a_cause():
    """in a stripped program too, entries that were seen to go are cause enough: their nodes tell"""
    _, trace = one_trace([program("unordered_churn", "stripped")])
    said = worst_maps(trace)
    assert sum(it["retained_bytes"] for it in said) > 0, said
    half = [it for it in said if it["count"] and it["retained_bytes"]]
    assert len(half) >= 4, said
    equal({it["unknown_cause_bytes"] for it in half}, {0})


@test
def baseline():
    """growth against an older trace: maps are matched by where they were made"""
    _, old = one_trace([program("article"), "--entries", "10000"], MAPTRACE_OUT="old.mtr")
    run([program("article"), "--entries", "10000"], env=environment(MAPTRACE_OUT="same.mtr"))
    run([program("article"), "--entries", "80000"], env=environment(MAPTRACE_OUT="new.mtr"))
    maptrace("check", "same.mtr", "--baseline", old, "--max-growth", "4K", status=0)
    maptrace("check", "new.mtr", "--baseline", old, "--max-growth", "4K", status=1)


@test
def accepted():
    """accepted maps do not fail the gate; errors in the file do, with their line"""
    _, trace = one_trace([program("article"), "--entries", "50000"])
    with open("accepted", "w", encoding="utf-8") as out:
        out.write("# known\nprofile \"gohmap\"\n")
    maptrace("check", trace, "--max-retained", "1K", "--accepted", "accepted", status=0)
    with open("other", "w", encoding="utf-8") as out:
        out.write("profile \"uthash\"\n")
    maptrace("check", trace, "--max-retained", "1K", "--accepted", "other", status=1)
    with open("broken", "w", encoding="utf-8") as out:
        out.write("profile \"gohmap\"\nbanana \"split\"\n")
    done = maptrace("check", trace, "--max-retained", "1K", "--accepted", "broken", status=2)
    contains(done.stderr, "broken:2")


@test
def machine_outputs():
    """JUnit, GitHub annotations and JSON say what the text says"""
    _, trace = one_trace([program("article"), "--entries", "50000"])
    done = maptrace("check", trace, "--max-retained", "1K", "--junit", "out.xml", "--github",
                    status=1)
    contains(done.stdout, "::error")
    tree = xml.parse("out.xml").getroot()
    assert tree.findall(".//failure"), xml.tostring(tree)
    data = json.loads(maptrace("check", trace, "--max-retained", "1K", "--json", status=1).stdout)
    assert data, data
    maptrace("check", trace, "--max-retained", "1G", "--junit", "/proc/no/out.xml", status=2)


@test
def cut_snapshots():
    """a truncated trace is not judged as if it were whole"""
    _, trace = one_trace([program("article"), "--entries", "50000"])
    shutil.copy(trace, "cut.mtr")
    os.truncate("cut.mtr", os.path.getsize(trace) // 2 // 512 * 512)
    done = maptrace("check", "cut.mtr", "--max-retained", "4G", status=None)
    assert done.returncode in (2, 3), done.stdout + done.stderr


@test
def disk_filled_up():
    """where the disk had no room for the exit snapshot, an early complete one is no pass"""
    unseen = 0
    for blocks in range(100, 900, 25):
        folder = f"at-{blocks}"
        os.mkdir(folder)
        run(["bash", "-c", f"ulimit -f {blocks}; cd {folder}; exec env LD_PRELOAD={harness.LIBRARY}"
             f" MAPTRACE_AUTO=0 {program('article')} --entries 20000"])
        for trace in traces(folder):
            snaps = report(trace)["snapshots"]
            if snaps and not snaps[-1]["complete"] and any(s["complete"] for s in snaps):
                unseen += 1
                done = maptrace("check", trace, "--max-retained", "4G", status=3)
                contains(done.stdout, "its last snapshot, 'exit', is not complete")
                whole = next(s["label"] for s in snaps if s["complete"])
                maptrace("check", trace, "--max-retained", "4G", "--snapshot", whole, status=0)
    assert unseen, "at no limit was the exit snapshot the one without room"


def terminal_output(command):
    """What a command prints on standard error where that is a terminal, and its exit status."""
    master, slave = pty.openpty()
    with background(["bash", "-c", f"exec {command} 2>&{slave} >/dev/null"], pass_fds=[slave]) as it:
        os.close(slave)
        said = b""
        try:
            while chunk := os.read(master, 4096):
                said += chunk
        except OSError:  # the other end is closed
            pass
        os.close(master)
        return said.decode(), it.wait()


@test
def progress():
    """a check of one trace leaves the terminal clean, one of many what is not a terminal"""
    _, trace = one_trace([program("unordered_string")])
    os.mkdir("many")
    for number in range(20):
        os.link(trace, f"many/{number}.mtr")
    said, status = terminal_output(f"{harness.MAPTRACE} check --max-retained 4G {trace}")
    equal((said.rpartition("\r")[2].replace("\033[K", ""), status), ("", 0), "the last line")
    equal(maptrace("check", "--max-retained", "4G", "many").stderr, "")


def named_map(trace, status, *options):
    """The map that check names for its one limit."""
    said = maptrace("check", "--json", trace, *options, status=status).stdout
    return json.loads(said)["traces"][0]["findings"][0]["map"]


@test
def names_only_what_breaks():
    """check reads symbols for the map that breaks a limit alone, and for none if told so"""
    _, trace = one_trace([program("unordered_string")])
    passing = named_map(trace, 0, "--max-retained", "4G")
    breaking = named_map(trace, 1, "--max-retained", "1")
    nameless = named_map(trace, 1, "--max-retained", "1", "--no-symbols")
    assert breaking["function"] and breaking["type"], breaking
    for it in passing, nameless:
        equal((it["function"], it["type"]), (None, None))
        equal(it["retained_bytes"], breaking["retained_bytes"])


@test
def no_symbols():
    """without symbols a report tells the same bytes, and the program's module where a map was made"""
    _, trace = one_trace([program("unordered_string")])
    named, nameless = (json.loads(maptrace("maps", "--json", *options, trace).stdout)["maps"]
                       for options in ([], ["--no-symbols"]))
    equal(len(named), len(nameless))
    for one, other in zip(named, nameless):
        equal((other["address"], other["bytes"]), (one["address"], one["bytes"]))
        equal({frame["function"] for frame in other["allocated_at"]}, {None})
        equal({frame["file"] for frame in other["allocated_at"]}, {None})
        assert one["made_at"]["function"] and "unordered_string" in other["made_at"]["module"], other
    contains(maptrace("report", "--no-symbols", trace).stdout, "made at unordered_string+0x")


harness.main()
