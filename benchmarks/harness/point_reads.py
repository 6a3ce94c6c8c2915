"""Bars 1, 2, 5 and those of modifications: single-row statements under pgbench, every target once per round, the order turned each round."""

import random

from . import pgbench
from .servers import HERE

LOOKUPS = 16  # pgbench can't make strings: as many scripts, each with one address and its key as variables
COLUMNS = "id, email, full_name, phone, city"


class PointReads:
    def __init__(self, directory, targets, seconds):
        self.targets, self.seconds = targets, seconds
        self.variables = {}
        self.by_key, self.by_email = [], []
        generator = random.Random(5)
        for index in range(LOOKUPS):
            # Half of them have given consent (odd keys).
            key = generator.randrange(1, 500000) * 2 + index % 2
            self.variables |= {f"id{index}": str(key), f"email{index}": f"user{key}@example.com"}
            for scripts, column in ((self.by_key, "id"), (self.by_email, "email")):
                script = directory / f"lookup_{column}_{index}.sql"
                script.write_text(f"SELECT {COLUMNS} FROM users WHERE {column} = :{column}{index};\n")
                scripts.append(script)

    def runs(self):
        """(measure, target, scripts, protocol)"""
        for protocol in ("simple", "prepared"):
            for name in ("unprotected", "protected"):
                for target in self.targets:
                    if name == "unprotected" and target.name == "pgconsent_flags":
                        continue
                    yield f"{name} {protocol}", target, [HERE / "pgbench" / f"{name}.sql"], protocol
        for name in ("insert", "update", "delete"):
            for target in self.targets:
                yield f"{name} prepared", target, [HERE / "pgbench" / f"{name}.sql"], "prepared"
        for target in self.targets:
            if target.name in ("direct", "pgconsent"):
                yield "lookup by key", target, self.by_key, "prepared"
                yield "lookup by email", target, self.by_email, "prepared"

    def round(self, number, samples):
        runs = list(self.runs())
        for measure, target, scripts, protocol in runs if number % 2 == 0 else reversed(runs):
            variables = self.variables if measure.startswith("lookup") else None
            tps, cpu_us = pgbench.measure(target, scripts, protocol, self.seconds, variables)
            samples.add(f"{measure}, throughput", "1/s", target.name, tps)
            if cpu_us is not None:
                samples.add(f"{measure}, processor time", "us", target.name, cpu_us)
