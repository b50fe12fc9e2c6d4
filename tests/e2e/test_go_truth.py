"""Hundreds of Go maps of many types, deletes, hints and growths: what was made is found, each with
its own count, bytes and type; by two toolchains, stripped, position-independent and static, from
the process and from its core."""
import glob
import os
import resource
import shutil
import signal
import subprocess

import harness
from golang import Standing, check, find, toolchains
from harness import contains, equal, maptrace, report, run, test


def check_kinds(told, is_classic):
    """The program made what it is for: each shape that a map of its layout can have."""
    seen = {
        "small": any(m["tables"] == 0 for m in told),
        "deleted all": any(m["count"] == 0 for m in told),
    }
    if is_classic:
        seen["growing"] = any(m["growing"] for m in told)
    else:
        seen["tombstones"] = any(m["tombstones"] for m in told)
        seen["one table"] = any(m["tables"] == 1 for m in told)
        seen["split"] = any(m["tables"] > 1 for m in told)
        seen["split on one side"] = any(m["pointers"] > m["tables"] > 1 for m in told)
    equal([kind for kind, is_seen in seen.items() if not is_seen], [], "not among the maps")


def look(toolchain, kind, seed=1):
    """By the process itself; returns the share of maps whose type is the only one that fits."""
    with Standing([toolchain.build("truth", kind), "-seed", str(seed)]) as guest:
        maptrace("go", "-o", "truth.mtr", "--report", "text", str(guest.process.pid))
        share = check(guest.truth, report("truth.mtr"))
        check_kinds(guest.truth, toolchain.is_classic)
        os.unlink("truth.mtr")
        guest.go_on()
    return share


@test
def classic_and_swiss():
    """found = made, 0 wrong counts, bytes equal, types right or among the candidates"""
    for toolchain in toolchains():
        for seed in (1, 2):
            look(toolchain, "plain", seed)


@test
def stripped_and_moved():
    """the same in stripped, position-independent and cgo builds"""
    for toolchain in toolchains():
        for kind in ("stripped", "pie", "cgo"):
            look(toolchain, kind)


@test
def cores():
    """a core file says what the process said, and one that was cut off is refused"""
    gcore = shutil.which("gcore")
    assert gcore, "gdb is not installed: tests/deps.sh"
    for toolchain in toolchains():
        program = toolchain.build("truth")
        with Standing([program]) as guest:
            done = run([gcore, "-o", "core", str(guest.process.pid)])
            core = f"core.{guest.process.pid}"
            assert os.path.exists(core), f"{done.stdout}{done.stderr}"
            maptrace("go", "--core", core, "--exe", program, "-o", "core.mtr", "--report", "text")
            check(guest.truth, report("core.mtr"))
        os.truncate(core, os.path.getsize(core) * 2 // 3)
        refused = maptrace("go", "--core", core, "--exe", program, status=2)
        assert "truncated" in refused.stderr, refused.stderr
        os.unlink(core)
        os.unlink("core.mtr")


HOST = ("import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); library.Fill(5000); "
        "library.Drop(10); library.Tell(); print('done', flush=True); input()")


@test
def library_in_c():
    """a library built by Go in a program in C: its map, as the library tells of it"""
    for toolchain in toolchains():
        library = toolchain.build("shared", "c-shared")
        with Standing([shutil.which("python3", path="/usr/bin"), "-c", HOST, library]) as guest:
            maptrace("go", str(guest.process.pid), "-o", "shared.mtr", "--report", "text")
            told, = guest.truth
            found = find(report("shared.mtr"), "request", "map[int64][2]uint32")
            equal((found["address"], found["count"]), (told["address"], 10))
            assert found["retained_bytes"] > found["bytes"]["buckets"] * 9 // 10, found
            guest.go_on()
        os.unlink("shared.mtr")


@test
def plugins_are_told():
    """a program with a plugin, whose maps would be missed, is not judged"""
    for toolchain in toolchains():
        maptrace("go", "run", "-o", "plugging.mtr", "--report", "text", "--",
                 toolchain.build("plugging", "cgo"), toolchain.build("plugged", "plugin"))
        look, = report("plugging.mtr")["snapshots"]
        equal(look["complete"], False)
        contains(look["reason"], "the maps of plugged, a plugin")
        maptrace("check", "--max-retained", "1G", "plugging.mtr", status=3)
        os.unlink("plugging.mtr")


@test
def plugins_in_cores():
    """a core of such a program, whose plugin no other file tells of, is not judged either"""
    gcore = shutil.which("gcore")
    assert gcore, "gdb is not installed: tests/deps.sh"
    for toolchain in toolchains():
        path = toolchain.build("plugging", "cgo")
        guest = subprocess.Popen([path, toolchain.build("plugged", "plugin")], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            equal(guest.stdout.readline(), "1\n")
            equal(run([gcore, "-o", "core", str(guest.pid)]).returncode, 0)
            guest.communicate("\n", timeout=harness.LIMIT_S)
            equal(guest.returncode, 0)
        finally:
            if guest.poll() is None:
                guest.kill()
                guest.communicate()
        maptrace("go", "--core", f"core.{guest.pid}", "--exe", path, "-o", "core.mtr")
        look, = report("core.mtr")["snapshots"]
        equal((look["complete"], look["reason"]),
              (False, "it has loaded a plugin, whose maps are not looked for"))
        maptrace("check", "--max-retained", "1G", "core.mtr", status=3)
        os.unlink("core.mtr")
        os.unlink(f"core.{guest.pid}")


def writes_cores():
    """Whether the kernel writes a whole core to the folder of the process that crashes."""
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as setting:
        is_here = setting.read().strip()[:1] not in ("", "|", "/")
    return is_here and resource.getrlimit(resource.RLIMIT_CORE)[1] == resource.RLIM_INFINITY


def allow_core():
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most if writes_cores() else 0, most))


def crash(guest):
    """The path of the core that the kernel writes of a crash; where it hands cores to a program or
    may write none, gdb's of the moment before stands in for it."""
    if not writes_cores():
        run([shutil.which("gcore"), "-o", "core", str(guest.process.pid)])
    guest.process.send_signal(signal.SIGQUIT)
    equal(guest.process.wait(), -signal.SIGABRT, "the end of the program")
    cores = glob.glob("*core*")
    equal(len(cores), 1, f"cores: {cores}")
    return cores[0]


@test
def crashes():
    """the core that a crash leaves (GOTRACEBACK=crash, ulimit -c unlimited) says the same"""
    for toolchain in toolchains():
        program = toolchain.build("truth", "pie")
        with Standing([program], stderr=subprocess.DEVNULL, preexec_fn=allow_core,
                      env=dict(os.environ, GOTRACEBACK="crash")) as guest:
            core = crash(guest)
            maptrace("go", "--core", core, "--exe", program, "-o", "crash.mtr", "--report", "text")
            check(guest.truth, report("crash.mtr"))
        os.unlink(core)
        os.unlink("crash.mtr")


if __name__ == "__main__":
    harness.main()
