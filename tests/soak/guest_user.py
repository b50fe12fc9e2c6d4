"""Runs programs as an ordinary user, bare or under the library: PostgreSQL refuses root, and a browser
builds its sandbox only for others.

The tests of this folder are run by `make soak`; each compares a run under the library with a bare one.
Their names have the shape of those in tests/e2e, whose harness they use.
"""
import os
import pwd
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import harness  # pylint: disable=wrong-import-position

USER = "nobody"


def home(name):
    """A new folder of that user's in the test's folder, which it may then enter, with the library in it:
    the tree that it was built in need not be readable to others."""
    os.chmod(".", 0o711)
    os.makedirs(os.path.join(name, "out"))
    shutil.copy(harness.LIBRARY, name)
    if os.getuid() == 0:
        for path in (name, os.path.join(name, "out"), os.path.join(name, "libmaptrace.so")):
            shutil.chown(path, USER, pwd.getpwnam(USER).pw_gid)
    return os.path.abspath(name)


def environment(folder, is_traced, keeps):
    """A short environment with `folder` as its home; traces go to folder/out, also those without maps
    where it `keeps` them."""
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "TMPDIR": folder, "LC_ALL": "C"}
    if is_traced:
        env.update(LD_PRELOAD=os.path.join(folder, "libmaptrace.so"),
                   MAPTRACE_OUT=os.path.join(folder, "out", "%n.%p.mtr"),
                   MAPTRACE_KEEP="1" if keeps else "")
    return env


def run(command, folder, is_traced, keeps=True, **options):
    """Runs a command in `folder` as an ordinary user."""
    if os.getuid() == 0:
        account = pwd.getpwnam(USER)
        options.update(user=account.pw_uid, group=account.pw_gid, extra_groups=[])
    return harness.run(command, env=environment(folder, is_traced, keeps), cwd=folder, **options)
