#!/usr/bin/env python3
"""How long `maptrace go PID` stops a Go program, by its own word, beside the bytes that it copied.

    bench/pause_go.py [ENTRIES [ROUNDS]]     wants golang-go; the article's program, after its adds

The target is 1 s for each GB. The least of the rounds is the cost; the rest is what else ran. On a
busy machine the CPU time of the whole look, its search included, says more.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

import places

TARGET_MS = 1000  # for each GB


def build(folder):
    source = os.path.join(places.TOP, "test_programs", "go", "article.go")
    program = os.path.join(folder, "article")
    subprocess.run(["go", "build", "-o", program, source], check=True,
                   env=dict(os.environ, GO111MODULE="off", CGO_ENABLED="0"))
    return program


def look(pid, trace):
    """(pause in ms, bytes, CPU time in ms) of one look."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([places.MAPTRACE, "go", str(pid), "-o", trace], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = subprocess.run([places.MAPTRACE, "report", "--json", trace], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    os.unlink(trace)
    snapshot, = json.loads(told)["snapshots"]
    return snapshot["pause_ms"], snapshot["scan_bytes"], 1e3 * cpu


def main():
    entries, rounds = (int(n) for n in (sys.argv[1:] + ["1000000", "9"][len(sys.argv) - 1:]))
    with tempfile.TemporaryDirectory() as folder:
        guest = subprocess.Popen([build(folder), "-entries", str(entries), "-wait"], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with guest:
            guest.stdout.readline()
            guest.stdin.write("\n")
            guest.stdin.flush()
            while not guest.stdout.readline().startswith("added"):
                pass
            looks = [look(guest.pid, os.path.join(folder, "pause.mtr")) for _ in range(rounds)]
            guest.communicate("\n\n\n\n")
    pauses = [pause for pause, _, _ in looks]
    copied = looks[0][1]
    cpu = min(cpu for _, _, cpu in looks)
    least = min(pauses) / (copied / 1e9)
    print(f"{copied / 1e6:.0f} MB copied in {min(pauses):.0f} ms (median "
          f"{statistics.median(pauses):.0f}, most {max(pauses):.0f}): {least:.0f} ms for each GB, "
          f"target {TARGET_MS}; CPU of a whole look at least {cpu:.0f} ms")
    sys.exit(least > TARGET_MS)


if __name__ == "__main__":
    main()
