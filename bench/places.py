"""Where things lie. The Makefile says where it built in BUILD."""
import os
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(TOP, "build")))
LIBRARY = os.path.join(TOP, "libmaptrace.so")
MAPTRACE = os.path.join(TOP, "maptrace")
SOURCES = os.path.join(TOP, "bench", "guests")
DOCUMENT = os.path.join(TOP, "doc", "performance.md")
RESULTS = os.path.join(BUILD, "bench", "results.json")


def built(name):
    """A program of this room."""
    return os.path.join(BUILD, "bench", name)


def cc1plus():
    """The compiler proper; the name alone where there is none, for the message that follows."""
    try:
        return subprocess.run(["gcc", "-print-prog-name=cc1plus"], stdout=subprocess.PIPE,
                              check=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "cc1plus"
