"""What is run: each workload is one command line and the proof that it did its work.

A workload's words may hold {size}, {folder} (empty, for this run), {built} (this room's programs),
{sources}, {tests} (test programs) and {cc1plus}. `says` must be in the output, and a tool must have
seen at least `least` allocations for each unit of the size: one that saw less measured less.
`small` is the size for tools that are too slow for the full one; their ratios are taken against
bare runs of that size.
"""
import glob
import os
from dataclasses import dataclass, field

import places


@dataclass(frozen=True)
class Workload:
    name: str
    title: str
    words: object          # a text, split at blanks, or a tuple
    size: object = 1000000
    small: object = 100000
    says: str = ""
    least: float = 0
    env: dict = field(default_factory=dict)
    beside: str = ""       # a client, run beside the workload; it ends it
    wall: float = 0        # reach: this many times the bare wall time
    share: float = 0       # reach: added wall is at most heaptrack's added wall by this
    group: str = "whole"   # whole, tests, snapshot, or a micro benchmark's table
    tools: tuple = ()      # those that it is meant for; the fast ones where there is none

    def fill(self, words, size, folder):
        return [word.format(size=size, folder=folder, built=os.path.join(places.BUILD, "bench"),
                            tests=os.path.join(places.BUILD, "test_programs"),
                            sources=places.SOURCES, cc1plus=places.cc1plus())
                for word in (words.split() if isinstance(words, str) else words)]

    def line(self, size, folder):
        return self.fill(self.words, size, folder)

    def beside_line(self, size, folder):
        return self.fill(self.beside, size, folder)

    def expected(self, size):
        return self.says.format(size=size)

    def least_allocations(self, size):
        return int(self.least * size) if isinstance(size, int) else int(self.least)


WHOLE = [
    Workload("W1", "unordered_map, 1M inserts and erases, three times, 20 frames deep",
             "{built}/unordered {size}", says="{size} inserted and erased, 3 times", least=3,
             wall=1.2, share=15),
    Workload("W2", "malloc/free pairs of 16 to 512 B, 10M pairs, 10k live, depth 15, 4 paths",
             "{built}/pairs --pairs {size} --live 10000 --depth 15 --paths 4 --sizes 16-512",
             size=10000000, small=500000, says="{size} pairs, 10000 live", least=1,
             wall=1.6, share=15),
    Workload("W3", "the same on 4 threads",
             "{built}/pairs --pairs {size} --live 10000 --depth 15 --paths 4 --sizes 16-512 "
             "--threads 4", size=10000000, small=500000, says="{size} pairs, 10000 live", least=1,
             wall=1.6, share=40),
    Workload("W4", "GHashTable, 1M keys by g_strdup", "{built}/ghash {size}",
             says="{size} inserted and removed", least=1, wall=1.1, share=10),
    Workload("W5", "lua5.4, tables of 1M entries", "lua5.4 {sources}/tables.lua {size}",
             says="{size} entries twice, added and removed", least=1, wall=1.1, share=10),
    Workload("W6", "redis-server, 1M SET, then DEL",
             "redis-server --port 0 --unixsocket {folder}/socket --appendonly no --daemonize no "
             "--dir {folder} --logfile {folder}/log --save",
             small=50000, says="{size} set and deleted", least=2,
             beside="{built}/redis_load {folder}/socket {size}", wall=1.1, share=10),
    Workload("W7", "python3, PYTHONMALLOC=malloc, dict of 1M",
             "/usr/bin/python3 {sources}/dict.py {size}", small=50000,
             says="{size} added and removed", least=2, env={"PYTHONMALLOC": "malloc"},
             wall=1.1, share=10),
    Workload("cc1plus", "g++'s compiler proper, -O2, a file of many templates (novel stacks)",
             "{cc1plus} -quiet -std=gnu++17 -O2 {built}/large-{size}.ii -o {folder}/large.s",
             size="full", small="small", least=50000, wall=1.25),
    Workload("perl", "hash of 1M entries, each with an array", "perl {sources}/hash.pl {size}",
             small=50000, says="{size} added and removed", least=2),
    Workload("ruby", "Hash of 1M long keys", "ruby {sources}/hash.rb {size}", small=50000,
             says="{size} added and removed", least=1),
    Workload("true", "a program that does nothing: what the start of a tool costs", "/bin/true"),
]
WHOLE += [
    Workload(f"article-{values}", f"the article, {values} values, 4 marks",
             "{tests}/article --values " + values, size="1M", small="1M", least=least,
             says="After deleting all")
    for values, least in (("inline", 100), ("pointer", 1000000), ("big", 1000000))]


# What a search costs by itself, and how long the guest stands still for it.
SNAPSHOT = [
    Workload(f"pause-{size}", f"the guest's pause, heap of {size} MB in small blocks",
             "{built}/pause {size} 15", size=size, small=size, says="{size} MB in",
             group="snapshot", env={"MAPTRACE_AUTO": "0"}, tools=("maptrace",)) for size in (100, 1000)]
SNAPSHOT += [
    Workload(f"finder-{name}", title, "{built}/finder_bench " + name + " {size} 5", size=size,
             small=size // 10, says=name, group="snapshot", tools=("bare",))
    for name, title, size in (
        ("inline", "search: the article's map, inline values", 10**6),
        ("pointer", "search: the article's map, pointer values", 10**6),
        ("big", "search: the article's map, 129-byte values", 10**6),
        ("emptied", "search: the article's map, emptied", 10**6),
        ("many", "search: 10 million blocks that point at each other", 10**7),
        ("chain", "search: an unordered_map of a million nodes", 10**6),
        ("unordered", "search: 100 thousand unordered_maps of 10 nodes", 10**5),
        ("small", "search: a million blocks behind an array", 10**6),
        ("plain", "search: a million blocks of 1 KB, no maps", 10**6))]


def test_programs():
    """Those that insert and delete, as users compile them. They run for milliseconds."""
    folder = os.path.join(places.BUILD, "test_programs", "O2")
    paths = sorted(glob.glob(os.path.join(folder, "u*_*")) +
                   glob.glob(os.path.join(folder, "ghash_*")))
    return [Workload(os.path.basename(path), "test program", path, size="all", small="all",
                     least=10, group="tests")
            for path in paths if not path.endswith((".o", ".d"))]


def micro(name, group, title, flags, pairs=2000000, sizes="16-128"):
    return Workload(name, title, f"{{built}}/pairs --pairs {{size}} --sizes {sizes} {flags}",
                    size=pairs, small=pairs, says="{size} pairs", least=1, group=group)


MICRO = [micro(f"depth-{depth}", "depth", f"{depth} frames", f"--depth {depth} --paths 4")
         for depth in (5, 20, 60)]
MICRO += [micro(f"threads-{threads}", "threads", f"{threads} threads",
                f"--depth 20 --paths 4 --threads {threads}") for threads in (1, 2, 4)]
MICRO += [micro(f"live-{label}", "live", f"{title} live blocks",
                f"--depth 20 --paths 4 --live {live}", sizes="16-64")
          for label, title, live in (("10k", "10 thousand", 10**4), ("1m", "1 million", 10**6),
                                     ("10m", "10 million", 10**7))]
MICRO += [micro(f"paths-{paths}", "paths", f"{paths:,} paths", f"--depth 20 --paths {paths}")
          for paths in (4, 100, 10000)]
MICRO += [micro("paths-random", "paths", "recursion to a random depth up to 60, 100 paths",
                "--depth 60 --paths 100 --vary")]
MICRO += [micro(f"length-{times}", "length", f"{times * 2} million pairs", "--depth 20 --paths 4",
                pairs=times * 2 * 10**6) for times in (1, 10)]


def all_workloads():
    return WHOLE + test_programs() + SNAPSHOT + MICRO


def of_command(command):
    """A workload of the user's own, of which nothing is known but that it ends with 0."""
    words = tuple(word.replace("{", "{{").replace("}", "}}") for word in command)
    return Workload(os.path.basename(command[0]), " ".join(command), words, size="all",
                    small="all")


def choose(names):
    """The workloads of these names or groups, in their own order; all where none is named."""
    known = all_workloads()
    wanted = set(names)
    unknown = wanted - {w.name for w in known} - {w.group for w in known} - {"micro"}
    if unknown:
        raise SystemExit(f"bench: no workload is called {', '.join(sorted(unknown))}; there are "
                         + ", ".join(w.name for w in known))
    return [w for w in known if not wanted or w.name in wanted or w.group in wanted
            or ("micro" in wanted and w in MICRO)]
