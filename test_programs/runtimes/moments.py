"""Dicts and sets that grow while the environment says how many entries they have, for
tests/e2e/test_growing.py. Prints each one's kind and address."""
import json
import os

FROM, TO = 1000, 20000


def grow(kind, add):
    print(json.dumps({"kind": kind, "address": id(add.__self__)}), flush=True)
    for number in range(TO):
        if number >= FROM:
            os.putenv("MOMENT", f"{kind} {number}")
        add(number)
        os.unsetenv("MOMENT")


kept = [{}, set()]
grow("dict", kept[0].setdefault)
grow("set", kept[1].add)
