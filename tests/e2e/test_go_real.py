"""Real Go programs as their makers ship them: esbuild built by four releases of Go, stripped, at work."""
import os
import subprocess
import time

import harness
from golang import esbuild
from harness import equal, maptrace, report, test

RELEASES = {"0.17.19": "go-classic", "0.20.2": "go-classic", "0.25.12": "go-classic",
            "0.28.2": "go-swiss"}
MODULES = 400
LEAST = 50  # maps that are left in any case: 0.17 lets go of a build when it is finished


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


def bundled(version):
    """esbuild after it has bundled the project, waiting for changes."""
    process = subprocess.Popen(
        [esbuild(version), "project/main.js", "--bundle", f"--outfile={version}.js", "--watch",
         "--log-level=info"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "watching" in line or "build finished" in line:
            break
    while process.poll() is None:  # some releases say so before they have begun
        if os.path.exists(f"{version}.js") and os.path.getsize(f"{version}.js"):
            return process
        time.sleep(0.02)
    raise AssertionError("esbuild ended")


@test
def bundler():
    """every map of a bundler at work is proved: no candidate with entries is left unexplained"""
    write_project()
    for version, profile in RELEASES.items():
        with bundled(version) as guest:
            maptrace("go", str(guest.pid), "-o", f"{version}.mtr", "--report", "text")
            snap = report(f"{version}.mtr")["snapshots"][0]
            equal(snap["complete"], True)
            maps = snap["maps"]
            equal({m["profile"] for m in maps}, {profile})
            assert len(maps) > LEAST, f"{version}: {len(maps)} maps"
            for found in maps:
                assert found["type"], found
                assert found["count"] <= found["capacity"], found
                held = sum(found["bytes"][part] for part in ("buckets", "old_buckets", "overflow"))
                assert found["needed_bytes"] is None or found["retained_bytes"] <= held, found
            total = sum(m["bytes"]["buckets"] + m["bytes"]["overflow"] for m in maps)
            assert total < snap["live_bytes"], (total, snap["live_bytes"])
            guest.stdin.close()
            guest.kill()


if __name__ == "__main__":
    harness.main()
