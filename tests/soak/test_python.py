"""CPython's own test suite as Debian ships it: each of its tests ends the same under the library.

It forks, execs, crashes, sends itself signals, runs out of memory and asks what is in its environment.
Left out are the parts that want the network or a screen, and those that are long without a process, a
thread or a signal.
"""
import glob
import os
import re
import xml.etree.ElementTree

import guest_user
from harness import equal, main, test

SUITE = "/usr/lib/python3.11/test"
LEFT_OUT = (
    "asynchat asyncore audit bdb bigmem buffer bz2 c_config cmath codecmaps_.* compileall "
    "concurrent_futures cppext dataclasses decimal devpoll distutils dtrace eintr email embed ensurepip "
    "fileinput float freeze ftplib gdb hashlib httpservers idle imaplib io kqueue largefile lib2to3 "
    "logging long lzma math msilib multibytecodec multiprocessing_forkserver multiprocessing_spawn "
    "nntplib ossaudiodev peg_generator pickle pickletools poplib profile queue random re regrtest "
    "robotparser sched site smtpd smtplib smtpnet socketserver source_encoding sqlite3 ssl statistics "
    "strtod tarfile tcl telnetlib timeout tix tk tokenize tools ttk_guionly ttk_textonly turtle "
    "unicodedata unparse urllib2net urllibnet venv winreg xmlrpc xmlrpc_net zipfile zipfile64 zlib "
    "argparse").split()
# They count every open descriptor: the trace's is one more, so they fail under the library.
SEES_US = {"test.test_subprocess.POSIXProcessTestCase." + name for name in
           ("test_pass_fds_redirected", "test_close_fds_when_max_fd_is_lowered")}
LEAST = 300   # parts; fewer means that the suite is not there
LIMIT_S = 7200


def parts():
    """Names of the parts that are run."""
    names = {os.path.splitext(os.path.basename(path))[0] for path in
             glob.glob(os.path.join(SUITE, "test_*.py")) +
             [os.path.dirname(path) for path in glob.glob(os.path.join(SUITE, "test_*/__init__.py"))]}
    left_out = re.compile("test_(" + "|".join(LEFT_OUT) + ")")
    found = sorted(name for name in names if not left_out.fullmatch(name))
    assert len(found) >= LEAST, f"{SUITE} has {len(found)} parts: is libpython3.11-testsuite installed?"
    return found


def how_it_ended(case):
    """A test's row of the record as one word; the same for all that may see the library."""
    if case.get("name") in SEES_US:
        return "sees us"
    return "".join(sorted(child.tag for child in case)) or case.get("result")


def outcomes(folder, is_traced, names):
    """{test: how it ended} by the suite's own record."""
    command = ["/usr/bin/python3", "-m", "test", "-j2", "--timeout", "600", "--tempdir", folder,
               "--junit-xml", "record.xml", *names]
    done = guest_user.run(command, folder, is_traced, keeps=False, timeout=LIMIT_S)
    assert "maptrace: " not in done.stdout + done.stderr, done.stdout + done.stderr
    record = os.path.join(folder, "record.xml")
    assert os.path.exists(record), done.stdout + done.stderr
    return {case.get("name"): how_it_ended(case)
            for case in xml.etree.ElementTree.parse(record).iter("testcase")}


@test
def suite():
    """CPython's tests: the same ones pass, fail and are passed over under the library"""
    names = parts()
    bare_home, traced_home = guest_user.home("bare"), guest_user.home("traced")
    bare = outcomes(bare_home, False, names)
    under = outcomes(traced_home, True, names)
    assert len(bare) > 10000, f"only {len(bare)} tests ran"
    differing = {name for name in bare.keys() | under.keys() if bare.get(name) != under.get(name)}
    # What hangs on the moment (sleeps, a busy machine) differs between two bare runs as well: the parts
    # that differ are run again, each way.
    again = sorted({part for name in differing for part in names if f"test.{part}." in name})
    print(f"# {len(bare)} tests of {len(names)} parts; run again: {again or 'none'}")
    if differing:
        assert again, differing
        equal(outcomes(traced_home, True, again), outcomes(bare_home, False, again), str(again))


main()
