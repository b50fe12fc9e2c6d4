"""What workloads run under: for each tool the command line and environment, what it wrote, what it
says it saw, and the command that shows a person the outcome."""
import glob
import json
import os
import re
import shutil
import subprocess

import places


class Tool:
    """A bare run; the others differ from it. `folder` is empty before the run."""
    name = "bare"
    is_slow = False  # runs the small size
    programs = ()    # that must be installed
    helpers = ()     # names of processes of its own
    analyser = ""    # what shows the outcome, or why nothing is timed

    def missing(self):
        """Why this tool cannot be used here, or None."""
        absent = [program for program in self.programs if not shutil.which(program)]
        return f"{' and '.join(absent)} not installed" if absent else None

    def version(self):
        return ""

    def wrap(self, line, env, folder):
        return line, env

    def saw(self, folder, complaint):
        """What it recorded: a dict, with allocations where the tool counts them."""
        return {}

    def analysis(self, folder, line):
        """The command that reads what was written, or None."""
        return None


def first(pattern, folder):
    """The largest file of this pattern, which is the workload's own."""
    paths = glob.glob(os.path.join(folder, pattern))
    return max(paths, key=os.path.getsize) if paths else None


def number(pattern, text):
    found = re.search(pattern, text)
    return int(found.group(1).replace(",", "")) if found else 0


def said_by(*line):
    """First line that a command prints."""
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return (done.stdout.strip().splitlines() or [""])[0]


class Maptrace(Tool):
    name, analyser = "maptrace", "maptrace report"

    def version(self):
        return said_by(places.MAPTRACE, "--version")

    def wrap(self, line, env, folder):
        return line, dict(env, LD_PRELOAD=places.LIBRARY, MAPTRACE_KEEP="1",
                          MAPTRACE_OUT=os.path.join(folder, "%n.%p.mtr"))

    def saw(self, folder, complaint):
        trace = first("*.mtr*", folder)
        if not trace:
            return {}
        facts = subprocess.run([places.built("trace_facts"), trace], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, check=False)
        return json.loads(facts.stdout) if facts.returncode == 0 else {}

    def analysis(self, folder, line):
        return [places.MAPTRACE, "report", first("*.mtr*", folder)]


class Heaptrack(Tool):
    name, analyser, programs = "heaptrack", "heaptrack_print", ("heaptrack", "heaptrack_print")
    helpers = ("heaptrack_inter", "zstd", "gzip")

    def version(self):
        return said_by("heaptrack", "--version")

    def wrap(self, line, env, folder):
        return ["heaptrack", "-o", os.path.join(folder, "heaptrack")] + line, env

    def saw(self, folder, complaint):
        return {"allocations": number(r"\ballocations:\s+(\d+)", complaint)}

    def analysis(self, folder, line):
        return ["heaptrack_print", first("heaptrack.*", folder)]


class Jemalloc(Tool):
    """Every allocation is sampled: prof:true, lg_prof_sample:0."""
    name, is_slow, analyser, programs = "jemalloc", True, "jeprof --text", ("jeprof",)
    library = "libjemalloc.so.2"
    options = "prof:true,prof_active:true,lg_prof_sample:0,prof_accum:true,prof_final:true"

    def missing(self):
        said = self.probe("prof:true")
        if "cannot be preloaded" in said:
            return f"{self.library} not installed"
        if "Invalid conf" in said:
            return "this build of jemalloc has no profiling"
        return super().missing()

    def probe(self, options):
        """What jemalloc complains of when a program is run with these options."""
        done = subprocess.run(["/bin/sort", "/dev/null"], stderr=subprocess.PIPE, text=True,
                              check=False, env={"LD_PRELOAD": self.library, "MALLOC_CONF": options})
        return done.stderr

    def version(self):
        return said_by("jeprof", "--version").split("-g")[0].strip("( ").replace(
            "jeprof (part of ", "")

    def wrap(self, line, env, folder):
        return line, dict(env, LD_PRELOAD=self.library,
                          MALLOC_CONF=f"{self.options},prof_prefix:{folder}/jemalloc")

    def saw(self, folder, complaint):
        path = first("jemalloc.*.heap", folder)
        if not path:
            return {}
        with open(path, encoding="utf-8", errors="replace") as file:
            head = file.read(4096)
        return {"allocations": number(r"t\*: \d+: \d+ \[(\d+):", head)}

    def analysis(self, folder, line):
        return ["jeprof", "--text", shutil.which(line[0]), first("jemalloc.*.heap", folder)]


class Valgrind(Tool):
    is_slow, programs = True, ("valgrind",)

    def version(self):
        return said_by("valgrind", "--version")

    def wrap(self, line, env, folder):
        return ["valgrind", f"--tool={self.name}", f"--{self.name}-out-file={folder}/{self.name}.%p"
                ] + line, env


class Massif(Valgrind):
    """Tells no number of allocations; that it saw the heap is all that can be asked."""
    name, analyser, programs = "massif", "ms_print", ("valgrind", "ms_print")

    def saw(self, folder, complaint):
        path = first("massif.*", folder)
        if not path:
            return {}
        with open(path, encoding="utf-8", errors="replace") as file:
            sizes = re.findall(r"^mem_heap_B=(\d+)", file.read(), re.M)
        return {"heap_bytes": max(map(int, sizes), default=0)}

    def analysis(self, folder, line):
        return ["ms_print", first("massif.*", folder)]


class Dhat(Valgrind):
    name, analyser = "dhat", "a page for a browser: not timed"

    def saw(self, folder, complaint):
        return {"allocations": number(r"Total:\s+[\d,]+ bytes in ([\d,]+) blocks", complaint)}


ALL = (Tool(), Maptrace(), Heaptrack(), Jemalloc(), Massif(), Dhat())


def choose(names):
    """The tools of these names, all where none is named; a bare run is always there."""
    unknown = set(names) - {tool.name for tool in ALL}
    if unknown:
        raise SystemExit(f"bench: no tool is called {', '.join(sorted(unknown))}; there are "
                         + ", ".join(tool.name for tool in ALL))
    return [tool for tool in ALL if not names or tool.name in names or tool.name == "bare"]
