#!/usr/bin/env python3
"""What tracing costs: bare, under maptrace, under heaptrack, in turn in one run.

    bench/compare.py [--runs N] [COMMAND...]      default: the article and the test programs

Prints, per program, the median wall and CPU time (of all processes) of each, the median of the
ratios taken pair by pair (traced to bare of the same round) with their spread, the peak resident
memory of the largest process, and the bytes of trace.
"""
import argparse
import glob
import os
import platform
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = os.path.join(TOP, "build", "test_programs")
TOOLS = ("bare", "maptrace", "heaptrack")


def command_of(tool, command, folder):
    """The command line and environment that run `command` under `tool`."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAPTRACE_")}
    if tool == "maptrace":
        env["LD_PRELOAD"] = os.path.join(TOP, "libmaptrace.so")
        env["MAPTRACE_OUT"] = os.path.join(folder, "%n.%p.mtr")
        env["MAPTRACE_KEEP"] = "1"
    if tool == "heaptrack":
        return ["heaptrack", "-o", os.path.join(folder, "ht"), *command], env
    return command, env


def measure(tool, command):
    """One run: (wall s, CPU s of all its processes, trace bytes)."""
    folder = tempfile.mkdtemp(prefix="maptrace-bench-")
    line, env = command_of(tool, command, folder)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(line, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{line} ended with {done.returncode}: {done.stderr.decode()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(os.path.getsize(f) for f in glob.glob(os.path.join(folder, "*")))
    shutil.rmtree(folder)
    return wall, cpu, size


def compare(command, runs):
    rounds = [{tool: measure(tool, command) for tool in TOOLS} for _ in range(runs + 1)][1:]
    print(" ".join(os.path.basename(word) for word in command))
    for tool in TOOLS:
        wall, cpu, size = (statistics.median(r[tool][i] for r in rounds) for i in range(3))
        ratios = [[r[tool][i] / max(r["bare"][i], 1e-4) for r in rounds] for i in range(2)]
        spread = f"{min(ratios[0]):.2f} to {max(ratios[0]):.2f}"
        print(f"  {tool:10} wall {wall:8.3f} s  x{statistics.median(ratios[0]):6.2f} "
              f"({spread:16})  cpu {cpu:8.3f} s  x{statistics.median(ratios[1]):6.2f}  "
              f"trace {size / 1024:10,.0f} KiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if not shutil.which("heaptrack"):
        raise SystemExit("heaptrack is missing: apt-get install heaptrack")
    print(f"{platform.machine()}, {os.cpu_count()} cores, {options.runs} rounds, medians")
    if options.command:
        compare(options.command, options.runs)
        return
    for values in ("inline", "pointer", "big"):
        compare([os.path.join(PROGRAMS, "article"), "--values", values], options.runs)
    for path in sorted(glob.glob(os.path.join(PROGRAMS, "O2", "u*_*"))) + \
            sorted(glob.glob(os.path.join(PROGRAMS, "O2", "ghash_*"))):
        if not path.endswith((".o", ".d")):
            compare([path], options.runs)


main()
