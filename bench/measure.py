"""One run of one workload under one tool: starts it, checks that it did its work, tells the cost.

A sample is a dict, as it lies in the results file: wall_s, cpu_s (of all processes), peak_kib (of
the guest's process), helper_kib (of the tool's own processes together), apparent and allocated
bytes of what the tool wrote, report_s to read it again, and what the tool says it saw. A run that
failed is {"failed": why}.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

import places

LIMIT_S = 900
READING_LIMIT_S = 60  # for showing the outcome; a tool that takes longer is told as that
POLL_MS = 20
OWN_CLOCKS = (  # what pairs.c, pause.c and finder_bench.c print
    (r"^wall ([\d.]+) ns a pair, CPU ([\d.]+) ns a pair$", ("pair_wall_ns", "pair_cpu_ns")),
    (r"bare fork ([\d.]+) ms, mark ([\d.]+) ms", ("fork_ms", "mark_ms")),
    (r"^\w+ +\w+ +([\d.]+) ms CPU .* (\d+) MB, (\d+) MB/s$",
     ("search_ms", "search_mb", "search_rate")),
)


class Failed(Exception):
    """The run is no measurement, and this is why."""


class Late(Failed):
    """It was ended because it took too long."""


def environment(more):
    env = {key: value for key, value in os.environ.items()
           if not key.startswith("MAPTRACE_") and key not in ("LD_PRELOAD", "MALLOC_CONF")}
    return dict(env, LC_ALL="C.UTF-8", **more)


def run(line, env, folder, poll_ms=0, beside=None, limit_s=LIMIT_S):
    """Runs a line in the folder, with another beside it; returns (facts, output, complaint)."""
    paths = [os.path.join(folder, name) for name in ("facts.json", "stdout", "stderr")]
    measured = [places.built("measure"), "-o", paths[0], "-t", str(limit_s), "-p", str(poll_ms)]
    with open(paths[1], "w", encoding="utf-8") as out, open(paths[2], "w", encoding="utf-8") as err:
        main = subprocess.Popen(measured + line, env=env, cwd=folder, stdin=subprocess.DEVNULL,
                                stdout=out, stderr=err)
        said = None
        try:
            said = run_beside(beside, folder) if beside else ""
        finally:
            if said is None:
                main.terminate()
            main.wait()
    output, complaint = (open(path, encoding="utf-8", errors="replace").read()
                         for path in paths[1:])
    if said is None:  # first: it is why measure was ended, perhaps before it could tell a thing
        raise Failed(f"{os.path.basename(beside[0])} failed beside it")
    if main.returncode != 0:
        raise Failed(complaint.strip())
    with open(paths[0], encoding="utf-8") as file:
        facts = json.load(file)
    if facts["is_late"]:
        raise Late(f"still running after {limit_s} s")
    if facts["exit"] != 0:
        end = f"signal {facts['signal']}" if facts["signal"] else f"status {facts['exit']}"
        raise Failed(" / ".join([f"ended with {end}"] + complaint.strip().splitlines()[-3:]))
    return facts, said + output, complaint


def run_beside(line, folder):
    """Runs a server's client; returns what it printed, None if it failed."""
    done = subprocess.run(line, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          timeout=LIMIT_S, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def peaks(tool, line, facts):
    """Peak memory of the guest's process (None if it was too short to be seen) and of the tool's,
    in KiB."""
    if not tool.helpers:
        return facts["peak_kib"], 0
    guest = os.path.basename(line[0])[:15]
    by_name = {}
    for process in facts["processes"]:
        name = process["name"]
        by_name[name] = max(by_name.get(name, 0), process["peak_kib"])
    return by_name.get(guest), sum(by_name.get(name, 0) for name in tool.helpers)


def written(folder):
    """Bytes of all files in the folder: apparent, and allocated by the file system."""
    facts = [os.stat(os.path.join(folder, name)) for name in os.listdir(folder)]
    return sum(fact.st_size for fact in facts), sum(fact.st_blocks * 512 for fact in facts)


def own_clock(output):
    """What the program measured of itself, where it does."""
    told = {}
    for pattern, keys in OWN_CLOCKS:
        found = re.search(pattern, output, re.M)
        if found:
            told.update(zip(keys, map(float, found.groups())))
    return told


def analyse(tool, line, traces, folder):
    """How long the tool takes to show what it wrote, with what that costs."""
    analysis = tool.analysis(traces, line)
    if not analysis:
        return {}
    os.mkdir(folder)
    try:
        facts, output, _ = run(analysis, environment({}), folder, limit_s=READING_LIMIT_S)
    except Late:
        return {"report_s": READING_LIMIT_S, "is_report_late": True}
    if not output.strip():
        raise Failed(f"{analysis[0]} printed nothing")
    return {"report_s": facts["wall_s"], "report_cpu_s": facts["user_s"] + facts["system_s"],
            "report_kib": facts["peak_kib"]}


def measure(workload, tool, size, folder):
    """One sample, or Failed."""
    traces, work = os.path.join(folder, "traces"), os.path.join(folder, "work")
    os.mkdir(traces)
    os.mkdir(work)
    bare = workload.line(size, work)
    line, env = tool.wrap(bare, environment(workload.env), traces)
    beside = workload.beside_line(size, work) if workload.beside else None
    facts, output, complaint = run(line, env, work, POLL_MS if tool.helpers else 0, beside)
    if workload.expected(size) not in output:
        raise Failed(f"did not say '{workload.expected(size)}'")
    saw = tool.saw(traces, output + complaint)
    least = workload.least_allocations(size)
    if tool.name != "bare" and least and not any(saw.values()):
        raise Failed("the tool recorded nothing")
    if saw.get("allocations", least) < least:
        raise Failed(f"the tool saw {saw['allocations']:,} allocations, not {least:,}")
    peak, helper = peaks(tool, bare, facts)
    apparent, allocated = written(traces)
    sample = {"wall_s": facts["wall_s"], "tree_s": facts["tree_s"],
              "cpu_s": facts["user_s"] + facts["system_s"], "peak_kib": peak, "helper_kib": helper,
              "apparent": apparent, "allocated": allocated}
    own = own_clock(output)
    if not own and workload.group not in ("whole", "tests"):
        raise Failed("it printed no figure of its own")
    sample.update(saw, **own)
    if workload.group == "whole":
        sample.update(analyse(tool, bare, traces, os.path.join(folder, "analysis")))
    return sample


def sample_of(workload, tool, size):
    """One sample in a folder of its own, {"failed": why} if it is none."""
    folder = tempfile.mkdtemp(prefix="maptrace-bench-")
    try:
        reason = tool.missing()
        if reason:
            raise Failed(reason)
        return measure(workload, tool, size, folder)
    except (Failed, OSError, subprocess.SubprocessError) as problem:
        return {"failed": str(problem)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
