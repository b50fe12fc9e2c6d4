"""Maps in arenas that malloc never sees one by one, names, and roles by the program's own word: what
include/maptrace.h offers, from C and from C++, traced and not."""
import json
import os

import harness
from harness import contains, equal, maptrace, one_trace, program, report, run, snapshot, test



def lines(output):
    """The program's own words: its maps by name, and what else it says."""
    rows = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {r["name"]: r for r in rows if "name" in r}, [r for r in rows if "name" not in r]


def compare(what, row, m):
    equal(int(m["address"], 16), int(row["address"], 16), f"{what}: address")
    equal(m["count"], row["count"], f"{what}: count")
    equal(m["bytes"]["buckets"] + m["bytes"]["old_buckets"], row["bucket_bytes"], f"{what}: buckets")
    equal(m["bytes"]["overflow"], row["node_bytes"], f"{what}: overflow")
    equal(m["bytes"]["values"], row["value_bytes"], f"{what}: values")
    equal(m["where"]["kind"], row["where"], f"{what}: where")


def adds_up(snap):
    """Every live byte has one role."""
    equal(sum(r["bytes"] for r in snap["roles"].values()), snap["live_bytes"], "roles")


def judge(command):
    done, trace = one_trace(command)
    told, more = lines(done.stdout)
    equal(done.stderr, "", f"{command} and its library")
    data = report(trace)
    snap = snapshot(data, "truth")
    assert snap["complete"], snap
    equal(sorted(m["name"] for m in snap["maps"]), sorted(told), f"{command}: maps")
    for m in snap["maps"]:
        compare(f"{command} {m['name']}", told[m["name"]], m)
    for each in data["snapshots"]:
        adds_up(each)
    equal(data["peak"]["exact"], True)
    return data, more, trace


@test
def go_maps_in_an_arena():
    """maps in an arena are found to the byte, in a block of malloc's and in a mapping"""
    for variant in harness.VARIANTS:
        for kind in ("heap", "mapped"):
            data, (arena,), trace = judge([program("arena_gomap", variant), kind])
            snap, gone = snapshot(data, "truth"), snapshot(data, "gone")
            others = snap["roles"]["other"]["bytes"] - gone["live_bytes"]
            parts = sum(snap["roles"][r]["bytes"] for r in ("buckets", "overflow", "values",
                                                            "header"))
            if kind == "heap":  # the arena's own bytes are its size without what it handed out
                equal(snap["live_bytes"] - gone["live_bytes"], arena["arena"])
                equal(others + parts, arena["arena"])
            else:
                assert others < 2048, f"{others} bytes of no map in {kind}"
            equal(gone["maps"], [], "maps after the arena is gone")
            os.unlink(trace)


@test
def pmr_maps():
    """std::pmr maps over monotonic and pool resources are found to the byte"""
    for variant in harness.VARIANTS:
        data, _, trace = judge([program("arena_unordered", variant)])
        unnamed = snapshot(data, "unnamed")
        equal(sorted(str(m["name"]) for m in unnamed["maps"]), ["None", "requests", "sessions"])
        os.unlink(trace)


@test
def names_are_shown():
    """report, maps, map, check and the accepted file know a map by its name"""
    _, trace = one_trace([program("arena_unordered")])
    contains(maptrace("report", "--snapshot", "truth", trace).stdout, '"requests", std::unordered_map')
    contains(maptrace("maps", "--snapshot", "truth", trace).stdout, '"requests", std::unordered_map')
    snap = snapshot(report(trace), "truth")
    at = {m["name"]: m["address"] for m in snap["maps"]}
    contains(maptrace("map", at["requests"], trace, "--snapshot", "truth").stdout,
             'named "requests"')
    over = maptrace("check", trace, "--max-retained", "1K", status=1).stdout
    contains(over, '"requests", std::unordered_map')
    with open("accepted", "w", encoding="utf-8") as rules:
        rules.write("name requests\n")
    maptrace("check", trace, "--max-retained", "1K", "--accepted", "accepted", status=0)


@test
def untraced_programs():
    """without the library the same programs run and say the same of their maps"""
    for command in ([program("arena_gomap"), "heap"], [program("arena_unordered")]):
        bare = run(command)
        equal((bare.returncode, bare.stderr), (0, ""), f"{command}")
        traced, _ = one_trace(command)
        os.unlink(harness.traces()[0])
        keys = ("name", "count", "bucket_bytes", "node_bytes", "value_bytes")
        equal([[r[k] for k in keys] for r in lines(bare.stdout)[0].values()],
              [[r[k] for k in keys] for r in lines(traced.stdout)[0].values()])


@test
def program_s_own_word():
    """roles that the program tells count as such and are labelled, never as proven"""
    done, trace = one_trace([program("arena_words"), "roles"], MAPTRACE_KEEP=1)
    equal(done.stderr, "")
    data = report(trace)
    snap = snapshot(data, "told")
    adds_up(snap)
    equal({r: snap["roles"][r]["bytes"] for r in ("buckets", "overflow", "values", "header")},
          {"buckets": 4096, "overflow": 640, "values": 100, "header": 48})
    equal((snap["told_bytes"], snap["maps"]), (4884, []))
    contains(maptrace("report", "--snapshot", "told", trace).stdout,
             "4.77 KiB in this snapshot have their role by the program's own word alone")
    equal(snapshot(data, "gone")["told_bytes"], 0)
    maptrace("check", trace, "--max-retained", "1K", status=3)  # what nothing proves
    with open("accepted", "w", encoding="utf-8") as rules:
        rules.write("function roles\n")
    maptrace("check", trace, "--max-retained", "1K", "--accepted", "accepted", status=0)


@test
def misuse_is_harmless():
    """what cannot be true is said once, and the rest stays exact"""
    done, trace = one_trace([program("arena_words"), "misuse"], MAPTRACE_KEEP=1)
    said = [line for line in done.stderr.splitlines() if line.startswith("maptrace: ")]
    equal(len(said), len(set(said)), "each once")
    for part in ("handed out before", "not within one block", "where no sub-block begins",
                 "no block and no sub-block begins"):
        equal(sum(part in line for line in said), 1, part)
    equal(len(said), 4, said)
    data = report(trace)
    for each in data["snapshots"]:
        adds_up(each)
    equal(snapshot(data, "after")["live_bytes"], snapshot(data, "before")["live_bytes"])


@test
def forked_children():
    """a forked child goes on with its parent's sub-blocks"""
    done, found = harness.traced([program("arena_words"), "fork"], MAPTRACE_KEEP=1)
    equal((done.stderr, len(found)), ("", 2))
    for trace in found:
        child = [s for s in report(trace)["snapshots"] if s["label"] == "child"]
        if child:
            adds_up(child[0])
            equal(child[0]["roles"]["buckets"]["bytes"], 4096)
            equal(child[0]["told_bytes"], 4096)
            return
    raise AssertionError("no child's snapshot")


@test
def header_in_both_languages():
    """maptrace.h compiles alone as C99 and C++98 without a warning"""
    for compiler, standard, suffix in (("cc", "c99", "c"), ("c++", "c++98", "cc")):
        with open(f"alone.{suffix}", "w", encoding="utf-8") as source:
            source.write('#include <maptrace.h>\nint main(void)\n{\n'
                         'maptrace_name(0, "x"); maptrace_allocate(0, 1); maptrace_free(0);\n'
                         'maptrace_free_range(0, 0); maptrace_role(0, MAPTRACE_VALUES);\n'
                         'return maptrace_is_active(); }\n')
        done = run([compiler, f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror",
                    f"-I{harness.TOP}/include", f"alone.{suffix}", "-o", "alone"])
        equal((done.returncode, done.stderr), (0, ""))
        equal(run(["./alone"]).returncode, 0)
        equal(run(["./alone"], env=harness.environment()).returncode, 1)


harness.main()
