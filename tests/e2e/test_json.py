"""`report --json`, schema "maptrace/1": every promised field is there, of its type, and adds up."""
import os

import harness
from harness import equal, one_trace, program, report, snapshot, structure_bytes, test

NUMBER, TEXT, REAL = (int,), (str,), (float, int)
MAYBE_NUMBER, MAYBE_TEXT = (int, type(None)), (str, type(None))
MAYBE_REAL = (float, type(None))
SERIES_MAX = 4092
ROLES = ("buckets", "overflow", "values", "header", "other")

# What a program that reads the report may rely on. A list of one shape: any number of these.
FRAME = {"function": MAYBE_TEXT, "file": MAYBE_TEXT, "line": MAYBE_NUMBER, "module": MAYBE_TEXT}
ROLE = {"bytes": NUMBER, "blocks": NUMBER, "exact": (bool,)}
COMPOSITION = {role: ROLE for role in ROLES}
MAP = {
    "profile": TEXT, "address": TEXT, "where": {"kind": TEXT}, "type": MAYBE_TEXT,
    "count": NUMBER, "capacity": MAYBE_NUMBER, "tombstones": MAYBE_NUMBER,
    "chains": {"used_buckets": MAYBE_NUMBER, "longest": MAYBE_NUMBER, "mean": MAYBE_REAL},
    "probes": {"longest": MAYBE_NUMBER, "mean": MAYBE_REAL},
    "bytes": {"header": NUMBER, "buckets": NUMBER, "old_buckets": NUMBER, "overflow": NUMBER,
              "overflow_reserved": NUMBER, "values": MAYBE_NUMBER},
    "resident_bytes": MAYBE_NUMBER, "reserved_bytes": NUMBER, "needed_bytes": MAYBE_NUMBER,
    "retained_bytes": MAYBE_NUMBER, "allocated_at": [FRAME],
}
SNAPSHOT = {"label": TEXT, "time_ms": REAL, "complete": (bool,), "reason": MAYBE_TEXT,
            "roles": COMPOSITION, "maps": [MAP]}
STACK = {"profile": MAYBE_TEXT, "role": TEXT, "split_role": TEXT, "live_bytes": NUMBER,
         "live_blocks": NUMBER, "peak_bytes": NUMBER, "at_peak_bytes": NUMBER,
         "at_peak_blocks": NUMBER, "total_bytes": NUMBER, "total_blocks": NUMBER,
         "frames": [FRAME]}
REPORT = {
    "schema": TEXT, "program": TEXT, "pid": NUMBER, "complete": (bool,), "snapshots": [SNAPSHOT],
    "peak": {"bytes": NUMBER, "time_ms": REAL, "exact": (bool,), "roles": COMPOSITION},
    "series": {"time_ms": [REAL], "live_bytes": [NUMBER],
               "role_bytes": {role: [NUMBER] for role in ROLES[:-1]}},
    "role_peak_bytes": {role: NUMBER for role in ROLES}, "stacks": [STACK],
}


def fits(value, shape, path="report"):
    """Fails at the first place where the value has not this shape. More fields may be there."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), f"{path}: {value!r} is no object"
        for key, inner in shape.items():
            assert key in value, f"{path}.{key} is missing; there are {sorted(value)}"
            fits(value[key], inner, f"{path}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), f"{path}: {value!r} is no list"
        for number, inner in enumerate(value):
            fits(inner, shape[0], f"{path}[{number}]")
    else:
        is_right = isinstance(value, shape) and (bool in shape or not isinstance(value, bool))
        assert is_right, f"{path}: {value!r} is none of {shape}"


@test
def schema():
    """every field of the contract is there and of its type, whatever the map and the program"""
    for command in (["article", "--entries", "20000"], ["unordered_string"], ["ghash_map"],
                    ["uthash_int"], ["threads"]):
        _, trace = one_trace([program(command[0]), *command[1:]])
        data = report(trace)
        os.remove(trace)
        fits(data, REPORT)
        assert any(s["maps"] for s in data["snapshots"]), f"{command}: no map was found"


@test
def sums():
    """by role the bytes of a snapshot, of the peak and of its stacks add up to the whole"""
    _, trace = one_trace([program("article"), "--entries", "100000"])
    data = report(trace)
    for snap in data["snapshots"]:
        equal(sum(r["bytes"] for r in snap["roles"].values()), snap["live_bytes"], snap["label"])
    peak = data["peak"]
    equal(sum(r["bytes"] for r in peak["roles"].values()), peak["bytes"])
    equal(sum(s["at_peak_bytes"] for s in data["stacks"]),
          peak["bytes"] - peak["roles"]["other"]["bytes"])
    for m in snapshot(data, "exit")["maps"]:
        equal(m["held_bytes"], structure_bytes(m))
        equal(m["retained_bytes"], m["held_bytes"] - m["needed_bytes"])


@test
def stacks():
    """live now, at the heap's peak and at its own peak are told for each stack of map code"""
    _, trace = one_trace([program("article"), "--entries", "100000"])
    data = report(trace)
    array = max(data["stacks"], key=lambda s: s["peak_bytes"])
    equal((array["role"], array["split_role"]), ("buckets", "overflow"))
    assert array["frames"][0]["function"].startswith("gomap_buckets_with_reserve_new"), array
    for stack in data["stacks"]:
        assert stack["live_bytes"] <= stack["peak_bytes"] <= stack["total_bytes"], stack
        assert stack["at_peak_bytes"] <= stack["peak_bytes"], stack
    for role in ROLES:
        assert data["role_peak_bytes"][role] >= data["peak"]["roles"][role]["bytes"], role


@test
def series():
    """the series is bounded, in order of time, and draws the rise and the fall of the buckets"""
    _, trace = one_trace([program("article"), "--entries", "1000000"])
    data = report(trace)
    points = data["series"]
    count = len(points["time_ms"])
    assert 10 <= count <= SERIES_MAX, count
    equal(points["time_ms"], sorted(set(points["time_ms"])))
    for column in (points["live_bytes"], *points["role_bytes"].values()):
        equal(len(column), count)
    for role, column in points["role_bytes"].items():
        assert max(column) <= data["role_peak_bytes"][role], role
    assert max(points["live_bytes"]) <= data["peak"]["bytes"]
    assert points["role_bytes"]["buckets"][0] < 1 << 20
    assert max(points["role_bytes"]["buckets"]) > 400 << 20, "both arrays, old and new"


harness.main()
