#!/usr/bin/env python3
"""How long the chains of a map are, by the map's own word: its bad hash shows."""
import os

import harness
from harness import contains, equal, maptrace, one_trace, program, report, snapshot, test, told


def chains_of(name, variant):
    """What the program and maptrace say of each of its maps, and the trace; see harness.told."""
    rows, trace = told(name, variant, "chains")
    assert len(rows) >= 3, rows
    return rows, trace


def same(row, m, longest):
    equal(m["count"], row["count"], row)
    equal(m["chains"]["used_buckets"], row["used"], row)
    equal(m["chains"]["longest"], longest, row)
    assert abs(m["chains"]["mean"] - row["count"] / row["used"]) < 1e-9, (row, m["chains"])


@test
def unordered():
    """unordered_map: buckets in use, mean and longest by bucket_size(), though one list runs through all"""
    for variant in harness.VARIANTS:
        for name in ("chains_unordered", "chains_libcxx"):
            rows, trace = chains_of(name, variant)
            for row, m in rows:
                same(row, m, row["longest"])
            equal({row["name"]: (row["used"], row["longest"]) for row, _ in rows
                   if row["name"] in ("seven", "lone")}, {"seven": (7, 93), "lone": (1, 300)})
            table = maptrace("maps", "--each", "--sort", "chain", trace, "--snapshot", "chains").stdout
            order = [table.index(m["address"]) for _, m in
                     sorted(rows, key=lambda it: -it[0]["longest"])[:2]]
            equal(order, sorted(order), table)
            lone = maptrace("map", rows[-1][1]["address"], trace, "--snapshot", "chains").stdout
            contains(lone, "chains         300.00 entries in a bucket on average, of 1 that hold any; "
                           "300 in the longest")
            os.unlink(trace)


@test
def uthash():
    """uthash: buckets in use, mean and longest chain are those of its own buckets"""
    for variant in harness.VARIANTS:
        rows, trace = chains_of("chains_uthash", variant)
        for row, m in rows:
            same(row, m, row["longest"])
        seven = rows[-1]
        assert seven[0]["longest"] >= 92, seven
        table = maptrace("maps", "--each", trace, "--snapshot", "chains").stdout
        line = [it for it in table.splitlines() if seven[1]["address"] in it]
        equal(len(line), 1, table)
        heading = table.splitlines()[1]
        equal(line[0][:heading.index(" CHAIN") + 6].split()[-1], str(seven[0]["longest"]), table)
        os.unlink(trace)


@test
def gomap():
    """a map without entries has no chain; open addressing shows none"""
    _, trace = one_trace([program("article"), "--entries", "1000"])
    snaps = report(trace)["snapshots"]
    emptied = snapshot({"snapshots": snaps}, "exit")["maps"][0]
    equal(emptied["chains"], {"used_buckets": 0, "longest": 0, "mean": None})
    full = snapshot({"snapshots": snaps}, "added")["maps"][0]["chains"]
    assert full["longest"] >= 6 and 1 < full["mean"] <= 13, full
    os.unlink(trace)
    _, trace = one_trace([program("ghash_map")])
    found = [m for s in report(trace)["snapshots"] for m in s["maps"]]
    assert found, "no GHashTable"
    assert all(set(m["chains"].values()) == {None} for m in found), found[0]


harness.main()
