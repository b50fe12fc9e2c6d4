#!/usr/bin/env python3
"""What holds a map's header is told as it is: a global, a stack, a block of the heap, or neither."""
import os

import harness
from harness import contains, equal, maptrace, one_trace, program, test, told


@test
def places():
    """a mapping behind a module's data is no global of it, a true global, stack or block is"""
    for variant in harness.VARIANTS:
        for name in ("where_unordered", "unordered_global"):
            rows, trace = told(name, variant, "truth")
            for row, m in rows:
                equal(m["where"]["kind"], row["where"], f"{name} {variant}: {row['name']}")
                equal(m["where"]["module"] is not None, row["where"] == "global", m["where"])
            os.unlink(trace)


@test
def maker_of_the_holder():
    """the report names what made the block of the heap that holds a header"""
    rows, trace = told("unordered_global", "O0", "truth")
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
        rows, trace = told("where_stack", variant, "all")
        for row, m in rows:
            where = m["where"]
            equal((where["kind"], where["thread"]), ("stack", row["thread"]), row)
            named = where["frame"] and where["frame"]["function"]
            # which of two it is cannot be known where the thread's last walk was through the other
            allowed = (row["function"],) + ((None,) if row["function"] == "second_of_two" else ())
            assert named in allowed, (variant, row, where)
            if row["function"] == "main":
                text = maptrace("map", trace, row["address"], "--snapshot", "all").stdout
                contains(text, f"the stack of thread {row['thread']}, in the frame of\n  main\n"
                               "        at test_programs/where_stack.cc:")
        os.unlink(trace)


harness.main()
