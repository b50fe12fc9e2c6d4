"""The rooms' walls, and what the library shows to the programs it is loaded into."""
import glob
import os
import re

import harness
from harness import TOP, equal, run, test

WALLS = {  # room: rooms it may include
    "trace": {"trace"},
    "profiles": {"profiles"},
    "finder": {"finder", "profiles", "trace"},
    "golang": {"golang", "finder", "trace"},
    "preload": {"preload", "golang", "finder", "profiles", "trace"},
    "analyzer": {"analyzer", "golang", "finder", "profiles", "trace"},
}


@test
def walls_hold():
    """no room includes what its wall forbids"""
    crossed = []
    for room, allowed in WALLS.items():
        files = glob.glob(os.path.join(TOP, room, "**", "*.[ch]"), recursive=True)
        assert files, f"{room}/ is empty"
        for path in files:
            with open(path, encoding="utf-8") as source:
                for included in re.findall(r'^#include\s+"([^"/]+)/', source.read(), re.M):
                    if included not in allowed:
                        crossed.append(f"{os.path.relpath(path, TOP)} includes {included}/")
    equal(crossed, [])
    for path in glob.glob(os.path.join(TOP, "finder", "*.[ch]")) + \
            glob.glob(os.path.join(TOP, "golang", "*.[ch]")):
        with open(path, encoding="utf-8") as source:
            for name in re.findall(r'^#include\s+"trace/([^"]+)"', source.read(), re.M):
                equal(name, "format.h", f"{path}: knows only the format of trace/")


@test
def needs_only_libc():
    """the library needs only libc to load"""
    dynamic = run(["readelf", "-d", harness.LIBRARY]).stdout
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    assert set(needed) <= {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}, needed


@test
def exports_only_hooks():
    """the library exports the hooked names and those of maptrace.h, nothing else"""
    symbols = run(["nm", "-D", "--defined-only", "--format=posix", harness.LIBRARY]).stdout
    names = {line.split()[0].split("@")[0] for line in symbols.splitlines()}
    ends = {"exit", "quick_exit", "_exit", "_Exit", "err", "errx", "verr", "verrx", "error",
            "error_at_line", "pthread_exit", "__libc_start_main", "dlclose",
            "pthread_getattr_np", "__register_atfork", "_Fork",
            "execve", "execv", "execvp", "execvpe", "execveat", "fexecve", "execl", "execlp",
            "execle"}
    jails = {"prctl", "syscall"}
    family = {"malloc", "calloc", "realloc", "free", "posix_memalign", "aligned_alloc", "memalign",
              "valloc", "pvalloc", "reallocarray", "cfree", "free_sized", "free_aligned_sized",
              "malloc_usable_size"}
    assert family <= names, f"missing: {family - names}"
    assert ends <= names, f"missing: {ends - names}"
    assert jails <= names, f"missing: {jails - names}"
    rest = {n for n in names - family - ends - jails if not re.match(r"_Z(n|d)[wal]", n)}
    equal(rest, {f"maptrace_{name}_v1" for name in (
        "mark", "stack", "name", "allocate", "free", "free_range", "role")})
    assert len([n for n in names if n.startswith("_Zn")]) == 8, sorted(names)
    assert len([n for n in names if n.startswith("_Zd")]) == 12, sorted(names)


@test
def small_tls():
    """the library's TLS is one pointer (threads with small stacks must start)"""
    segments = run(["readelf", "-lW", harness.LIBRARY]).stdout
    sizes = [int(line.split()[5], 16) for line in segments.splitlines() if " TLS " in line]
    assert sizes and sizes[0] <= 16, sizes


@test
def profiles_are_inside():
    """the shipped profiles are inside the library"""
    with open(harness.LIBRARY, "rb") as library:
        content = library.read()
    shipped = glob.glob(os.path.join(TOP, "profiles", "shipped", "*.profile"))
    assert len(shipped) >= 4
    for path in shipped:
        with open(path, "rb") as source:
            name = re.search(rb"^profile\s+(\S+)", source.read(), re.M).group(1)
        assert b"profile " + name in content or b"profile  " + name in content, name


harness.main()
