"""Hundreds of Go maps of many types, deletes, hints and growths: what was made is found, each with its
own count, bytes and type; by two toolchains, stripped, position-independent and static, from the
process and from its core."""
import os
import shutil

import harness
from golang import Standing, check, toolchains
from harness import equal, maptrace, report, run, test

def look(toolchain, kind, seed=1):
    """By the process itself; returns the share of maps whose type is the only one that fits."""
    with Standing([toolchain.build("truth", kind), "-seed", str(seed)]) as guest:
        maptrace("go", "-o", "truth.mtr", "--report", "text", str(guest.process.pid))
        share = check(guest.truth, report("truth.mtr"))
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


if __name__ == "__main__":
    harness.main()
