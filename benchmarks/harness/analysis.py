"""Bar 3: the Google Benchmarks, run and read.

analysis_benchmark gets the statements as `role NUL purpose NUL text NUL`, one file per database, and names its runs
`parse/N`, `plan/N`, `cached/N` and, where the statement is edited, `reparse/N`.
"""

import collections
import importlib.util
import json
import sys

from .processes import BenchError, run
from .servers import HERE

E2E = HERE.parent / "tests" / "e2e"
CASES = HERE.parent / "tests" / "cases" / "sql"


def own_statements():
    for line in (HERE / "statements.sql").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("--"):
            yield "app", "", line


def wide_statement():
    """Ten protected range table entries, joined by key."""
    joins = "".join(f" JOIN users u{i} ON u{i}.id = u0.id + {i}" for i in range(1, 10))
    yield "app", "", "SELECT " + ", ".join(f"u{i}.email" for i in range(10)) + f" FROM users u0{joins} WHERE u0.id = 7"


def case_statements():
    """Every statement of the end-to-end cases, under the case's role and purpose."""
    spec = importlib.util.spec_from_file_location("e2e_cases", E2E / "harness" / "cases.py")
    cases = importlib.util.module_from_spec(spec)
    sys.modules["e2e_cases"] = cases  # dataclasses look their module up
    spec.loader.exec_module(cases)
    seen = set()
    for case in cases.read_all(CASES):
        for step in case.steps:
            entry = case.role, case.startup, step.sql
            if step.sql and step.kind in ("statement", "prepare") and "\0" not in step.sql and entry not in seen:
                seen.add(entry)
                yield entry


def load_cases_database(postgres):
    """Made anew each time: a kept one may be older than the cases."""
    postgres.psql("postgres", "-c", "DROP DATABASE IF EXISTS cases")
    # Roles belong to the cluster; those that a kept one has already are no error.
    postgres.psql("postgres", "-v", "ON_ERROR_STOP=0", "-f", E2E / "schema" / "roles.sql")
    postgres.psql("postgres", "-c", "CREATE DATABASE cases")
    postgres.psql("cases", "-v", "db=cases", "-f", E2E / "schema" / "schema.sql", "-f", E2E / "schema" / "data.sql")


def run_benchmark(arguments, min_time):
    report = json.loads(run([*arguments, "--benchmark_format=json", f"--benchmark_min_time={min_time}"]))
    for entry in report["benchmarks"]:
        if entry.get("error_occurred"):
            raise BenchError(f"{arguments[0].name}: {entry['name']}: {entry['error_message']}")
    return [(entry["name"], entry["cpu_time"] * {"ns": 1, "us": 1e3, "ms": 1e6}[entry["time_unit"]], entry)
            for entry in report["benchmarks"]]


def analysis(binary, postgres, directory, samples, quick):
    load_cases_database(postgres)
    sets = []
    for database, rules, entries in (("bench", HERE / "rules.yaml", own_statements()),
                                     ("cases", E2E / "schema" / "rules.yaml", case_statements()),
                                     ("bench", HERE / "rules.yaml", wide_statement())):
        file = directory / f"{len(sets)}.statements"
        file.write_bytes("".join(f"{part}\0" for entry in entries for part in entry).encode())
        sets += [f"host=127.0.0.1 port={postgres.port} dbname={database} user=postgres", str(rules), str(file)]
    statements = collections.defaultdict(dict)
    for name, nanoseconds, entry in run_benchmark([binary, *sets], 0.005 if quick else 0.02):
        kind, _, number = name.partition("/")
        statements[number][kind] = nanoseconds
        if kind == "plan":
            statements[number]["decision"] = entry["label"]
    counts = collections.Counter(times["decision"] for times in statements.values())
    if not counts["masked"] or not counts["untouched"]:
        raise BenchError(f"the rules are not in force in analysis_benchmark: {dict(counts)}")
    samples.add("analysis of 10 protected tables", "us", "pgconsent", statements.pop(max(statements, key=int))["plan"] / 1000)
    for times in statements.values():
        # The bar allows the checker's parse of the edited text on top.
        ratio = (times["plan"] - times.get("reparse", 0)) / times["parse"]
        samples.add("analysis of a new statement / parse", "", "pgconsent", ratio)
        samples.add("analysis of a new statement / parse, nothing taken off", "", "pgconsent", times["plan"] / times["parse"])
        samples.add(f"analysis of a new statement / parse, {times['decision']}", "", "pgconsent", ratio)
        samples.add("analysis of a new statement", "us", "pgconsent", times["plan"] / 1000)
        samples.add("raw parse", "us", "pgconsent", times["parse"] / 1000)
        samples.add("analysis of a cached statement", "us", "pgconsent", times["cached"] / 1000)


def others(binaries, samples, quick):
    for binary in binaries:
        prefix = binary.name.removesuffix("_benchmark")
        for name, nanoseconds, entry in run_benchmark([binary], 0.05 if quick else 0.5):
            samples.add(f"{prefix}: {name}", "us", "pgconsent", nanoseconds / 1000)
            if name.startswith("verify/"):
                samples.add("audit: 1 M records verified", "s", "pgconsent", entry["real_time"] / 1e3 * 1e6 / entry["records"])
                samples.add("audit: a record on disk", "bytes", "pgconsent", entry["bytes_per_record"])
            if "bytes_per_second" in entry:
                samples.add(f"{prefix}: {name}, volume", "MB/s", "pgconsent", entry["bytes_per_second"] / 1e6)
