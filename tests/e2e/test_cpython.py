"""Dicts and sets of Debian's python3, by their own sys.getsizeof."""
import os

import harness
import runtimes
from harness import equal, test

GUEST = ["/usr/bin/python3", os.path.join(runtimes.PROGRAMS, "cpython.py")]
PROFILES = ("cpython-dict", "cpython-set")
COPY = {"cpython-dict": "dict(d)", "cpython-set": "set(s)"}
SMALL = 512  # pymalloc's blocks: they lie in arenas that malloc never sees one by one


def look(allocator):
    (head, *rows), snap = runtimes.look(GUEST, PYTHONMALLOC=allocator)
    maps = {m["address"]: m for m in snap["maps"] if m["profile"] in PROFILES}
    assert len(rows) > 1500, len(rows)
    return {kind: dict(pairs) for kind, pairs in head["capacities"].items()}, rows, maps


def check(capacities, row, m):
    runtimes.check(row, m)
    equal(m["bytes"]["overflow"] + m["bytes"]["old_buckets"], 0)
    if row["buckets"] in capacities.get(row["kind"], {}):
        equal(m["capacity"], capacities[row["kind"]][row["buckets"]], f"{row}: capacity")
    if row["kind"] != "mixed" and row["needed"] is not None:
        assert not m["needed_is_estimate"], (row, m)
    if row["how"] == "emptied":
        assert row["count"] + m["tombstones"] <= 3000 and m["tombstones"] > 0, m
    left = {r["name"]: r["leaves_bytes"] for r in m["remedies"]}
    if m["retained_bytes"]:
        equal(left[COPY[m["profile"]]], row["copied"], f"{row}: a copy")


@test
def every_one_with_malloc():
    """PYTHONMALLOC=malloc: each of 1,500 dicts and sets is found, as sys.getsizeof has it"""
    capacities, rows, maps = look("malloc")
    for row in rows:
        address = hex(row["address"])
        if row["buckets"] == 0:  # a set in its object, an empty dict: no array
            assert address not in maps, row
            continue
        assert address in maps, row
        check(capacities, row, maps[address])
    emptied = [m for m in maps.values() if m["count"] == 0 and m["retained_bytes"]]
    assert len(emptied) >= 500, len(emptied)


@test
def large_ones_with_pymalloc():
    """the default allocator: all tables above 512 B are found and exact, none of those in arenas"""
    capacities, rows, maps = look("pymalloc")
    found = 0
    for row in rows:
        address = hex(row["address"])
        equal(address in maps, row["buckets"] > SMALL, row)
        if address in maps:
            row["header"] = 0  # it lies in an arena, and is no block
            check(capacities, row, maps[address])
            found += 1
    assert found > 1000, found


harness.main()
