"""Everything at once: threads, forks, a signal handler that allocates, dlclose."""
import subprocess

import harness
from harness import environment, equal, program, report, run, test, traces

OTHER_BLOCKS_MAX = 200  # of libc and the loader, at the end


@test
def all_at_once():
    """threads, forks, handlers and dlclose at once: no hang, the same output, the right count"""
    bare = run([program("stress")])
    guest = subprocess.Popen([program("stress")], env=environment(MAPTRACE_KEEP="1"), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, errors = guest.communicate(timeout=harness.LIMIT_S)
    finally:
        guest.kill()
    equal((guest.returncode, out, errors), (bare.returncode, bare.stdout, bare.stderr))
    found = {data["pid"]: data for data in map(report, traces())}
    equal(len(found), 201, "a trace for the guest and each child")
    assert all(data["complete"] for data in found.values()), "a child without a last word"
    exit_snapshot = harness.snapshot(found[guest.pid], "exit")
    blocks = sum(role["blocks"] for role in exit_snapshot["roles"].values())
    kept = int(out.split()[0])
    assert kept <= blocks <= kept + OTHER_BLOCKS_MAX, f"{blocks} live blocks, {kept} kept"


harness.main()
