"""What maptrace says that a map needs is what a real fresh one with the same entries holds."""
import json

import harness
from harness import equal, one_trace, program, report, snapshot, structure_bytes, test


def pairs(name):
    """(the program's line, the emptied map, the fresh one) of each pair of twins."""
    done, trace = one_trace([program(name)])
    snap = snapshot(report(trace), "needed")
    assert snap["complete"], snap
    maps = harness.maps_by_address(snap)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= 100, len(rows)
    for row in rows:
        both = [maps[int(row[twin], 16)] for twin in ("emptied", "fresh")]
        equal([m["count"] for m in both], [row["count"]] * 2, row)
        yield row, *both


def exact(name):
    for row, emptied, fresh in pairs(name):
        assert not emptied["needed_is_estimate"], row
        equal(emptied["needed_bytes"], structure_bytes(fresh), f"{name} {row}: needed")
        equal(fresh["needed_bytes"], structure_bytes(fresh), f"{name} {row}: a fresh map's needed")
        equal(fresh["retained_bytes"], 0, f"{name} {row}: a fresh map retains")


@test
def unordered():
    """unordered_map, load factors 1, 0.5 and 2: needed is what a fresh map holds, to the byte"""
    exact("needed_unordered")


@test
def ghash():
    """GHashTable: needed is what a fresh table holds, to the byte"""
    exact("needed_ghash")


@test
def gomap():
    """Go-style map, B 0 to 10, values by pointer: needed is what a fresh map holds, to the byte"""
    settled = 0
    for row, emptied, fresh in pairs("needed_gomap"):
        equal(fresh["retained_bytes"], 0, f"{row}: a fresh map retains")
        if emptied["growing"] or fresh["growing"]:  # two arrays at once: not yet what it needs
            assert emptied["growing"] or emptied["needed_bytes"] <= structure_bytes(fresh), row
            continue
        equal(emptied["needed_bytes"], structure_bytes(fresh), f"{row}: needed")
        settled += 1
    assert settled > 50, settled


@test
def uthash():
    """uthash: a fresh table holds no more than is said to be needed, exactly that where it is sure"""
    sure = 0
    for row, emptied, fresh in pairs("needed_uthash"):
        held = structure_bytes(fresh)
        assert held <= emptied["needed_bytes"], (row, held, emptied)
        if not emptied["needed_is_estimate"]:
            equal(emptied["needed_bytes"], held, f"uthash {row}: needed")
            sure += 1
        equal(fresh["retained_bytes"], 0, f"uthash {row}: a fresh table retains")
    assert sure > 0, "nothing was sure"


harness.main()
