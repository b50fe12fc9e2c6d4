"""PostgreSQL as Debian ships it: a new cluster and a load of eight clients, the same under the library.

A postmaster forks a process for each client; they share memory, take signals at any moment and end by
exit, by signals and by the postmaster's word.
"""
import glob
import os

import guest_user
from harness import equal, main, report, test, traces

CLIENTS, TRANSACTIONS, CONNECTIONS, SCALE = 8, 500, 20, 2
# What the load leaves, without the moments it notes. Each client's random numbers follow from the
# seed, and the order of transactions does not matter to sums.
LEFT = "select 'accounts', md5(string_agg(aid || ':' || abalance, ',' order by aid)) from " \
       "pgbench_accounts union all select 'tellers', md5(string_agg(tid || ':' || tbalance, ',' order " \
       "by tid)) from pgbench_tellers union all select 'history', count(*)::text from pgbench_history"


def binaries():
    """The folder of the installed server's programs."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    assert found, "PostgreSQL is not installed"
    return found[-1]


def load(folder, is_traced):
    """Makes a cluster, loads it, stops it: (what each step said and ended with, what is left)."""
    server = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    steps = [["initdb", "-D", "data", "-U", "guest", "--no-sync"],
             ["pg_ctl", "-D", "data", "-w", "-t", "300", "-l", "log", "-o", server, "start"],
             ["pgbench", "-h", folder, "-U", "guest", "-i", "-q", "-s", str(SCALE), "postgres"],
             ["pgbench", "-h", folder, "-U", "guest", "-c", str(CLIENTS), "-j", "2", "-n",
              "-t", str(TRANSACTIONS), "--random-seed=7", "postgres"],
             ["pgbench", "-h", folder, "-U", "guest", "-c", str(CLIENTS), "-n", "-S", "-C",
              "-t", str(CONNECTIONS), "postgres"],
             ["psql", "-h", folder, "-U", "guest", "-At", "-c", LEFT, "postgres"],
             ["pg_ctl", "-D", "data", "-w", "-t", "300", "-m", "fast", "stop"]]
    said = []
    for name, *arguments in steps:
        quiet = {"stdout": open(os.path.join(folder, name), "w", encoding="utf-8")} \
            if name == "pg_ctl" else {}  # the server keeps the descriptor open
        done = guest_user.run([os.path.join(binaries(), name), *arguments], folder, is_traced,
                              timeout=1800, **quiet)
        output = "" if name == "pgbench" else done.stdout  # it tells times
        told = [line for line in (done.stdout or "").splitlines() if "actually processed" in line]
        told += [line for line in done.stderr.splitlines() if "maptrace" in line]
        said.append((name, done.returncode, output, told))
        equal(done.returncode, 0, f"{name}: {done.stdout}{done.stderr}")
    return said


@test
def cluster():
    """initdb and pgbench with eight clients: each step ends alike and leaves the same tables"""
    bare = load(guest_user.home("bare"), False)
    under = load(guest_user.home("traced"), True)
    equal(under, bare)
    found = traces("traced/out")
    assert any("postgres" in trace for trace in found), found
    for trace in found:
        report(trace)


main()
