"""Maps of interpreters and libraries amid their growth: found with their true count, or refused.

The guest says in its environment how many entries its map has; preloaded/moments.c takes a snapshot
on both sides of each large allocation and release within the insertion."""
import itertools
import json
import os

import harness
import runtimes
from harness import VARIANTS, equal, program, test

MOMENTS = os.path.join(harness.BUILD, "test_programs", "moments.so")
GROWTHS = 3  # at least, from 1,000 entries to 20,000


def moments(command, trace, **variables):
    """Runs the guest. Yields for each moment: kind of map, its entries, what happened, the snapshot,
    the map's address, or None where a script cannot see it."""
    assert os.path.exists(MOMENTS), f"{MOMENTS} was not built"
    preload = f"{MOMENTS}:{harness.LIBRARY}"
    done, _ = harness.traced(command, MAPTRACE_AUTO=0, MAPTRACE_OUT=trace, LD_PRELOAD=preload,
                             **variables)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    addresses = {row["kind"]: hex(row["address"]) for row in rows}
    for snap in harness.report(trace)["snapshots"]:
        if snap["cause"] == "mark":
            assert snap["complete"], snap
            kind, entries, what = snap["label"].split(" ", 2)
            yield kind, int(entries), what, snap, addresses.get(kind)


def sums(sizes):
    """Of all choices of these: an interpreter may ask for memory of its own in between."""
    return {sum(choice) for n in range(1, len(sizes) + 1)
            for choice in itertools.combinations(sizes, n)}


def judge(command, profiles, trace="guest.mtr", **variables):
    """profiles: of each kind. Before the new arrays are there the map must be found, retaining nothing
    and holding what it asked for when it grew last; later it may be refused, but never told wrong."""
    sizes = {kind: set() for kind in profiles}
    asked = {kind: {} for kind in profiles}  # by entries: large blocks that this growth asked for
    for kind, entries, what, snap, address in moments(command, trace, **variables):
        where = f"{kind} of {entries}: {what}"
        counts = (entries, entries + 1)
        own = [m for m in snap["maps"] if m["profile"] == profiles[kind] and
               (m["address"] == address if address else m["count"] in counts)]
        assert len(own) <= 1, (where, own)
        for m in own:
            assert m["count"] in counts, (where, m)
        if what.endswith("asked") and not what.startswith("free"):
            equal([m["retained_bytes"] for m in own], [0], where)
            sizes[kind].add((entries, own[0]["bytes"]["buckets"]))
            asked[kind].setdefault(entries, []).append(int(what.split()[1]))
    for kind, seen in sizes.items():
        held, grew = dict(seen), sorted(asked[kind])
        assert len(grew) >= GROWTHS and len(held) == len(seen), (kind, seen)
        for before, after in zip(grew[1:], grew[2:]):  # of the first, smaller blocks go unseen
            assert held[after] in sums(asked[kind][before]), (kind, before, after, held, asked)


def script(name):
    return os.path.join(runtimes.PROGRAMS, name)


@test
def cpython():
    """CPython: a dict and a set amid their growth are found with their true count, or refused"""
    judge(["/usr/bin/python3", script("moments.py")],
          {"dict": "cpython-dict", "set": "cpython-set"}, PYTHONMALLOC="malloc")


@test
def ruby():
    """Ruby: the same of a Hash"""
    judge(["/usr/bin/ruby", script("moments.rb")], {"hash": "ruby-st"})


@test
def php():
    """PHP: the same of a list and of an array with names"""
    judge(["/usr/bin/php8.2", "-n", script("moments.php")],
          {"list": "php-array", "named": "php-array"}, USE_ZEND_ALLOC=0)


@test
def json_c():
    """json-c: the same of a table, in three builds of its program"""
    for variant in VARIANTS:
        judge([program("grow_jsonc", variant)], {"table": "json-c"}, f"{variant}.mtr")


harness.main()
