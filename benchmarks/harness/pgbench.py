"""One pgbench run against one port: throughput, and the processor time the middle process took for it."""

import re

from . import procfs
from .processes import BenchError, run
from .servers import PG_BIN

CLIENTS = 4


def measure(target, scripts, protocol, seconds, variables=None, clients=CLIENTS):
    """(transactions per second, microseconds of processor time per transaction or None for PostgreSQL itself).

    With several scripts pgbench draws one for each transaction.
    """
    in_between = target.name != "direct"
    before = procfs.cpu_seconds(target.daemon.pid) if in_between else 0
    files = [part for script in scripts for part in ("-f", str(script))]
    defines = [part for name, value in (variables or {}).items() for part in ("-D", f"{name}={value}")]
    output = run([PG_BIN / "pgbench", "-n", "-h", "127.0.0.1", "-p", str(target.port), "-U", "app", "-M", protocol,
                  "-c", str(clients), "-j", "1", "-T", str(seconds), *files, *defines, "bench"], cwd="/")
    spent = procfs.cpu_seconds(target.daemon.pid) - before if in_between else 0
    transactions = int(re.search(r"number of transactions actually processed: (\d+)", output).group(1))
    failed = int(re.search(r"number of failed transactions: (\d+)", output).group(1))
    if transactions == 0 or failed:
        raise BenchError(f"pgbench through {target.name}:\n{output}")
    tps = float(re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE).group(1))
    return tps, spent / transactions * 1e6 if in_between else None
