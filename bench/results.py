"""The results file: what was measured so far, on what, by what. Kept after every round, so that a
benchmark that was interrupted goes on where it stopped; results of another library or machine are
put aside and never mixed in.
"""
import datetime
import hashlib
import json
import os
import platform
import re
import subprocess
import time

import places


def first_match(path, pattern):
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read(), re.M)
    except OSError:
        return ""
    return found.group(1).strip() if found else ""


def commit():
    """The commit, with a + where the tree differs from it."""
    def git(*words):
        return subprocess.run(["git", "-C", places.TOP, *words], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, check=False).stdout.strip()
    return git("rev-parse", "--short", "HEAD") + \
        ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def machine():
    return {
        "processor": first_match("/proc/cpuinfo", r"^model name\s*: (.*)$") or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "system": first_match("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "compiler": subprocess.run(["gcc", "--version"], stdout=subprocess.PIPE, text=True,
                                   check=False).stdout.split("\n")[0],
        "libc": "glibc " + platform.libc_ver()[1],
        "huge_pages": first_match("/sys/kernel/mm/transparent_hugepage/enabled", r"\[(\w+)\]"),
    }


def busy_cores(seconds=0.5):
    """How many cores something else keeps busy (or takes away) while this does nothing."""
    def jiffies():
        with open("/proc/stat", encoding="ascii") as file:
            numbers = [int(word) for word in file.readline().split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]  # all; idle and waiting for a disk
    before = jiffies()
    time.sleep(seconds)
    every, idle = (late - early for late, early in zip(jiffies(), before))
    return round(os.cpu_count() * (every - idle) / max(every, 1), 2)


class Results:
    """What lies in the file. `key` says what must be the same for runs to stand side by side."""

    def __init__(self, path, tools, is_quick, is_fresh):
        self.path = path
        with open(places.LIBRARY, "rb") as library:
            digest = hashlib.sha256(library.read()).hexdigest()[:16]
        self.key = {"library": digest, "machine": machine(), "is_quick": is_quick}
        self.data = self.load(is_fresh) or {
            "key": self.key, "commit": commit(), "workloads": {},
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")}
        self.data["tools"] = dict(self.data.get("tools", {}),
                                  **{t.name: t.version() for t in tools if not t.missing()})

    def load(self, is_fresh):
        try:
            with open(self.path, encoding="utf-8") as file:
                data = json.load(file)
        except (OSError, ValueError):
            return None
        if not is_fresh and data.get("key") == self.key:
            return data
        os.replace(self.path, self.path + ".old")
        print(f"the results so far are of another library, machine or mind: {self.path}.old")
        return None

    def rounds(self, workload, size):
        """The rounds of a workload, a list to append to; anew where its size was another."""
        entry = self.data["workloads"].setdefault(workload.name, {})
        if entry.get("size") != size:
            entry.update(size=size, rounds=[])
        return entry["rounds"]

    def note_busy(self, workload):
        """Keeps what else the machine did just before this workload."""
        self.data["workloads"][workload.name].setdefault("busy", []).append(busy_cores())

    def save(self):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
        os.replace(self.path + ".new", self.path)


def read(path):
    """The data of a results file, for the tables."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)
