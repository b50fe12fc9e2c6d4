"""Dicts and sets with good and bad hashes, and how many places CPython's searches look at in them,
for tests/e2e/test_probes.py.

Where all keys have one hash CPython asks the keys for equality at each place, and that is counted.
Of others the entries are put into a table again by CPython's rule, then what was deleted is left
out, since nothing moves without a resize. A dict moves into its next table by age, so that one
table of the last size will do; a set by place.
"""
import json
import sys

UNSIGNED = 2**64 - 1
SET_RUN = 10  # places in a row
keep = []


class Key:
    """A key with a hash of its own, which counts how often it is compared."""
    compared = 0

    def __init__(self, number, value):
        self.number, self.value = number, value

    def __hash__(self):
        return self.value

    def __eq__(self, other):
        Key.compared += 1
        return self.number == other.number


def places_of(key, slots, run):
    """The places where a search for this key looks, in order."""
    place = perturb = hash(key) & UNSIGNED
    place %= slots
    while True:
        length = run if place + run <= slots else 1
        yield from range(place, place + length)
        perturb >>= 5
        place = (5 * place + perturb + 1) % slots


def put(table, key, slots, run):
    """Returns how many places were looked at."""
    for looked, place in enumerate(places_of(key, slots, run), 1):
        if place not in table:
            table[place] = key
            return looked


def lengths_in_dict(keys, slots):
    table = {}
    return {key: put(table, key, slots, 1) for key in keys}


def lengths_in_set(keys, last):
    slots, table, lengths = 8, {}, {}
    for key in keys:
        lengths[key] = put(table, key, slots, SET_RUN)
        if 5 * len(table) < 3 * (slots - 1):
            continue
        wanted = len(table) * (2 if len(table) > 50000 else 4)
        while slots <= wanted:
            slots *= 2
        left, table = table, {}
        lengths = {left[place]: put(table, left[place], slots, SET_RUN) for place in sorted(left)}
    assert slots == last, (slots, last)
    return lengths


def slots_of(one):
    if isinstance(one, set):
        return (one.__sizeof__() - set.__basicsize__) // 16
    bits, table = 3, dict.__sizeof__(one) - dict.__basicsize__
    width = 16 if all(type(key) is str for key in one) else 24

    def size(bits):
        index = 1 << bits if bits < 8 else 2 << bits if bits < 16 else 4 << bits
        return 32 + index + width * ((2 << bits) // 3)
    while size(bits) < table:
        bits += 1
    assert size(bits) == table, (bits, table)
    return 1 << bits


def tell(name, one, lengths):
    keep.append(one)
    assert len(lengths) == len(one), name
    print(json.dumps({"name": name, "address": id(one), "count": len(one), "all": sum(lengths),
                      "longest": max(lengths, default=0), "is_known": True}))


def compared(name, one, keys):
    lengths = []
    for key in keys:
        Key.compared = 0
        assert key in one
        lengths.append(Key.compared + 1)  # itself it is known without a comparison
    tell(name, one, lengths)


def walked(name, kind, keys, left):
    one = kind()
    for key in keys:
        one.add(key) if kind is set else one.__setitem__(key, None)
    slots, size = slots_of(one), one.__sizeof__()
    kept = set(left)
    for key in keys:
        if key not in kept:
            one.discard(key) if kind is set else one.__delitem__(key)
    assert one.__sizeof__() == size, name
    lengths = (lengths_in_set if kind is set else lengths_in_dict)(keys, slots)
    tell(name, one, [length for key, length in lengths.items() if key in kept])


def main():
    one_hash = [Key(n, 42) for n in range(150)]
    compared("one hash", dict.fromkeys(one_hash), one_hash)
    for kind in (dict, set):
        name = kind.__name__
        walked(f"{name} in order", kind, range(5000), range(5000))
        walked(f"{name} in steps", kind, range(0, 64 * 5000, 64), range(0, 64 * 3000, 64))
        high = range(0, 4000 << 40, 1 << 40)
        walked(f"{name} high bits", kind, high, high)
        walked(f"{name} negative", kind, range(-3000, 0), range(-1000, 0))
        few = [Key(n, (n % 7 - 3) << 57) for n in range(400)]
        walked(f"{name} few hashes", kind, few, few[:300])
        texts = [f"key {n}" for n in range(40000)]
        walked(f"{name} of str", kind, texts, texts[:20000])
    walked("dict of 8-bit places", dict, range(0, 4000, 50), range(0, 4000, 50))
    walked("dict emptied", dict, range(5000), [])
    print("ready", flush=True)
    for _ in sys.stdin:
        keep.append([None] * 100)
        print("went on", flush=True)


main()
