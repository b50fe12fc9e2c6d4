"""What `maptrace go` cannot read it refuses in words, with an exit status of its own and no trace:
2 where a process or file could not be looked at, 3 where it is no Go program that is known."""
import ctypes
import os
import shutil
import struct
import subprocess

import harness
from golang import Watched, toolchains
from harness import contains, equal, maptrace, program, run, test

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 4, 38, 22, 2
PTRACE_CALL = 101
EM_AARCH64 = 183
LOOK_STEPS = 24  # calls of the look at each of which the process is killed once
GROWTH = 1.25    # from there on only some are tried, in a soak all

# Kills the process KILL_PID at this program's call number KILL_AT to the system, and goes on when
# it is dead: a zombie, since its parent does not wait yet.
KILLER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static char state_of(const char *pid) {
	char path[64], text[512] = "", *end;
	int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	ssize_t (*get)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	int fd = real(path, O_RDONLY);
	if (fd < 0)
		return 'Z';
	get(fd, text, sizeof text - 1, 0);
	close(fd);
	end = strrchr(text, ')');
	return end ? end[2] : 'Z';
}
static void step(void) {
	static int calls, is_over;
	if (is_over || ++calls != atoi(getenv("KILL_AT")))
		return;
	is_over = 1;
	close(creat("killed", 0600));
	kill(atoi(getenv("KILL_PID")), SIGKILL);
	while (state_of(getenv("KILL_PID")) != 'Z')
		usleep(100);
}
long ptrace(enum __ptrace_request request, ...) {
	va_list rest;
	va_start(rest, request);
	long id = va_arg(rest, long);
	void *address = va_arg(rest, void *), *data = va_arg(rest, void *);
	va_end(rest);
	long (*real)(int, ...) = (long (*)(int, ...))dlsym(RTLD_NEXT, "ptrace");
	step();
	return real(request, id, address, data);
}
pid_t waitpid(pid_t pid, int *status, int options) {
	pid_t (*real)(pid_t, int *, int) = dlsym(RTLD_NEXT, "waitpid");
	step();
	return real(pid, status, options);
}
int open(const char *path, int flags, ...) {
	va_list rest;
	va_start(rest, flags);
	int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
	va_end(rest);
	int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	step();
	return real(path, flags, mode);
}
ssize_t pread(int fd, void *into, size_t size, off_t at) {
	ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
	step();
	return real(fd, into, size, at);
}
ssize_t readlink(const char *path, char *into, size_t size) {
	ssize_t (*real)(const char *, char *, size_t) = dlsym(RTLD_NEXT, "readlink");
	step();
	return real(path, into, size);
}
"""


def classic():
    return toolchains()[0].build("article")


def standing(command, **options):
    """A Go program that has said its first line and waits."""
    guest = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             **options)
    assert guest.stdout.readline(), f"{command} ended"
    return guest


def refused(arguments, status, *parts, **options):
    """It ends with this status, says all of this, and leaves no trace."""
    said = maptrace("go", *arguments, status=status, **options).stderr
    for part in parts:
        contains(said, part)
    equal([t for t in harness.traces() if "watched" not in t], [])


def write(path, content, mode=0o755):
    with open(path, "wb") as out:
        out.write(content)
    os.chmod(path, mode)
    return "./" + path


def elf32():
    """A whole program of 32 bits, for i386: pause() for ever."""
    code = bytes([0xb8, 29, 0, 0, 0, 0xcd, 0x80, 0xeb, 0xf7])
    base, head = 0x8048000, 52 + 32
    whole = head + len(code)
    header = struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, base + head, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    segment = struct.pack("<8I", 1, 0, base, base, whole, whole, 5, 4096)
    return b"\x7fELF\1\1\1" + bytes(9) + header + segment + code


def elf_of(machine, content):
    return content[:18] + struct.pack("<H", machine) + content[20:]


@test
def no_go_program():
    """gone, ended, no process, no Go, of a release not known yet, traced by somebody else"""
    with subprocess.Popen(["sleep", "1000"]) as sleeper:
        refused([str(sleeper.pid)], 3, "is no Go program", "maptrace run")
        sleeper.kill()
        os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
        refused([str(sleeper.pid)], 2, "zombie")
    refused([str(sleeper.pid)], 2, "there is no process")
    refused(["many"], 2, "is no process id")
    article = classic()
    with Watched(article, "-entries", "10", "-wait") as guest:
        guest.line()
        refused([str(guest.pid())], 2, f"is traced by process {guest.process.pid}")
        guest.go_on()
    with open(article, "rb") as source:
        content = source.read()
    assert b"go1.19.8" in content
    newer = write("newer", content.replace(b"go1.19.8", b"go1.99.8"))
    with standing([newer, "-entries", "10", "-wait"]) as guest:
        refused([str(guest.pid)], 3, "go1.99.8", "is not read")
        guest.communicate("\n\n\n\n")


@test
def killed_at_every_step():
    """a process that is killed amid the look: the message says so, and nothing hangs or is left"""
    write("killer.c", KILLER.encode(), 0o644)
    built = run(["gcc", "-w", "-shared", "-fPIC", "-o", "killer.so", "killer.c", "-ldl"])
    equal(built.returncode, 0, built.stderr)
    reached, at = 0, 1
    while True:
        with standing([classic(), "-entries", "1000", "-wait"]) as guest:
            env = dict(os.environ, LD_PRELOAD=os.path.abspath("killer.so"), KILL_AT=str(at),
                       KILL_PID=str(guest.pid))
            done = maptrace("go", str(guest.pid), "-o", "killed.mtr", "--report", "text",
                            status=None, env=env)
            guest.kill()
        if not os.path.exists("killed"):  # it made fewer calls
            equal(done.returncode, 0, done.stderr)
            break
        os.unlink("killed")
        if done.returncode == 0:  # it was copied before
            os.unlink("killed.mtr")
        else:
            equal(done.returncode, 2, f"killed at call {at}: {done.stdout}{done.stderr}")
            contains(done.stderr, f"process {guest.pid} ")
            equal(harness.traces(), [])
            reached = at
        at = at + 1 if at < LOOK_STEPS or os.environ.get("SOAK") else int(at * GROWTH)
    assert reached >= LOOK_STEPS // 2, f"the last refusal was at call {reached} of some {at}"


@test
def other_machines():
    """programs and cores of 32 bits or of another machine"""
    with open(program("article"), "rb") as source:
        arm = elf_of(EM_AARCH64, source.read())
    foreign = write("foreign", arm)
    small = write("small", elf32())
    for path in (foreign, small):
        refused(["--core", "/proc/self/exe", "--exe", path], 2, "is no core file")
        why = "32-bit" if path == small else "another machine"
        refused(["--core", path, "--exe", path], 2, why)
    refused(["run", "--", foreign], 126, "foreign cannot be started", "another machine")
    try:
        guest = subprocess.Popen([small])
    except OSError:  # this kernel runs no programs of 32 bits
        refused(["run", "--", small], 126, "small cannot be started")
        return
    with guest:
        refused([str(guest.pid)], 3, "32-bit", "x86-64")
        guest.kill()


def memory_end(core):
    """Where the last byte of memory stands in it; gdb puts tables behind."""
    start, size, count = struct.unpack_from("<Q14xHH", core, 32)
    segments = [struct.unpack_from("<IIQQQQ", core, start + i * size) for i in range(count)]
    return max(offset + filled for kind, _, offset, _, _, filled in segments if kind == 1)


@test
def cores_that_do_not_fit():
    """a core that is none, of another program, of no Go program, or cut off anywhere"""
    gcore = shutil.which("gcore")
    assert gcore, "gdb is not installed: tests/deps.sh"
    article = classic()
    with standing([article, "-entries", "10", "-wait"]) as guest:
        run([gcore, "-o", "core", str(guest.pid)])
        core = f"core.{guest.pid}"
        guest.communicate("\n\n\n\n")
    with subprocess.Popen(["sleep", "1000"]) as sleeper:
        run([gcore, "-o", "core", str(sleeper.pid)])
        other = f"core.{sleeper.pid}"
        sleeper.kill()
    refused(["--core", core], 2, "of which program")
    refused(["--core", "nowhere", "--exe", article], 2, "nowhere cannot be read")
    refused(["--core", article, "--exe", article], 2, "it is no core file")
    refused(["--core", core, "--exe", "nowhere"], 2, "the program's file cannot be used")
    refused(["--core", core, "--exe", __file__], 2, "the program's file cannot be used")
    refused(["--core", other, "--exe", shutil.which("sleep")], 3, "is no Go program")
    refused(["--core", other, "--exe", article], 2, "it is of another program")
    busy = toolchains()[0].build("busy")
    refused(["--core", core, "--exe", busy], 2, "it is of another program")
    with open(core, "rb") as source:
        content = source.read()
    for size in (0, 3, 63, 64, 200, len(content) // 3, memory_end(content) - 1):
        write("cut", content[:size], 0o644)
        refused(["--core", "cut", "--exe", article], 2, "cut cannot be read as a core of")


def as_nobody(command):
    """Root may attach to anything: as somebody who may not."""
    shutil.copy(harness.MAPTRACE, "maptrace")
    os.chmod(".", 0o755)
    return run((NOBODY if os.geteuid() == 0 else []) + ["./maptrace", *command])


@test
def another_users():
    """a process of another user: whose it is, and who you are"""
    me = os.geteuid() or 65534
    with standing([classic(), "-entries", "10", "-wait"]) as guest:
        done = as_nobody(["go", "1" if os.geteuid() else str(guest.pid)])  # 1 is root's
        equal(done.returncode, 2, done.stderr)
        contains(done.stderr, f"belongs to user 0, and you are user {me}")
        guest.communicate("\n\n\n\n")


@test
def not_dumpable():
    """a process that forbids to be looked at, by its own user"""
    code = (f"import ctypes; ctypes.CDLL(None).prctl({PR_SET_DUMPABLE}, 0); "
            "print('ready', flush=True); input()")
    command = [shutil.which("python3", path="/usr/bin"), "-c", code]
    with standing((NOBODY if os.geteuid() == 0 else []) + command) as guest:
        done = as_nobody(["go", str(guest.pid)])
        equal(done.returncode, 2, done.stderr)
        contains(done.stderr, f"process {guest.pid} is not dumpable (prctl PR_SET_DUMPABLE")
        guest.communicate("\n")


def forbid_ptrace():
    """As the filters of containers do: ptrace answers EPERM. For this process and its children."""
    def instruction(code, yes, no, value):
        return struct.pack("<HBBI", code, yes, no, value)

    filtering = ctypes.create_string_buffer(b"".join((
        instruction(0x20, 0, 0, 0),                # load the number of the call
        instruction(0x15, 0, 1, PTRACE_CALL),
        instruction(0x06, 0, 0, 0x50000 | 1),      # EPERM
        instruction(0x06, 0, 0, 0x7fff0000))))     # allowed
    program_of = ctypes.create_string_buffer(
        struct.pack("<HxxxxxxQ", 4, ctypes.addressof(filtering)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
            libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program_of):
        raise OSError(ctypes.get_errno(), "seccomp")


@test
def filtered():
    """in a container whose filter forbids ptrace: that it is the filter, and what to allow"""
    with standing([classic(), "-entries", "10", "-wait"]) as guest:
        refused([str(guest.pid)], 2, "seccomp", "--cap-add=SYS_PTRACE", preexec_fn=forbid_ptrace)
        guest.communicate("\n\n\n\n")


if __name__ == "__main__":
    harness.main()
