"""What the project wants to reach, and whether it does: a row for each target."""
import figures
import tables

FRAMES = (("depth-5", 25), ("depth-20", 30), ("depth-60", 45))  # added ns a pair, whole library
TRACE_BYTES = 1024 * 1024
NODE_BYTES = 24
MEMORY_SHARE = 0.30
REPORT_S = 0.3
PAUSE = 1.2
SEARCH_RATE = 1000
STEADY = 1.1  # a run ten times longer may cost this many times as much a pair: noise


def verdict(is_met):
    return "met" if is_met else "**not met**"


class Judge:
    """Makes rows from the results; a target without measurement is told as that."""

    def __init__(self, data):
        self.entries = {workload.name: (workload, rounds)
                        for workload, rounds in tables.entries_of(data)}
        self.rows = []

    def rounds(self, name):
        return self.entries[name][1] if name in self.entries else []

    def row(self, what, reach, measured, is_met):
        """One row; `measured` None says that nothing is known."""
        if measured is None:
            self.rows.append([what, reach, "not measured", "-"])
        else:
            self.rows.append([what, reach, measured, verdict(is_met)])

    def share(self, workload):
        found = figures.share(self.rounds(workload.name), "maptrace", "heaptrack", "wall_s")
        self.row(f"{workload.name}: added wall against heaptrack's", f"1/{workload.share}",
                 tables.part(found) if found else None,
                 found and found.median <= 1 / workload.share)

    def wall(self, workload):
        found = figures.ratio(self.rounds(workload.name), "maptrace", "wall_s")
        self.row(f"{workload.name}: wall against bare", f"{workload.wall}",
                 tables.times(found) if found else None, found and found.median <= workload.wall)

    def pair(self, name, most):
        found = figures.added(self.rounds(name), "maptrace", "pair_cpu_ns")
        self.row(f"added ns a pair, {name.split('-')[1]} frames", f"{most}",
                 f"{found.median:.0f} ({found.least:.0f} to {found.most:.0f})" if found else None,
                 found and found.median <= most)

    def live(self):
        """The bare program pays for its own cache misses; the library may add as much again."""
        few, many = self.rounds("live-10k"), self.rounds("live-10m")
        added = [figures.added(rounds, "maptrace", "pair_cpu_ns") for rounds in (few, many)]
        bare = [figures.values(rounds, "bare", "pair_cpu_ns") for rounds in (few, many)]
        known = all(added) and all(bare)
        rise = [pair[1].median - pair[0].median for pair in (added, bare)] if known else (0, 0)
        self.row("10 thousand to 10 million live blocks: rise of the added ns a pair",
                 "no more than bare's own rise", known and
                 f"{rise[0]:+.0f} (bare {rise[1]:+.0f})" or None, rise[0] <= max(0, rise[1]))

    def length(self):
        short, long = self.rounds("length-1"), self.rounds("length-10")
        found = figures.flatness(short, long, "maptrace", "pair_cpu_ns")
        self.row("a run ten times longer: added ns a pair", f"{STEADY} times at most",
                 f"{found:.2f} times" if found else None, found and found <= STEADY)
        self.same("trace of a run ten times longer", short, long)
        self.same("trace of 4 threads against 1", self.rounds("threads-1"),
                  self.rounds("threads-4"))

    def same(self, what, one, other):
        """Traces may differ by snapshots and points in time, not by a size that grows."""
        sizes = [figures.values(rounds, "maptrace", "allocated") for rounds in (one, other)]
        self.row(what, "no growth", all(sizes) and
                 f"{tables.sized(sizes[0].median)}, {tables.sized(sizes[1].median)}" or None,
                 all(sizes) and sizes[1].median <= sizes[0].median + 64 * 1024)

    def memory(self, name):
        rounds = self.rounds(name)
        found = figures.memory_share(rounds, "maptrace", tables.heap_of(rounds))
        self.row(f"{name}: memory beyond 8 MiB, of the guest's heap", f"{MEMORY_SHARE:.0%}",
                 f"{found:.0%}" if found is not None else None,
                 found is not None and found <= MEMORY_SHARE)

    def trace(self, name):
        found = figures.values(self.rounds(name), "maptrace", "allocated")
        self.row(f"{name}: trace file", "1 MiB", tables.sized(found.median) if found else None,
                 found and found.median <= TRACE_BYTES)

    def nodes(self, name):
        rounds = self.rounds(name)
        held, nodes = (figures.values(rounds, "maptrace", key) for key in ("allocated", "nodes"))
        each = held.median / nodes.median if held and nodes and nodes.median else None
        self.row(f"{name}: bytes of trace a stack node", f"{NODE_BYTES}",
                 f"{each:.1f} ({nodes.median:,.0f} nodes)" if each else None,
                 each and each <= NODE_BYTES)

    def pause(self, name):
        rounds = self.rounds(name)
        mark, fork = (figures.values(rounds, "maptrace", key) for key in ("mark_ms", "fork_ms"))
        times = mark.median / fork.median if mark and fork else None
        self.row(f"{name} MB: pause of the guest against a bare fork", f"{PAUSE}",
                 f"{times:.2f}" if times else None, times and times <= PAUSE)

    def search(self, name):
        found = figures.values(self.rounds(name), "bare", "search_rate")
        self.row(f"{name}: memory searched a second, one core", f"{SEARCH_RATE} MB",
                 f"{found.median:.0f} MB" if found else None, found and found.median >= SEARCH_RATE)

    def report(self, name):
        found = figures.values(self.rounds(name), "maptrace", "report_s")
        self.row(f"{name}: `maptrace report`", f"{REPORT_S} s",
                 f"{found.median:.2f} s" if found else None, found and found.median <= REPORT_S)


def targets(data):
    """The table, or nothing where no workload with a target was run."""
    judge = Judge(data)
    whole = [w for w, _ in tables.entries_of(data, "whole")]
    for workload in whole:
        if workload.share:
            judge.share(workload)
    for name, most in FRAMES:
        judge.pair(name, most)
    for workload in whole:
        if workload.wall:
            judge.wall(workload)
    judge.live()
    judge.length()
    for check in (judge.memory, judge.trace, judge.report):
        for workload in whole:
            if workload.wall and (check != judge.trace or workload.share):
                check(workload.name)
    judge.nodes("cc1plus")
    for workload, _ in tables.entries_of(data, "snapshot"):
        check = judge.pause if workload.name.startswith("pause") else judge.search
        check(workload.name)
    return tables.table(["what", "reach", "measured", ""], judge.rows)
