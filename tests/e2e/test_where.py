#!/usr/bin/env python3
"""What holds a map's header is told as it is: a global, a stack, a block of the heap, or neither."""
import json
import os

import harness
from harness import contains, equal, maptrace, one_trace, program, report, snapshot, test


def told(name, variant):
    """([(the program's line, maptrace's map)], the trace)."""
    done, trace = one_trace([program(name, variant)])
    maps = harness.maps_by_address(snapshot(report(trace), "truth"))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [(row, maps[int(row["address"], 16)]) for row in rows], trace


@test
def places():
    """a mapping behind a module's data is no global of it, a true global, stack or block is"""
    for variant in harness.VARIANTS:
        for name in ("where_unordered", "unordered_global"):
            rows, trace = told(name, variant)
            for row, m in rows:
                equal(m["where"]["kind"], row["where"], f"{name} {variant}: {row['name']}")
                equal(m["where"]["module"] is not None, row["where"] == "global", m["where"])
            os.unlink(trace)


@test
def maker_of_the_holder():
    """the report names what made the block of the heap that holds a header"""
    rows, trace = told("unordered_global", "O0")
    pointed = [m for row, m in rows if row["name"] == "pointed"][0]
    made = [f["function"] for f in pointed["where"]["allocated_at"]]
    assert "main" in made, made
    text = maptrace("report", trace, "--snapshot", "truth", "--sort", "address").stdout
    equal(text.count("header in a block of the heap (from "),
          text.count("header in a block of the heap"), text)
    os.unlink(trace)


@test
def holder_in_the_report():
    """a header in a block of the heap: the report's paragraph says where that block was made"""
    _, trace = one_trace([program("article", "O0"), "--entries", "20000"])
    text = maptrace("report", trace).stdout
    contains(text, "header in a block of the heap (from article.c:")
    os.unlink(trace)


@test
def frames():
    """a header on a stack: its thread is told, and the function whose frame it is or none, never another"""
    for variant in ("O0", "O2"):
        done, trace = one_trace([program("where_stack", variant)])
        maps = harness.maps_by_address(snapshot(report(trace), "all"))
        for row in map(json.loads, done.stdout.splitlines()):
            where = maps[int(row["address"], 16)]["where"]
            equal((where["kind"], where["thread"]), ("stack", row["thread"]), row)
            told = where["frame"] and where["frame"]["function"]
            # which of two it is cannot be known where the thread's last walk was through the other
            allowed = (row["function"],) + ((None,) if row["function"] == "second_of_two" else ())
            assert told in allowed, (variant, row, where)
            if row["function"] == "main":
                text = maptrace("map", trace, row["address"], "--snapshot", "all").stdout
                contains(text, f"the stack of thread {row['thread']}, in the frame of\n  main\n"
                               "        at test_programs/where_stack.cc:")
        os.unlink(trace)


harness.main()
