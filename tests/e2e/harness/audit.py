"""Checks of the audit log: the chain holds, nothing personal is in it, what was protected is in it."""
import base64
import glob
import hashlib
import json
import os
import re
import struct
import uuid

from harness import databases, zstd

FIELDS = {"time", "id", "prev", "hash", "session", "client", "role", "application", "purpose", "purpose_source", "decision", "reason",
          "rules", "basis", "tables", "columns", "fingerprint", "statement", "catalog", "rules_version", "duration_us"}
DECISIONS = {"allowed", "masked", "refused", "failed", "exempt"}
HASHES = re.compile(r"[0-9a-f]{16,}")
BITMAPS = re.compile(r'"subjects":\{[^}]*\}')  # base64 holds any three letters sooner or later
LITERAL = re.compile(r"'((?:[^']|'')*)'")


def lines(directory):
    """Of all segments, in order."""
    paths = {}
    for path in sorted(glob.glob(os.path.join(directory, "segment-*.jsonl"))
                       + glob.glob(os.path.join(directory, "segment-*.jsonl.zst"))):
        paths[os.path.basename(path).split(".")[0]] = path  # the compressed one, if a crash left both
    found = []
    for path in [paths[name] for name in sorted(paths)] + glob.glob(os.path.join(directory, "audit.jsonl")):
        with open(path, "rb") as f:
            data = f.read()
        data = zstd.decompress(data) if path.endswith(".zst") else data
        found += data[:data.rfind(b"\n") + 1].splitlines()  # the last line may be on its way
    return found


def records(directory):
    """Neither outcomes, nor the log's own lines (a segment begins, was sealed, was removed)."""
    return [r for r in map(json.loads, lines(directory)) if "outcome_of" not in r and "log" not in r]


def outcomes(directory):
    return [r for r in map(json.loads, lines(directory)) if "outcome_of" in r]


def numbers(bitmap):
    """The numbers of a Roaring bitmap in its portable form, base64."""
    data = base64.b64decode(bitmap)
    (cookie,) = struct.unpack_from("<I", data)
    runs, at = b"", 8
    if cookie & 0xffff == 12347:
        count, at = (cookie >> 16) + 1, 4 + ((cookie >> 16) + 8) // 8
        runs = data[4:at]
    else:
        (count,) = struct.unpack_from("<I", data, 4)
    heads = [struct.unpack_from("<HH", data, at + 4 * i) for i in range(count)]
    at += 4 * count + (4 * count if not runs or count >= 4 else 0)
    found = set()
    for i, (key, size) in enumerate(heads):
        if runs and runs[i // 8] >> i % 8 & 1:
            (n,) = struct.unpack_from("<H", data, at)
            values = [v for s, more in (struct.unpack_from("<HH", data, at + 2 + 4 * k) for k in range(n)) for v in range(s, s + more + 1)]
            at += 2 + 4 * n
        elif size < 4096:
            values = struct.unpack_from(f"<{size + 1}H", data, at)
            at += 2 * (size + 1)
        else:
            bits = int.from_bytes(data[at:at + 8192], "little")
            values = [v for v in range(65536) if bits >> v & 1]
            at += 8192
        found.update(key << 16 | v for v in values)
    return found


def subjects(directory):
    """{number: (kind, key)} of the subject directory."""
    with open(os.path.join(directory, "subjects"), "rb") as f:
        data = f.read()
    found, kinds, at = {}, [], 64
    while at + 12 <= len(data):
        kind_of, kind, length, number = struct.unpack_from("<cBHI", data, at + 4)
        key = data[at + 12:at + 12 + length]
        at += 12 + length + (12 if kind_of.isupper() else 0)
        kind_of = kind_of.lower()
        if kind_of == b"k":
            kinds.append(key.decode())
        elif kind_of == b"i":
            found[number] = (kinds[kind], str(int.from_bytes(key, "little", signed=True)))
        elif kind_of == b"u":
            found[number] = (kinds[kind], str(uuid.UUID(bytes=key)))
        elif kind_of == b"t":
            found[number] = (kinds[kind], key.decode())
    return found


def outcome_problems(directory):
    """After the proxy has ended: one outcome for each record, behind it."""
    pending = set()
    for line in map(json.loads, lines(directory)):
        if "outcome_of" not in line:
            if line.get("session"):
                pending.add(line["id"])
        elif line["outcome_of"] in pending:
            pending.remove(line["outcome_of"])
        else:
            yield f"outcome {line['id']}: of no record, or the second one"
    if pending:
        yield f"{len(pending)} records without an outcome: {sorted(pending)[:10]}"


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
    problems += outcome_problems(directory)
    text = BITMAPS.sub("", HASHES.sub("", b"\n".join(lines(directory)).decode("utf8", "replace")))
    for value in sorted(databases.protected_values(server, dbname) | secrets_of(cases)):
        if value in text or json.dumps(value)[1:-1] in text:
            problems.append(f"the value `{value}` is in the log")
    for marker in ("RAW", "litmus"):
        if marker in text:
            at = text.index(marker)
            problems.append(f"`{marker}` is in the log: …{text[max(0, at - 60):at + 40]}…")
    return problems
