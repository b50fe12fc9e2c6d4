"""Names are those of the code that ran: plugins that come and go, globals, constructors, threads."""
import os
import subprocess

import harness
from harness import contains, equal, maptrace, one_trace, program, report, run, snapshot, test

PLUGIN = """
#include <unordered_map>
static std::unordered_map<int, int> NAME_cache;
extern "C" void *make() {
    auto *map = new std::unordered_map<int, int>;
    for (int key = 0; key < 20000; key++)
        (*map)[key] = NAME_cache[key] = key;
    return map;
}
"""

HOST = r"""
#include <dlfcn.h>
#include <maptrace.h>
#include <stdio.h>
#include <unordered_map>
static void use(const char *path) {
    void *plugin = dlopen(path, RTLD_NOW);
    if (!plugin) { puts(dlerror()); return; }
    void *make = dlsym(plugin, "make");
    void *map = reinterpret_cast<void *(*)()>(make)();
    printf("%p %p\n", map, make);
    fflush(stdout);
    maptrace_mark(path);
    dlclose(plugin);
}
int main() {
    std::unordered_map<int, int> own{{1, 1}};
    use("./first.so");
    use("./second.so");
    use("./first.so");
    return 0;
}
"""

EARLY = r"""
#include <maptrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <unordered_map>
static std::unordered_map<int, int> early = [] {
    std::unordered_map<int, int> map;
    for (int key = 0; key < 5000; key++) map[key] = key;
    return map;
}();
int main() {
    for (int key = 0; key < 5000; key++) early.erase(key);
    at_quick_exit([] { early[1] = 1; printf("handler: %zu\n", early.size()); fflush(stdout); });
    quick_exit(5);
}
"""


def build(name, source, *flags):
    with open(name + ".cc", "w", encoding="utf-8") as out:
        out.write(source)
    subprocess.run(["g++", "-O1", "-g", f"-I{harness.TOP}/include", name + ".cc", *flags], check=True)


@test
def plugins():
    """two plugins in turn at one address: each map is told with the plugin that made it"""
    for name in ("first", "second"):
        build(name, PLUGIN.replace("NAME", name), "-shared", "-fPIC", "-o", f"{name}.so",
              "-fno-gnu-unique")
    build("host", HOST, "-o", "host")
    done, trace = one_trace(["./host"], MAPTRACE_AUTO=0)
    lines = [line.split() for line in done.stdout.splitlines()]
    equal(len({make for _, make in lines}), 1, f"not at one address: {lines}")
    data = report(trace)
    marks = [s for s in data["snapshots"] if s["label"].endswith(".so")]
    equal([s["label"] for s in marks], ["./first.so", "./second.so", "./first.so"])
    makers = ["first.so", "second.so", "first.so"]
    for number, snap in enumerate(marks):
        maps = harness.maps_by_address(snap)
        for (address, _), maker in list(zip(lines, makers))[:number + 1]:
            made_by = maps[int(address, 16)]["allocated_at"]
            frame = [f for f in made_by if f["function"] == "make"]
            equal([os.path.basename(f["file"]) for f in frame], [maker.replace(".so", ".cc")],
                  snap["label"])
            contains(frame[0]["module"], maker)
        caches = [m["where"]["variable"] for m in maps.values() if m["where"]["kind"] == "global"]
        equal(caches, [makers[number].replace(".so", "_cache")], snap["label"])


@test
def globals_are_named():
    """a map in a global is told with the variable's name, in the program and in its functions"""
    _, trace = one_trace([program("unordered_global")])
    where = [m["where"] for m in snapshot(report(trace), "truth")["maps"]]
    equal(sorted(w["variable"] for w in where if w["kind"] == "global"),
          ["cache", "emptied", "registry()::map"])
    assert all(w["module"].endswith("unordered_global") for w in where if w["kind"] == "global")


@test
def before_main():
    """a map made by a constructor before main and emptied is seen; quick_exit's handlers still run"""
    build("early", EARLY, "-o", "early")
    bare = run(["./early"])
    done, trace = one_trace(["./early"], status=5)
    equal((done.stdout, done.stderr), (bare.stdout, bare.stderr))
    (found,) = snapshot(report(trace), "exit")["maps"]
    equal((found["count"], found["where"]["variable"]), (0, "early"))
    assert found["retained_bytes"] > 5000 * 8, found
    maptrace("check", trace, "--max-retained", "4K", status=1)


@test
def several_pieces():
    """a program with holes before its code and its data: both are its own, and it is known by its
    build id, so that names never come from another file that took its place"""
    flags = ["-o", "pieces", "-no-pie", "-Wl,--build-id", "-Wl,-Ttext=0x10000000"]
    build("pieces", EARLY, *flags)
    _, trace = one_trace(["./pieces"], status=5)
    (found,) = snapshot(report(trace), "exit")["maps"]
    assert any(frame["module"].endswith("/pieces") and frame["file"]
               for frame in found["allocated_at"]), found["allocated_at"]
    equal((found["where"]["kind"], found["where"]["variable"]), ("global", "early"))
    build("pieces", EARLY.replace("handler", "HANDLER"), *flags)
    contains(maptrace("report", trace).stdout, "is not the file that ran (another build id)")


@test
def thread_stacks():
    """a map on the stack of a thread that main waits for is found there"""
    _, trace = one_trace([program("automatic"), "worker", "100000"])
    where = [m["where"]["kind"] for s in report(trace)["snapshots"] for m in s["maps"]]
    assert where and set(where) == {"stack"}, where


harness.main()
