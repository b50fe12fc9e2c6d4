"""The article's experiment in Go itself, by two toolchains: each byte is the layout's, and the figures
agree with the program's own MemStats."""
import os
import re

import harness
from golang import Watched, find, toolchains
from harness import contains, equal, maptrace, snapshot, test

ENTRIES = 1000000
STEPS = ("empty", "added", "deleted", "collected")
VALUES = {"inline": ("[128]uint8", 128), "pointer": ("*[128]uint8", 8), "big": ("[129]uint8", 8)}
ARRAY = 1 << 18   # buckets of a classic map of a million entries
SMALL = 1 << 20   # what a program holds besides: less than this


def experiment(toolchain, values):
    """Runs it, with a look after each step. Returns the trace, and by step the bytes by MemStats just
    before and behind the look: a collection may end between the two."""
    said = {}

    def heap(guest, step):
        name, kilobytes = re.fullmatch(r"(\w+): \d+ MB \((\d+) KB\)", guest.line()).groups()
        equal(name, step)
        return int(kilobytes) << 10

    with Watched(toolchain.build("article"), "-values", values, "-wait") as guest:
        for step in STEPS:
            before = heap(guest, step)
            guest.look(step)
            guest.go_on()
            said[step] = before, heap(guest, step)
        return guest.end(), said


def check_heap(data, said):
    """What each snapshot says of the heap is what the program said just before it and behind it."""
    for step in STEPS:
        live = snapshot(data, step)["live_bytes"]
        before, behind = said[step]
        assert behind - SMALL < live < before + SMALL, f"{step}: {live} bytes, MemStats said {said[step]}"


def check_deletion(data, values):
    """Deletion gives nothing back; all that the map holds then is retained."""
    kind = f"map[int]{VALUES[values][0]}"
    before, after = find(data, "added", kind), find(data, "collected", kind)
    equal((before["count"], after["count"]), (ENTRIES, 0))
    for part in ("buckets", "overflow"):
        equal(after["bytes"][part], before["bytes"][part], part)
    equal(before["retained_bytes"], 0)
    equal(after["needed_bytes"], 0)
    held = after["bytes"]["buckets"] + after["bytes"]["overflow"]
    equal(after["retained_bytes"], held)
    with open("report.txt", encoding="utf-8") as text:
        said = text.read()
    contains(said, "deleting 1,000,000 entries released 0 B of the map")
    looks = [snapshot(data, step) for step in ("added", "collected")]
    if looks[0]["live_bytes"] - looks[1]["live_bytes"] > SMALL:
        # Else the collector came before the first look. Where a goroutine ran, which on a machine
        # under load may be the collector's, nothing is called garbage.
        is_told = any(look["garbage_bytes"] for look in looks)
        contains(said, "garbage, which the collector took" if is_told else
                 "memory that is no map's: -")
    return after


def check_classic(data, values):
    slot = VALUES[values][1]
    bucket = 8 + 8 * 8 + 8 * slot + 8
    found = check_deletion(data, values)
    equal(found["profile"], "go-classic")
    equal(found["bytes"]["buckets"], ARRAY * bucket)
    equal(found["bytes"]["overflow_reserved"], ARRAY // 16 * bucket)
    equal(found["bytes"]["overflow"] % bucket, 0)
    return found


def check_swiss(data, values):
    """Tables of 1,024 slots at most, each a power of two, 8 slots a group."""
    slot = VALUES[values][1]
    found = check_deletion(data, values)
    equal(found["profile"], "go-swiss")
    group = 8 + 8 * (8 + slot)
    least = -(-ENTRIES // 7)  # groups, at 7 of 8 slots in use
    assert least * group <= found["bytes"]["buckets"] <= 2.2 * least * group, found["bytes"]
    equal(found["bytes"]["overflow"], 0)
    return found


def check_words(data, found):
    """The highest snapshot is not the peak; the map's header is on the stack of a goroutine."""
    equal(data["peak"]["exact"], False)
    said = maptrace("map", "--snapshot", "collected", found["address"], "watched.mtr").stdout
    contains(said, "held in\n  a goroutine's stack")
    contains(said, "before such a move its map stood at another address")


def run_all(values):
    for toolchain in toolchains():
        data, said = experiment(toolchain, values)
        check_heap(data, said)
        found = (check_classic if toolchain.is_classic else check_swiss)(data, values)
        check_words(data, found)
        os.unlink("watched.mtr")


@test
def inline_values():
    """map[int][128]byte: 307,494,912 bytes by Go 1.19, all retained after the deletion"""
    run_all("inline")


@test
def pointer_values():
    """map[int]*[128]byte: 40,108,032 bytes by Go 1.19, and the values are the program's"""
    run_all("pointer")


@test
def big_values():
    """map[int][129]byte: values out of line, collected after the deletion"""
    run_all("big")


if __name__ == "__main__":
    harness.main()
