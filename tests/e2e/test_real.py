"""Programs that nobody here wrote, unmodified and stripped as Debian ships them.

Their output, exit status and the files that they write are the same with and without the library,
and their maps are found.
"""
import hashlib
import os
import re
import shutil
import subprocess

import harness
from harness import environment, equal, maptrace, report, run, test, traces

LIBRARIES = 120


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def project(folder):
    """A CMake project of some size: many libraries that use each other, sources, tests, options."""
    top = ["cmake_minimum_required(VERSION 3.20)", "project(big C)", "enable_testing()"]
    for n in range(LIBRARIES):
        name = f"lib{n}"
        top.append(f"add_subdirectory({name})")
        sources = [f"{name}_{i}.c" for i in range(12)]
        for source in sources:
            write(f"{folder}/{name}/{source}", f"int f_{source[:-2]}(void) {{ return {n}; }}\n")
        uses = " ".join(f"lib{u}" for u in range(max(0, n - 6), n))
        write(f"{folder}/{name}/CMakeLists.txt",
              f"add_library({name} STATIC {' '.join(sources)})\n"
              f"target_include_directories({name} PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})\n"
              f"target_compile_definitions({name} PUBLIC USE_{n}=1 PRIVATE INSIDE_{n}=$<IF:$<CONFIG:"
              f"Debug>,1,0>)\n" + (f"target_link_libraries({name} PUBLIC {uses})\n" if uses else "") +
              f"add_executable(run{n} {name}_0.c)\ntarget_link_libraries(run{n} {name})\n"
              f"add_test(NAME test{n} COMMAND run{n})\n"
              f"foreach(i RANGE 200)\n  set(value_{n}_${{i}} \"${{i}}\")\nendforeach()\n")
    write(f"{folder}/CMakeLists.txt", "\n".join(top) + "\n")


def tree(folder, volatile=()):
    """Every file under a folder: relative path -> digest of its content."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            if name in volatile or os.path.islink(path):
                continue
            with open(path, "rb") as source:
                found[os.path.relpath(path, folder)] = hashlib.sha256(source.read()).hexdigest()
    return found


def judge(trace_folder, program, profile):
    """The traces of a program: sound, complete, with maps of this profile at some snapshot."""
    mine = [report(t) for t in traces(trace_folder)]
    mine = [d for d in mine if os.path.basename(d["program"]) == program]
    assert mine, f"no trace of {program}: {traces(trace_folder)}"
    maps = 0
    for data in mine:
        assert data["complete"], f"{program}: did not end properly"
        for snap in data["snapshots"]:
            assert snap["complete"], snap
            for m in snap["maps"]:
                maps += m["profile"] == profile
                needed = m["needed_bytes"]
                assert m["count"] <= m["capacity"] or profile == "libstdcxx-unordered", m
                assert needed is None or m["retained_bytes"] <= harness.structure_bytes(m), m
    assert maps, f"{program}: no {profile} was found"
    for trace in traces(trace_folder):
        maptrace("report", trace)
        done = maptrace("check", trace, "--max-retained", "4G", status=None)
        assert done.returncode in (0, 3), done.stdout


@test
def cmake():
    """cmake configures and generates a project of some size"""
    project("source")
    os.mkdir("out")
    results = []
    for env in (dict(os.environ), environment(MAPTRACE_OUT=os.path.abspath("out/%n.%p.mtr"))):
        done = run(["/usr/bin/cmake", "-S", "source", "-B", "made", "-G", "Unix Makefiles"], env=env)
        output = "\n".join(line for line in done.stdout.splitlines() if "done" not in line)
        results.append((done.returncode, output, done.stderr,
                        tree("made", ("CMakeConfigureLog.yaml", "CMakeOutput.log"))))
        shutil.rmtree("made")
    bare, under = results
    equal(bare[0], 0)
    equal(under[:3], bare[:3])
    differ = [p for p in set(bare[3]) | set(under[3]) if bare[3].get(p) != under[3].get(p)
              and not p.endswith((".bin", ".out", ".o"))]
    equal(differ, [], "files that differ")
    judge("out", "cmake", "libstdcxx-unordered")


@test
def mime_database():
    """update-mime-database, a GLib program, over the shared MIME information"""
    os.mkdir("out")
    results = []
    for env in (dict(os.environ), environment(MAPTRACE_OUT=os.path.abspath("out/%n.%p.mtr"))):
        shutil.copytree("/usr/share/mime/packages", "mime/packages")
        done = run(["/usr/bin/update-mime-database", "mime"], env=env)
        results.append((done.returncode, done.stdout, done.stderr, tree("mime")))
        shutil.rmtree("mime")
    equal(results[1], results[0])
    equal(results[0][0], 0)
    assert len(results[0][3]) > 500, "the database was written"
    judge("out", "update-mime-database", "ghashtable")


@test
def ninja():
    """ninja loads a generated build of thousands of edges and says what it would do"""
    project("source")
    os.mkdir("out")
    subprocess.run(["/usr/bin/cmake", "-S", "source", "-B", "made", "-G", "Ninja"], check=True,
                   stdout=subprocess.DEVNULL)
    command = ["/usr/bin/ninja", "-C", "made", "-n", "-d", "stats"]
    bare = run(["/usr/bin/ninja", "-C", "made", "-n"])
    under = run(["/usr/bin/ninja", "-C", "made", "-n"],
                env=environment(MAPTRACE_OUT=os.path.abspath("out/%n.%p.mtr")))
    equal((under.returncode, under.stdout, under.stderr), (bare.returncode, bare.stdout,
                                                           bare.stderr))
    judge("out", "ninja", "libstdcxx-unordered")
    # ninja's own word: `-d stats` prints "path->node hash load R (N entries / B buckets)"
    stats = run(command, env=environment(MAPTRACE_OUT=os.path.abspath("out/stats.%p.mtr"))).stdout
    load = re.search(r"hash load [\d.]+ \((\d+) entries / (\d+) buckets\)", stats)
    assert load, stats[-2000:]
    entries, buckets = int(load.group(1)), int(load.group(2))
    data = report([t for t in traces("out") if "stats" in t][0])
    held = [m for s in data["snapshots"] for m in s["maps"]]
    assert any(m["count"] == entries and m["bytes"]["buckets"] == 8 * buckets for m in held), \
        (entries, buckets, [(m["count"], m["bytes"]["buckets"]) for m in held])


harness.main()
