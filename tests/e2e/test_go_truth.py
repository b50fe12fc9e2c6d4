"""Hundreds of Go maps of many types, deletes, hints and growths: what was made is found, each with its
own count, bytes and type; by two toolchains, stripped, position-independent and static, from the
process and from its core."""
import json
import os
import shutil
import subprocess

import harness
from golang import toolchains, truth
from harness import equal, maptrace, report, run, test

LEAST = 300  # maps in a program


class Standing:
    """The truth program, standing still where all its maps are made."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.truth = []

    def __enter__(self):
        for line in iter(self.process.stdout.readline, "done\n"):
            assert line, "the program ended early"
            self.truth += truth(line)
        return self

    def __exit__(self, *unused):
        if self.process.returncode is None:
            self.process.communicate("\n")

    def go_on(self):
        """Lets it end; it must end well."""
        self.process.communicate("\n")
        equal(self.process.returncode, 0, "the program afterwards")


def is_type(found, wanted):
    """The type itself, or it is among those that fit."""
    return wanted in found.split(" or ")


def check(told, data):
    """Each map that the program told of is there, with its own figures."""
    found = {int(m["address"], 16): m for m in data["snapshots"][0]["maps"]}
    equal(data["snapshots"][0]["complete"], True, data["snapshots"][0])
    assert len(told) >= LEAST, len(told)
    wrong = []
    exact = 0
    for want in told:
        got = found.get(int(want["address"], 16))
        if got is None:
            wrong.append(("missing", want))
        elif got["count"] != want["count"]:
            wrong.append(("count", want, got["count"]))
        elif got["bytes"]["buckets"] != want["buckets"]:
            wrong.append(("bytes", want, got["bytes"]))
        elif (got["bytes"]["old_buckets"] > 0) != want["growing"]:
            wrong.append(("growing", want, got["bytes"]))
        elif not is_type(got["type"], want["type"]):
            wrong.append(("type", want, got["type"]))
        else:
            exact += got["type"] == want["type"]
    equal(wrong, [], f"{len(wrong)} of {len(told)} maps")
    return exact / len(told)


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
