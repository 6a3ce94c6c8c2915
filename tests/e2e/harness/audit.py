"""Checks of the audit log: the chain holds, nothing personal is in it, what was protected is in it."""
import glob
import hashlib
import json
import os
import re

from harness import databases

FIELDS = {"time", "id", "prev", "hash", "session", "client", "role", "application", "purpose", "decision", "reason",
          "rules", "basis", "tables", "columns", "fingerprint", "statement", "catalog", "rules_version", "duration_us"}
DECISIONS = {"allowed", "masked", "refused", "failed", "exempt"}
HASHES = re.compile(r"[0-9a-f]{16,}")
LITERAL = re.compile(r"'((?:[^']|'')*)'")


def lines(directory):
    found = []
    for path in sorted(glob.glob(os.path.join(directory, "*.jsonl"))):
        with open(path, "rb") as f:
            found += f.read().splitlines()
    return found


def records(directory):
    return [json.loads(line) for line in lines(directory)]


def chain_problems(directory):
    prev = "0" * 64
    for number, line in enumerate(lines(directory), 1):
        try:
            record = json.loads(line)
            cut = line.rindex(b',"hash":"')
        except ValueError as e:
            yield f"line {number} is not a record: {e}"
            return
        if record["prev"] != prev or record["hash"] != hashlib.sha256(line[:cut] + b"}").hexdigest():
            yield f"the chain breaks at line {number}"
            return
        prev = record["hash"]


def secrets_of(cases):
    """Literals and parameters of the cases that look like values: they hold the word litmus."""
    found = set()
    for case in cases:
        for step in case.steps:
            found.update(m for m in LITERAL.findall(step.sql) if "litmus" in m)
            found.update(p for p in step.params or () if p and "litmus" in str(p))
    return found


def check(directory, server, dbname, cases=()):
    """Problems, in words."""
    problems = list(chain_problems(directory))
    if problems:
        return problems
    found = records(directory)
    if cases and not found:
        return ["no records at all"]
    for r in found:
        if missing := FIELDS - r.keys():
            return [*problems, f"record {r.get('id')} lacks {sorted(missing)}"]
        if r["decision"] not in DECISIONS:
            problems.append(f"record {r['id']}: decision {r['decision']}")
        if r["decision"] in ("masked", "allowed") and r["tables"] == []:
            problems.append(f"record {r['id']} ({r['decision']}) names no table: {r['statement'][:80]}")
        if r["decision"] == "refused" and not r["reason"]:
            problems.append(f"record {r['id']}: refused without a reason")
    text = HASHES.sub("", b"\n".join(lines(directory)).decode("utf8", "replace"))
    for value in sorted(databases.protected_values(server, dbname) | secrets_of(cases)):
        if value in text or json.dumps(value)[1:-1] in text:
            problems.append(f"the value `{value}` is in the log")
    for marker in ("RAW", "litmus"):
        if marker in text:
            at = text.index(marker)
            problems.append(f"`{marker}` is in the log: …{text[max(0, at - 60):at + 40]}…")
    return problems
