"""Snapshots amid a removal or a growth: a map is found with its true count, or it is refused."""
import json

import harness
from harness import VARIANTS, equal, one_trace, program, report, snapshot, test

LAST_OF_FOUR_GROWTHS = (2, 5, 8, 11)  # GLib gives each of its three arrays a new size in turn

PROGRAMS = {  # program: (profile, moments at which the map must be found, must be refused)
    "erase_unordered": ("libstdcxx-unordered", {
        f"{which} {where}" for which in ("first", "middle", "last", "only")
        for where in ("destroyed", "freed")} | {"clear destroyed", "clear freed"}, set()),
    "erase_ghash": ("ghashtable", {
        f"{which} destroyed" for which in ("first", "middle", "last", "only", "clear")}, set()),
    # While a map grows, what its header says may not agree with its array yet: then it is refused,
    # or looks like no map at all.
    "grow_unordered": ("libstdcxx-unordered", set(), {"growing allocated", "growing freed"}),
    "grow_libcxx": ("libcxx-unordered", {"growing allocated"}, {"growing freed"}),
    "grow_absl": ("absl", {"growing freed"}, set()),
    "grow_rust": ("hashbrown", {"growing allocated", "growing freed"}, set()),
    "grow_khash": ("khash", {"growing flags made", "growing array 1", "growing array 2"},
                   {"growing array 1 resized", "growing array 2 resized", "growing moving",
                    "growing freeing"}),
    "grow_qt": ("qhash", {"growing allocated", "growing freed"}, set()),
    "grow_ghash": ("ghashtable", {f"growing array {n} resized" for n in LAST_OF_FOUR_GROWTHS},
                   {f"growing array {n}" for n in LAST_OF_FOUR_GROWTHS} |
                   {f"growing array {n - 1}" for n in LAST_OF_FOUR_GROWTHS}),
    "grow_uthash": ("uthash", {"growing allocated", "growing freed"}, set()),
    "erase_uthash": ("uthash", {f"{which} freed" for which in ("first", "middle", "last", "only")},
                     set()),
}


def judge(row, snap, profile):
    """What the snapshot says of the map at this moment, if anything, must be true."""
    found = harness.maps_by_address(snap).get(int(row["address"], 16))
    if found is None:
        return False
    equal(found["profile"], profile, row["label"])
    assert found["count"] in (row["linked"], row["counted"]), (row, found)
    if found["count"] == row["linked"] != row["counted"]:
        assert found["mid_erase"], row
    return True


def moments(name, variant):
    done, trace = one_trace([program(name, variant)])
    data = report(trace)
    profile, *wanted = PROGRAMS[name]
    found, refused = set(), set()
    first_of = {}  # a label comes again with each node that a clear() frees
    for row in (json.loads(line) for line in done.stdout.splitlines() if line):
        first_of.setdefault(row["label"], row)
    for label, row in first_of.items():
        snap = [s for s in data["snapshots"] if s["label"] == label][0]
        assert snap["complete"], (label, snap)
        if judge(row, snap, profile):
            found.add(label)
        elif any(r["profile"] == profile and r["candidates"] for r in snap["refused"]):
            refused.add(label)
    what = f"{name} ({variant}): at these moments not"
    equal([wanted[0] - found, wanted[1] - refused], [set(), set()], f"{what} found, not refused")
    return data


for _name in PROGRAMS:
    for _variant in VARIANTS:
        def _case(name=_name, variant=_variant):
            moments(name, variant)
        _case.__doc__ = f"{_name} at {_variant}: amid a change its count is true, or it is refused"
        _case.__name__ = f"{_name}_{_variant}"
        test(_case)


@test
def a_half_freed_map_is_no_map():
    """while clear() frees nodes, a map that lost some is refused as one amid a change"""
    data = moments("erase_unordered", "O2")
    later = [s for s in data["snapshots"] if s["label"].startswith("clear")][2:]
    assert later, "clear() made no further marks"
    for snap in later:
        equal([m for m in snap["maps"] if m["profile"] == "libstdcxx-unordered"], [], snap["label"])
        equal([r["candidates"] for r in snap["refused"] if r["profile"] == "libstdcxx-unordered" and
               r["reason"] == "busy"], [1], snap["label"])


harness.main()
