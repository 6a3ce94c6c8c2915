"""Runs one case: every step through the proxy and directly on T', and judges."""
import socket
from dataclasses import dataclass

from harness import compare, wire

REFUSALS = ("42501", "0A000", "42601")


@dataclass
class Verdict:
    case: object
    mode: str
    kind: str = "ok"       # ok, leak, differs, refused, open, error, broken
    where: int = 0         # line of the step
    text: str = ""

    def __str__(self):
        return f"{self.kind.upper():8} {self.case.file.rsplit('/', 1)[-1]}:{self.where} [{self.mode}] {self.case.title}: {self.text}"


def bytes_of(step, mode):
    """The messages of one step. None: it has its own way (portals in steps)."""
    if step.kind == "prepare":
        return wire.parse(step.sql, step.name, step.types) + wire.SYNC
    if step.kind == "describe":
        return wire.describe("S", step.name) + wire.SYNC
    if step.kind == "close":
        return wire.close("S", step.name) + wire.SYNC
    if step.kind == "bind":
        return (wire.bind(step.name, step.params or (), binary=mode == "binary") + wire.describe("P") + wire.execute()
                + wire.SYNC)
    if mode == "simple":
        return wire.query(step.sql)
    name = "e2e" if mode == "binary" else ""
    return (wire.parse(step.sql, name, step.types) + wire.describe("S", name)
            + wire.bind(name, step.params or (), binary=mode == "binary" and step.outcome != "value")
            + wire.describe("P") + wire.execute()
            + (b"" if step.copy else wire.close("S", name)) + wire.SYNC)  # in a COPY only its data may follow


def run_portal(connection, step, mode):
    """Execute with a row limit until the portal is done, all before one Sync."""
    data = wire.parse(step.sql, "", step.types) + wire.bind("", step.params or (), "p", mode == "binary") + wire.describe("P", "p")
    connection.send(data)
    messages, done = [], False
    while not done:
        connection.send(wire.execute("p", step.portal_rows) + wire.FLUSH)
        while True:
            kind, body = connection.receive()
            if kind not in "SNA":
                messages.append((kind, body))
            if kind in "sCEI":
                done = kind != "s"
                break
    return messages + connection.run(wire.SYNC)


def run_step(connection, step, mode):
    if step.portal_rows:
        return run_portal(connection, step, mode)
    connection.copy_data = step.copy.encode()
    messages = connection.run(bytes_of(step, mode))
    if mode == "binary" and (step.copy or any(kind == "E" for kind, _ in messages)):
        connection.run(wire.close("S", "e2e") + wire.SYNC)  # its own Close was left out or skipped
    return messages


class Prime:
    """The T' side: one connection per purpose of the case, kept in the same transaction state."""

    def __init__(self, server, databases, case):
        self.connections = {p: server.connect(databases[p], case.role) for p in case.purposes()}
        self.purpose = case.purpose

    def run(self, step, mode):
        answers = {p: run_step(c, step, mode) for p, c in self.connections.items()}
        return answers[self.purpose]

    def fail(self):
        """A refused statement fails on the server too."""
        for c in self.connections.values():
            c.run(wire.query("SELECT 1/0"))

    def close(self):
        for c in self.connections.values():
            c.close()


def judge_refusal(failed, expected):
    """`failed` must be the proxy's own refusal, with one of the SQLSTATEs."""
    if not failed:
        return "open", "was not refused"
    if failed["C"] not in (expected.split() or REFUSALS):
        return "error", "refused differently: " + compare.describe_error(failed)
    if failed["C"] in ("42501", "0A000") and not failed["M"].startswith("pgconsent: "):
        return "error", "not the proxy's refusal: " + compare.describe_error(failed)
    return "ok", ""


def judge_value(ours, failed, expected):
    if failed:
        return "error", compare.describe_error(failed)
    values = [v for k, b in ours if k == "D" for v in wire.row_values(b)]
    text = "|".join("NULL" if v is None else v.decode() for v in values)
    return ("ok", "") if text == expected else ("differs", f"`{text}` instead of `{expected}`")


def judge(step, ours, theirs, raw_only):
    """(kind, text) of one step; ("ok", "") when it is as expected."""
    failed, on_prime = compare.error(ours), compare.error(theirs or ())
    if step.outcome == "value":
        return judge_value(ours, failed, step.expected)
    if leaked := compare.leaks(ours, raw_only):
        return "leak", f"{leaked[:3]}"
    if step.outcome == "refused":
        return judge_refusal(failed, step.expected)
    if step.outcome == "safe" and failed and failed["C"] in (*REFUSALS, *step.expected.split()):
        return "ok", ""
    if step.outcome == "passes":
        return ("refused" if failed["C"] in REFUSALS else "error", compare.describe_error(failed)) if failed else ("ok", "")
    sqlstate, _, detail = step.expected.partition(" ")
    if step.outcome == "error" and (not on_prime or sqlstate and on_prime["C"] != sqlstate):
        return "broken", f"T' does not answer with {sqlstate}: {on_prime}"
    if step.outcome == "same" and on_prime:
        return "broken", "fails on T': " + compare.describe_error(on_prime)
    text = compare.difference(ours, theirs, step.is_ordered)
    if not text and step.outcome == "error" and detail and failed.get("D") != on_prime.get("D"):
        text = f"DETAIL {failed.get('D')} instead of {on_prime.get('D')}"
    if not text:
        return "ok", ""
    return ("refused" if failed and failed["M"].startswith("pgconsent") else "differs"), text


def run_mode(case, mode, stores, server, target, raw, primes):
    """`target` is what stands between: the proxy, or the T' server itself to validate the cases."""
    verdict = Verdict(case, mode)
    options = f"-c pgconsent.purpose={case.startup}" if case.startup else None
    ours = prime = None
    try:
        ours = target.connect(raw, case.role, options=options)
        prime = Prime(server, primes, case)
        for step in case.steps:
            verdict.where = step.line
            if step.kind == "admin":
                for name in (raw, *primes.values()):
                    server.sql(name, step.sql)
                ours.run(wire.query("SELECT FROM nobody_knows_it"))  # the proxy looks into the catalog anew
                continue
            prime.purpose = step.purpose or prime.purpose
            theirs = None
            if step.outcome == "refused":
                prime.fail()
            elif step.outcome != "value":
                theirs = prime.run(step, mode)
            kind, text = judge(step, run_step(ours, step, mode), theirs, stores.raw_only(prime.purpose))
            if kind != "ok":
                verdict.kind, verdict.text = kind, text
                break
    except (wire.Closed, ConnectionError) as e:
        verdict.kind, verdict.text = "error", f"connection lost: {e!r}"
    except socket.timeout:
        verdict.kind, verdict.text = "error", "no answer in time"
    except wire.ServerError as e:
        verdict.kind, verdict.text = "error", str(e)
    finally:
        for c in (ours, prime):
            if c is not None:
                c.close()
    return verdict


def run_case(case, databases, server, target):
    primes = {p: "tp_" + p for p in case.purposes()}
    verdicts = []
    for mode in case.modes:
        raw, remove = "e2e_raw", None
        if case.fresh:
            raw, primes, remove = databases.fresh(case.purpose)
        try:
            verdicts.append(run_mode(case, mode, databases, server, target, raw, primes))
        finally:
            if remove:
                remove()
    return verdicts
