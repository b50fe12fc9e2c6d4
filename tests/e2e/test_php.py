"""Arrays of Debian's php, by memory_get_usage."""
import collections
import os

import harness
import runtimes
from harness import equal, test

GUEST = ["/usr/bin/php8.2", "-n", os.path.join(runtimes.PROGRAMS, "php.php")]
LARGE = 4096  # slots of a table that held 3,000
# Zend's allocator rounds up to these, then to pages.
BINS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640,
        768, 896, 1024, 1280, 1536, 1792, 2048, 2560, 3072)


def rounded(size):
    return next((b for b in BINS if b >= size), (size + 4095) // 4096 * 4096)


def arrays(snap):
    """Maps by the kind of table, slots and count."""
    found = collections.defaultdict(list)
    for m in snap["maps"]:
        if m["profile"] == "php-array":
            kind = "named" if m["bytes"]["buckets"] == 40 * m["capacity"] else "list"
            found[kind, m["capacity"], m["count"]].append(m)
    return found


def slots(row):
    return max(8, 1 << (row["count"] - 1).bit_length()) if row["how"] == "fresh" else LARGE


def size(kind, count):
    """Bytes that PHP asks for; for the smallest list it asks for its class of sizes."""
    return 160 if (kind, count) == ("list", 8) else 8 + 16 * count if kind == "list" else 40 * count


@test
def without_zend_alloc():
    """USE_ZEND_ALLOC=0: every array is found, with the sizes that memory_get_usage gives otherwise"""
    told, own = runtimes.look(GUEST, trace="own.mtr")
    rows, snap = runtimes.look(GUEST, USE_ZEND_ALLOC="0")
    found = arrays(snap)
    equal(len(rows), len(told))
    equal(len(rows), 181)
    for row in told:
        # Some of the engine's tables lie in globals and larger structures.
        mine = [m for m in found[row["kind"], slots(row), row["count"]] if m["bytes"]["header"]]
        assert mine, row
        m = mine[0]
        held = size(row["kind"], slots(row))
        equal(m["bytes"]["buckets"], held, row)
        equal(m["bytes"]["header"], 56)
        equal(rounded(held), row["bytes"], f"{row}: by the allocator's count")
        equal(rounded(m["needed_bytes"]) if not m["needed_is_estimate"] else row["needed"],
              row["needed"], f"{row}: needed")
        assert rounded(m["needed_low_bytes"]) <= row["needed"] <= rounded(m["needed_bytes"]), row
        if row["how"] == "fresh":
            equal([m["retained_bytes"], m["needed_is_estimate"]], [0, False], row)
        if row["how"] == "holes":
            equal([m["tombstones"], m["needed_is_estimate"]], [1500, True])
            leaves = {r["name"]: r["leaves_bytes"] for r in m["remedies"]}
            equal(rounded(leaves["array_values"]), row["values"], row)
        else:
            equal([m["needed_is_estimate"], m["tombstones"]], [False, 0], row)
    for kind in ("list", "named"):
        assert found[kind, LARGE, 0], "an emptied one"
        equal(found[kind, LARGE, 0][0]["needed_bytes"], 0)
    equal(found["named", 4096, 2667][0]["tombstones"], 1334)
    assert len(found["list", 8, 3]) >= 777, "arrays within an object"
    equal(len(found["named", 1024, 777]), 1)


@test
def with_zend_alloc():
    """the default allocator: tables of the engine are found, and none of the script's, which are mapped"""
    _, snap = runtimes.look(GUEST)
    found = arrays(snap)
    assert sum(len(maps) for maps in found.values()) > 20, found.keys()
    assert not [key for key in found if key[1] == LARGE and key[2] < 3000], found.keys()


harness.main()
