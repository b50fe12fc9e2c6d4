"""redis-server as Debian ships it, stripped and on jemalloc: its keyspaces by its own word."""
import json
import os
import signal

import harness
import redis
from harness import equal, maptrace, structure_bytes, test

ENTRY = 24      # bytes of a dict's entry
VALUE = 16      # of a value's object, which MEMORY STATS counts as overhead too
LOADED = 600    # keys of a keyspace before all but some are deleted
COUNTS = [*range(1, 40), 63, 64, 65, 100, 127, 128, 129, 200, 255, 256, 257, 300, 511, 512, 513]
MILLION, LEFT = 1_000_000, 100
DATABASES = 2 * len(COUNTS) + 1


def key(number):
    return f"key:{number}"


def snapshot(process, label):
    """The maps at a snapshot asked for now, by address."""
    done = maptrace("snapshot", "--json", "--wait", str(harness.LIMIT_S), "--label", label, str(process.pid))
    snap = harness.snapshot(json.loads(done.stdout), label)
    assert snap["complete"], snap["reason"]
    return {m["address"]: m for m in snap["maps"] if m["profile"] == "redis-dict"}


def keyspaces(maps):
    return [m for m in maps.values()
            if any(f["function"] == "dbAdd" for f in m["allocated_at"])]


def load(client, database, count):
    """Keys one by one, as SET makes them, in one command."""
    client("SELECT", database)
    client("MSET", *(word for n in range(count) for word in (key(n), "value")))


def leave(client, database, count):
    client("SELECT", database)
    client("DEL", *(key(n) for n in range(count, LOADED)))


def same_as_server(client, database, m):
    """A keyspace against DEBUG HTSTATS: tables, entries and bytes, exactly."""
    tables = redis.tables(client, database)
    assert 1 <= len(tables) <= 2, tables
    client("SELECT", database)
    equal(m["count"], client("DBSIZE"), f"keys of {database}")
    equal(m["count"], sum(entries for _, entries in tables), f"entries of {database}")
    equal(m["growing"], len(tables) == 2, f"rehashing of {database}: {tables}")
    equal(m["capacity"], tables[-1][0], f"slots of {database}")
    equal(m["bytes"]["buckets"], 8 * tables[-1][0], f"table of {database}")
    equal(m["bytes"]["old_buckets"], 8 * tables[0][0] if len(tables) == 2 else 0)
    equal(m["bytes"]["overflow"], ENTRY * m["count"], f"entries of {database}")
    equal((m["chains"]["used_buckets"], m["chains"]["longest"]), redis.chains(client, database),
          f"chains of {database}")


def same_as_memory_stats(client, maps, databases):
    stats = redis.pairs(client("MEMORY", "STATS"))
    for database in databases:
        m = maps[database]
        of_database = redis.pairs(stats[f"db.{database}"])
        slots = (m["bytes"]["buckets"] + m["bytes"]["old_buckets"]) // 8
        equal(structure_bytes(m) + VALUE * m["count"],
              of_database["overhead.hashtable.main"], f"MEMORY STATS of {database}")
        equal(of_database["overhead.hashtable.main"],
              8 * slots + (ENTRY + VALUE) * m["count"])


def finish_rehashing(client, databases):
    """Any command on a keyspace moves a bucket."""
    for database in databases:
        client("SELECT", database)
        while len(redis.tables(client, database)) == 2:
            for _ in range(100):
                client.send("EXISTS", "none")
            for _ in range(100):
                client.receive()


def save_in_background(client, process):
    """A child that saves so slowly that it is there until it is killed: no table may be resized."""
    client("CONFIG", "SET", "rdb-key-save-delay", 1000000)
    client("BGSAVE")
    harness.wait_for(lambda: redis.child(process.pid), "the child that saves")


@test
def keyspaces_of_every_size():
    """Redis keyspaces: found, as its own statistics have them, needed and resizing foretold to the byte"""
    with redis.server("redis.mtr", "--databases", str(DATABASES), "--activerehashing", "no") \
            as (process, client):
        fresh = {2 * i: count for i, count in enumerate(COUNTS)}
        twins = {2 * i + 1: count for i, count in enumerate(COUNTS)}
        growing = DATABASES - 1
        for database, count in fresh.items():
            load(client, database, count)
        for database in twins:
            load(client, database, LOADED)
        finish_rehashing(client, [*fresh, *twins])
        load(client, growing, 1030)  # the 1,025th began to move 1,024 slots, one a command
        loaded = snapshot(process, "loaded")
        found = keyspaces(loaded)
        equal(len(found), DATABASES, "keyspaces found")
        equal([m["count"] for m in found if m["growing"]], [1030], "growing")
        equal(sorted(m["count"] for m in found),
              sorted([*fresh.values(), *(LOADED for _ in twins), 1030]))
        address = {}  # of each keyspace: alone in having so many keys
        by_count = {m["count"]: a for a, m in loaded.items() if m in found}
        for database, count in fresh.items():
            address[database] = by_count[count]
        address[growing] = by_count[1030]
        maps = {d: loaded[a] for d, a in address.items()}
        for database, m in maps.items():
            same_as_server(client, database, m)
            equal(m["needed_bytes"], structure_bytes(m), f"a fresh keyspace of {m['count']}")
            equal(m["retained_bytes"], 0)
        same_as_memory_stats(client, maps, maps)
        needed = {m["count"]: structure_bytes(m) for m in maps.values()}

        save_in_background(client, process)
        for database, count in twins.items():
            leave(client, database, count)
        held = snapshot(process, "held")
        emptied = [m for a, m in held.items()
                   if loaded[a]["count"] == LOADED and loaded[a] in found]
        equal(sorted(m["count"] for m in emptied), sorted(twins.values()))
        address.update({d: m["address"] for d, c in twins.items() for m in emptied
                        if m["count"] == c})
        for database, count in twins.items():
            m = held[address[database]]
            same_as_server(client, database, m)
            equal(m["capacity"], 1024)
            assert not m["needed_is_estimate"], m
            equal(m["needed_bytes"], needed[count], f"needed of {count}")
            equal(m["retained_bytes"], 8 * 1024 + ENTRY * count - needed[count])
        same_as_memory_stats(client, {d: held[address[d]] for d in twins}, twins)

        os.kill(redis.child(process.pid), signal.SIGUSR1)  # from here on its cron resizes
        client("CONFIG", "SET", "activerehashing", "yes")
        shrinking = {d for d, count in twins.items() if 10 * count < 1024}
        for database in shrinking:
            harness.wait_for(lambda d=database: [s for s, _ in redis.tables(client, d)] != [1024]
                             and len(redis.tables(client, d)) == 1, "the cron to resize")
        resized = snapshot(process, "resized")
        assert shrinking and shrinking != set(twins), COUNTS
        for database in twins:
            before, after = held[address[database]], resized[address[database]]
            remedies = {r["name"]: r for r in before["remedies"]}
            same_as_server(client, database, after)
            if database in shrinking:
                equal(remedies["resize"]["leaves_bytes"], structure_bytes(after), before)
                equal(after["retained_bytes"], 0)
            else:
                assert "resize" not in remedies, before
                equal(structure_bytes(after), structure_bytes(before))


def keyspace_of(client, process, label, count):
    """The only keyspace, of so many keys, against DEBUG HTSTATS and MEMORY STATS."""
    found = [m for m in snapshot(process, label).values() if m["count"] == count]
    equal(len(found), 1, f"keyspaces {label}")
    same_as_server(client, 0, found[0])
    same_as_memory_stats(client, {0: found[0]}, [0])
    return found[0]


@test
def a_million_keys():
    """Redis: 1,000,000 keys come and go; their table stays while none may be resized, and only then"""
    step = 20_000  # keys in a command
    with redis.server("redis.mtr", "--activerehashing", "yes") as (process, client):
        for start in range(0, MILLION, step):
            client("MSET", *(word for n in range(start, start + step) for word in (key(n), "v")))
        harness.wait_for(lambda: len(redis.tables(client, 0)) == 1, "the end of the rehashing")
        loaded = keyspace_of(client, process, "loaded", MILLION)
        equal(loaded["retained_bytes"], 0)

        save_in_background(client, process)
        for start in range(LEFT, MILLION, step):
            client("DEL", *(key(n) for n in range(start, min(start + step, MILLION))))
        held = keyspace_of(client, process, "held", LEFT)
        equal(held["bytes"]["buckets"], loaded["bytes"]["buckets"])
        equal(held["retained_bytes"], structure_bytes(held) - 8 * 128 - ENTRY * LEFT)

        os.kill(redis.child(process.pid), signal.SIGUSR1)
        harness.wait_for(lambda: redis.tables(client, 0) == [(128, LEFT)], "the cron to resize")
        resized = keyspace_of(client, process, "resized", LEFT)
        equal(resized["retained_bytes"], 0)
        remedies = {r["name"]: r["leaves_bytes"] for r in held["remedies"]}
        equal(remedies["resize"], structure_bytes(resized))


@test
def big_values_are_maps_too():
    """Redis: big hashes, sets and sorted sets are found beside the keyspace, strings are its values"""
    with redis.server("redis.mtr", "--activerehashing", "no") as (process, client):
        for name, count in (("h700", 700), ("h1000", 1000)):
            client("HSET", name, *(word for n in range(count) for word in (f"field{n}", f"v{n}")))
        client("SADD", "s800", *(f"member{n}" for n in range(800)))
        client("ZADD", "z900", *(word for n in range(900) for word in (n, f"member{n}")))
        client("SET", "long", "x" * 100000)
        client("HDEL", "h1000", *(f"field{n}" for n in range(200, 1000)))
        maps = snapshot(process, "values")
        for name, count in (("h700", 700), ("h1000", 200), ("s800", 800), ("z900", 900)):
            mine = [m for m in maps.values() if m["count"] == count]
            equal(len(mine), 1, f"maps of {count} entries")
            stats = client("DEBUG", "HTSTATS-KEY", name).decode()
            assert f"number of elements: {count}" in stats or mine[0]["growing"], stats
            assert f"table size: {mine[0]['capacity']}\n" in stats, (stats, mine[0])
            equal(mine[0]["bytes"]["overflow"], ENTRY * count)
            equal(mine[0]["bytes"]["header"], 56)
        main = [m for m in maps.values() if m["count"] == 5 and m["bytes"]["values"] > 100000]
        equal(len(main), 1, "the keyspace, with the long string among its values")


harness.main()
