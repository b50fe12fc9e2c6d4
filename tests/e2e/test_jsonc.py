"""json-c's tables, by its own fields, in a program of three builds over Debian's library."""
import json

import harness
import runtimes
from harness import equal, program, report, snapshot, test, traced


@test
def tables():
    """json-c: every table is found in every build; sizes, needed and deep copies are foretold exactly"""
    for variant in harness.VARIANTS:
        done, _ = traced([program("maps_jsonc", variant)], MAPTRACE_AUTO=0,
                         MAPTRACE_OUT=f"{variant}.mtr")
        snap = snapshot(report(f"{variant}.mtr"), "ready")
        assert snap["complete"], snap["reason"]
        maps = harness.maps_by_address(snap)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        equal({m for m in maps if maps[m]["profile"] == "json-c"},
              {row["address"] for row in rows} | {m for m in maps if maps[m]["count"] == 0})
        assert len(rows) > 200, len(rows)
        for row in rows:
            m = maps[row["address"]]
            runtimes.check(row, m)
            equal(m["capacity"], row["capacity"], row)
            assert m["needed_is_estimate"] == (row["how"] == "table" and
                                               m["needed_bytes"] != m["needed_low_bytes"]), row
            if m["retained_bytes"]:
                equal([r["leaves_bytes"] for r in m["remedies"]], [row["copied"]], row)
            if row["how"] == "emptied":
                assert m["tombstones"] > 0 and m["bytes"]["values"] > 0, m


harness.main()
