"""A million rows by SELECT and COPY: unprotected; protected, beside the same rewritten SQL sent directly (what the proxy
costs) and beside the client's own SQL sent directly (what the guard costs)."""

import time

from . import wire
from .processes import BenchError

UNPROTECTED = {"SELECT": "SELECT id, a, b, c, d FROM plain",
               "COPY": "COPY plain TO STDOUT"}
PROTECTED = {"SELECT": "SELECT id, email, full_name, phone, city FROM users",
             "COPY": "COPY (SELECT id, email, full_name, phone, city FROM users) TO STDOUT"}
ROWS = 1_000_000


class Bulk:
    def __init__(self, targets):
        self.targets = targets
        self.runs = []  # (measure, target, SQL)
        for kind, sql in UNPROTECTED.items():
            self.runs += [(f"1 M rows unprotected, {kind}", target, sql)
                          for target in targets if not target.name.startswith("pgconsent_")]
        for target in targets:
            if target.name.startswith("pgconsent"):
                suffix = target.name.removeprefix("pgconsent").replace("_", " ")
                for kind, sql in PROTECTED.items():
                    measure = f"1 M rows protected{suffix}, {kind}"
                    self.runs += [(measure, self.targets[0], target.rewritten(sql)), (measure, target, sql)]
        self.runs.append(("1 M rows unmasked, COPY", targets[0], PROTECTED["COPY"]))
        self.sizes = {}

    def round(self, number, samples):
        for measure, target, sql in self.runs if number % 2 == 0 else reversed(self.runs):
            with wire.Connection(target.port) as connection:
                begin = time.perf_counter()
                tag, size = connection.drain(sql)
                seconds = time.perf_counter() - begin
            if not tag.endswith(f" {ROWS}"):
                raise BenchError(f"{measure} through {target.name}: `{tag}` instead of {ROWS} rows")
            # The same bytes must have come by every way, or something else was measured.
            if size != self.sizes.setdefault(measure, size):
                raise BenchError(f"{measure} through {target.name}: {size} bytes, {self.sizes[measure]} before")
            samples.add(measure, "s", target.name, seconds)
