#!/usr/bin/env python3
"""`maptrace maps`: many maps of one place share a line, and the line says how they are spread."""
import collections
import json

import harness
from harness import contains, equal, maptrace, one_trace, test

DICTS = """
def make(count):
    return {number: None for number in range(count)}
kept = [make(count) for count in range(100, 1100)]
for it in kept[:500]:
    for key in list(it):
        del it[key]
import os
os._exit(0)
"""


def dicts():
    """A trace of CPython with 1,000 dicts made at one place, half of them emptied."""
    _, trace = one_trace(["/usr/bin/python3", "-c", DICTS], PYTHONMALLOC="malloc")
    return trace


def place(it):
    made = it["made_at"] or {}
    return it["profile"], it["type"], *(made.get(key) for key in ("function", "file", "line", "module"))


def spread(values):
    """What maptrace should say of these numbers, by its own definition."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return {"known": len(known), "least": known[0], "median": known[(len(known) - 1) // 2],
            "nine_tenths": known[-(-len(known) * 9 // 10) - 1], "most": known[-1]}


@test
def groups():
    """each map is in one group, and the group's sums and spreads are those of its maps"""
    said = json.loads(maptrace("maps", "--json", dicts()).stdout)
    members = collections.defaultdict(list)
    for it in said["maps"]:
        members[place(it)].append(it)
    equal(len(said["groups"]), len(members))
    for group in said["groups"]:
        maps = members[place(group)]
        equal(group["maps"], len(maps))
        equal(group["held_bytes"], sum(it["held_bytes"] for it in maps))
        equal(group["retained_bytes"], sum(it["retained_bytes"] or 0 for it in maps))
        equal(group["held_each"], spread(it["held_bytes"] for it in maps))
        equal(group["retained_each"], spread(it["retained_bytes"] for it in maps))
        equal(group["count_each"], spread(it["count"] for it in maps))
    assert max(group["maps"] for group in said["groups"]) >= 1000, "the dicts are not one group"


@test
def lines():
    """a thousand dicts of one place are a line with their spread; --each lists them one by one"""
    trace = dicts()
    shared = maptrace("maps", trace).stdout
    contains(shared, "each: held ")
    contains(shared, "nine tenths up to ")
    contains(shared, "--each gives each its own")
    assert len(shared.splitlines()) < 200, shared
    alone = maptrace("maps", "--each", trace).stdout
    assert "each: held" not in alone and len(alone.splitlines()) > 1000, len(alone.splitlines())
    equal([line for line in shared.splitlines() if " maps; they retain " in line],
          [line for line in alone.splitlines() if " maps; they retain " in line])


@test
def holder():
    """the block that holds a header is told with the stack that allocated it"""
    said = json.loads(maptrace("maps", "--json", dicts()).stdout)
    held = [it["where"] for it in said["maps"] if it["where"]["kind"] == "block"]
    assert held, collections.Counter(it["where"]["kind"] for it in said["maps"])
    assert all(where["allocated_at"] for where in held), held[:1]
    others = [it["where"] for it in said["maps"] if it["where"]["kind"] != "block"]
    equal({where["allocated_at"] is None for where in others} - {True}, set())


harness.main()
