"""Bad input: a clear error, the right exit code, no crash under the sanitizers."""
import os
import random
import struct

import harness
from harness import SANITIZED, contains, equal, maptrace, one_trace, program, test

COMMANDS = (["report"], ["report", "--json"], ["maps"], ["check", "--max-retained", "1M"])


def sane(*arguments, status=None):
    """Runs the analyzer built with ASan and UBSan; a finding is a failure."""
    done = maptrace(*arguments, status=status, binary=SANITIZED)
    for word in ("AddressSanitizer", "runtime error", "LeakSanitizer"):
        assert word not in done.stderr, done.stderr
    assert 0 <= done.returncode <= 3, f"{arguments}: {done.returncode}\n{done.stderr}"
    return done


def small_trace():
    _, trace = one_trace([program("article"), "--entries", "2000"], MAPTRACE_OUT="good.mtr")
    with open(trace, "rb") as source:
        return source.read()


def write(name, content):
    with open(name, "wb") as out:
        out.write(content)
    return name


@test
def good_is_good():
    """a sound trace passes through every command under the sanitizers"""
    small_trace()
    for command in COMMANDS[:3]:
        sane(*command, "good.mtr", status=0)


@test
def not_traces():
    """foreign, empty, missing and special files: exit 2, and the file is named"""
    write("foreign", b"hello, world\n" * 1000)
    write("empty", b"")
    os.mkdir("folder")
    os.mkfifo("fifo")
    for name in ("foreign", "empty", "missing", "/bin/ls", "/dev/null", "fifo"):
        for command in COMMANDS:
            done = sane(*command, name, status=2)
            contains(done.stderr if command[0] != "check" else done.stdout, name)


@test
def newer_version():
    """a trace of a newer version names both versions"""
    good = small_trace()
    write("newer", good[:8] + struct.pack("<I", 99) + good[12:])
    contains(sane("report", "newer", status=2).stderr, "99")
    write("swapped", good[:12] + good[12:16][::-1] + good[16:])
    contains(sane("report", "swapped", status=2).stderr, "byte order")


@test
def truncated():
    """a trace cut anywhere is refused or read as incomplete, never misread"""
    good = small_trace()
    for share in range(0, 100, 4):
        write("cut", good[:len(good) * share // 100])
        for command in (COMMANDS[0], COMMANDS[3]):
            done = sane(*command, "cut")
            assert done.returncode != 0, f"cut at {share} %: {done.stdout}"


@test
def corrupted():
    """random corruptions neither crash nor hang the analyzer"""
    good = small_trace()
    source = random.Random(4711)
    for _ in range(60):
        bad = bytearray(good)
        for _ in range(source.choice((1, 4, 64))):
            at = source.randrange(len(bad)) if source.random() < 0.5 else source.randrange(8192)
            bad[at] = source.randrange(256)
        write("bad", bytes(bad))
        sane("report", "bad")
        sane("maps", "--json", "bad")


@test
def profile_errors():
    """profiles check explains every error with file, line and column"""
    write("broken.profile", b"profile x\nwake always\nanchor a at header + 0 points nowhere\n"
                            b"field n u65 at header + 8\nrequire n == bukets\n")
    done = sane("profiles", "check", "broken.profile", status=2)
    for line in (3, 4, 5):
        contains(done.stdout + done.stderr, f"broken.profile:{line}:")
    shipped = os.path.join(harness.TOP, "profiles", "shipped")
    for name in sorted(n for n in os.listdir(shipped) if n.endswith(".profile")):
        sane("profiles", "check", os.path.join(shipped, name), status=0)
    write("binary.profile", bytes(range(256)) * 100)
    sane("profiles", "check", "binary.profile", status=2)
    sane("profiles", "check", "missing.profile", status=2)


@test
def profile_errors_in_the_guest():
    """a broken profile in MAPTRACE_PROFILES is named once; the guest and the rest go on"""
    os.mkdir("mine")
    write("mine/broken.profile", b"profile x\nbanana\n")
    done, _ = one_trace([program("article"), "--entries", "2000"], MAPTRACE_PROFILES="mine")
    contains(done.stderr, "broken.profile:2")
    contains(done.stderr, "maptrace profiles check")
    equal(done.stderr.count("maptrace:"), 1, done.stderr)


@test
def own_profile():
    """a profile of the user's own is used by the library and kept in the trace"""
    os.mkdir("mine")
    with open(os.path.join(harness.TOP, "profiles/shipped/gohmap.profile"), encoding="utf-8") as s:
        text = s.read().replace("profile gohmap", "profile mymap")
    write("mine/mymap.profile", text.encode())
    _, trace = one_trace([program("article"), "--entries", "2000"], MAPTRACE_PROFILES="mine")
    names = {m["profile"] for s in harness.report(trace)["snapshots"] for m in s["maps"]}
    assert names and names <= {"gohmap", "mymap"}, names


@test
def unwritable_output():
    """a full disk at the analyzer's output is an error, not silence"""
    small_trace()
    with open("/dev/full", "w", encoding="utf-8") as full:
        for command in COMMANDS[:3]:
            done = maptrace(*command, "good.mtr", status=2, stdout=full)
            contains(done.stderr, "space")


@test
def unknown_options():
    """unknown options and commands: exit 2, what is known is named"""
    for arguments in (["report", "--banana"], ["banana"], ["maps"], ["map", "x", "y", "z"],
                      ["profiles", "banana"], ["run"], ["report", "--color", "mauve", "x"]):
        contains(sane(*arguments, status=2).stderr, "maptrace")


@test
def broken_pipe():
    """report | head ends quietly"""
    small_trace()
    done = harness.run(["bash", "-c", f"{harness.MAPTRACE} report good.mtr | head -1"])
    equal((done.returncode, done.stderr), (0, ""))


harness.main()
