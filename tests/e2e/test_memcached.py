"""memcached as Debian ships it, stripped, its table in globals: by its own `stats`."""
import os

import harness
import servers
from harness import equal, maptrace, test

SERVER = os.path.join(harness.BUILD, "packages", "memcached", "usr", "bin", "memcached")
LOADED = 3000
AT_ONCE = 100


class Client(servers.Connection):
    def __call__(self, commands, answers):
        """Sends commands, as many at once as a socket holds answers; each is answered by one line."""
        for start in range(0, len(commands), AT_ONCE):
            several = commands[start:start + AT_ONCE]
            self.socket.sendall("".join(several).encode())
            for _ in several:
                equal(self.answers.readline(), answers)

    def stats(self):
        self.socket.sendall(b"stats\r\n")
        found = {}
        while (line := self.answers.readline().split()) != [b"END"]:
            found[line[1].decode()] = line[2].decode()
        return {name: int(found[name]) for name in
                ("curr_items", "hash_power_level", "hash_bytes", "hash_is_expanding")}


def server(trace, *settings):
    """(process, client) of a traced server."""
    os.chmod(".", 0o777)  # whoever it runs as makes its socket here
    command = [SERVER, "-s", servers.SOCKET, "-t", "2",
               *(["-u", "nobody"] if os.getuid() == 0 else []), *settings]
    return servers.traced(trace, command, Client, {"MAPTRACE_AUTO": 0})


def load(client, count, first=0):
    client([f"set key{n} 0 0 5\r\nvalue\r\n" for n in range(first, count)], b"STORED\r\n")


def load_quietly(client, first, end):
    for start in range(first, end, 5000):
        client.socket.sendall("".join(f"set key{n} 0 0 1 noreply\r\nv\r\n"
                                      for n in range(start, min(start + 5000, end))).encode())
    client(["set key0 0 0 1\r\nv\r\n"], b"STORED\r\n")


def unload_quietly(client, first, end):
    for start in range(first, end, 5000):
        client.socket.sendall("".join(f"delete key{n} noreply\r\n"
                                      for n in range(start, min(start + 5000, end))).encode())
    harness.equal(client.stats()["curr_items"], first)


def unload(client, count):
    client([f"delete key{n}\r\n" for n in range(count)], b"DELETED\r\n")


def the_table(client, trace, label, is_steady=True):
    """The one map at a snapshot asked for now, against `stats`."""
    maptrace("snapshot", "--wait", "0", "--label", label, trace)
    before = client.stats()  # the buffer of its answer is an event
    def complete():
        return [s for s in harness.report(trace)["snapshots"] if s["label"] == label and s["complete"]]
    harness.wait_for(complete, f"the snapshot {label}")
    equal(client.stats() == before or not is_steady, True)
    snap = complete()[0]
    found = [m for m in snap["maps"] if m["profile"] == "memcached"]
    # An item was on its way; or some were moved while the memory was copied, see README's limits.
    if not is_steady and [m["count"] for m in found] != [before["curr_items"]]:
        return None
    equal(len(found), 1, snap["maps"])
    m = found[0]
    equal(m["where"]["kind"], "global")
    equal(m["count"], before["curr_items"])
    equal(m["bytes"]["buckets"], 8 << before["hash_power_level"])
    if is_steady:
        equal(m["bytes"]["buckets"] + m["bytes"]["old_buckets"], before["hash_bytes"])
        equal(m["growing"], before["hash_is_expanding"] == 1)
    equal(m["capacity"], 3 << before["hash_power_level"] - 1)
    return m


@test
def filled_expanded_emptied():
    """memcached: items, bytes and power are those of `stats`; empty, filled, expanded, emptied"""
    with server("memcached.mtr", "-o", "hashpower=12") as (_, client):
        m = the_table(client, "memcached.mtr", "empty")
        equal([m["count"], m["needed_bytes"], m["retained_bytes"]], [0, 8 << 12, 0])
        load(client, LOADED)
        m = the_table(client, "memcached.mtr", "filled")
        equal([m["needed_bytes"], m["needed_low_bytes"]], [8 << 12, 8 << 12])
        load(client, 3 * LOADED)
        harness.wait_for(lambda: client.stats()["hash_power_level"] == 13 and
                         not client.stats()["hash_is_expanding"], "the expansion")
        m = the_table(client, "memcached.mtr", "expanded")
        equal([m["needed_bytes"], m["retained_bytes"]], [8 << 13, 0])
        unload(client, 3 * LOADED)
        m = the_table(client, "memcached.mtr", "emptied")
        equal([m["count"], m["bytes"]["buckets"]], [0, 8 << 13])
        assert m["needed_low_bytes"] <= 8 << 12 <= m["needed_bytes"], m


def expanded(client, power):
    """Waits until the server has a table of this size, and one only."""
    def is_done():
        stats = client.stats()
        return stats["hash_power_level"] == power and not stats["hash_is_expanding"]
    harness.wait_for(is_done, f"the expansion to {power}")


@test
def needed_of_a_spread_of_counts():
    """memcached: needed's lower end is what a server holds that never had more items"""
    powers = {1000: 16, 3 << 15: 16, (3 << 15) + 1: 17, 150000: 17, 3 << 16: 17, (3 << 16) + 1: 18}
    fresh, loaded = {}, 0
    with server("fresh.mtr") as (_, client):
        for count, power in powers.items():
            load_quietly(client, loaded, count)
            loaded = count
            expanded(client, power)
            equal(client.stats()["curr_items"], count)
            fresh[count] = client.stats()["hash_bytes"]
    with server("emptied.mtr") as (_, client):
        load_quietly(client, 0, loaded)
        expanded(client, 18)
        for count in reversed(powers):
            unload_quietly(client, count, loaded)
            loaded = count
            m = the_table(client, "emptied.mtr", f"{count} left")
            equal([m["count"], m["needed_low_bytes"]], [count, fresh[count]], count)
            assert fresh[count] <= m["needed_bytes"] <= m["bytes"]["buckets"], (count, m)
            equal(m["retained_bytes"], m["bytes"]["buckets"] - m["needed_bytes"], count)
            equal([r["leaves_bytes"] for r in m["remedies"]],
                  [fresh[count]] if m["retained_bytes"] else [], count)


@test
def while_it_expands():
    """memcached: both tables while items move from one to the other"""
    harness.wait_for(is_seen_to_expand, "a snapshot while it expands")


def is_seen_to_expand():
    """Whether an expansion was still under way when the snapshot came."""
    for trace in harness.traces():
        os.unlink(trace)
    with server("memcached.mtr", "-o", "hashpower=17", "-m", "512") as (_, client):
        loaded = 0
        for power in range(17, 21):  # an expansion takes twice as long as the one before
            most = 3 << power - 1
            load_quietly(client, loaded, most + 100)
            loaded = most + 100
            harness.wait_for(lambda power=power: client.stats()["hash_power_level"] > power,
                             "the expansion to begin")
            m = the_table(client, "memcached.mtr", f"from {power}", is_steady=False)
            if m and m["growing"]:
                equal(m["bytes"]["old_buckets"], 8 << power)
                equal([m["needed_bytes"], m["retained_bytes"]],
                      [(8 << power) + (16 << power), 0])
                return True
    return False


harness.main()
