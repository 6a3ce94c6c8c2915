"""The bars, as data: which median or ratio of medians is held against which limit."""

import dataclasses
from typing import Optional


@dataclasses.dataclass
class Bar:
    number: str
    what: str
    limit: float
    at_least: bool
    value: Optional[float] = None  # None: not measured in this run

    @property
    def met(self):
        return None if self.value is None else (self.value >= self.limit if self.at_least else self.value <= self.limit)


def evaluate(samples):
    def ratio(measure, target, base, base_measure=None):
        return samples.ratio((measure, target), (base_measure or measure, base))

    def median(measure, target):
        return samples.median(measure, target) if samples.has(measure, target) else None

    bars = []
    for protocol in ("simple", "prepared"):
        bars.append(Bar("1", f"unprotected {protocol}: throughput / PgBouncer", 1.0, True,
                        ratio(f"unprotected {protocol}, throughput", "pgconsent", "pgbouncer")))
        bars.append(Bar("1", f"unprotected {protocol}: processor time / PgBouncer", 1.0, False,
                        ratio(f"unprotected {protocol}, processor time", "pgconsent", "pgbouncer")))
    for protocol, target, limit in (("prepared", "pgconsent", 0.85), ("simple", "pgconsent", 0.45),
                                    ("prepared", "pgconsent_flags", 0.85), ("simple", "pgconsent_flags", 0.75)):
        kind = "flag column" if target == "pgconsent_flags" else "consent table"
        bars.append(Bar("2", f"protected {protocol}, {kind}: throughput / PgBouncer unprotected", limit, True,
                        ratio(f"protected {protocol}, throughput", target, "pgbouncer")))
    for target, kind in (("pgconsent", "consent table"), ("pgconsent_flags", "flag column")):
        for name in ("insert", "update", "delete"):
            bars.append(Bar("DML", f"protected {name} prepared, {kind}: throughput / PgBouncer", 0.85, True,
                            ratio(f"{name} prepared, throughput", target, "pgbouncer")))
    bars.append(Bar("wide", "new statement with 10 protected tables: analysis, us", 100, False,
                    median("analysis of 10 protected tables", "pgconsent")))
    bars.append(Bar("3", "new statement: analysis / raw parse (less the checker's parse)", 6.0, False,
                    median("analysis of a new statement / parse", "pgconsent")))
    bars.append(Bar("3", "cached statement, us", 1.0, False, median("analysis of a cached statement", "pgconsent")))
    for kind in ("SELECT", "COPY"):
        bars.append(Bar("4", f"1 M rows unprotected, {kind}: time / direct", 1.05, False,
                        ratio(f"1 M rows unprotected, {kind}", "pgconsent", "direct")))
    for variant, target in (("", "pgconsent"), (" flags", "pgconsent_flags")):
        for kind in ("SELECT", "COPY"):
            bars.append(Bar("4", f"1 M rows protected{variant}, {kind}: time / same SQL directly", 1.05, False,
                            ratio(f"1 M rows protected{variant}, {kind}", target, "direct")))
    for variant, target, kind, limit in ((" store", "pgconsent_store", "built-in store", 2.2),
                                         (" flags", "pgconsent_flags", "flag column", 1.3)):
        bars.append(Bar("guard", f"1 M rows protected, {kind}, COPY: time / the same unmasked", limit, False,
                        ratio(f"1 M rows protected{variant}, COPY", target, "direct", "1 M rows unmasked, COPY")))
    bars.append(Bar("import", "1 M consent records: s", 60, False, median("import of 1 M consent records", "pgconsent_store")))
    bars.append(Bar("5", "WHERE email = $1: time / lookup by primary key", 2.0, False,
                    ratio("lookup by key, throughput", "pgconsent", "pgconsent", "lookup by email, throughput")))
    bars.append(Bar("6", "1 000 idle connections: KiB each, RSS", 32, False, median("idle connection, RSS", "pgconsent")))
    bars.append(Bar("audit", "protected prepared, 64 clients, audit on disk: throughput / not synced", 0.9, True,
                    ratio("protected prepared, 64 clients, throughput", "pgconsent_durable", "pgconsent")))
    bars.append(Bar("audit", "1 M records verified: s", 10, False, median("audit: 1 M records verified", "pgconsent")))
    bars.append(Bar("audit", "a record on disk: bytes", 300, False, median("audit: a record on disk", "pgconsent")))
    for kind in ("result", "parameter"):
        bars.append(Bar("stream", f"1 GB {kind}: peak RSS, MiB", 64, False, median(f"1 GB {kind}, peak RSS", "pgconsent")))
    return bars
