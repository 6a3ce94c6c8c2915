"""Statements without end: what the proxy keeps of them is bounded."""
from harness import wire

BATCH = 100


def statement(number):
    """Its own shape each: names, columns, conditions and tables differ, not only constants."""
    table = ("customers", "orders", "contacts")[number % 3]
    column = ("email", "ship_to", "mail")[number % 3]
    more = "".join(f", {number % 7 + i} AS c{number}_{i}" for i in range(number % 5))
    where = ("", f"WHERE a{number}.id = {number}", f"WHERE a{number}.id < {number} AND a{number}.{column} IS NOT NULL",
             f"WHERE EXISTS (SELECT FROM orders o{number} WHERE o{number}.id = a{number}.id)")[number // 3 % 4]
    return f"SELECT a{number}.{column} AS n{number}{more} FROM {table} a{number} {where} LIMIT {number % 3}"


def run(t, first, last):
    with t.proxy.connect("e2e_raw", "mailer", timeout=120) as c:
        for start in range(first, last, BATCH):
            numbers = range(start, min(start + BATCH, last))
            sent = b""
            for number in numbers:
                name = f"s{number}"
                sent += wire.query(statement(number)) if number % 2 else (
                    wire.parse(statement(number), name) + wire.bind(name) + wire.execute() + wire.close("S", name) + wire.SYNC)
            c.send(sent)
            for number in numbers:
                errors = [wire.error_fields(body) for kind, body in c.until_ready() if kind == "E"]
                t.equal(errors, [], statement(number))


def test_distinct_statements_do_not_fill_memory(t):
    """1 000 000 of them with --full."""
    count = 1_000_000 if t.full else 8_000
    run(t, 0, count // 4)
    before = t.proxy.resident_kib()
    run(t, count // 4, count)
    t.bounded(before, 40)  # the plan cache may take 32 MiB
