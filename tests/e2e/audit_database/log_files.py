"""A log of any size as the proxy would have written it, and what is true of it."""
import base64
import datetime
import hashlib
import json
import os
import random
import struct

START = datetime.datetime(2026, 1, 30, 22, 0)  # into the next month
SCRIPT = "<script>alert(1)</script>"


def bitmap(numbers):
    """A Roaring bitmap in the portable format, without runs; base64."""
    containers = {}
    for n in sorted(set(numbers)):
        containers.setdefault(n >> 16, []).append(n & 0xffff)
    head = struct.pack("<II", 12346, len(containers))
    for high, low in containers.items():
        head += struct.pack("<HH", high, len(low) - 1)
    at, bodies = len(head) + 4 * len(containers), b""
    for low in containers.values():
        head += struct.pack("<I", at + len(bodies))
        if len(low) <= 4096:
            bodies += struct.pack(f"<{len(low)}H", *low)
        else:
            bits = bytearray(8192)
            for n in low:
                bits[n >> 3] |= 1 << (n & 7)
            bodies += bytes(bits)
    return base64.b64encode(head + bodies).decode()


class Log:
    def __init__(self, directory, statements, seed=1):
        self.directory, self.random = directory, random.Random(seed)
        self.records, self.outcomes = [], {}  # what is true
        self.lines, self.prev, self.id = [], "0" * 64, 0
        os.makedirs(directory, exist_ok=True)
        shapes = [self.shape(i) for i in range(40)]
        waiting = []
        for i in range(statements):
            time = START + datetime.timedelta(seconds=i)
            shape = shapes[min(int(self.random.expovariate(0.1)), 39)]
            record = {"session": 1790000000000000 + i // 10, "client": f"127.0.0.1:{40000 + i % 9}", **shape, "catalog": 1,
                      "rules_version": "ab" * 32, "duration_us": self.random.randint(1, 900)}
            number = self.line(time, record)
            self.records.append({"id": number, "time": time, **record})
            if shape["decision"] != "refused" and i % 30 != 29:
                waiting.append((number, self.outcome(i, number, shape)))
            while len(waiting) > self.random.randint(0, 5):
                ended, outcome = waiting.pop(0)
                self.line(time, {"session": 7, **outcome})
                self.outcomes[ended] = outcome
        self.write()

    def shape(self, i):
        r = self.random
        table = r.choice(["public.users", "public.orders", "sales.leads"])
        columns = [f"{table}.{c}" for c in r.sample(["email", "name", "phone", "iban"], r.randint(1, 3))]
        decision = ["masked", "allowed", "refused", "exempt", "masked"][i % 5]
        return {"database": "shop", "role": "backup" if decision == "exempt" else r.choice(["app", "crm"]),
                "application": r.choice(["web", "=cmd|'/c calc'!A1", 'a "quoted", \\ one', "ünï\x07"]),
                "purpose": r.choice(["support", "marketing"]), "purpose_source": "role", "decision": decision,
                "reason": r.choice(["not allowed", SCRIPT]) if decision == "refused" else "",
                "rules": [f"{c} (rules.yaml:7)" for c in columns], "basis": r.choice([["contact: consent"], ["contact: consent", "identity: contract"]]),
                "tables": [table], "columns": columns, "fingerprint": f"{r.getrandbits(64):016x}",
                "statement": f"SELECT {', '.join(columns)} FROM {table} WHERE x = $1 /* {i} */" + (SCRIPT if i % 4 == 0 else "")}

    def outcome(self, i, number, shape):
        count = self.random.choice([0, 1, 1, 1, 5, 40]) if i % 500 else 6000
        first = self.random.randint(1, 200) if i % 7 else self.random.randint(30000, 70000)
        numbers = sorted({first + self.random.randint(0, 2 * count) for _ in range(count)})
        out = {"outcome_of": number, "rows": count, "cells_masked": count if shape["decision"] == "masked" else 0}
        if i % 40 == 0:
            out["sqlstate"] = "57014"
        out["server_us"] = 100
        if i % 11:
            out["subjects"] = {"customer": bitmap(numbers)} if numbers else {}
            self.numbers = getattr(self, "numbers", {})
            self.numbers[number] = set(numbers)
        return out

    def line(self, time, fields):
        self.id += 1
        body = json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "id": self.id, "prev": self.prev, **fields},
                          separators=(",", ":"), ensure_ascii=False)
        self.prev = hashlib.sha256(body.encode()).hexdigest()
        self.lines.append(f'{body[:-1]},"hash":"{self.prev}"}}')
        return self.id

    def write(self, lines=None):
        with open(os.path.join(self.directory, "audit.jsonl"), "w", encoding="utf8") as f:
            f.write("".join(line + "\n" for line in (self.lines if lines is None else lines)))

    def ids(self, wanted=lambda r: True):
        """The newest first."""
        return [r["id"] for r in reversed(self.records) if wanted(r)]
