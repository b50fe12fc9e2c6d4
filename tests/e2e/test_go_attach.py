"""`maptrace go PID` leaves the process as it was; `maptrace go run` is no other run than without
it."""
import os
import re
import signal
import subprocess
import sys

import harness
from golang import Watched, toolchains
from harness import contains, equal, maptrace, report, run, structure_bytes, test

ATTACHES = 1000 if os.environ.get("SOAK") else 40


def classic():
    return toolchains()[0]


def status(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        return [line.split()[1] for line in lines if line.startswith(key + ":")][0]


@test
def unharmed():
    """attached to again and again, a busy program goes on and ends with its own figures"""
    for toolchain in toolchains():
        with subprocess.Popen([toolchain.build("busy")], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as guest:
            equal(guest.stdout.readline(), "ready\n")
            for _ in range(ATTACHES // 2):
                maptrace("go", str(guest.pid), "-o", "busy.mtr", "--report", "text")
                os.unlink("busy.mtr")
            equal(status(guest.pid, "TracerPid"), "0")
            out, _ = guest.communicate("\n")
            equal((guest.returncode, out), (0, "sound\n"))


@test
def pause_is_told():
    """a process of 460 MB is read whole, and how long it stood still for how many bytes is told"""
    with subprocess.Popen([classic().build("article"), "-wait"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as guest:
        guest.stdout.readline()
        guest.stdin.write("\n")
        guest.stdin.flush()
        while not guest.stdout.readline().startswith("added"):
            pass
        maptrace("go", str(guest.pid), "-o", "article.mtr", "--report", "text")
        snap = report("article.mtr")["snapshots"][0]
        equal(snap["complete"], True)
        assert snap["pause_ms"] > 0, snap["pause_ms"]
        held = sum(structure_bytes(m) for m in snap["maps"])
        assert snap["scan_bytes"] > held // 2, f"{snap['scan_bytes']} of {held} bytes"
        with open("text", encoding="utf-8") as text:
            said = text.read().splitlines()[-1]
        told = r"The program stood still for [0-9.]+ m?s, while [0-9.]+ MiB of it were copied\."
        assert re.fullmatch(told, said), said
        guest.kill()


@test
def stopped_stays_stopped():
    """a process that job control has stopped is read and stays stopped"""
    with subprocess.Popen([classic().build("article"), "-entries", "100", "-wait"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as guest:
        guest.stdout.readline()
        os.kill(guest.pid, signal.SIGSTOP)
        harness.wait_for(lambda: status(guest.pid, "State") == "T", "the stop")
        maptrace("go", str(guest.pid), "-o", "stopped.mtr", "--report", "text")
        harness.wait_for(lambda: status(guest.pid, "State") == "T", "the stop that stays")
        os.kill(guest.pid, signal.SIGCONT)
        out, _ = guest.communicate("\n\n\n\n")
        equal(guest.returncode, 0)
        contains(out, "collected:")


@test
def run_is_the_programs_own():
    """exit codes, os.Exit and fatal signals pass through, and each end leaves its snapshot"""
    article = classic().build("article")
    for code in (0, 7):
        maptrace("go", "run", "-o", f"exit{code}.mtr", "--report", "text", "--", article,
                 "-entries", "5000", "-exit", str(code), status=code)
        labels = [s["label"] for s in report(f"exit{code}.mtr")["snapshots"]]
        equal(labels, ["exit"])
    with Watched(article, "-entries", "5000", "-wait") as guest:
        guest.line()
        os.kill(guest.pid(), signal.SIGTERM)
        data = guest.end(status=128 + signal.SIGTERM)
        equal([s["label"] for s in data["snapshots"]], ["exit"])
    maptrace("go", "run", "--", "./nothing-here", status=127)


@test
def becomes_another():
    """a program of several threads that becomes another by exec: the other's exit is looked at"""
    article = classic().build("article")
    thread = "threading.Thread(target=threading.Event().wait, daemon=True).start()"
    done = run([harness.MAPTRACE, "go", "run", "--report", "text", "-o", "became.mtr", "--",
                sys.executable, "-c", f"import os, threading; [{thread} for _ in range(3)]; "
                f"os.execv({article!r}, ['article', '-entries', '1000'])"])
    equal(done.returncode, 0, done.stderr)
    data = report("became.mtr")
    equal((data["program"], [s["label"] for s in data["snapshots"]]), (article, ["exit"]))


if __name__ == "__main__":
    harness.main()
