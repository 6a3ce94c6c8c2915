"""psycopg 3: prepared statements, pipelines, COPY, named cursors, nested transactions, cancel, async."""
import asyncio
import threading
import time

import psycopg
from psycopg.rows import dict_row

CLEAR = [1, 4, 7, 10, 13, 16, 22, 202]


def expect(got, wanted, what):
    if got != wanted:
        raise SystemExit(f"{what}: {got!r} instead of {wanted!r}")
    print("ok", what)


with psycopg.connect(autocommit=True) as conn:
    expect(conn.pgconn.ssl_in_use, True, "TLS")
    query = "SELECT id FROM customers WHERE email IS NOT NULL AND id > %s ORDER BY id"
    for binary in (False, True):
        expect([r[0] for r in conn.execute(query, (0,), prepare=True, binary=binary)], CLEAR, f"prepared, binary={binary}")
    conn.prepare_threshold = 1
    for number in range(1, 8):
        row = conn.execute("SELECT email, nickname FROM customers WHERE id = %s", (number,)).fetchone()
        expect((row[0] is not None, row[1] == "friend"), (number in CLEAR, number not in (1, 7)), f"customer {number}")
    with conn.cursor(row_factory=dict_row) as cur:
        row = cur.execute("SELECT * FROM customers WHERE id = 3").fetchone()
        expect((row["email"], row["full_name"], row["birth_date"].isoformat(), row["tags"]), (None, "D***", "1953-01-01", None), "dict of a masked row")
        description = [(c.name, c.type_code, c.precision, c.scale) for c in cur.description if c.name in ("email", "credit")]
        expect(description, [("email", 1043, None, None), ("credit", 1700, 10, 2)], "description")
    if psycopg.Pipeline.is_supported():
        with conn.pipeline():
            cursors = [conn.execute("SELECT email FROM customers WHERE id = %s", (i,)) for i in range(1, 7)]
            names = conn.execute("SELECT name FROM products ORDER BY id")
        expect([c.fetchone()[0] is not None for c in cursors], [True, False, False, True, False, False], "pipeline")
        expect(len(names.fetchall()), 12, "clear statement in the pipeline")
        try:
            with conn.pipeline() as p:
                good = conn.execute("SELECT 1")
                conn.execute("SELECT fn_email(2)")
                conn.execute("SELECT 2")
                p.sync()
            raise SystemExit("a refused statement in a pipeline went through")
        except psycopg.errors.InsufficientPrivilege as e:
            expect(str(e).startswith("pgconsent: "), True, "refusal in a pipeline")
    with conn.cursor().copy("COPY (SELECT id, email FROM customers WHERE id < 4 ORDER BY id) TO STDOUT") as copy:
        expect(list(copy.rows()), [("1", "raw.c1@RAW-beta.example.org"), ("2", None), ("3", None)], "COPY text")
    with conn.cursor().copy("COPY (SELECT id, email, score FROM customers WHERE id < 3 ORDER BY id) TO STDOUT (FORMAT binary)") as copy:
        copy.set_types(["int8", "varchar", "int4"])
        expect(list(copy.rows()), [(1, "raw.c1@RAW-beta.example.org", -20), (2, None, -10)], "COPY binary")
    with conn.cursor().copy("COPY scratch (k, v) FROM STDIN") as copy:
        for i in range(1000):
            copy.write_row(("bulk", f"value {i}"))
    expect(conn.execute("DELETE FROM scratch WHERE k = 'bulk'").rowcount, 1000, "COPY in")
    conn.cursor().executemany("INSERT INTO scratch (k, v) VALUES (%s, %s)", [("many", str(i)) for i in range(50)])
    expect(conn.execute("DELETE FROM scratch WHERE k = 'many'").rowcount, 50, "executemany")

with psycopg.connect() as conn:
    with conn.cursor(name="by_fetch_size") as cur:
        cur.itersize = 5
        cur.execute("SELECT id, email FROM customers ORDER BY id")
        expect([r[0] for r in cur if r[1] is not None], CLEAR, "named cursor by fetch size")
    with conn.transaction():
        try:
            with conn.transaction():
                conn.execute("SELECT 1/0")
        except psycopg.errors.DivisionByZero:
            pass
        try:
            with conn.transaction():
                conn.execute("SELECT fn_email(2)")
        except psycopg.errors.InsufficientPrivilege as e:
            expect(bool(e.diag.message_detail and e.diag.message_hint), True, "refusal inside a savepoint")
        expect(conn.execute("SELECT count(email) FROM customers").fetchone()[0], len(CLEAR), "after the errors")

with psycopg.connect() as conn:
    timer = threading.Timer(1, conn.cancel)
    timer.start()
    begin = time.time()
    try:
        conn.execute("SELECT email, pg_sleep(60) FROM customers WHERE id = 1")
        raise SystemExit("not cancelled")
    except psycopg.errors.QueryCanceled:
        expect(time.time() - begin < 20, True, "cancel")
    conn.rollback()
    expect(conn.execute("SELECT count(email) FROM customers").fetchone()[0], len(CLEAR), "after the cancel")


async def many():
    async def one(number):
        async with await psycopg.AsyncConnection.connect() as conn:
            cur = await conn.execute("SELECT email FROM customers WHERE id = %s", (number,))
            return (await cur.fetchone())[0] is not None
    return await asyncio.gather(*(one(n) for n in range(1, 19)))

expect([n + 1 for n, clear in enumerate(asyncio.run(many())) if clear], CLEAR[:6], "eighteen asynchronous connections")
