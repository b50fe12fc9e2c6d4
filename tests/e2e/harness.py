"""What the end-to-end tests share: running programs under the library, reading reports, TAP.

A test file is a list of functions marked @test and a last line harness.main(). Each runs in an empty
folder of its own, in the order of the file, and fails by an exception.
"""
import contextlib
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))  # the Makefile says where
# `make coverage` names those that count their lines.
LIBRARY = os.environ.get("LIBRARY", os.path.join(TOP, "libmaptrace.so"))
MAPTRACE = os.environ.get("ANALYZER", os.path.join(TOP, "maptrace"))
SANITIZED = os.path.join(BUILD, "san", "maptrace")
VARIANTS = ("O0", "O2", "stripped")
LIMIT_S = 900  # for whatever is waited for: finds what hangs, and judges no machine
os.environ["MAPTRACE_BUDGET"] = str(LIMIT_S)  # a search may have to wait long for its turn


def variants(name):
    """In which ways a test program is built; Rust's also by a newer compiler where one was named."""
    is_newer = "rust" in name and os.environ.get("RUSTC_NEWER")
    return VARIANTS + (("newer",) if is_newer else ())


_tests = []


def test(function):
    """Marks a test; its docstring's first line is its name: the behaviour it protects."""
    _tests.append(function)
    return function


def main():
    """Runs the marked tests, prints TAP, exits 1 if one failed."""
    only = sys.argv[1:]
    chosen = [t for t in _tests if not only or t.__name__ in only]
    print(f"1..{len(chosen)}")
    failed = 0
    for number, function in enumerate(chosen, 1):
        name = (function.__doc__ or function.__name__).strip().splitlines()[0]
        folder = tempfile.mkdtemp(prefix="maptrace-test-")
        back = os.getcwd()
        try:
            os.chdir(folder)
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name} ({function.__name__})")
            print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
        finally:
            os.chdir(back)
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


def equal(got, want, what=""):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def contains(text, part):
    assert part in text, f"{part!r} is not in:\n{text}"


def program(name, variant="O2"):
    """Path of a built test program; it must exist."""
    path = os.path.join(BUILD, "test_programs", variant, name)
    assert os.path.exists(path), f"{path} was not built"
    return path


def environment(**more):
    """The environment of a traced guest."""
    env = dict(os.environ, LD_PRELOAD=LIBRARY)
    env.update({key: str(value) for key, value in more.items()})
    return env


def run(command, env=None, **options):
    """Runs a command to its end; text output, never raises for its exit status."""
    options.setdefault("timeout", LIMIT_S)
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(command, env=env, text=True, errors="replace",
                          stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=options.pop("stderr", subprocess.PIPE), check=False, **options)


def traced(command, status=0, **variables):
    """Runs a command under the library here; returns (completed process, its traces)."""
    done = run(command, env=environment(**variables))
    if status is not None:
        equal(done.returncode, status, f"{command}: {done.stdout}{done.stderr}")
    return done, traces()


def traces(folder="."):
    return sorted(glob.glob(os.path.join(folder, "*.mtr*")))


def one_trace(command, **options):
    """Runs a command under the library; it must leave exactly one trace."""
    done, found = traced(command, **options)
    equal(len(found), 1, f"traces of {command}: {found}")
    return done, found[0]


def maptrace(*arguments, status=0, binary=MAPTRACE, **options):
    """Runs the analyzer; checks its exit status; returns the completed process."""
    done = run([binary, *arguments], **options)
    if status is not None:
        equal(done.returncode, status, f"maptrace {arguments}:\n{done.stdout}{done.stderr}")
    return done


def report(trace, *arguments):
    """`maptrace report --json` as a dictionary."""
    data = json.loads(maptrace("report", "--json", trace, *arguments).stdout)
    equal(data["schema"], "maptrace/1")
    return data


def snapshot(data, label):
    """The one snapshot with this label."""
    found = [s for s in data["snapshots"] if s["label"] == label]
    equal(len(found), 1, f"snapshots labelled {label}: {[s['label'] for s in data['snapshots']]}")
    return found[0]


def maps_by_address(snap):
    return {int(m["address"], 16): m for m in snap["maps"]}


def told(name, variant, label):
    """([(what the program says of a map of its own, maptrace's map)], the trace). The program prints
    a line of JSON for each, with its address, and then takes the snapshot of this label."""
    done, trace = one_trace([program(name, variant)])
    maps = maps_by_address(snapshot(report(trace), label))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [(row, maps[int(row["address"], 16)]) for row in rows], trace


def structure_bytes(m):
    """Bytes of a map's buckets and overflow."""
    return m["bytes"]["buckets"] + m["bytes"]["old_buckets"] + m["bytes"]["overflow"]


@contextlib.contextmanager
def background(command, env=None, ready=None, **options):
    """A process that is killed, by its own id, when the block ends. With `ready`, waits until it
    has printed that line."""
    process = subprocess.Popen(command, env=env, text=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    try:
        while ready is not None:
            line = process.stdout.readline()
            assert line, f"{command} ended before it was ready: {process.stderr.read()}"
            if ready in line:
                break
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()


def wait_for(condition, what):
    """Polls until the condition holds."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, f"waited {LIMIT_S} s for {what}"
        time.sleep(0.02)


def children(pid):
    """Ids of a process's children by the kernel's list, those that have ended too."""
    found = []
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit():
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                    if int(stat.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found.append(int(name))
    return found


def stop(pid):
    """Stops a process; False: it has ended."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: state(pid) in "TZ", f"process {pid} to stop")
    return state(pid) == "T"


def state(pid):
    """One letter by the kernel: R runs or waits for its turn, S sleeps, T is stopped, Z has ended."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]
