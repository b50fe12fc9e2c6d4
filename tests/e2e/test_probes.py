#!/usr/bin/env python3
"""How many places searches look at in open-addressed maps, by each implementation's own word or
rule: bad hashes show, and where the hash is not known nothing is told."""
import json
import os

import harness
import runtimes
from harness import contains, equal, maptrace, one_trace, program, report, snapshot, test


def same(row, m):
    equal(m["count"], row["count"], row)
    if not row["is_known"]:
        equal(m["probes"], {"longest": None, "mean": None}, row)
        return
    equal(m["probes"]["longest"], row["longest"], row)
    if row["count"]:
        equal(round(m["probes"]["mean"] * row["count"]), row["all"], row)
    else:
        equal(m["probes"]["mean"], None, row)


def compared(rows, snap):
    maps = harness.maps_by_address(snap)
    for row in rows:
        same(row, maps[row["address"]])
    return {row["name"]: row for row in rows}


def programs(name, variant):
    done, trace = one_trace([program(name, variant)])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return compared(rows, snapshot(report(trace), "probes")), trace


@test
def ghashtable():
    """GHashTable: searches of all entries, by the keys that GLib compares and by its rule"""
    for variant in harness.VARIANTS:
        rows, trace = programs("probes_ghash", variant)
        del rows["lone, walked"]  # the same table
        # one hash: each entry lies one place farther than the one before
        equal([rows["lone"]["all"], rows["lone"]["longest"]], [300 * 301 // 2, 300])
        assert rows["seven"]["longest"] > 50 > rows["plain"]["longest"], rows
        lone = maptrace("map", hex(rows["lone"]["address"]), trace).stdout
        contains(lone, "probes         150.50 places looked at for an entry on average, 300 for "
                       "the farthest")
        table = maptrace("maps", "--each", "--sort", "chain", trace).stdout.splitlines()
        column = slice(table[1].index(" PROBE"), table[1].index(" PROBE") + 6)
        equal([int(line[column]) for line in table[2:7]],
              sorted((row["longest"] for row in rows.values()), reverse=True), table)
        os.unlink(trace)


@test
def khash():
    """khash: searches by kh_get's rule with klib's hashes; none of another hash, texts, or few"""
    for variant in harness.VARIANTS:
        rows, trace = programs("probes_khash", variant)
        equal([row["is_known"] for row in rows.values()],
              [True, True, False, True, True, False, False])
        assert rows["plain"]["longest"] > 30 and rows["wide"]["longest"] > 5, rows
        os.unlink(trace)


@test
def cpython():
    """CPython: searches in dicts and sets, by the keys that it compares and by its rule"""
    guest = ["/usr/bin/python3", os.path.join(runtimes.PROGRAMS, "probes.py")]
    for allocator in ("malloc", "pymalloc"):
        rows, snap = runtimes.look(guest, trace=f"{allocator}.mtr", PYTHONMALLOC=allocator)
        rows = compared(rows, snap)
        assert rows["one hash"]["longest"] >= 150, rows
        assert rows["dict in steps"]["all"] > rows["dict in order"]["all"], rows


@test
def ruby():
    """Ruby: searches in Hashes, by the keys that it compares and by its rule"""
    guest = ["/usr/bin/ruby", os.path.join(runtimes.PROGRAMS, "probes.rb")]
    rows = compared(*runtimes.look(guest))
    equal([rows["one hash"]["all"], rows["one hash"]["longest"]], [200 * 201 // 2, 200])


@test
def php():
    """PHP: searches in arrays, by the order in which entries came into their slots"""
    guest = ["/usr/bin/php8.2", "-n", os.path.join(runtimes.PROGRAMS, "probes.php")]
    rows, snap = runtimes.look(guest, USE_ZEND_ALLOC="0")
    for row in rows:
        mine = [m for m in snap["maps"] if m["profile"] == "php-array"
                and m["count"] == row["count"] and m["capacity"] == row["slots"]]
        equal(len(mine), 1, row)
        same(dict(row, is_known=True), mine[0])
    equal([row["longest"] for row in rows if row["name"] == "one slot"], [305])


@test
def layouts_without_hashes():
    """Abseil and Rust keep no whole hash: no probes are told of them; chained maps have none"""
    for name in ("absl_map", "rust_map", "unordered_int"):
        _, trace = one_trace([program(name)])
        maps = snapshot(report(trace), "truth")["maps"]
        assert maps, name
        for m in maps:
            equal(m["probes"], {"longest": None, "mean": None}, name)
        os.unlink(trace)


harness.main()
