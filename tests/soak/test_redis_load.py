"""redis-server under redis-benchmark, fifty clients at once: what it holds afterwards is the same under the
library, a background save in between.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import redis  # noqa: E402
from harness import equal, main, report, run, test, wait_for  # noqa: E402

REQUESTS = 100000
COMMANDS = "ping,set,get,incr,lpush,rpush,hset,sadd,zadd,lrange_100,mset"


def load(trace):
    """What the server holds after the load, and how the benchmark ended."""
    with redis.server(trace) as (process, client):
        done = run(["redis-benchmark", "-s", client.socket.getpeername(), "-q", "-n", str(REQUESTS),
                    "-t", COMMANDS], timeout=1800)
        client("BGSAVE")
        wait_for(lambda: b"rdb_bgsave_in_progress:0" in client("INFO", "persistence"), "the save")
        state = client("INFO", "persistence")
        assert b"rdb_last_bgsave_status:ok" in state, state
        for key in ("mylist", "counter:__rand_int__"):  # the clients overshoot by a few requests
            client("DEL", key)
        digest = client("DEBUG", "DIGEST"), client("DBSIZE")
        equal(process.poll(), None)
        return done.returncode, done.stderr, digest


@test
def benchmark():
    """redis-benchmark with fifty clients and a save: the same data under the library"""
    bare, under = load(None), load("server.mtr")
    equal(under, bare)
    assert bare[2][1] > 0, "the load left nothing"
    equal(report("server.mtr")["unrecorded"], 0)


main()
