"""The whole outcome as one text, and its place in doc/performance.md."""
import figures
import places
import tables
import targets

BEGIN = "<!-- from here on written by `make bench-doc`: change bench/, not this -->"
END = "<!-- to here -->"
PAIRS = (("depth", "By depth of the stack"), ("threads", "By threads (the 20 frames above)"),
         ("live", "By live blocks"), ("paths", "By distinct paths"),
         ("length", "By length of the run"))
QUIET = 0.15  # cores that others may keep busy


def about(data):
    """Where and how this was measured."""
    machine, counts = data["key"]["machine"], [len(entry.get("rounds", []))
                                               for entry in data["workloads"].values()]
    lines = [
        f"{data['date']}, commit {data['commit']}, library {data['key']['library']}.",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB; "
        f"Linux {machine['kernel']}, {machine['system']}, {machine['libc']}, "
        f"{machine['compiler']}; transparent huge pages: {machine['huge_pages'] or 'none'}.",
        "Tools: " + "; ".join(f"{tool} ({version})" if version else tool
                              for tool, version in data["tools"].items()) + ".",
        f"{min(counts, default=0)} to {max(counts, default=0)} rounds a workload.",
    ]
    if data["key"]["is_quick"]:
        lines.append("**From `make bench-quick`: sizes a tenth, two rounds. Not for judging.**")
    busy = figures.spread(n for entry in data["workloads"].values() for n in entry.get("busy", []))
    if busy and busy.median > QUIET:
        lines.append(f"**Preliminary: others kept {busy.median:.1f} cores busy meanwhile "
                     f"({busy.least:.1f} to {busy.most:.1f}). Wall times are not to be believed.**")
    return "\n".join(lines) + "\n"


def section(title, body, text=""):
    if not body:
        return ""
    return f"### {title}\n" + (text + "\n\n" if text else "\n") + body + "\n"


def document(data):
    """Every table that there are figures for."""
    whole, tests = tables.entries_of(data, "whole"), tables.entries_of(data, "tests")
    parts = [about(data) + "\n", section("Targets", targets.targets(data))]
    parts.append(section("Whole programs", tables.costs(whole) if whole else "",
                         "Ratios to the bare run of the same round: median (least to most)."))
    parts.append(section("Test programs", tables.costs(tests) if tests else ""))
    parts.append(section("Memory", tables.memory(whole) if whole else ""))
    parts.append(section("Files", tables.files(whole) if whole else ""))
    parts.append(section("Time to read the outcome", tables.reading(whole)))
    parts.append(section("Tools that are far slower, on smaller sizes", tables.slow(whole)))
    parts.append(section("Snapshots", tables.snapshots(tables.entries_of(data, "snapshot")),
                         "Medians, within one run, of 15 pauses and of 5 searches."))
    for group, title in PAIRS:
        found = tables.entries_of(data, group)
        parts.append(section(f"Nanoseconds a pair of malloc and free. {title}",
                             tables.pairs(found) if found else ""))
    parts.append(section("Runs that failed", tables.failed(tables.entries_of(data))))
    return "".join(parts)


def write(data):
    """Puts the tables between the two marks of doc/performance.md."""
    with open(places.DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"bench: {places.DOCUMENT} has lost its marks: {BEGIN} ... {END}")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    with open(places.DOCUMENT, "w", encoding="utf-8") as file:
        file.write(head + BEGIN + "\n" + document(data) + END + tail)
