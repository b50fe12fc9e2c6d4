"""A program of a scripting language that makes maps, says of each what the runtime knows of it, and
stands still for a snapshot."""
import json
import os
import subprocess

import harness

PROGRAMS = os.path.join(harness.TOP, "test_programs", "runtimes")


def look(command, trace="guest.mtr", **variables):
    """Runs a guest that prints JSON lines, then "ready", then goes on at each line of input. Takes a
    snapshot when it is ready; returns (its lines, the snapshot)."""
    env = harness.environment(MAPTRACE_OUT=os.path.abspath(trace), MAPTRACE_KEEP=1,
                              MAPTRACE_AUTO=0, **variables)
    guest = subprocess.Popen(command, env=env, text=True, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        rows = []
        while (line := guest.stdout.readline()).strip() != "ready":
            assert line, f"{command} ended early: {guest.stderr.read()}"
            rows.append(json.loads(line))
        harness.maptrace("snapshot", "--wait", "0", "--label", "ready", trace)
        guest.stdin.write("go on\n")
        guest.stdin.flush()
        harness.equal(guest.stdout.readline(), "went on\n")
        _, errors = guest.communicate(timeout=harness.LIMIT_S)
        harness.equal(guest.returncode, 0, errors)
    finally:
        if guest.poll() is None:
            guest.kill()
            guest.communicate()
    snap = harness.snapshot(harness.report(trace), "ready")
    assert snap["complete"], snap["reason"]
    return rows, snap


def check(row, m):
    """One map against what its runtime says: count, bytes, needed, what a copy leaves."""
    for name in ("buckets", "header"):
        if row.get(name) is not None:
            harness.equal(m["bytes"][name], row[name], f"{row}: {name}")
    harness.equal(m["count"], row["count"], f"{row}: count")
    held = harness.structure_bytes(m)
    if row["needed"] is not None:
        assert m["needed_low_bytes"] <= row["needed"] <= m["needed_bytes"], (row, m)
        harness.equal(m["needed_is_estimate"], m["needed_low_bytes"] != m["needed_bytes"], row)
    if row["how"] == "fresh":
        harness.equal(row["needed"], held)
        harness.equal(m["retained_bytes"], 0, f"{row}: a fresh map retains")
