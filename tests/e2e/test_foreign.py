"""No false hits: every shipped profile, forced awake, over large programs that nobody here wrote.

A map of a kind that the program does not contain is a false hit. Each profile is copied into a
folder of the user's with `wake always` in place of its own wake lines, so that its proof alone
decides.
"""
import glob
import os
import re
import subprocess

import harness
from harness import TOP, equal, report, run, test, traces

# What a program truly contains, its version left out; one that is not named contains none.
CONTAINS = {
    "git": {"khash"},  # its own copy of khash.h, for sets of object ids
    "python": {"cpython-dict", "cpython-set"},
    "gdb": {"libstdcxx-unordered", "cpython-dict", "cpython-set"},  # and Python within it
}
SUFFIX = "-awake"


def wake_all(folder):
    """Copies the shipped profiles, each under another name and always awake; but for those of maps
    that are read from outside, which have no layout."""
    os.mkdir(folder)
    shipped = sorted(glob.glob(os.path.join(TOP, "profiles/shipped/*.profile")))
    assert len(shipped) >= 10, shipped
    for path in shipped:
        with open(path, encoding="utf-8") as source:
            text = source.read()
        if "\nwake outside\n" in text:
            continue
        text, named = re.subn(r"(?m)^(profile \S+)", r"\1" + SUFFIX, text)
        text, woken = re.subn(r"(?m)^wake .*(\\\n.*)*", "", text)
        text = re.sub(r"(?m)^(minimum .*\n)", r"\1wake always\n", text, count=1)
        assert named == 1 and woken >= 1 and "wake always" in text, path
        with open(os.path.join(folder, os.path.basename(path)), "w", encoding="utf-8") as out:
            out.write(text)


def traced(*commands, status=0):
    """Runs each under the library, its children too, with all profiles awake."""
    wake_all("profiles")
    env = harness.environment(MAPTRACE_PROFILES=os.path.abspath("profiles"), MAPTRACE_KEEP=1)
    for command in commands:
        done = run(command, env=env)
        equal(done.returncode, status, f"{command}: {done.stdout}{done.stderr}")


def judge(wanted, least):
    """No trace shows a map that its program does not contain; `wanted`, the program that this is
    about, had at least `least` bytes at once to look through."""
    seen = 0
    for trace in traces():
        data = report(trace)
        name = os.path.basename(data["program"])
        contains = CONTAINS.get(re.sub(r"[\d.]+$", "", name), set())
        for snap in data["snapshots"]:
            found = {m["profile"].removesuffix(SUFFIX) for m in snap["maps"]}
            equal(found - contains, set(), f"{name}, snapshot {snap['label']}: false hits")
            if name == wanted and snap["complete"]:
                seen = max(seen, snap["live_bytes"])
    assert seen >= least, f"{wanted}: looked through {seen} bytes of heap only"


@test
def compiler():
    """cc1plus, as and ld hold no map of any profile"""
    with open("many.cc", "w", encoding="utf-8") as out:
        out.write("#include <algorithm>\n#include <iostream>\n#include <map>\n#include <regex>\n"
                  "int main() { std::map<std::string, int> m; m[\"a\"] = 1; return m.empty(); }\n")
    traced(["g++", "-O1", "-o", "many", "many.cc"])
    judge("cc1plus", 4 << 20)


def repository(folder):
    """A git repository with some hundred files in several commits; made without the library."""
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run(["git", "init", "-q", folder], check=True)
    for commit in range(3):
        for number in range(300):
            with open(f"{folder}/file{number}.txt", "w", encoding="utf-8") as out:
                out.write(f"{number} {commit}\n" * (number + 1))
        subprocess.run(["git", *who, "-C", folder, "add", "-A"], check=True)
        subprocess.run(["git", *who, "-C", folder, "commit", "-qm", str(commit)], check=True)


@test
def git():
    """git's own hash maps are not taken for others"""
    repository("repo")
    traced(["git", "-C", "repo", "gc", "-q", "--prune=now"], ["git", "-C", "repo", "log", "--stat"],
           ["git", "-C", "repo", "grep", "-c", "7"], ["git", "clone", "-q", "repo", "copy"])
    judge("git", 200 << 10)


@test
def sqlite():
    """sqlite3 holds no map of any profile"""
    closes_nothing = ".exit 3"
    traced(["sqlite3", ":memory:", """
        CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c INTEGER);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
            INSERT INTO t SELECT i, 'text number ' || i, i % 97 FROM n;
        CREATE INDEX x ON t(b); DELETE FROM t WHERE c > 50;
        SELECT c, count(*), max(b) FROM t GROUP BY c;""", closes_nothing], status=3)
    judge("sqlite3", 1 << 20)


@test
def perl():
    """perl's hashes are not taken for others"""
    traced(["perl", "-e", """
        my (%h, %deep, @a); for my $i (1 .. 40000) { $h{"key $i"} = $i; push @a, "item $i";
        $deep{$i % 100}{$i} = [$i]; } delete $h{"key $_"} for 1 .. 39000; require POSIX;
        POSIX::_exit(0) if keys(%h) == 1000;"""])
    judge("perl", 4 << 20)


@test
def bash():
    """bash's associative arrays are not taken for others"""
    traced(["bash", "-c", "declare -A h; for i in {1..20000}; do h[key$i]=value$i; done; "
                          "for i in {1..19000}; do unset \"h[key$i]\"; done; echo ${#h[@]}"])
    judge("bash", 1 << 19)


@test
def make():
    """make's tables of files and variables are not taken for others"""
    with open("Makefile", "w", encoding="utf-8") as out:
        for number in range(4000):
            out.write(f"V{number} := {number}\nt{number}: t{number + 1}\n\t@:\n")
        out.write("t4000:\n")
    traced(["make", "-s", "-n", "t0"])
    judge("make", 1 << 20)


@test
def tar_and_xz():
    """tar, xz, sort and their like hold no map of any profile"""
    include = "/usr/include"
    traced(["tar", "-cf", "all.tar", "--exclude=boost", "-C", include, "linux", "c++"],
           ["xz", "-1", "-T1", "-k", "all.tar"],
           ["sort", "-o", "sorted", __file__, os.path.join(TOP, "README.md")])
    judge("xz", 1 << 20)
    assert os.path.getsize("all.tar.xz") > 0


@test
def gdb():
    """gdb's own hash tables are not taken for others"""
    traced(["gdb", "-nx", "-batch", "-ex", "info functions main", "-ex", "info types .",
            harness.LIBRARY])
    judge("gdb", 1 << 20)


@test
def python():
    """CPython's dicts and sets are taken for nothing else"""
    traced(["python3", "-c", "import ast, json, os\nd = {i: str(i) for i in range(30000)}\n"
            "s = set(range(20000))\nt = ast.parse('a = [1, 2, 3]\\n' * 3000)\nos._exit(0)"])
    judge("python3", 4 << 20)


harness.main()
