"""`maptrace snapshot PID`: a snapshot of a process that runs, asked for by another."""
import json
import os
import signal
import subprocess
import sys

import harness
from harness import contains, environment, equal, maptrace, report, run, snapshot, test


LONG = ("--wait", str(harness.LIMIT_S))


class Interpreter:
    """python3 -i under the library: it does nothing but what it is told, a line at a time."""

    def __init__(self, **variables):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-i", "-q"], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment(MAPTRACE_OUT=os.path.abspath("python.mtr"), MAPTRACE_KEEP=1,
                            MAPTRACE_AUTO=0, PYTHONMALLOC="malloc", **variables))

    def __enter__(self):
        self.say("1")
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def say(self, line):
        """Runs a line to its end."""
        self.process.stdin.write(f"{line}\nprint('done', flush=True)\n")
        self.process.stdin.flush()
        while "done" not in (answer := self.process.stdout.readline()):
            assert answer, "the interpreter has ended"

    def rest(self):
        """Waits until it waits for the next line: from here on it makes no event."""
        harness.wait_for(lambda: harness.state(self.process.pid) == "S", "the interpreter to rest")

    def ask(self, *options, **how):
        return maptrace("snapshot", *options, str(self.process.pid), **how)


def taken(count):
    """The labels of this many snapshots, once all are complete: their writers work on for a while."""
    def complete():
        return [s["label"] for s in report("python.mtr")["snapshots"] if s["complete"]]
    harness.wait_for(lambda: len(complete()) >= count, f"{count} snapshots")
    return complete()


@test
def asked_and_answered():
    """an asked process takes the snapshot at its next event: named, reported, nothing else disturbed"""
    with Interpreter() as guest:
        asked = guest.ask("--wait", "0", "--label", "first")
        equal(asked.stdout, "")
        contains(asked.stderr, "python.mtr")
        guest.say("x = list(range(100))")
        equal(taken(1), ["first"])
        guest.ask("--wait", "0", "--label", "second")
        guest.say("x = None")
        guest.ask("--wait", "0")
        guest.say("x = None")
        equal(taken(3), ["first", "second", "request"])


@test
def waits_and_reports():
    """it waits for a busy process and prints the report of that very snapshot, as text and JSON"""
    with Interpreter() as guest:
        guest.process.stdin.write("while True: x = list(range(10000))\n\n")
        guest.process.stdin.flush()
        contains(guest.ask(*LONG, "--label", "busy").stdout, 'about snapshot "busy"')
        data = json.loads(guest.ask(*LONG, "--json", "--label", "again").stdout)
        assert snapshot(data, "again")["complete"]
        named = maptrace("snapshot", *LONG, "--label", "by name", "python.mtr")
        contains(named.stdout, 'about snapshot "by name"')


@test
def silence_is_told():
    """a process that makes no event is told as such, with its reason; its next event answers"""
    with Interpreter() as guest:
        guest.rest()
        silent = guest.ask("--wait", "0.3", status=2)
        contains(silent.stderr, "neither malloc nor free")
        equal(report("python.mtr")["snapshots"], [])
        assert harness.stop(guest.process.pid)
        stopped = guest.ask("--wait", "0.3", "--label", "late", status=2)
        contains(stopped.stderr, "SIGSTOP")
        os.kill(guest.process.pid, signal.SIGCONT)
        guest.say("x = list(range(100))")
        equal(taken(1), ["late"])


@test
def what_stands_in_the_way():
    """no such process, an untraced one, an ended one, a forbidden trace: each says what is wrong"""
    contains(maptrace("snapshot", "4194304", status=2).stderr, "there is no process")
    contains(maptrace("snapshot", str(os.getpid()), status=2).stderr, "is not traced")
    contains(maptrace("snapshot", "-1", status=2).stderr, "option")
    contains(maptrace("snapshot", "none.mtr", status=2).stderr, "No such file")
    contains(maptrace("snapshot", "--wait", "soon", "1", status=2).stderr, "no number of seconds")
    contains(maptrace("snapshot", "--snapshot", "exit", "1", status=2).stderr, "--label")
    with open("foreign.mtr", "wb") as foreign:
        foreign.write(b"x" * 10000)
    contains(maptrace("snapshot", "foreign.mtr", status=2).stderr, "no trace of this version")
    run([sys.executable, "-c", ""], env=environment(MAPTRACE_OUT="ended.mtr", MAPTRACE_KEEP=1))
    contains(maptrace("snapshot", "ended.mtr", status=2).stderr, "has ended")


@test
def of_another_user():
    """who may not write to the trace is told so, and what to do"""
    if os.getuid() != 0:
        contains(maptrace("snapshot", "1", status=2).stderr, "as root")
        return
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    with Interpreter() as guest:
        contains(guest.ask(status=2, **nobody).stderr, "as root")
        contains(maptrace("snapshot", "python.mtr", status=2, **nobody).stderr, "ermission")


harness.main()
