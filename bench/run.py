#!/usr/bin/env python3
"""What tracing costs: every workload under every tool, in turn, round after round.

    bench/run.py [--only W1,W2,depth] [--tools maptrace,heaptrack] [--runs N] [--fresh] [--quick]
    bench/run.py [--tools ...] [--runs N] -- COMMAND...    your own program
    bench/run.py --document                                the last tables into doc/performance.md

Called by `make bench`, which builds what this needs. Results lie in build/bench/results.json and
grow with every round: interrupted, it goes on where it stopped. --fresh begins anew.
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
BARE = tools.ALL[0]
SMALL = "/small"  # marks the bare run that slow tools are compared with


def turns(chosen, round_number):
    """[(tool, key of its sample, whether its size is the small one)] of a round. Each round begins
    with another tool, so that none always follows the same one."""
    fast = [(tool, tool.name, False) for tool in chosen if not tool.is_slow]
    slow = [(tool, tool.name, True) for tool in chosen if tool.is_slow]
    if slow:
        slow.insert(0, (BARE, BARE.name + SMALL, True))
    if len(fast) == 1 and slow:
        fast = []  # the full size is of no use to slow tools
    shift = round_number % max(1, len(fast))
    return fast[shift:] + fast[:shift] + slow


def sizes_of(workload, is_quick):
    """The full and the small size."""
    full, small = workload.size, workload.small
    if is_quick and isinstance(full, int) and workload.group != "snapshot":
        full, small = max(1000, full // QUICK), max(1000, small // QUICK)
    elif is_quick:
        full = small
    return full, small


def tools_for(workload, chosen):
    """Test programs and micro benchmarks are for the tools that see every allocation fast."""
    if workload.tools:
        return [tool for tool in chosen if tool.name in workload.tools]
    return [tool for tool in chosen if workload.group == "whole" or not tool.is_slow]


def lacking(chosen, rounds, options):
    """The tools that have fewer samples than they should, and a bare run to hold them against where
    one says anything; one that failed is done with."""
    def is_done(tool):
        samples = [r[tool.name] for r in rounds if tool.name in r]
        most = min(options.runs, 1 if options.quick else SLOW_RUNS) if tool.is_slow \
            else options.runs
        return len(samples) >= most or any("failed" in sample for sample in samples)
    found = [tool for tool in chosen if not is_done(tool)]
    return [BARE] + found if found and BARE in chosen and BARE not in found else found


def drop_failures(rounds):
    """What failed is tried again by the next call."""
    for done in rounds:
        for key in [key for key, sample in done.items() if "failed" in sample]:
            del done[key]


def run_round(workload, chosen, sizes, number):
    """{key: sample} of one round."""
    done = {}
    for tool, key, is_small in turns(chosen, number):
        done[key] = measure.sample_of(workload, tool, sizes[is_small])
        if "failed" in done[key]:
            print(f"    {workload.name} under {key} failed: {done[key]['failed']}", flush=True)
    return done


def run_workload(workload, chosen, options, store):
    """All rounds that are lacking; returns the workload's rounds."""
    sizes = sizes_of(workload, options.quick)
    rounds = store.rounds(workload, sizes[0])
    drop_failures(rounds)
    began, wanted = time.monotonic(), lacking(chosen, rounds, options)
    if wanted:
        measure.sample_of(workload, BARE, sizes[1])  # warms the caches; not counted
        store.note_busy(workload)
    while wanted:
        rounds.append(run_round(workload, wanted, sizes, len(rounds)))
        store.save()
        wanted = lacking(chosen, rounds, options)
    print(tables.line(workload, rounds) + f"  [{time.monotonic() - began:.0f} s]", flush=True)
    return rounds


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
    for workload in wanted:
        rounds = run_workload(workload, tools_for(workload, chosen), options, store)
    if options.command:
        text = tables.own((wanted[0], rounds))
    else:
        text = document.document(store.data)
        with open(path.replace(".json", ".md"), "w", encoding="utf-8") as file:
            file.write(text)
    print("\n" + text)
    print(f"results: {path}")
    sys.exit(1 if tables.has_failures(store.data) else 0)


if __name__ == "__main__":
    main()
