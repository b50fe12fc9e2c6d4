"""Chromium as Debian ships it, without a screen, on a local page: the same document under the library,
with its sandbox (namespaces, seccomp, a chroot made by a child without a thread of its own) and without.
"""
import os

import guest_user
from harness import equal, main, report, test, traces

PAGE = """<!doctype html><title>maps</title><p id=out>not run</p>
<canvas id=drawn width=64 height=64></canvas><script>
const map = new Map();
for (let i = 0; i < 200000; i++) map.set("k" + i, [i]);
for (let i = 0; i < 100000; i++) map.delete("k" + i);
const pen = document.getElementById("drawn").getContext("2d");
pen.fillRect(3, 3, 20, 20);
for (let i = 0; i < 2000; i++) {
  const p = document.createElement("p");
  p.textContent = i;
  document.body.append(p);
  if (i % 2) p.remove();
}
document.getElementById("out").textContent = [map.size, pen.getImageData(5, 5, 1, 1).data[3],
  document.querySelectorAll("p").length].join(" ");
</script>
"""


def shown(name, is_traced, *options):
    """The document after its scripts ran, and the browser's status."""
    folder = guest_user.home(name)
    with open(os.path.join(folder, "page.html"), "w", encoding="utf-8") as page:
        page.write(PAGE)
    done = guest_user.run(["chromium", "--headless", "--disable-gpu", *options,
                           f"--user-data-dir={folder}/profile", "--dump-dom",
                           f"file://{folder}/page.html"], folder, is_traced, timeout=600)
    assert "maptrace" not in done.stderr, done.stderr
    assert "100000 255 1001" in done.stdout, f"{name}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.returncode, done.stdout


def alike(*options):
    equal(shown("traced", True, *options), shown("bare", False, *options))
    found = traces("traced/out")
    assert sum("/chromium." in trace for trace in found) >= 2, found
    for trace in found:
        report(trace)


@test
def with_its_sandbox():
    """a page with its scripts, the sandbox on: the same document and status"""
    alike()


@test
def without_sandbox():
    """a page with its scripts, the sandbox off: the same document and status"""
    alike("--no-sandbox")


main()
