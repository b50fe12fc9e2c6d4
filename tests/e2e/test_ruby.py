"""Hashes of Debian's ruby, by ObjectSpace.memsize_of."""
import os

import harness
import runtimes
from harness import equal, test

GUEST = ["/usr/bin/ruby", os.path.join(runtimes.PROGRAMS, "ruby.rb")]


@test
def hashes():
    """Ruby: each of 600 Hashes is found, as memsize_of has it; needed and what rehash leaves foretold"""
    rows, snap = runtimes.look(GUEST)
    maps = {m["address"]: m for m in snap["maps"] if m["profile"] == "ruby-st"}
    assert len(rows) > 600, len(rows)
    for row in rows:
        m = maps[hex(row["address"])]
        runtimes.check(row, m)
        equal(m["bytes"]["overflow"] + m["bytes"]["old_buckets"], 0)
        equal(m["needed_is_estimate"], row["count"] <= 16, row)
        leaves = {r["name"]: r["leaves_bytes"] for r in m["remedies"]}
        if m["retained_bytes"]:
            equal(leaves["rehash"], row["rehashed"], row)
            equal(row["dup"], row["buckets"] if row["count"] else 96, "dup keeps the size")
        if row["how"] == "half deleted":
            equal([m["count"], m["tombstones"]], [666, 334])
        if row["how"] == "strings":
            equal(m["value_blocks"], 100)  # keys belong to the interpreter, which shares equal ones
    emptied = [m for m in maps.values() if m["retained_bytes"]]
    assert len(emptied) > 300, len(emptied)


harness.main()
