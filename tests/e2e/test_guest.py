"""The guest comes first: what a program does is the same with and without the library."""
import os
import re
import shutil
import stat
import struct
import subprocess
import tempfile

import harness
from harness import background, environment, equal, maptrace, program, report, run, test, traces


def alike(command, **variables):
    """Runs bare and traced; output and status must be equal. Returns the traced run."""
    bare, done = run(command), run(command, env=environment(**variables))
    equal((done.returncode, done.stdout, done.stderr),
          (bare.returncode, bare.stdout, bare.stderr), str(command))
    return done


@test
def exceptions():
    """C++ exceptions pass through traced frames; bad_alloc reaches its handler"""
    for variant in harness.VARIANTS:
        alike([program("throw", variant)])


@test
def unwinder_of_the_guest():
    """the guest's _Unwind_RaiseException stays libgcc's: libunwind is not in its scope"""
    done = run([program("throw")], env=environment(LD_DEBUG="bindings", LD_BIND_NOW="1"))
    bound = re.findall(r"binding file (\S+) .* to (\S+) .*: .*symbol `_Unwind_RaiseException'",
                       done.stderr)
    guests = [(who, to) for who, to in bound if "libunwind" not in who]
    assert guests, "no binding of _Unwind_RaiseException was seen"
    assert all("libgcc_s" in to for _, to in guests), guests


@test
def threads():
    """eight threads with maps of their own: found at the end, counts hold"""
    done = alike([program("threads")])
    assert done.stdout
    data = report(traces()[0])
    assert data["complete"]


@test
def forks():
    """children get traces of their own; two processes never write one trace"""
    alike([program("forks")])
    found = traces()
    pids = [report(t)["pid"] for t in found]
    equal(len(pids), len(set(pids)), "one trace a process")
    assert len(found) >= 2, found
    for trace in found:
        data = report(trace)
        assert any(m["count"] > 0 for s in data["snapshots"] for m in s["maps"]), trace


def traces_of_short_children(**variables):
    done = run([program("short_children")], env=environment(**variables))
    equal(done.returncode, 0, done.stderr)
    pids = {int(pid): name for name, pid in (line.split() for line in done.stdout.splitlines())}
    return {pids.get(data["pid"], "parent"): data for data in map(report, traces())}


@test
def short_children():
    """a killed child leaves a trace once it had map bytes, 64 KiB or a second thread of its own"""
    found = traces_of_short_children()
    equal(sorted(found), ["grandchilds_map", "large", "map", "parent", "thread"])
    assert not any(data["complete"] for name, data in found.items() if name != "parent"), found
    inherited = found["large"]["peak"]["roles"]["buckets"]["bytes"]
    own = found["map"]["peak"]["roles"]["buckets"]["bytes"]
    assert own > 2 * inherited > 0, (own, inherited)
    equal(found["grandchilds_map"]["peak"]["roles"]["buckets"]["bytes"], own)
    taken = found["parent"]["snapshots"][-1]
    assert found["parent"]["complete"]
    equal([m["count"] for m in taken["maps"]], [500], "the parent's trace is its own")


@test
def short_children_that_are_kept():
    """with MAPTRACE_KEEP every killed child that allocated leaves a trace"""
    equal(sorted(traces_of_short_children(MAPTRACE_KEEP="1")),
          ["grandchild", "grandchilds_map", "large", "little", "map", "parent", "thread"])


@test
def what_the_parent_learns_later():
    """a library that the parent loads after a fork leaves no mark in the child's trace"""
    alike([program("late_library"), "libglib-2.0.so.0", "g_hash_table_new"], MAPTRACE_KEEP="1")
    kept = [report(trace) for trace in traces()]
    equal(sorted(data["end"] for data in kept), ["ended", "ended"])
    counts = sorted(len(data["snapshots"][-1]["maps"]) for data in kept)
    assert counts[0] == 0 < counts[1], counts  # GLib has tables of its own


@test
def handlers_within_fork():
    """a handler that allocates while fork is under way neither waits for ever nor changes a thing"""
    done = alike([program("fork_signals")])
    assert "handler ran" in done.stdout, done.stdout


@test
def thousands_of_children():
    """a shell that forks a thousand children behaves the same and leaves no litter"""
    alike(["bash", "-c", "for i in $(seq 1000); do (true); done; echo done $(echo a | cat)"])
    equal(traces(), [])


@test
def pipes_end():
    """a pipe ends when the guest does, with a snapshot under way"""
    script = f"{program('article')} --entries 300000 | cat | wc -l"
    done = run(["sh", "-c", script], env=environment())
    equal(int(done.stdout) >= 3, True, done.stdout)


@test
def private():
    """the trace is private to its owner and takes no name that exists"""
    os.symlink("/etc/passwd", "taken.mtr")
    done = run([program("article"), "--entries", "1000"], env=environment(MAPTRACE_OUT="taken.mtr"))
    equal(done.returncode, 0)
    assert os.path.islink("taken.mtr")
    equal(stat.S_IMODE(os.stat("taken.mtr.1").st_mode), 0o600)


@test
def names():
    """MAPTRACE_OUT places the trace; %p and %n are the pid and the program's name"""
    os.mkdir("out")
    run([program("article"), "--entries", "1000"], env=environment(MAPTRACE_OUT="out/%n-%p.mtr"))
    equal(len(os.listdir("out")), 1)
    assert re.fullmatch(r"article-\d+\.mtr", os.listdir("out")[0]), os.listdir("out")


@test
def unwritable():
    """a trace that cannot be written: one message, the guest unharmed"""
    for out in ("/proc/no/such/place.mtr", "/dev/full/x.mtr"):
        bare = run([program("article"), "--entries", "1000"])
        done = run([program("article"), "--entries", "1000"], env=environment(MAPTRACE_OUT=out))
        equal((done.returncode, done.stdout), (0, bare.stdout))
        equal(done.stderr.count("maptrace:"), 1, done.stderr)
        assert out in done.stderr, done.stderr


@test
def file_limit():
    """a file size limit (RLIMIT_FSIZE) harms neither the guest nor the trace"""
    command = f"ulimit -f 300; exec {program('article')} --entries 20000"
    bare = run(["bash", "-c", command])
    done = run(["bash", "-c", command.replace("exec", "exec env LD_PRELOAD=" + harness.LIBRARY)])
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), done.stderr)


@test
def closed_descriptors():
    """a guest that closes every descriptor is neither harmed nor written into"""
    code = ("import os,sys\n"
            "sys.stdout.flush(); os.closerange(3, 65536)\n"
            "f=[open(os.path.abspath(f'own{i}'),'w') for i in range(300)]\n"
            "d={str(i):[i] for i in range(200000)}\n"
            "[h.close() for h in f]\n"
            "print(sum(os.path.getsize(f'own{i}') for i in range(300)))\n")
    done = run(["/usr/bin/python3", "-c", code], env=environment(MAPTRACE_KEEP="1"))
    equal((done.returncode, done.stdout), (0, "0\n"), done.stderr)


@test
def descriptor_numbers():
    """the guest's first open() gets the number that it gets without the library"""
    alike(["sh", "-c", "exec python3 -c 'import os; print(os.open(\"/dev/null\", 0))'"])


@test
def other_allocators():
    """a program that is not C++ or C with its own wrappers: perl and python run the same"""
    alike(["perl", "-e", "my %h; $h{$_} = $_ for 1..100000; delete $h{$_} for 1..99999;"
           "print scalar(keys %h), qq(\\n)"])
    alike(["/usr/bin/python3", "-c",
           "d = {i: str(i) for i in range(100000)}; print(len(d)); d.clear(); print(len(d))"])


@test
def allocation_failure():
    """failed allocations are failed allocations: RLIMIT_AS"""
    command = (f"ulimit -v 3000000; exec {program('throw')}")
    bare = run(["bash", "-c", command])
    done = run(["bash", "-c", command.replace("exec", "exec env LD_PRELOAD=" + harness.LIBRARY)])
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), done.stderr)


@test
def signals_and_wait():
    """the guest's wait() never sees a snapshot's child, and gets no SIGCHLD of it"""
    code = ("import signal,os,sys,time\n"
            "seen=[]\n"
            "signal.signal(signal.SIGCHLD, lambda *a: seen.append(1))\n"
            "x=[bytearray(300000) for _ in range(200)]; del x\n"
            "time.sleep(1.2)\n"
            "y=[bytearray(300000) for _ in range(20)]; del y\n"
            "time.sleep(0.2)\n"
            "try:\n  print(os.wait())\n"
            "except ChildProcessError: print('none')\n"
            "print(len(seen))\n")
    alike(["/usr/bin/python3", "-c", code], MAPTRACE_KEEP="1")
    taken = [s["label"] for s in report(traces()[0])["snapshots"]]
    assert "interval" in taken, f"no snapshot by itself: {taken}"


def debugged(*settings):
    """What gdb says of a program that takes ten snapshots beside a second thread, and its report."""
    done = run(["gdb", "-nx", "-batch", "-ex", "set startup-with-shell off",
                "-ex", "set environment LD_PRELOAD " + harness.LIBRARY,
                *(word for one in settings for word in ("-ex", one)), "-ex", "run",
                "--args", program("hardship/jails"), "own_pages", "10"],
               env=dict(os.environ, MAPTRACE_KEEP="1", MAPTRACE_OUT="debugged.mtr"))
    harness.contains(done.stdout, "own_pages: done\n")
    harness.contains(done.stdout, "exited normally]")
    data = report("debugged.mtr")
    os.unlink("debugged.mtr")
    return done.stdout, data


@test
def debugger():
    """a debugger takes no snapshot's process for a thread; a breakpoint in one ends that one only"""
    said, data = debugged("break churn", "ignore 1 1000000")
    equal(said.count("[New Thread "), 2, said)
    equal([look["complete"] for look in data["snapshots"]], [True] * 11, said)
    said, data = debugged("set breakpoint pending on", "break getrlimit64", "ignore 1 1000000")
    equal(said.count("[New Thread "), 2, said)
    reasons = {look["reason"] for look in data["snapshots"] if not look["complete"]}
    equal(reasons, {"its writer was killed by signal 05"}, said)
    equal(data["end"], "ended")


@test
def threads_that_ask_for_their_stack():
    """a thread whose first act is pthread_getattr_np, as Java's: libc allocates under its lock"""
    with open("first.c", "w", encoding="utf-8") as source:
        source.write("#define _GNU_SOURCE\n#include <pthread.h>\n#include <stdio.h>\n"
                     "static void *first(void *unused) { pthread_attr_t a; void *low; size_t n;\n"
                     "  pthread_getattr_np(pthread_self(), &a);\n"
                     "  pthread_attr_getstack(&a, &low, &n); pthread_attr_destroy(&a);\n"
                     "  return (void *)n; }\n"
                     "int main(void) { for (int i = 0; i < 50; i++) { pthread_t t; void *n;\n"
                     "  pthread_create(&t, 0, first, 0); pthread_join(t, &n);\n"
                     "  if (i == 49) printf(\"%zu\\n\", (size_t)n); } return 0; }\n")
    subprocess.run(["gcc", "-w", "-pthread", "-o", "first", "first.c"], check=True)
    bare = run(["./first"])
    done = run(["./first"], env=environment())
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout))


def write_i386(path):
    """A program of 32 bits that ends with status 7: one page, no dynamic linker."""
    code = bytes.fromhex("b801000000" "bb07000000" "cd80")  # exit(7)
    base, start = 0x08048000, 52 + 32
    size = start + len(code)
    header = b"\x7fELF\x01\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIIIIIHHHHHH", 2, 3, 1, base + start, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 0, base, base, size, size, 5, 4096)
    with open(path, "wb") as out:
        out.write(header + segment + code)
    os.chmod(path, 0o755)


@test
def foreign_programs():
    """run says why nothing was traced: static, 32-bit, not executable, not there"""
    with open("static.c", "w", encoding="utf-8") as source:
        source.write("int main(void) { return 7; }\n")
    subprocess.run(["gcc", "-static", "-o", "static", "static.c"], check=True)
    done = maptrace("run", "--", "./static", status=7)
    assert "static" in done.stderr, done.stderr
    write_i386("small")
    done = maptrace("run", "--", "./small", status=None)
    assert "32 bits" in done.stderr, done.stderr
    assert done.returncode in (7, 126), done  # a kernel may have no 32-bit programs
    maptrace("run", "--", "./no-such-program", status=127)
    maptrace("run", "--", "./static.c", status=126)


@test
def sanitized_programs():
    """what gcc's sanitizers watch runs the same; where they replace malloc it is said once"""
    source = os.path.join(harness.TOP, "test_programs", "sanitized.c")
    said = {"thread": ["ThreadSanitizer"], "address": ["AddressSanitizer"], "leak": [],
            "undefined": []}
    for name, wanted in said.items():
        subprocess.run(["gcc", "-g", "-fsanitize=" + name, "-o", name, source, "-pthread"],
                       check=True)
        bare = run(["./" + name])
        done = run(["./" + name], env=environment(MAPTRACE_KEEP=1, MAPTRACE_OUT=name + ".mtr",
                                                  ASAN_OPTIONS="verify_asan_link_order=0"))
        equal((bare.returncode, done.returncode, done.stdout), (7, 7, bare.stdout), done.stderr)
        equal(re.findall(r"maptrace: this program was built with (\w+)", done.stderr), wanted)
        equal(os.path.exists(name + ".mtr"), not wanted, name)
    done = maptrace("run", "--", "./address", status=None)
    assert "verify_asan_link_order=0" in done.stderr.splitlines()[0], done.stderr


@test
def privileged_programs():
    """a set-uid program runs as it is, is not traced, and run says why"""
    command = ["/bin/su", "--version"]  # of every Debian; who is root is no other user by it
    with tempfile.TemporaryDirectory(dir=harness.BUILD) as folder:  # /tmp may be mounted nosuid
        if os.getuid() == 0:
            command = [os.path.join(folder, "own-id"), "-u"]
            shutil.copy("/usr/bin/id", command[0])
            shutil.chown(command[0], "nobody")
            os.chmod(command[0], 0o4755)
        bare = run(command)
        done = maptrace("run", "--", *command, status=bare.returncode)
        assert done.stdout.startswith(bare.stdout) and bare.stdout, done.stdout
        assert "set-uid" in done.stderr, done.stderr
        equal(run(command, env=environment(MAPTRACE_KEEP=1)).stdout, bare.stdout)
        equal(traces(), [], "the dynamic linker loads nothing into it")


@test
def run_reports():
    """run traces, reports, and ends with the program's own status"""
    done = maptrace("run", "--", program("article"), "--entries", "50000", status=0)
    assert "retained" in done.stdout, done.stdout
    done = maptrace("run", "--", program("ends"), "exit", status=None)
    equal(done.returncode, run([program("ends"), "exit"]).returncode)


harness.main()
