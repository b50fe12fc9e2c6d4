"""W7: a dict gets N entries with keys and values of their own, and loses them one by one.

    PYTHONMALLOC=malloc python3 dict.py [N]     default 1000000
"""
import sys

ENTRIES = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
TABLE = {f"key number {i}": i + 1000 for i in range(ENTRIES)}
assert len(TABLE) == ENTRIES
for number in range(ENTRIES):
    assert TABLE.pop(f"key number {number}") == number + 1000
assert not TABLE
print(f"{ENTRIES} added and removed")
