"""Snapshots amid a removal or a growth: a map is found with its true count, or it is refused."""
import json

import harness
from harness import VARIANTS, equal, one_trace, program, report, snapshot, test

PROGRAMS = {  # program: (profile, moments at which the map must be found)
    "erase_unordered": ("libstdcxx-unordered", {
        f"{which} {where}" for which in ("first", "middle", "last", "only")
        for where in ("destroyed", "freed")} | {"clear destroyed", "clear freed"}),
    "erase_ghash": ("ghashtable", {
        f"{which} destroyed" for which in ("first", "middle", "last", "only", "clear")}),
    # While a map grows, what its header says may not agree with its array yet: then it is refused.
    "grow_unordered": ("libstdcxx-unordered", set()),
    "grow_libcxx": ("libcxx-unordered", {"growing allocated"}),
    "grow_absl": ("absl", {"growing freed"}),
    "grow_rust": ("hashbrown", {"growing allocated", "growing freed"}),
    "grow_khash": ("khash", {"growing flags made"}),
    "grow_qt": ("qhash", {"growing freed"}),
    "grow_ghash": ("ghashtable", set()),
    "grow_uthash": ("uthash", {"growing allocated"}),
    "erase_uthash": ("uthash", {f"{which} freed" for which in ("first", "middle", "last", "only")}),
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
    profile, wanted = PROGRAMS[name]
    found = set()
    first_of = {}  # a label comes again with each node that a clear() frees
    for row in (json.loads(line) for line in done.stdout.splitlines() if line):
        first_of.setdefault(row["label"], row)
    for label, row in first_of.items():
        snap = [s for s in data["snapshots"] if s["label"] == label][0]
        assert snap["complete"], (label, snap)
        if judge(row, snap, profile):
            found.add(label)
    equal(wanted - found, set(), f"{name} ({variant}): not found at these moments")
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
