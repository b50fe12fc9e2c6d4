"""Servers of the tests' own, each on a socket in its test's folder: no other can take it."""
import contextlib
import os
import socket
import subprocess

import harness


SOCKET = "server.socket"  # in the test's folder, since the whole path may be too long for a socket


class Connection:
    """What all clients have: a socket, and the answers as a file."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.LIMIT_S)
        try:
            self.socket.connect(SOCKET)
        except OSError:
            self.socket.close()
            raise
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
