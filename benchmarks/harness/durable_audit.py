"""What it costs that no row goes out before its audit record is on disk: protected point reads of many clients."""

from . import pgbench
from .servers import HERE

CLIENTS = 64


class DurableAudit:
    def __init__(self, targets, seconds):
        self.targets = [target for target in targets if target.name in ("pgconsent", "pgconsent_durable")]
        self.seconds = seconds

    def round(self, number, samples):
        for target in self.targets if number % 2 == 0 else reversed(self.targets):
            tps, cpu_us = pgbench.measure(target, [HERE / "pgbench" / "protected.sql"], "prepared", self.seconds, clients=CLIENTS)
            samples.add(f"protected prepared, {CLIENTS} clients, throughput", "1/s", target.name, tps)
            samples.add(f"protected prepared, {CLIENTS} clients, processor time", "us", target.name, cpu_us)
