"""However the guest ends, its exit snapshot is there once and its behaviour is unchanged."""
import os
import signal

import harness
from harness import background, environment, equal, maptrace, program, report, run, test, \
    traces, wait_for

WAYS = ("return", "exit", "quick_exit", "_exit", "_Exit", "err", "errx", "verr", "error",
        "error_at_line", "pthread_exit", "thread_exit")


def exit_snapshots(data):
    return [s for s in data["snapshots"] if s["label"].startswith("exit")]


def ends_alike(way):
    bare = run([program("ends"), way])
    done = run([program("ends"), way], env=environment())
    equal((done.returncode, done.stdout, done.stderr),
          (bare.returncode, bare.stdout, bare.stderr), way)
    found = traces()
    equal(len(found), 1, f"{way}: {found}")
    data = report(found[0])
    return data, exit_snapshots(data)


for _way in WAYS:
    def _case(way=_way):
        data, taken = ends_alike(way)
        equal(len(taken), 1, f"exit snapshots of {way}")
        assert taken[0]["complete"], taken
        assert data["complete"], data
        assert any(m["count"] == 1000 for m in taken[0]["maps"]), taken[0]["maps"]
    _case.__doc__ = f"ended by {_way}: one complete exit snapshot, the same status and output"
    _case.__name__ = f"end_{_way}"
    test(_case)


@test
def backstop():
    """an exit that no hook sees is caught by the destructor, labelled exit-late"""
    _, taken = ends_alike("destructor")
    equal([s["label"] for s in taken], ["exit-late"])


@test
def executed():
    """exec: one complete snapshot labelled exec; the new image does as it would have done"""
    data, taken = ends_alike("exec")
    equal(taken, [])
    exec_snapshot = harness.snapshot(data, "exec")
    assert exec_snapshot["complete"] and data["complete"], data
    assert any(m["count"] == 1000 for m in exec_snapshot["maps"]), exec_snapshot["maps"]
    maptrace("check", traces()[0], "--max-retained", "1M", status=0)


@test
def exec_failed():
    """a failed exec is no end: errno is kept, tracing goes on to the one exit snapshot"""
    data, taken = ends_alike("failed_exec")
    equal([s["label"] for s in taken], ["exit"])
    assert any(m["count"] == 1000 for m in taken[0]["maps"]), taken[0]["maps"]
    assert data["complete"], data


@test
def exec_failed_in_child():
    """a forked child whose exec failed goes on to a trace of its own, which holds its maps"""
    command = [program("ends"), "failed_exec_of_child"]
    bare, done = run(command), run(command, env=environment())
    equal((done.returncode, done.stdout, done.stderr), (bare.returncode, bare.stdout, bare.stderr))
    found = [report(trace) for trace in traces()]
    equal(len(found), 2, traces())
    taken = [snapshot for data in found for snapshot in exit_snapshots(data)]
    equal(len(taken), 2, taken)
    assert all(data["complete"] for data in found)
    equal(sorted(max(m["count"] for m in s["maps"]) for s in taken), [1000, 2000])


@test
def exec_failed_without_maps():
    """nor does a failed exec harm a program, or a child, whose trace was removed before it"""
    for words in ([], ["child"]):
        command = [program("failed_exec"), *words]
        bare, done = run(command), run(command, env=environment())
        equal((done.returncode, done.stdout, done.stderr),
              (bare.returncode, bare.stdout, bare.stderr))
        equal(done.returncode, 0)


@test
def spawned():
    """posix_spawn, system and popen: vfork's children leave the guest's trace alone"""
    code = ("import os, subprocess\n"
            "for _ in range(20):\n"
            "  os.waitpid(os.posix_spawn('/bin/true', ['true'], os.environ), 0)\n"
            "  os.system('true'); subprocess.run(['/bin/true'], close_fds=False)\n"
            "try: os.posix_spawn('/no/such/program', ['none'], os.environ)\n"
            "except OSError as e: print(e.errno)\n")
    command = ["/usr/bin/python3", "-c", code]
    bare, done = run(command), run(command, env=environment(MAPTRACE_KEEP="1"))
    equal((done.returncode, done.stdout, done.stderr), (bare.returncode, bare.stdout, bare.stderr))
    own = [t for t in traces() if "python" in t]
    equal(len(own), 1, own)
    equal([s["label"] for s in report(own[0])["snapshots"] if not s["label"] == "interval"],
          ["exit"])


@test
def killed():
    """SIGKILL: the trace opens, says it is incomplete, and its last complete snapshot is used"""
    with background([program("server_empty")], env=environment(), ready="ready") as server:
        wait_for(lambda: traces() and complete_snapshots(traces()[0]), "a snapshot by itself")
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    data = report(traces()[0])
    assert not data["complete"], "a killed guest did not end properly"
    assert any(s["complete"] for s in data["snapshots"])
    text = maptrace("report", traces()[0]).stdout
    assert "killed" in "\n".join(text.splitlines()[:6]), text


def complete_snapshots(trace):
    done = maptrace("report", "--json", trace, status=None)
    return '"complete": true' in done.stdout.replace('"complete":true', '"complete": true') \
        and done.returncode == 0 and any(s["complete"] for s in report(trace)["snapshots"])


@test
def running():
    """a trace can be read while its guest runs, and says so"""
    with background([program("server_empty")], env=environment(), ready="ready"):
        wait_for(lambda: traces() and complete_snapshots(traces()[0]), "a snapshot by itself")
        for _ in range(20):
            report(traces()[0])
        text = maptrace("report", traces()[0]).stdout
        assert "still runs" in text or "running" in text, text


@test
def no_map_no_trace():
    """a program without map bytes leaves no trace, unless asked to keep it"""
    equal(run(["ls", "/usr"], env=environment()).stdout, run(["ls", "/usr"]).stdout)
    equal(traces(), [])
    run(["ls", "/usr"], env=environment(MAPTRACE_KEEP="1"))
    equal(len(traces()), 1)
    text = maptrace("report", traces()[0]).stdout
    assert "no map" in text.lower(), text


harness.main()
