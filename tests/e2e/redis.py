"""A redis-server of our own, and the little of its protocol that tests need."""
import contextlib
import os
import re

import servers

# Of redis-tools: the server goes by its argv[0], and that package starts no service.
SERVER = "/usr/bin/redis-check-rdb"


class Client(servers.Connection):
    """Commands and their answers: bytes, integers, lists; an error raises."""

    def send(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(parts))

    def receive(self):
        line = self.answers.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise AssertionError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if int(rest) < 0 else self.answers.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.receive() for _ in range(int(rest))]
        assert kind == b"+", line
        return rest

    def __call__(self, *words):
        self.send(*words)
        return self.receive()


def pairs(answer):
    """A flat list of names and values as a dictionary."""
    return {name.decode(): value for name, value in zip(answer[::2], answer[1::2])}


def tables(client, database):
    """What the server itself says of a keyspace's tables: [(slots, entries), ...], two of them while
    it rehashes, none where there is no table."""
    text = client("DEBUG", "HTSTATS", database).decode()
    text = text.split("[Expires HT]")[0]
    return [(int(slots), int(entries)) for slots, entries in
            re.findall(r"table size: (\d+)\s+number of elements: (\d+)", text)]


def chains(client, database):
    """(slots in use, entries in the longest chain) over all tables of a keyspace."""
    text = client("DEBUG", "HTSTATS", database).decode().split("[Expires HT]")[0]
    used = [int(number) for number in re.findall(r"different slots: (\d+)", text)]
    longest = [int(number) for number in re.findall(r"max chain length: (\d+)", text)]
    return sum(used), max(longest)


def child(pid):
    """The id of the process that saves for this server, or None."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        for one in children.read().split():
            with contextlib.suppress(OSError), open(f"/proc/{one}/cmdline", "rb") as line:
                if b"redis-rdb-bgsave" in line.read():
                    return int(one)
    return None


def server(trace, *settings):
    """(process, client) of a server in this folder, traced unless `trace` is None; it is ended by its
    own id."""
    command = ["redis-server", "--port", "0", "--unixsocket", servers.SOCKET, "--save", "",
               "--dir", os.getcwd(), "--enable-debug-command", "yes", *settings]
    return servers.traced(trace, command, Client, executable=SERVER)
