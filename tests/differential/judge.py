"""One statement through the proxy and on T': same, refused, or a failure."""
import os
import re
import socket
from dataclasses import dataclass

import node
from harness import compare, wire

TOKEN = re.compile(rb"[Zz][Qq]\d+[Xx]")
# What the plan, the clock or the machine decides, not the data.
TIMING = ("57014", "40001", "40P01", "53200", "53300", "55P03")


@dataclass
class Verdict:
    kind: str          # same, same error, refused, by rule, known, no answer, differs, leak
    text: str = ""
    reason: str = ""


def reason_of(fields):
    """A refusal without the names in it."""
    text = fields.get("M", "") + (" | " + fields["D"] if fields.get("D") else "")
    return re.sub(r"\d+", "N", re.sub(r'`[^`]*`|"[^"]*"|\'[^\']*\'', "…", text))[:160]


def is_by_rule(verdict, world):
    """Refused because the rules of this world say `without_basis: refuse` for a column."""
    text = verdict.text.replace('"', "")
    return any(f"Rule: {t.schema}.{t.name}.{c.name} (" in text for t in world.tables for c in t.columns if c.without == "refuse")


def known_differences():
    """[(expression over the difference, expression over the statement, reason)] from known.txt."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "known.txt"), encoding="utf8") as f:
        lines = [line.strip() for line in f if line.strip() and not line.startswith("#")]
    return [(re.compile(a), re.compile(b), reason) for a, b, reason in (line.split(" @@ ") for line in lines)]


KNOWN = known_differences()


def known(verdict, sql):
    """The reason why this difference is known; never for a leak, or for rows that differ."""
    if verdict.kind != "differs" or not verdict.text.startswith(("RowDescription", "error: 0A000 ", "error: XX000 failed to build", "no error; on T': 42702", "('ErrorResponse'")):
        return None
    return next((why for text, statement, why in KNOWN if text.search(verdict.text) and statement.search(sql)), None)


class Pair:
    def __init__(self, front, server, raw, prime, purpose):
        self.purpose = purpose
        self.make = ((front, raw, {"options": f"-c pgconsent.purpose={purpose}"}), (server, prime, {}))
        self.connect()

    def connect(self):
        self.ours, self.theirs = (where.connect(name, "app", timeout=60, **options) for where, name, options in self.make)
        for c in (self.ours, self.theirs):
            c.rows("SET statement_timeout = '4s'")
            c.rows("SET jit = off")

    def close(self):
        self.ours.close()
        self.theirs.close()

    def data(self, sql, parameters, mode):
        if parameters:  # what is generated and thrown away, or shrunk away, leaves gaps
            used = sorted({int(n) for n in re.findall(r"\$(\d+)", sql)})
            parameters = [parameters[n - 1] for n in used]
            sql = re.sub(r"\$(\d+)", lambda m: f"${used.index(int(m[1])) + 1}", sql)
        if mode == "simple":
            return wire.query(sql)
        return (wire.parse(sql) + wire.describe("S") + wire.bind("", parameters or (), binary=mode == "binary") + wire.describe("P")
                + wire.execute() + wire.SYNC)

    def answers(self, sql, parameters, mode):
        data = self.data(sql, parameters, mode)
        try:
            self.theirs.send(data)
            self.ours.send(data)
            theirs = self.theirs.until_ready(extended=mode != "simple")
            ours = self.ours.until_ready(extended=mode != "simple")
            return ours, theirs
        except (wire.Closed, ConnectionError, socket.timeout) as e:
            self.connect()
            raise Lost(repr(e)) from None

    def both(self, sql):
        self.answers(sql, None, "simple")

    def compare(self, statement, mode, sql=None, only_answers=False):
        modifies = statement.kind == "modification"
        try:
            if modifies:
                self.both("BEGIN")
            ours, theirs = self.answers(sql or statement.node.text(), statement.parameters, mode)
            found = verdict(ours, theirs, statement.ordered)
            if modifies and found.kind == "same":
                after = verdict(*self.answers(statement.afterwards, None, "simple"), False)
                if after.kind != "same":
                    found = Verdict(after.kind, "afterwards: " + after.text)
            if modifies:
                self.both("ROLLBACK")
        except Lost as e:
            return Verdict("differs", f"connection lost: {e}")
        if only_answers and compare.error(theirs) and found.kind != "leak":
            found.kind = "no answer"
        return found


class Lost(Exception):
    pass


def verdict(ours, theirs, ordered):
    failed, expected = compare.error(ours), compare.error(theirs)
    for fields in (failed, expected):
        if fields and fields["C"] in TIMING:
            return Verdict("no answer", fields["C"])
    held = {m.lower() for k, b in theirs if k in "DdEN" for m in TOKEN.findall(bytes(b))}
    if failed and failed["M"].startswith("pgconsent"):
        if leaked(ours, held):
            return Verdict("leak", str(failed))
        if expected:
            return Verdict("no answer", "wrong on T' as well")
        return Verdict("refused", compare.describe_error(failed), reason_of(failed))
    text = compare.difference(ours, theirs, ordered)
    if not text:
        return Verdict("same error", "", f"{expected['C']} {reason_of(expected)}") if expected else Verdict("same")
    return Verdict("leak" if leaked(ours, held) else "differs", text)


def leaked(ours, held):
    """Tokens of the data that the answer on T' does not show."""
    return {m for k, b in ours if k in "DdENA" for m in TOKEN.findall(bytes(b)) if m.lower() not in held}


def smallest(pair, statement, mode, first):
    """Does a simpler statement fail in the same way? It must be answered on T', so that it is a valid one."""
    def fails(sql):
        found = pair.compare(statement, mode, sql)
        return found.kind == first.kind and (found.text[:12] == first.text[:12])
    try:
        return node.shrink(statement.node, fails, 400).text()
    except Exception as e:  # a help, not a verdict
        return f"{statement.node.text()} -- not shrunk: {e!r}"
