#!/usr/bin/env python3
"""What the tests ran, by gcov: a line for each file of the rooms, then every line that no test ran.

    tests/coverage.py FOLDER     a build with --coverage whose tests have run; see instruments.mk
"""
import collections
import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile

ROOMS = ("trace", "profiles", "finder", "golang", "preload", "analyzer")


def counts(folder):
    """{file: {line: times}} summed over all objects."""
    found = collections.defaultdict(collections.Counter)
    data = [os.path.abspath(path) for part in ("san", "shim") for path in
            glob.glob(os.path.join(folder, part, "**", "*.gcno"), recursive=True)]
    assert data, f"{folder} holds nothing that was built with --coverage"
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["gcov", "--json-format", "--preserve-paths", *data], cwd=work, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for path in glob.glob(os.path.join(work, "*.gcov.json.gz")):
            with gzip.open(path) as source:
                for file in json.load(source)["files"]:
                    for line in file["lines"]:
                        found[file["file"]][line["line_number"]] += line["count"]
    return found


def ranges(lines):
    """Ascending line numbers as text: 3-5 9."""
    spans = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    total = run = 0
    untested = []
    for file, lines in sorted(counts(sys.argv[1]).items()):
        if file.split("/")[0] not in ROOMS:
            continue
        ran = sum(1 for times in lines.values() if times)
        total, run = total + len(lines), run + ran
        print(f"{100 * ran / len(lines):5.1f} %  {ran:5} of {len(lines):5}  {file}")
        never = sorted(line for line, times in lines.items() if not times)
        if never:
            untested.append(f"{file}: {ranges(never)}")
    print(f"{100 * run / max(total, 1):5.1f} %  {run:5} of {total:5}  all")
    print("never run:", *untested, sep="\n")


main()
