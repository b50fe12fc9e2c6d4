"""Programs as Debian ships them, and programs on other allocators, bare and under the library: the same
output, errors and exit status. The long ones run with SOAK set.
"""
import os
import subprocess

import harness
from harness import LIBRARY, TOP, equal, program, run, test

SOAK = bool(os.environ.get("SOAK"))
HASHES = "perl -e 'my %h; $h{$_ * 7919 % 100003} = [$_] for 1..60000; delete @h{1..30000}; " \
         "print scalar(keys %h), qq(\\n)'"
SQL = "create table t(a integer primary key, b text); with recursive c(x) as (select 1 union all " \
      "select x + 1 from c where x < 20000) insert into t select x, hex(x * x) from c; " \
      "create index i on t(b); select count(*), sum(a), max(b) from t where b > '5';"
SOURCE = "#include <map>\n#include <string>\n#include <unordered_map>\nint main() { " \
         "std::unordered_map<std::string, std::map<int, int>> m; m[\"a\"][1] = 2; return m.size(); }\n"

QUICK = {
    "perl": HASHES,
    "sqlite3": f"sqlite3 :memory: \"{SQL}\"",
    "git log": f"git -C {TOP} log --stat --format=%s -n 100",
    "git blame": f"git -C {TOP} blame -s Makefile",
    "g++": "g++ -O1 -o made made.cc && ./made; echo $?; sha256sum <made",
    "make -j": "make -j4 -f rules && cat all",
    "bash": "for i in $(seq 300); do (x=$(echo $i); true); done; echo $x $(seq 5 | sort -rn)",
    "pipeline": "seq 20000 | sort -n | awk '{s += $1} END {print s}' | cat",
    "python3": "/usr/bin/python3 -c 'import json, subprocess; d = {str(i): i for i in range(50000)}; "
               "print(len(json.dumps(d)), subprocess.check_output([\"echo\", \"x\"]))'",
    "python3 processes": "/usr/bin/python3 -c 'import multiprocessing as m; p = m.Pipe(); "  # no /dev/shm
                         "c = [m.Process(target=lambda n=n: p[1].send(n * n)) for n in range(4)]; "
                         "[x.start() for x in c]; print(sum(p[0].recv() for x in c)); "
                         "[x.join() for x in c]'",
}
# Each needs a package that the machine need not have; with SOAK it must.
LONG = {
    "bash children": "for ((i = 0; i < 4000; i++)); do x=$(echo $i); (exit 3); y=$?; done; echo $x $y",
    "make of many": "make -s -j8 -f rules NAMES=\"$(seq -s ' ' 800)\" && sha256sum all",
    "cmake": "mkdir made && cd made && printf 'cmake_minimum_required(VERSION 3.5)\nproject(p CXX)\n"
             "add_executable(p ../made.cc)\n' >../CMakeLists.txt && cmake -G Ninja .. >log && "
             "ninja >>log; ./p; echo $?; rm -r ../made ../CMakeLists.txt",
    "git history": "rm -rf r && git init -q r && cd r && (for ((i = 1; i <= 20000; i++)); do "
                   "printf 'commit refs/heads/main\\ncommitter a <a@b> %d +0000\\ndata 2\\nc\\n"
                   "M 100644 inline f%d\\ndata %d\\n%s\\n' $i $((i % 500)) ${#i} $i; done) | "
                   "git fast-import --quiet && git gc -q && git fsck --no-progress && "
                   "git log --stat main | sha256sum && git repack -adfq && git rev-list --objects main "
                   "| sort | sha256sum",
    "lua": "lua5.4 -e 't = {} for i = 1, 300000 do t[i .. \"\"] = {i} end print(#t, next({}))'",
    "ruby": "ruby -e 'h = {}; 300000.times { |i| h[i.to_s] = [i] }; h.delete(\"5\"); puts h.size'",
    "php": "php -r '$a = []; for ($i = 0; $i < 300000; $i++) $a[\"k$i\"] = [$i]; echo count($a);'",
    "clang++": "clang++ -O1 -o made made.cc && ./made; echo $?",
    "node": "node -e 'm = new Map(); for (i = 0; i < 300000; i++) m.set(\"k\" + i, [i]); "
            "console.log(m.size)'",
    "java": "java -Xmx256m Work.java",
}
JAVA = "class Work { public static void main(String[] a) throws Exception { var m = new " \
       "java.util.concurrent.ConcurrentHashMap<String, int[]>(); Thread[] t = new Thread[8]; " \
       "for (int n = 0; n < 8; n++) { final int k = n; t[n] = new Thread(() -> { for (int i = 0; i < " \
       "20000; i++) m.put(k + \".\" + i, new int[9]); }); t[n].start(); } for (var x : t) x.join(); " \
       "System.out.println(m.size()); } }\n"
ALLOCATORS = ("libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2")


def shell(command, preload):
    env = dict(os.environ, LD_PRELOAD=preload, MAPTRACE_OUT=os.path.abspath("out/%n.%p.mtr"))
    done = run(["bash", "-c", command], env=env)
    return done.returncode, done.stdout, done.stderr


def alike(command):
    """The same under the library; the bare run must have done its work."""
    for path, text in (("made.cc", SOURCE), ("Work.java", JAVA),
                       ("rules", "NAMES = 1 2 3 4 5 6 7 8 9\nall: $(NAMES:%=p%)\n\t@cat $^ >$@\n"
                                 "p%:\n\t@echo part $* >$@\n")):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
    os.makedirs("out", exist_ok=True)
    bare = shell(command, "")
    equal(bare[0], 0, f"{command}: {bare}")
    assert bare[1], f"{command} printed nothing"
    subprocess.run("rm -rf all p[0-9]* made", shell=True, check=True)
    equal(shell(command, LIBRARY), bare, command)


def _add(name, command):
    def run_case():
        alike(command)
    run_case.__doc__ = f"{name}: the same output, errors and status under the library"
    run_case.__name__ = "program_" + "".join(c if c.isalnum() else "_" for c in name)
    test(run_case)


for _name, _command in {**QUICK, **(LONG if SOAK else {})}.items():
    _add(_name, _command)


@test
def own_malloc():
    """a program that defines malloc itself keeps it, and runs the same"""
    with open("own.c", "w", encoding="utf-8") as out:
        out.write("#include <stdio.h>\n#include <stddef.h>\nstatic char room[1 << 20]; static size_t n;\n"
                  "static int calls;\nvoid *malloc(size_t s) { calls++; n = (n + s + 31) & ~15ul;\n"
                  "  return room + n - ((s + 15) & ~15ul); }\nvoid free(void *p) { (void)p; }\n"
                  "int main(void) { for (int i = 0; i < 100; i++) free(malloc(100));\n"
                  "  printf(\"%d\\n\", calls >= 100); return 0; }\n")
    subprocess.run(["gcc", "-w", "-fno-builtin", "-o", "own", "own.c"], check=True)
    alike("./own")


if SOAK:
    @test
    def allocators():
        """on jemalloc, tcmalloc and mimalloc: the same"""
        command = [program("threads")]
        for allocator in ALLOCATORS:
            plain = run(command, env=dict(os.environ, LD_PRELOAD=allocator))
            under = run(command, env=dict(os.environ, LD_PRELOAD=f"{LIBRARY} {allocator}"))
            equal((under.returncode, under.stdout, under.stderr),
                  (plain.returncode, plain.stdout, plain.stderr), allocator)
            equal(plain.returncode, 0, allocator)

harness.main()
