#!/usr/bin/env python3
"""What tracing costs: every workload under every tool, in turn, round after round.

    bench/run.py [--only W1,W2,depth] [--tools maptrace,heaptrack] [--runs N] [--fresh] [--quick]
    bench/run.py [--tools ...] [--runs N] -- COMMAND...    your own program
    bench/run.py --document                                the last tables into doc/performance.md

Called by `make bench`, which builds what this needs. Results lie in build/bench/results.json and grow
with every round: interrupted, it goes on where it stopped. --fresh begins anew.
"""
import argparse
import os
import sys
import tempfile
import time

import document
import measure
import places
import results
import tables
import tools
import workloads

QUICK = 10       # --quick: sizes are divided by this
SLOW_RUNS = 3    # rounds of the tools that are far too slow for more
SMALL = "/small"  # marks the bare run that slow tools are compared with


def turns(chosen, round_number):
    """[(tool, key of its sample, whether its size is the small one)] of a round. Each round begins
    with another tool, so that none always follows the same one."""
    fast = [(tool, tool.name, False) for tool in chosen if not tool.is_slow]
    slow = [(tool, tool.name, True) for tool in chosen if tool.is_slow]
    if slow:
        slow.insert(0, (tools.ALL[0], tools.ALL[0].name + SMALL, True))
    shift = round_number % len(fast)
    return fast[shift:] + fast[:shift] + slow


def sizes_of(workload, is_quick):
    """The full and the small size."""
    full, small = workload.size, workload.small
    if is_quick and isinstance(full, int):
        full, small = max(1000, full // QUICK), max(1000, small // QUICK)
    elif is_quick:
        full = small
    return full, small


def tools_for(workload, chosen):
    """Test programs and micro benchmarks are for the tools that see every allocation fast."""
    return [t for t in chosen if workload.group == "whole" or not t.is_slow]


def run_round(workload, chosen, sizes, rounds, slow_runs):
    """Appends one round; a tool that failed before is not tried again."""
    failed = {key for r in rounds for key, sample in r.items() if "failed" in sample}
    done = {}
    if len(rounds) >= slow_runs:
        chosen = [tool for tool in chosen if not tool.is_slow]
    for tool, key, is_small in turns(chosen, len(rounds)):
        if key not in failed:
            done[key] = measure.sample_of(workload, tool, sizes[is_small])
            if "failed" in done[key]:
                print(f"    {key} failed: {done[key]['failed']}", flush=True)
    rounds.append(done)


def run_workload(workload, chosen, options, store):
    sizes = sizes_of(workload, options.quick)
    rounds = store.rounds(workload, sizes[0])
    if len(rounds) >= options.runs:
        print(f"{workload.name}: {len(rounds)} rounds are there", flush=True)
        return
    began = time.monotonic()
    measure.sample_of(workload, tools.ALL[0], sizes[1])  # warms the caches; not counted
    while len(rounds) < options.runs:
        run_round(workload, chosen, sizes, rounds, 1 if options.quick else SLOW_RUNS)
        store.save()
    print(tables.line(workload, rounds) + f"  [{time.monotonic() - began:.0f} s]", flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAMES")
    parser.add_argument("--tools", default="", metavar="NAMES")
    parser.add_argument("--runs", type=int, metavar="N")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--document", action="store_true")
    parser.add_argument("command", nargs="*")
    options = parser.parse_args()
    options.runs = options.runs or (2 if options.quick else 5)
    return options


def names(text):
    return [name for name in text.replace(",", " ").split() if name]


def main():
    options = parse()
    if options.document:
        document.write(results.read(places.RESULTS))
        return
    chosen = tools.choose(names(options.tools))
    path, wanted = places.RESULTS, workloads.choose(names(options.only))
    if options.quick:
        path = path.replace(".json", "-quick.json")
    if options.command:
        path = os.path.join(tempfile.mkdtemp(prefix="maptrace-bench-"), "results.json")
        wanted = [workloads.of_command(options.command)]
    store = results.Results(path, chosen, options.quick, options.fresh)
    store.note_load(results.load_average())
    for workload in wanted:
        run_workload(workload, tools_for(workload, chosen), options, store)
    store.save()
    text = document.document(store.data)
    with open(path.replace(".json", ".md"), "w", encoding="utf-8") as file:
        file.write(text)
    print("\n" + text)
    print(f"results: {path}")
    sys.exit(1 if tables.has_failures(store.data) else 0)


main()
