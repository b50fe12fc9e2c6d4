"""Dicts and sets of every kind, with what CPython itself says of them, for tests/e2e/test_cpython.py.

Prints a JSON line for each, then "ready"; goes on at each line of input. What a fresh map of as many
entries holds, and what copying leaves, is measured here by making one.
"""
import collections
import json
import sys

COUNTS = [*range(1, 61), 85, 86, 100, 170, 171, 341, 342, 500, 682, 683, 1000, 1365, 1366, 2000]
LARGE = 3000
keep = []
rows = []


def key_of(kind, number):
    if kind == "mixed":
        kind = "str" if number % 3 else "int"
    return number if kind == "int" else f"key {number}"


def buckets(one):
    """Bytes of the table, as the object itself adds them up."""
    base = dict if isinstance(one, dict) else set if isinstance(one, set) else frozenset
    return base.__sizeof__(one) - type(one).__basicsize__


def header(one):
    """Bytes of the object with what the collector keeps before it. An OrderedDict adds the list of its
    order, which is no part of the dict."""
    order = 0
    if isinstance(one, collections.OrderedDict):
        order = one.__sizeof__() - dict.__sizeof__(one)
    return sys.getsizeof(one) - buckets(one) - order


def fresh(kind, numbers):
    """A map made by inserting one by one."""
    if kind == "set":
        one = set()
        for number in numbers:
            one.add(number)
        return one
    one = {}
    for number in numbers:
        one[key_of(kind, number)] = number
    return one


def emptied(kind, numbers):
    """The same entries in a map that was large."""
    one = fresh(kind, range(LARGE))
    left = set(numbers)
    for number in range(LARGE):
        if number not in left:
            if kind == "set":
                one.discard(number)
            else:
                del one[key_of(kind, number)]
    return one


def tell(one, kind, how, twin=None):
    keep.append(one)
    rows.append({"address": id(one), "kind": kind, "how": how, "count": len(one),
                 "buckets": buckets(one), "header": header(one),
                 "needed": None if twin is None else buckets(twin),
                 "copied": buckets(dict(one) if isinstance(one, dict) else set(one))})


def capacities(kind):
    """{bytes of a table: most entries seen in it} of a map that grows one by one."""
    seen, one = {}, {} if kind != "set" else set()
    for number in range(3 * LARGE):
        if kind == "set":
            one.add(number)
        else:
            one[key_of(kind, number)] = number
        seen[buckets(one)] = len(one)
    seen.pop(buckets(one))  # it might have taken more
    return seen


class Mapping(dict):
    """A subclass with attributes of its own."""


class Bag(set):
    """Another one."""


def odd_places():
    """Subclasses, closures, and maps that hold others."""
    numbers = range(100)
    for one in (collections.OrderedDict.fromkeys(numbers), collections.defaultdict(list),
                collections.Counter(numbers), Mapping.fromkeys(numbers)):
        one[LARGE] = one
        tell(one, "int", type(one).__name__)
    tell(Bag(numbers), "set", "subclass")
    tell(frozenset(numbers), "set", "frozenset")
    keep.append(lambda closed=tell({n: n for n in numbers}, "int", "closure"): closed)
    tell(globals(), "str", "globals of the module")
    popped = fresh("int", numbers)
    for _ in range(60):
        popped.popitem()
    tell(popped, "int", "popitem", fresh("int", range(40)))
    lone = {0: 0}
    tell(lone, "int", "in itself")
    lone[0] = lone


def main():
    for kind in ("int", "str", "mixed", "set"):
        for count in COUNTS:
            # mixed: what is needed hangs on the order, and holes leave it alone
            numbers = range(count)
            twin = fresh(kind, numbers)
            tell(twin, kind, "fresh", twin)
            tell(emptied(kind, numbers), kind, "emptied", twin)
    for n in range(1000):  # a thousand in one place, half of them emptied
        one = fresh("int", range(10, 110))
        if n % 2:
            for number in range(10, 110):
                del one[number]
        tell(one, "int", "thousand")
    odd_places()
    print(json.dumps({"capacities": {kind: list(capacities(kind).items())
                                     for kind in ("int", "str", "set")}}))
    for row in rows:
        print(json.dumps(row))
    print("ready", flush=True)
    for _ in sys.stdin:
        keep.append([None] * 100)
        print("went on", flush=True)


main()
