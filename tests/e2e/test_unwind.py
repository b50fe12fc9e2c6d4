"""Recorded stacks are true: programs that torture unwinding, and real ones, in the checking mode.

Each torture program (test_programs/torture) holds every recorded stack against the path that it took
itself; the checking mode holds it against libunwind and libgcc. Both, and the first alone, since the
mode's own unwinding must not be what makes the record right.
"""
import glob
import os
import re

from harness import BUILD, TOP, contains, environment, equal, main, program, run, test

VARIANTS = ("O0", "O2", "pointer")
TOLD = re.compile(r"^maptrace: unwind check of process \d+: (\d+) stacks compared, (\d+) differ, "
                  r"(\d+) unknown\n", re.M)
VERIFIED = re.compile(r"^torture: (\d+) stacks verified, (\d+) wrong\n", re.M)


def torture_programs():
    """Names of the built torture programs; the sources say which there must be."""
    sources = glob.glob(os.path.join(TOP, "test_programs", "torture", "*.c*"))
    built = [os.path.splitext(os.path.basename(path))[0] for path in sources]
    names = sorted(set(built) - {"torture", "pointers", "plugin", "liar"})
    assert len(names) >= 2, names
    return names


def checked(command, **variables):
    """Runs a command bare and in the checking mode: alike, nothing differs. Returns how many stacks
    were compared, in all its processes."""
    bare = run(command)
    done = run(command, env=environment(MAPTRACE_CHECK_UNWIND="1", **variables))
    equal((done.returncode, done.stdout), (bare.returncode, bare.stdout), done.stderr)
    told = TOLD.findall(done.stderr)
    assert told, done.stderr
    for _, differ, unknown in told:
        equal((differ, unknown), ("0", "0"), f"{command}:\n{done.stderr}")
    equal(VERIFIED.sub("", TOLD.sub("", done.stderr)), bare.stderr)
    return sum(int(compared) for compared, _, _ in told)


def tortured(variant, **variables):
    """Runs every torture program of a variant under the library: it finds no stack wrong."""
    for name in torture_programs():
        done = run([program("torture/" + name, variant)], env=environment(**variables))
        equal(done.returncode, 0, f"{variant} {name}:\n{done.stdout}{done.stderr}")
        counts = [(int(number), wrong) for number, wrong in VERIFIED.findall(done.stderr)]
        assert counts, done.stderr
        for number, wrong in counts:
            assert number > 0 and wrong == "0", f"{variant} {name}:\n{done.stderr}"


@test
def truth():
    """each torture program finds its own call path in every recorded stack"""
    for variant in VARIANTS:
        tortured(variant)


@test
def agreement():
    """no stack of a torture program differs from libunwind's or libgcc's"""
    for variant in VARIANTS:
        for name in torture_programs():
            assert checked([program("torture/" + name, variant)]) > 0


@test
def shallow():
    """the same where stacks are cut: MAPTRACE_DEPTH=5"""
    for name in torture_programs():
        assert checked([program("torture/" + name)], MAPTRACE_DEPTH="5") > 0
    tortured("O2", MAPTRACE_DEPTH="5")


@test
def house_programs():
    """no stack of a program with exceptions, threads or everything at once differs"""
    for variant in ("O0", "O2"):
        for name in ("throw", "threads", "stress", "forks"):
            assert checked([program(name, variant)]) > 100


@test
def interpreters():
    """no stack of python3, perl and bash differs"""
    code = "d = {str(i): [i] * (i % 7) for i in range(3000)}; print(sum(map(len, d.values())))"
    assert checked(["/usr/bin/python3", "-c", code]) > 1000
    assert checked(["perl", "-e", "my %h; $h{$_} = [$_] for 1..3000; delete $h{$_} for 1..2999;"
                    "print join(',', map { sprintf '%x', $_ } sort keys %h), qq(\\n)"]) > 1000
    assert checked(["bash", "-c", "for i in {1..20}; do x=$(echo $i); done; echo $x | cat"]) > 1000


@test
def tools():
    """no stack of git and cmake differs"""
    assert checked(["git", "-C", TOP, "log", "-n", "20", "--stat", "--format=%h"]) > 1000
    assert checked(["/usr/bin/cmake", "--help-command-list"]) > 1000


@test
def compiler():
    """no stack of cc1plus differs on a file full of templates"""
    with open("many.cc", "w", encoding="utf-8") as source:
        source.write("template <int N> struct s { int at(int x) { return x % (N + 1) ? N : s<N - 1>()"
                     ".at(x); } };\ntemplate <> struct s<0> { int at(int) { return 0; } };\n"
                     "int main(int c, char **) { return s<60>().at(c); }\n")
    compiler_proper = run(["g++", "-print-prog-name=cc1plus"]).stdout.strip()
    assert checked([compiler_proper, "-quiet", "-O2", "many.cc", "-o", "many.s"]) > 1000


@test
def exceptions_stay_the_guests():
    """in the checking mode too the guest's _Unwind_RaiseException is libgcc's"""
    done = run([program("throw")], env=environment(LD_DEBUG="bindings", LD_BIND_NOW="1",
                                                   MAPTRACE_CHECK_UNWIND="1"))
    bound = re.findall(r"binding file (\S+) .* to (\S+) .*: .*symbol `_Unwind_RaiseException'",
                       done.stderr)
    guests = [(who, to) for who, to in bound if "libunwind" not in who]
    assert guests and all("libgcc_s" in to for _, to in guests), guests


@test
def sees_a_difference():
    """an unwinder that lies about one frame in a hundred is noticed, shown, and harms no one"""
    liar = os.path.join(BUILD, "test_programs", "torture", "liar")
    walks = [program("torture/walks")]
    done = run(walks, env=environment(MAPTRACE_CHECK_UNWIND="1", LD_LIBRARY_PATH=liar))
    equal((done.returncode, done.stdout), (0, run(walks).stdout))
    told = TOLD.findall(done.stderr)
    equal(len(told), 1, done.stderr)
    compared, differ, _ = map(int, told[0])
    assert 0 < differ < compared, told
    shown = re.findall(r"^maptrace: unwind check: frame \d+ of \d+ recorded is 0x([0-9a-f]+) \(.*\), "
                       r"but by libgcc it is 0x([0-9a-f]+) \(.*\) of \d+$", done.stderr, re.M)
    equal(len(shown), 5, done.stderr)
    for recorded, lie in shown:
        equal(int(lie, 16) - int(recorded, 16), 1, "what the liar added")


@test
def off_by_default():
    """without MAPTRACE_CHECK_UNWIND nothing is compared and libgcc is not opened"""
    done = run([program("torture/walks")], env=environment(LD_DEBUG="files"))
    assert "libgcc_s" not in done.stderr and not TOLD.findall(done.stderr), done.stderr[-500:]
    contains(done.stderr, "libunwind.so.8")


main()
