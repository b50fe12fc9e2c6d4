"""Real Go programs as their makers ship them, built by each release from 1.19 to 1.26, stripped, at
work: every map is proved, and agrees with what can be known without maptrace."""
import os
import signal
import struct
import subprocess
import time

import harness
from golang import shipped
from harness import equal, maptrace, report, run, snapshot, structure_bytes, test

ESBUILD = {"1.19": "0.17.0", "1.20": "0.20.2", "1.22": "0.22.0", "1.23": "0.25.12",
           "1.25": "0.27.7", "1.26": "0.28.2"}
LEFTHOOK = {"1.21": "1.5.7", "1.24": "1.11.14"}
MODULES = 400
COMMANDS = 1500
HPACK = 61  # entries of HTTP/2's static table (RFC 7541, appendix A), a map in net/http
LEAST = 50  # maps that are left in any case: 0.17 lets go of a build when it is finished
WRITING, SURE_BITS, RESERVE_BITS = 4, 16, 4  # of the runtime's classic map, see overflow_of


def profile_of(release):
    return "go-swiss" if release >= "1.24" else "go-classic"


def write_project():
    """Modules that import each other, with many names each: maps of all sizes in the bundler."""
    os.mkdir("project")
    for i in range(MODULES):
        with open(f"project/m{i}.js", "w", encoding="ascii") as out:
            for j in range(max(0, i - 3), i):
                out.write(f"import {{ f{j}, v{j} }} from './m{j}.js'\n")
            for j in range(40):
                out.write(f"const local{j} = {{ a{j}: {j}, b: 'text {j}' }}\n")
            out.write(f"export function f{i}(x) {{ return x + local{i % 40}.a{i % 40} }}\n")
            out.write(f"export const v{i} = f{i}({i})\n")
    with open("project/main.js", "w", encoding="ascii") as out:
        out.write("".join(f"import * as m{i} from './m{i}.js'\n" for i in range(MODULES)))
        out.write("console.log(" + ", ".join(f"m{i}.v{i}" for i in range(MODULES)) + ")\n")


def bundled(release):
    """esbuild after it has bundled the project, waiting for changes."""
    version = ESBUILD[release]
    process = subprocess.Popen(
        [shipped("@esbuild/linux-x64", version, release), "project/main.js", "--bundle",
         f"--outfile={version}.js", "--watch", "--log-level=info"], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "watching" in line or "build finished" in line:
            break
    while process.poll() is None:  # some releases say so before they have begun
        if os.path.exists(f"{version}.js") and os.path.getsize(f"{version}.js"):
            return process
        time.sleep(0.02)
    raise AssertionError("esbuild ended")


def check_maps(snap, profile):
    """What holds for every map of every program."""
    equal(snap["complete"], True)
    maps = snap["maps"]
    equal({m["profile"] for m in maps}, {profile})
    assert len(maps) > LEAST, f"{len(maps)} maps"
    for found in maps:
        assert found["type"], found
        assert found["count"] <= found["capacity"], found
        assert found["retained_bytes"] <= structure_bytes(found), found
    total = sum(structure_bytes(m) for m in maps)
    assert total < snap["live_bytes"], (total, snap["live_bytes"])


def stop(pid):
    """Stands still as a whole, until it is killed."""
    os.kill(pid, signal.SIGSTOP)

    def is_stopped():
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] != "T":
                    return False
        return True
    harness.wait_for(is_stopped, "all threads to stop")


def overflow_of(memory, found):
    """(overflow buckets by the runtime's own counter, as the report has them) of a classic map;
    None where the counter is about right only (from B = 16 on), of the new array only, or being
    changed. The runtime hands out the reserve in order, up to a pointer that is 0 at its end."""
    def words(address, form):
        memory.seek(address)
        return struct.unpack(form, memory.read(struct.calcsize(form)))

    header = words(int(found["address"], 16), "<QBBHIQQQQ")
    count, flags, bits, counter, _, array, old, _, extra = header
    equal(count, found["count"], found["address"])
    if bits >= SURE_BITS or old or flags & WRITING:
        return None
    bucket = found["bytes"]["buckets"] >> bits
    used = 0
    if bits >= RESERVE_BITS:
        following = words(extra + 16, "<Q")[0]
        whole = found["bytes"]["buckets"] + found["bytes"]["overflow_reserved"]
        used = (following - array if following else whole) // bucket - (1 << bits)
    return counter, found["overflow_blocks"] + used


def check_overflow(pid, maps):
    with open(f"/proc/{pid}/mem", "rb") as memory:
        pairs = [pair for pair in (overflow_of(memory, found) for found in maps) if pair]
    equal([pair for pair in pairs if pair[0] != pair[1]], [], "overflow buckets")
    assert len(pairs) > LEAST, f"{len(pairs)} maps were compared"
    return sum(counter for counter, _ in pairs)


@test
def bundler():
    """every map of a bundler at work is proved: no candidate with entries is left unexplained"""
    write_project()
    for release in ESBUILD:
        with bundled(release) as guest:
            maptrace("go", str(guest.pid), "-o", f"{release}.mtr", "--report", "text")
            check_maps(report(f"{release}.mtr")["snapshots"][0], profile_of(release))
            guest.stdin.close()
            guest.kill()


@test
def overflow_counter():
    """a bundler's maps have as many overflow buckets as the runtime itself has counted"""
    write_project()
    counted = 0
    for release in [r for r in ESBUILD if profile_of(r) == "go-classic"]:
        with bundled(release) as guest:
            stop(guest.pid)
            maptrace("go", str(guest.pid), "-o", f"{release}.mtr", "--report", "text")
            counted += check_overflow(guest.pid, report(f"{release}.mtr")["snapshots"][0]["maps"])
            guest.stdin.close()
            guest.kill()
    assert counted > LEAST, f"{counted} overflow buckets in all"


@test
def hooks_manager():
    """a manager of git hooks has an entry for each of its commands, and for each HTTP/2 header"""
    equal(run(["git", "init", "-q", "."]).returncode, 0)
    with open("lefthook.yml", "w", encoding="ascii") as out:
        out.write("pre-commit:\n  commands:\n")
        out.write("".join(f"    c{i}:\n      run: echo {i}\n" for i in range(COMMANDS)))
    for release, version in LEFTHOOK.items():
        program = shipped("lefthook-linux-x64", version, release)
        maptrace("go", "run", "-o", f"{release}.mtr", "--report", "text", "--", program, "dump",
                 env=dict(os.environ, GOGC="off"))  # it has let go of its commands when it ends
        snap = snapshot(report(f"{release}.mtr"), "exit")
        check_maps(snap, profile_of(release))
        for kind, count in (("map[string]*config.Command", COMMANDS),
                            ("map[hpack.pairNameValue]uint64", HPACK)):
            found = [m["type"] for m in snap["maps"] if m["count"] == count]
            assert any(kind in types.split(" or ") for types in found), f"{kind}: {found}"


if __name__ == "__main__":
    harness.main()
