"""Servers of the tests' own, on the loopback interface."""
import contextlib
import os
import socket
import subprocess

import harness


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Connection:
    """What all clients have: a socket, and the answers as a file."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.answers = self.socket.makefile("rb")

    def close(self):
        self.answers.close()
        self.socket.close()


@contextlib.contextmanager
def traced(trace, command, connect, variables=None, **options):
    """(process, connection) of a server, traced unless `trace` is None; connect() raises OSError until
    it listens. Ended by its own id."""
    env = dict(os.environ)
    if trace is not None:
        env = harness.environment(MAPTRACE_OUT=os.path.abspath(trace), MAPTRACE_KEEP=1,
                                  **(variables or {}))
    with open("server.log", "wb") as log:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   **options)
    connection = None
    try:
        def is_listening():
            nonlocal connection
            assert process.poll() is None, open("server.log", encoding="utf-8").read()
            with contextlib.suppress(OSError):
                connection = connect()
            return connection is not None
        harness.wait_for(is_listening, f"{command[0]} to listen")
        yield process, connection
    finally:
        if connection:
            connection.close()
        process.kill()
        process.wait()
