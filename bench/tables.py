"""The figures as Markdown: what `make bench` prints and doc/performance.md holds."""
import figures
import workloads

SLOW = ("jemalloc", "massif", "dhat")
FAILED = "failed"


def table(head, rows):
    if not rows:
        return ""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def sized(value):
    """Bytes for people."""
    for unit in ("B", "KiB", "MiB"):
        if abs(value) < 1024:
            is_whole = unit == "B" or abs(value) >= 100
            return f"{value:.0f} {unit}" if is_whole else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.2f} GiB"


def short(value):
    """Three digits, as many as the noise lets one believe."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def times(spread, with_range=True):
    if spread is None:
        return "-"
    text = f"{spread.median:.2f}" if spread.median < 10 else f"{spread.median:.1f}"
    if with_range:
        text += f" ({spread.least:.2f} to {spread.most:.2f})"
    return text


def plain(spread, unit=""):
    return "-" if spread is None else short(spread.median) + unit


def part(spread):
    """A part of heaptrack's cost, as one over something."""
    if spread is None:
        return "-"
    return "none" if spread.median <= 0 else f"1/{1 / spread.median:.1f}"


def median(rounds, tool, key, show):
    found = figures.values(rounds, tool, key)
    return show(found.median) if found else "-"


def cell(rounds, tool, text):
    """The text, or that the tool failed."""
    return FAILED if tool in figures.failures(rounds) else text


def cost_rows(entries):
    rows = []
    for workload, rounds in entries:
        row = [workload.name, median(rounds, "bare", "wall_s", lambda s: f"{s:.3f}")]
        for tool in ("maptrace", "heaptrack"):
            row.append(cell(rounds, tool, times(figures.ratio(rounds, tool, "wall_s"))))
            row.append(times(figures.ratio(rounds, tool, "cpu_s"), False))
        row.append(part(figures.share(rounds, "maptrace", "heaptrack", "wall_s")))
        row.append(part(figures.share(rounds, "maptrace", "heaptrack", "cpu_s")))
        rows.append(row)
    return rows


def costs(entries):
    return table(["workload", "bare, s", "maptrace wall", "CPU", "heaptrack wall", "CPU",
                  "added wall against heaptrack's", "added CPU"], cost_rows(entries))


def heap_of(rounds):
    """The guest's largest heap, in bytes that it asked for: the library's own word, exact."""
    found = figures.values(rounds, "maptrace", "heap_bytes")
    return found.median if found else 0


def memory(entries):
    rows = []
    for workload, rounds in entries:
        extra = [figures.added(rounds, tool, "peak_kib") for tool in ("maptrace", "heaptrack")]
        beyond = figures.memory_share(rounds, "maptrace", heap_of(rounds))
        rows.append([
            workload.name, sized(heap_of(rounds)),
            median(rounds, "bare", "peak_kib", lambda k: sized(k * 1024)),
            sized(extra[0].median * 1024) if extra[0] else cell(rounds, "maptrace", "-"),
            f"{100 * beyond:.0f} %" if beyond is not None else "-",
            sized(extra[1].median * 1024) if extra[1] else cell(rounds, "heaptrack", "-"),
            median(rounds, "heaptrack", "helper_kib", lambda k: sized(k * 1024))])
    return table(["workload", "guest's heap", "bare peak", "maptrace adds",
                  "of the heap, beyond 8 MiB", "heaptrack adds", "heaptrack's processes"], rows)


def files(entries):
    def both(rounds, tool):
        return cell(rounds, tool, median(rounds, tool, "allocated", sized) + " / "
                    + median(rounds, tool, "apparent", sized))
    rows = []
    for workload, rounds in entries:
        nodes = figures.values(rounds, "maptrace", "nodes")
        held = figures.values(rounds, "maptrace", "allocated")
        rows.append([workload.name, both(rounds, "maptrace"),
                     f"{nodes.median:,.0f}" if nodes else "-",
                     short(held.median / nodes.median) if nodes and nodes.median else "-",
                     both(rounds, "heaptrack")])
    return table(["workload", "maptrace, allocated / apparent", "stack nodes", "bytes a node",
                  "heaptrack, allocated / apparent"], rows)


def reading(entries):
    names = ("maptrace", "heaptrack", "jemalloc", "massif")
    rows = [[workload.name] + [cell(rounds, tool, median(rounds, tool, "report_s", short))
                               for tool in names]
            for workload, rounds in entries
            if any(figures.values(rounds, tool, "report_s") for tool in names)]
    return table(["workload", "maptrace report, s", "heaptrack_print, s",
                  "jeprof --text, s (small)", "ms_print, s (small)"], rows)


def slow(entries):
    rows = []
    for workload, rounds in entries:
        base = "bare/small"
        bare = figures.values(rounds, base, "wall_s")
        if not bare:
            continue
        row = [workload.name, f"{workload.small:,}" if isinstance(workload.small, int)
               else str(workload.small), f"{bare.median:.3f}"]
        for tool in SLOW:
            wall = figures.ratio(rounds, tool, "wall_s", base)
            cpu = figures.ratio(rounds, tool, "cpu_s", base)
            row.append(cell(rounds, tool, f"{times(wall)}; {times(cpu, False)}"))
        rows.append(row)
    return table(["workload", "size", "bare, s"] + [f"{t} wall; CPU" for t in SLOW], rows)


def pairs(entries):
    def ns(rounds, tool, key):
        found = figures.added(rounds, tool, key)
        if found is None:
            return cell(rounds, tool, "-")
        return f"{found.median:.0f} ({found.least:.0f} to {found.most:.0f})"
    rows = []
    for workload, rounds in entries:
        rows.append([workload.title, median(rounds, "bare", "pair_cpu_ns", lambda n: f"{n:.0f}"),
                     ns(rounds, "maptrace", "pair_cpu_ns"), ns(rounds, "maptrace", "pair_wall_ns"),
                     ns(rounds, "heaptrack", "pair_cpu_ns"),
                     ns(rounds, "heaptrack", "pair_wall_ns"),
                     median(rounds, "maptrace", "allocated", sized),
                     median(rounds, "maptrace", "peak_kib", lambda k: sized(k * 1024))])
    return table(["what", "bare CPU", "maptrace adds, CPU", "wall", "heaptrack adds, CPU", "wall",
                  "trace", "peak under maptrace"], rows)


def snapshots(entries):
    rows = []
    for workload, rounds in entries:
        pause = figures.values(rounds, "maptrace", "mark_ms")
        fork = figures.values(rounds, "maptrace", "fork_ms")
        rows.append([workload.title, median(rounds, "bare", "search_ms", short),
                     median(rounds, "bare", "search_mb", short),
                     median(rounds, "bare", "search_rate", short),
                     cell(rounds, "maptrace", short(pause.median) if pause else "-"),
                     short(fork.median) if fork else "-",
                     f"{pause.median / fork.median:.2f}" if pause and fork else "-"])
    return table(["what", "search, ms CPU", "MB searched", "MB/s", "pause, ms", "bare fork, ms", "times"], rows)


def own(entry):
    """The tables for a program of the user's own."""
    return "\n".join(made([entry]) for made in (costs, memory, files, reading, slow, failed))


def failed(entries):
    lines = [f"- {workload.name} under {tool}: {why}" for workload, rounds in entries
             for tool, why in figures.failures(rounds).items()]
    return "\n".join(lines) + "\n" if lines else ""


def has_failures(data):
    return any(figures.failures(entry["rounds"]) for entry in data["workloads"].values())


def entries_of(data, group=None):
    return [(workload, data["workloads"][workload.name]["rounds"])
            for workload in workloads.all_workloads()
            if data["workloads"].get(workload.name, {}).get("rounds")
            and (group is None or workload.group == group)]


def line(workload, rounds):
    """One workload in one line, told as soon as it is done."""
    bare = median(rounds, "bare", "wall_s", lambda seconds: f"{seconds:.3f} s")
    words = [f"{workload.name:20}", f"bare {bare}"]
    for tool in ("maptrace", "heaptrack"):
        cpu = figures.ratio(rounds, tool, "cpu_s")
        words.append(f"{tool} x" + cell(rounds, tool, times(
            figures.ratio(rounds, tool, "wall_s"), False) + f" (CPU x{times(cpu, False)})"))
    for tool in SLOW:
        found = figures.ratio(rounds, tool, "wall_s", "bare/small")
        if found or tool in figures.failures(rounds):
            words.append(f"{tool} x" + cell(rounds, tool, times(found, False)))
    return "  ".join(words)
