"""Bar 6 and the streaming bar: memory of idle connections, and peak memory while a large value passes."""

import time

from . import procfs, wire
from .processes import BenchError

IDLE = 1000
LARGE = 1_000_000_000  # bytes; PostgreSQL's own limit for a message is 1 GiB - 1


def resident(target, samples):
    samples.add("resident set after the load", "MiB", target.name, procfs.rss_kib(target.daemon.pid) / 1024)


def idle_connections(target, samples):
    """Each has run one statement, so that it holds what a used connection holds."""
    with wire.Connection(target.port) as warm:
        warm.query("select 1")
        time.sleep(0.5)
        pid = target.daemon.pid
        pss, rss = procfs.pss_kib(pid), procfs.rss_kib(pid)
        connections = []
        try:
            for _ in range(IDLE):
                connections.append(wire.Connection(target.port))
                connections[-1].query("select 1")
            time.sleep(1)
            samples.add("idle connection, Pss", "KiB", target.name, (procfs.pss_kib(pid) - pss) / IDLE)
            samples.add("idle connection, RSS", "KiB", target.name, (procfs.rss_kib(pid) - rss) / IDLE)
        finally:
            for connection in connections:
                connection.close()


def large_value(target, samples):
    """A bytea of 1 GB from the server, then one to the server."""
    pid = target.daemon.pid
    with wire.Connection(target.port, timeout=600) as connection:
        procfs.reset_peak_rss(pid)
        begin = time.perf_counter()
        _, size = connection.drain_binary(f"select repeat('x', {LARGE})::bytea")
        if size <= LARGE:
            raise BenchError(f"{size} bytes instead of more than {LARGE} through {target.name}")
        samples.add("1 GB result", "s", target.name, time.perf_counter() - begin)
        samples.add("1 GB result, peak RSS", "MiB", target.name, procfs.peak_rss_kib(pid) / 1024)
        procfs.reset_peak_rss(pid)
        begin = time.perf_counter()
        length = connection.send_large("select length($1::bytea)", LARGE)
        if length != [[str(LARGE)]]:
            raise BenchError(f"a parameter of {LARGE} bytes through {target.name} arrived as {length}")
        samples.add("1 GB parameter", "s", target.name, time.perf_counter() - begin)
        samples.add("1 GB parameter, peak RSS", "MiB", target.name, procfs.peak_rss_kib(pid) / 1024)
