"""The arithmetic: from samples to the figures that the tables print. Nothing here runs anything.

A comparison is made within a round, where the runs stood close together in time, and the median
is taken of the rounds' comparisons, never a comparison of medians. A round in which one of the two
runs failed has no say.
"""
import statistics

MIB = 1024 * 1024


class Spread:
    """A median with the least and the most."""

    def __init__(self, values):
        self.median, self.least, self.most = statistics.median(values), min(values), max(values)
        self.count = len(values)

    def __eq__(self, other):
        return (self.median, self.least, self.most) == (other.median, other.least, other.most)

    def __repr__(self):
        return f"Spread({self.least}, {self.median}, {self.most})"


def spread(values):
    """A Spread, or None of nothing."""
    values = [value for value in values if value is not None]
    return Spread(values) if values else None


def good(sample):
    return bool(sample) and "failed" not in sample


def values(rounds, tool, key):
    return spread(r[tool].get(key) for r in rounds if good(r.get(tool)))


def paired(rounds, tool, base, compare):
    """Spread of compare(traced sample, bare sample) over the rounds that have both."""
    return spread(compare(r[tool], r[base]) for r in rounds
                  if good(r.get(tool)) and good(r.get(base)))


def ratio(rounds, tool, key, base="bare"):
    """How many times the bare run's wall_s or cpu_s."""
    return paired(rounds, tool, base,
                  lambda traced, bare: traced[key] / bare[key] if bare[key] > 0 else None)


def added(rounds, tool, key, base="bare"):
    """What comes on top of the bare run, in the key's own unit. May be negative: noise."""
    return paired(rounds, tool, base, lambda traced, bare:
                  None if None in (traced.get(key), bare.get(key)) else traced[key] - bare[key])


def share(rounds, tool, rival, key, base="bare"):
    """What the tool adds, as a part of what the rival adds; None where the rival adds nothing."""
    def part(r):
        rivals = r[rival][key] - r[base][key]
        return (r[tool][key] - r[base][key]) / rivals if rivals > 0 else None
    return spread(part(r) for r in rounds if all(good(r.get(name)) for name in (tool, rival, base)))


def memory_share(rounds, tool, heap_bytes, free_bytes=8 * MIB):
    """What the tool adds to the guest's peak beyond free_bytes, as a part of the guest's heap; 0
    where it stays within them."""
    grown = added(rounds, tool, "peak_kib")
    if grown is None or not heap_bytes:
        return None
    return max(0.0, grown.median * 1024 - free_bytes) / heap_bytes


def flatness(rounds_small, rounds_large, tool, key):
    """The large run's added cost as a multiple of the small one's, by their medians."""
    small, large = added(rounds_small, tool, key), added(rounds_large, tool, key)
    if small is None or large is None or small.median <= 0:
        return None
    return large.median / small.median


def failures(rounds):
    """{tool: why} of all runs that failed."""
    return {tool: sample["failed"] for r in rounds for tool, sample in r.items()
            if sample and "failed" in sample}
