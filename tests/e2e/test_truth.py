"""Every test program's own word against what maptrace found: to the byte, in every build variant.

The programs print one JSON line for each of their maps and then take the snapshot "truth".
"""
import json
import os

import harness
from harness import equal, one_trace, program, report, snapshot, structure_bytes, test

PROGRAMS = {  # program: profile
    **{name: "libstdcxx-unordered" for name in (
        "unordered_int", "unordered_string", "unordered_set", "unordered_multimap",
        "unordered_custom_hash", "unordered_load_factor", "unordered_in_struct",
        "unordered_global", "unordered_stack", "unordered_nested", "unordered_reserve",
        "unordered_churn", "unordered_allocator")},
    **{name: "libcxx-unordered" for name in (
        "libcxx_int", "libcxx_string", "libcxx_set", "libcxx_multimap", "libcxx_custom_hash",
        "libcxx_load_factor", "libcxx_in_struct", "libcxx_global", "libcxx_stack",
        "libcxx_nested", "libcxx_reserve", "libcxx_churn", "libcxx_allocator")},
    **{name: "ghashtable" for name in ("ghash_map", "ghash_set")},
    **{name: "uthash" for name in ("uthash_int", "uthash_string")},
    "absl_map": "absl", "absl_static": "absl", "khash_map": "khash", "qt_hash": "qhash",
    **{name: "hashbrown" for name in ("rust_map", "rust_string")},
}

# No function of these maps is ever on a stack, or one of the user's own hides it.
HIDDEN = {"uthash_int", "uthash_string", "unordered_allocator", "libcxx_allocator"}


def truths(output):
    """The program's own lines, by address."""
    rows = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert rows, f"no truth in {output!r}"
    return {int(row["address"], 16): row for row in rows}


def compare(name, row, m):
    """One map: the program's word against the report's."""
    what = f"{name} {row['name']}"
    equal(m["count"], row["count"], f"{what}: count")
    if "bucket_bytes" in row:
        equal(m["bytes"]["buckets"] + m["bytes"]["old_buckets"], row["bucket_bytes"],
              f"{what}: bucket bytes")
    if "capacity" in row:
        equal(m["capacity"], row["capacity"], f"{what}: capacity")
    if "node_bytes" in row:
        held = m["bytes"]["overflow"] if m["profile"] != "uthash" else m["bytes"]["values"]
        equal(held, row["node_bytes"], f"{what}: node bytes")
    if "value_bytes" in row:
        equal(m["bytes"]["values"], row["value_bytes"], f"{what}: out-of-line bytes")
    if row.get("inserts_only"):
        equal(m["retained_bytes"], 0, f"{what}: only had inserts")
    if "needed_bytes" in row:  # what a real fresh map held
        assert m["needed_bytes"] == row["needed_bytes"] or m.get("needed_is_estimate"), \
            f"{what}: needed {m['needed_bytes']}, a fresh map holds {row['needed_bytes']}"
    if row.get("where") in ("stack", "global"):
        equal(m["where"]["kind"], row["where"], f"{what}: where")


def judge(name, variant):
    done, trace = one_trace([program(name, variant)])
    rows, snap = truths(done.stdout), snapshot(report(trace), "truth")
    os.unlink(trace)
    assert snap["complete"], snap
    found = {a: m for a, m in harness.maps_by_address(snap).items()
             if m["profile"] == PROGRAMS[name]}
    missing = [rows[a]["name"] for a in rows if rows[a]["bucket_bytes"] and a not in found]
    equal(missing, [], f"{name} ({variant}): maps not found")
    invented = [hex(a) for a in found if a not in rows]
    equal(invented, [], f"{name} ({variant}): maps that the program does not have")
    for address, m in found.items():
        compare(f"{name} ({variant})", rows[address], m)
    assert found, f"{name}: no map compared"
    others = [m for m in snap["maps"] if m["profile"] != PROGRAMS[name]]
    equal([m["profile"] for m in others], [], f"{name} ({variant}): maps of other kinds")
    compare_stacks(name, variant, snap)
    return [(rows[a], m) for a, m in found.items()]


def compare_stacks(name, variant, snap):
    """Role rules: unoptimised, every byte of the structure is known by its stack; optimised, what
    is known so belongs to the structure."""
    what = f"{name} ({variant})"
    structure = sum(structure_bytes(m) for m in snap["maps"])
    by_stack, reached = snap["by_stack_bytes"], snap["by_stack_reached_bytes"]
    equal(reached, by_stack, f"{what}: bytes by stack that no map reaches")
    if name in HIDDEN or variant not in ("O0", "O2"):
        return
    if variant == "O0":
        equal(by_stack, structure, f"{what}: bytes by stack")
    assert by_stack > 0, f"{what}: no bytes by stack"


for _name in PROGRAMS:
    for _variant in harness.variants(_name):
        def _case(name=_name, variant=_variant):
            judge(name, variant)
        _case.__doc__ = f"{_name} at {_variant}: found = made, counts and bytes equal its own word"
        _case.__name__ = f"{_name}_{_variant}"
        test(_case)


@test
def ghashtable_control():
    """GHashTable shrinks by itself: after removals it retains 0 within its own rule"""
    for name in ("ghash_map", "ghash_set"):
        for row, m in judge(name, "O2"):
            equal(m["retained_bytes"], 0, row["name"])


@test
def churn_retains():
    """emptied and half-emptied unordered_maps retain what a fresh one would not need"""
    retained = {row["name"]: m for row, m in judge("unordered_churn", "O2")}
    assert any(m["retained_bytes"] > 0 and m["count"] == 0 for m in retained.values())
    assert any(m["retained_bytes"] > 0 and m["count"] > 0 for m in retained.values())
    for name, m in retained.items():
        assert m["retained_bytes"] <= structure_bytes(m), name


harness.main()
