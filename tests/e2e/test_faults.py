"""Nothing is lost and nobody is harmed when something breaks: kills, full disks, folders that vanish,
readers that look too early, a standard error that nobody reads.
"""
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time

import harness
from harness import LIBRARY, background, contains, environment, equal, maptrace, program, report, \
    run, test, traces

SOAK = bool(os.environ.get("SOAK"))
KILLS = 1000 if SOAK else 50
READS = 10000 if SOAK else 100
THREADS = (1, 8)
BLOCK_LIMIT = 2000  # bytes; test_programs/published.c allocates less


def totals(data):
    """(bytes, blocks) that live at the end of a trace."""
    roles = data["now"]["roles"].values()
    return sum(r["bytes"] for r in roles), sum(r["blocks"] for r in roles)


def killed(threads, how, seconds):
    """Kills `published` some time after it was ready: (its trace's totals, its own)."""
    command = [program("published"), "sums", str(threads), how]
    with background(command, env=environment(MAPTRACE_KEEP="1"), ready="ready") as guest:
        time.sleep(seconds)
        guest.send_signal(signal.SIGKILL)
        guest.wait()
    (trace,) = traces()
    data = report(trace)
    assert not data["complete"], "a killed guest did not end properly"
    equal(data["unrecorded"], 0)
    with open("sums", "rb") as source:
        words = struct.unpack(f"{2 * threads}q", source.read(16 * threads))
    os.unlink(trace)
    return totals(data), (sum(words[0::2]), sum(words[1::2]))


@test
def kills():
    """SIGKILL at random moments: every trace opens and agrees with its guest, an event a thread aside"""
    chance = random.Random(20261122)
    for threads in THREADS:
        (own_bytes, own_blocks), nothing = killed(threads, "wait", 0.05)
        equal(nothing, (0, 0))
        for number in range(KILLS // len(THREADS)):
            told, published = killed(threads, "go", chance.uniform(0, 0.05))
            off_bytes = told[0] - own_bytes - published[0]
            off_blocks = told[1] - own_blocks - published[1]
            assert abs(off_blocks) <= threads and abs(off_bytes) <= threads * BLOCK_LIMIT, \
                f"kill {number} of {threads} threads: {off_bytes} bytes, {off_blocks} blocks off"


@test
def read_while_written():
    """a trace is read again and again while eight threads write it: it opens each time"""
    command = [program("published"), "sums", "8", "go"]
    with background(command, env=environment(MAPTRACE_KEEP="1"), ready="ready") as guest:
        (trace,) = traces()
        for _ in range(READS):
            assert not report(trace)["complete"]
        equal(guest.poll(), None)


def disk_of(size):
    """How to run a command with a full disk at ./disk: a small file system where one may be mounted,
    else a limit on the size of files."""
    os.makedirs("disk", exist_ok=True)
    mounted = f"mount -t tmpfs -o size={size} none disk && exec \"$@\""
    for unshare in (["unshare", "-m"], ["unshare", "-rm"]):
        command = unshare + ["sh", "-c", mounted, "sh"]
        if run(command + ["true"]).returncode == 0:
            return command
    return ["sh", "-c", f"ulimit -f {size // 512}; exec \"$@\"", "sh"]


@test
def full_disk():
    """a disk that is full from the start, or soon: a message once a process, the guest is unharmed"""
    for processes, command in ((1, [program("article"), "--entries", "20000"]),
                               (6, [program("hardship/processes"), "fork", "5"])):
        bare = run(command)
        for size in (4096, 65536, 200 * 1024, 400 * 1024, 800 * 1024):
            env = ["env", f"LD_PRELOAD={LIBRARY}", "MAPTRACE_OUT=disk/%n.%p.mtr", "MAPTRACE_KEEP=1"]
            done = run(disk_of(size) + env + command)
            told = done.stderr.splitlines()
            equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), done.stderr)
            assert all(line.startswith("maptrace: ") for line in told), done.stderr
            assert all(told.count(line) <= processes for line in told), f"said once: {done.stderr}"
            assert told or size > 65536, f"{size} bytes: nothing was said"


@test
def vanished_folder():
    """a folder that is gone when the program starts, or when it forks: one message each"""
    command = program("hardship/processes") + " fork 5"
    bare = run(command.split())
    gone = f"mkdir gone; cd gone; rmdir ../gone; exec env LD_PRELOAD={LIBRARY} {command}"
    done = run(["sh", "-c", gone])
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), done.stderr)
    equal(done.stderr.count("maptrace: "), 1, done.stderr)


@test
def childless_family():
    """of many children that cannot have a trace the first says so, for all"""
    os.mkdir("out")
    script = ("import os, shutil\nshutil.rmtree('out')\nfor i in range(5):\n"
              " if not os.fork():\n  kept = [bytearray(1 << 20)]\n  os._exit(0)\n os.wait()\n")
    done = run([sys.executable, "-c", script],
               env=environment(MAPTRACE_OUT="out/%n.%p.mtr", MAPTRACE_KEEP="1"))
    equal(done.returncode, 0, done.stderr)
    told = [line for line in done.stderr.splitlines() if "cannot give this process" in line]
    equal(len(told), 1, done.stderr)


@test
def untraced_line():
    """of programs that start one another where no trace can be made the first says so"""
    script = "for i in 1 2 3; do sh -c 'ls /proc/self/exe; ls /proc/self/exe'; done"
    bare = run(["sh", "-c", script])
    for _ in range(2):
        done = run(["sh", "-c", script], env=environment(MAPTRACE_OUT="/proc/no/such/%p.mtr"))
        equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), done.stderr)
        equal(done.stderr.count("\n"), 1, done.stderr)
        assert done.stderr.startswith("maptrace: cannot create the trace"), done.stderr


@test
def no_folder():
    """a working directory that is gone: the guest runs untraced, and is told what was not found"""
    os.mkdir("gone")
    script = f"cd gone; rmdir ../gone; exec {program('article')} --entries 1000"
    done = run(["sh", "-c", script], env=environment(MAPTRACE_ONLY="article"))
    equal(done.returncode, 0, done.stderr)
    contains(done.stderr, "maptrace: cannot create the trace maptrace.%n.%p.mtr: No such file")


@test
def fifo():
    """where a pipe lies in the trace's place: it is left alone, and so is who reads it"""
    os.mkfifo("pipe.mtr")
    bare = run([program("article"), "--entries", "1000"])
    done = run([program("article"), "--entries", "1000"], env=environment(MAPTRACE_OUT="pipe.mtr"))
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout))
    path = os.path.realpath("pipe.mtr")
    equal(done.stderr, f"maptrace: {path} exists: this trace is {path}.1\n")
    report("pipe.mtr.1")


@test
def standard_error():
    """a standard error that is closed, full, or that nobody reads: the guest goes on"""
    article = [program("article"), "--entries", "1000"]
    bare = run(article)
    env = environment(MAPTRACE_OUT="/proc/no/such/place.mtr")
    for way in ("2>&-", "2>/dev/full"):
        done = run(["sh", "-c", f"exec \"$@\" {way}", "sh", *article], env=env)
        equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), way)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, bytes(4096)):
            pass
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    done = run(article, env=env, stderr=writer)
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), "a pipe that is full")
    os.close(reader)
    done = run(article, env=env, stderr=writer)
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), "a pipe that is broken")
    os.close(writer)


@test
def interrupted():
    """Ctrl-C at any moment, snapshots under way: the same end, the pipe ends, the trace opens"""
    for number in range(30 if SOAK else 8):
        guest = subprocess.Popen([program("article"), "--entries", "200000"], env=environment(),
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.03 * number)
        guest.send_signal(signal.SIGINT)
        output, errors = guest.communicate(timeout=harness.LIMIT_S)  # ends only when nobody holds the pipe
        assert guest.returncode in (0, -signal.SIGINT), (guest.returncode, output)
        equal(errors, b"")
    for trace in traces():
        report(trace)


SERVER = """
import os, socket, sys, threading
held = {i: bytes(100) for i in range(300000)}
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1].replace("@", "\\0"))
server.listen()
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    if line == "end\\n":
        os._exit(0)
    print("done", flush=True)
"""


def search_of(server):
    """A child of the server that is stopped amid a snapshot, all that it closes closed; or None."""
    maptrace("snapshot", "--wait", "0", str(server.pid))
    server.stdin.write("go on\n")
    server.stdin.flush()
    equal(server.stdout.readline(), "done\n")
    for child in harness.children(server.pid):
        if harness.stop(child):
            held = [os.readlink(f"/proc/{child}/fd/{fd}") for fd in os.listdir(f"/proc/{child}/fd")]
            if any(".mtr" in path for path in held) and len(held) <= 3:
                return child
            os.kill(child, signal.SIGCONT)
    return None


@test
def addresses():
    """the address of a server that has ended is free at once, though a snapshot of it is under way"""
    for way in ("exit", "kill"):
        address = f"\0{os.getcwd()} {way}"  # such a one has no file, and ends with its last socket
        with subprocess.Popen(["/usr/bin/python3", "-c", SERVER, address.replace("\0", "@")],
                              env=environment(PYTHONMALLOC="malloc", MAPTRACE_AUTO=0), text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            equal(server.stdout.readline(), "ready\n")
            children = []
            if way == "kill":
                harness.wait_for(lambda: children.append(search_of(server)) or children[-1],
                                 "a snapshot under way")
                server.kill()
            else:
                server.stdin.write("end\n")
                server.stdin.flush()
            server.wait()
            with socket.socket(socket.AF_UNIX) as again:
                again.bind(address)
            for child in filter(None, children):
                os.kill(child, signal.SIGKILL)


harness.main()
