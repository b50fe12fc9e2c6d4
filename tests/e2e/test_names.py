"""By what name a program is told: by the link that it was started by, else by its file's."""
import os

from harness import contains, equal, main, maptrace, program, report, run, test, traced, traces, \
    environment

ENTRIES = ["--entries", "1000"]


def told(command, **variables):
    """The program's path as its only trace has it, and that trace's own name."""
    traced(command, MAPTRACE_KEEP="1", **variables)
    (trace,) = traces()
    path = report(trace)["program"]
    os.unlink(trace)
    return path, os.path.basename(trace)


@test
def by_its_link():
    """a program started by a link has the link's name: in the trace, in the trace's name, in reports"""
    os.symlink(program("article"), "other")
    here = os.path.join(os.getcwd(), "other")
    for started in ("./other", "././other", here):
        path, name = told([started, *ENTRIES])
        equal(path, here)
        assert name.startswith("maptrace.other."), name
    traced([here, *ENTRIES])
    (trace,) = traces()
    contains(maptrace("report", trace).stdout, "other (pid ")


@test
def in_a_forked_child():
    """a forked child's trace has the name that its parent's has"""
    os.symlink(program("children"), "family")
    traced(["./family"], MAPTRACE_KEEP="1")
    found = {report(trace)["program"] for trace in traces()}
    assert len(traces()) > 1, traces()
    contains(found, os.path.join(os.getcwd(), "family"))


@test
def only_by_either_name():
    """MAPTRACE_ONLY names a program by its link or by its file"""
    os.symlink(program("article"), "other")
    for pattern, expected in (("other", 1), ("article", 1), ("oth", 0)):
        traced(["./other", *ENTRIES], MAPTRACE_ONLY=pattern, MAPTRACE_KEEP="1")
        equal(len(traces()), expected, pattern)
        for trace in traces():
            os.unlink(trace)


@test
def by_its_file():
    """scripts, descriptors and made-up first arguments do not name a program: its file does"""
    file = os.path.realpath("/usr/bin/python3")
    with open("script.py", "w", encoding="ascii") as out:
        out.write("#!/usr/bin/python3\nprint(len({}))\n")
    os.chmod("script.py", 0o700)
    equal(told(["./script.py"])[0], file)
    article = program("article")
    equal(told(["bash", "-c", f"exec -a '-%p made up/' {article} --entries 1000"],
               MAPTRACE_ONLY="article")[0], article)
    by_descriptor = ("import os, sys\nfd = os.open(sys.argv[1], os.O_RDONLY)\n"
                     "os.set_inheritable(fd, True)\n"
                     "os.execve(fd, ['x', '--entries', '1000'], os.environ)\n")
    done = run(["python3", "-c", by_descriptor, article],
               env=environment(MAPTRACE_ONLY="article", MAPTRACE_KEEP="1"))
    equal(done.returncode, 0, done.stderr)
    equal([report(trace)["program"] for trace in traces()], [article])


main()
