"""What maptrace says that a map needs is what a real fresh one with the same entries holds."""
import json
import os

import harness
from harness import equal, one_trace, program, report, snapshot, structure_bytes, test


def run(name, variant):
    """(the program's lines, its maps before and, if it shrinks them, after that)."""
    done, trace = one_trace([program(name, variant)])
    data = report(trace)
    os.unlink(trace)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    maps = []
    for label in ["needed"] + ["shrunk"] * any("shrunk" in row for row in rows):
        snap = snapshot(data, label)
        assert snap["complete"], snap
        maps.append(harness.maps_by_address(snap))
    return rows, maps


def pairs(name, variant="O2", smallest=0):
    """(the program's line, the emptied map, the fresh one) of each pair of twins. A fresh one that
    holds less than `smallest` is not looked for: then the program's allocator knows it."""
    rows, (maps, *_) = run(name, variant)
    rows = [row for row in rows if "fresh" in row]
    assert len(rows) >= 100, len(rows)
    for row in rows:
        both = [maps.get(int(row[twin], 16)) for twin in ("emptied", "fresh")]
        if both[1] is None and row["held"] < smallest:
            equal(both[0]["needed_bytes"], row["held"], f"{name} {row}: needed")
            continue
        equal([m["count"] for m in both], [row["count"]] * 2, row)
        yield row, *both


def exact(name, variant="O2", unsure=lambda row: False, smallest=0):
    """`unsure` tells the twins whose needed bytes may be a range; a fresh map's lie in it."""
    for row, emptied, fresh in pairs(name, variant, smallest):
        if "held" in row:  # the program's own allocator counted
            equal(structure_bytes(fresh) + fresh["bytes"]["values"], row["held"],
                  f"{name} {row}: held")
        if unsure(row) and emptied["needed_is_estimate"]:
            assert emptied["needed_low_bytes"] <= structure_bytes(fresh) <= \
                emptied["needed_bytes"], (row, emptied)
            equal(fresh["retained_bytes"], 0, f"{name} {row}: a fresh map retains")
            continue
        assert not emptied["needed_is_estimate"], row
        equal(emptied["needed_bytes"], structure_bytes(fresh), f"{name} {row}: needed")
        equal(fresh["needed_bytes"], structure_bytes(fresh), f"{name} {row}: a fresh map's needed")
        equal(fresh["retained_bytes"], 0, f"{name} {row}: a fresh map retains")


@test
def unordered():
    """unordered_map, load factors 0.3 to 2: needed is what a fresh map holds, to the byte"""
    for variant in harness.VARIANTS:
        exact("needed_unordered", variant)


@test
def unordered_rehash():
    """unordered_map: what rehash(0) leaves and takes is foretold, for every count"""
    shrunk("needed_unordered")


@test
def libcxx():
    """libc++'s unordered_map, load factors 0.3 to 2: needed is what a fresh map holds"""
    for variant in harness.VARIANTS:
        exact("needed_libcxx", variant)


@test
def libcxx_rehash():
    """libc++'s unordered_map: what rehash(0) leaves and takes is foretold, for every count"""
    shrunk("needed_libcxx")


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
    """uthash: needed is what a fresh table holds, to the byte, with poor hashes too where versions
    of its rule agree"""
    for variant in harness.VARIANTS:
        exact("needed_uthash", variant, lambda row: row["name"] != "table")


@test
def uthash_poor():
    """uthash: with poor hashes needed is a range for few counts, those where versions differ"""
    told = {}
    for row, emptied, _ in pairs("needed_uthash"):
        told.setdefault(row["name"], []).append(emptied["needed_is_estimate"])
    equal(set(told), {"table", "same", "seven", "far", "half"})
    for name, unsure in told.items():
        assert sum(unsure) < len(unsure) / 20, (name, sum(unsure), len(unsure))


def shrunk(name, variant="O2", unsure=lambda row: False, smallest=0, sure=0.5):
    """The implementation's own call on each emptied map: what it leaves, and what it takes while it
    runs, are foretold; where `unsure`, no less than that and no more than a pad's difference."""
    rows, (before, after) = run(name, variant)
    called = [row for row in rows if "shrunk" in row]
    assert len(called) >= 100, len(called)
    given = 0
    for row in called:
        address = int(row["shrunk"], 16)
        now = int(row.get("now", row["shrunk"]), 16)
        held = structure_bytes(after[now]) if now in after else 0
        foretold = [r for r in before[address]["remedies"] if r["name"] == row["remedy"]]
        if now not in after and foretold and foretold[0]["leaves_bytes"] < smallest:
            continue  # too small to be looked for
        if foretold and unsure(row) and before[address]["needed_is_estimate"]:
            assert before[address]["needed_low_bytes"] <= held <= foretold[0]["leaves_bytes"], row
        elif foretold:
            equal(foretold[0]["leaves_bytes"], held, f"{name} {row}: leaves")
            equal(foretold[0]["transient_bytes"], row["transient"], f"{name} {row}: transient")
            given += 1
        elif unsure(row) and before[address]["needed_is_estimate"]:  # it may give nothing
            assert before[address]["needed_low_bytes"] <= held <= structure_bytes(before[address])
        else:  # a remedy that gives nothing is not offered
            equal(structure_bytes(before[address]), held, f"{name} {row}: gives nothing")
    assert given >= sure * len(called), f"{name}: {given} of {len(called)} were foretold exactly"


def is_tiny(row):
    """Rust's versions differ in the smallest table of such entries."""
    return row["name"] in ("u16 to u8", "u8 to nothing") and row["count"] <= 14


@test
def rust():
    """Rust HashMap: needed is what a fresh map holds, to the byte, by its own allocator's count"""
    for variant in harness.variants("needed_rust"):
        exact("needed_rust", variant, is_tiny)


@test
def rust_shrink_to_fit():
    """Rust HashMap: what shrink_to_fit() leaves and takes is foretold, for every count"""
    for variant in harness.variants("needed_rust"):
        shrunk("needed_rust", variant, is_tiny)


@test
def absl():
    """absl maps and sets: needed is what a fresh one holds, to the byte, or within a small pad"""
    for variant in harness.VARIANTS:
        exact("needed_absl", variant, lambda row: row["count"] <= 7)


@test
def absl_rehash():
    """absl maps and sets: what rehash(0) leaves and takes is foretold, for every count"""
    for variant in harness.VARIANTS:
        shrunk("needed_absl", variant, lambda row: row["count"] <= 7)


@test
def khash():
    """khash: needed is what a fresh table holds, to the byte, by its own allocator's count"""
    for variant in harness.VARIANTS:
        exact("needed_khash", variant, smallest=128 * 16 + 32)


@test
def khash_resize():
    """khash: what kh_resize() leaves and takes is foretold, for every count"""
    shrunk("needed_khash", smallest=128 * 16 + 32)


@test
def qt():
    """QHash: needed is what a fresh one holds, to the byte"""
    for variant in harness.VARIANTS:
        exact("needed_qt", variant)


@test
def qt_squeeze():
    """QHash: what squeeze() leaves and takes is foretold, for every count"""
    shrunk("needed_qt")


@test
def ghash_remove():
    """GHashTable: what the next g_hash_table_remove() leaves and takes is foretold, for every count"""
    shrunk("needed_ghash")


@test
def uthash_clear():
    """uthash: what HASH_CLEAR() and adding the entries again leaves and takes is foretold"""
    shrunk("needed_uthash", unsure=lambda row: row["name"] != "table", sure=0.7)


harness.main()
