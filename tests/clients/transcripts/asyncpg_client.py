"""asyncpg: type loading, prepared statements, cursors, binary COPY."""
import asyncio
import io
import os
import ssl

import asyncpg
from transcript import report

loop = asyncio.new_event_loop()


async def connect():
    context = ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])
    return await asyncpg.connect(host="localhost", port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"], ssl=context,
                                 password=os.environ["PGPASSWORD"], database=os.environ["PGDATABASE"])

conn = loop.run_until_complete(connect())


def step(name, work):
    """`work` gets the connection, in a transaction that is rolled back."""
    async def inside():
        transaction = conn.transaction()
        await transaction.start()
        try:
            return await work(conn)
        finally:
            await transaction.rollback()
    report(name, lambda: loop.run_until_complete(inside()))


def rows(sql, *args):
    async def work(c):
        return [list(r.items()) for r in await c.fetch(sql, *args)]
    return work


async def statement(c):
    prepared = await c.prepare("SELECT id, email, credit, address FROM customers WHERE id = $1")
    return [[a.name, a.type.name] for a in prepared.get_attributes()], [list(await prepared.fetchrow(n)) for n in (1, 2, 3)]


async def cursor(c):
    return [r["email"] async for r in c.cursor("SELECT email FROM customers ORDER BY id", prefetch=5)]


async def copy_out(c):
    out = io.BytesIO()
    status = await c.copy_from_query("SELECT id, email FROM customers ORDER BY id", output=out, format="csv")
    return status, out.getvalue()


async def copy_in(c):
    return await c.copy_records_to_table("scratch", records=[("a", "1"), ("b", "2")], columns=["k", "v"])


async def many(c):
    await c.executemany("INSERT INTO scratch (k, v) VALUES ($1, $2)", [("m", str(n)) for n in range(5)])
    return await c.fetchval("SELECT count(*) FROM scratch WHERE k = 'm'")


async def codec(c):
    await c.set_type_codec("jsonb", encoder=str, decoder=lambda v: ["decoded", v], schema="pg_catalog")
    return [list(r) for r in await c.fetch("SELECT profile FROM customers WHERE id < 4 ORDER BY id")]


step("enums, composites, arrays, domains", rows("SELECT tier, address, tags, nickname FROM customers WHERE id < 4 ORDER BY id"))
step("prepared statement", statement)
step("cursor", cursor)
step("arrays as parameters", rows("SELECT id, email FROM customers WHERE id = ANY($1::bigint[]) ORDER BY id", [1, 2, 3]))
step("COPY of a query", copy_out)
step("binary COPY in", copy_in)
step("executemany", many)
step("own codec", codec)
step("DML", rows("UPDATE customers SET city = $1 WHERE id = 2 RETURNING id, city", "Oslo"))
step("INSERT into a protected table", rows("INSERT INTO orders (id, customer_id, status) VALUES (9002, 1, 'new') RETURNING id"))
step("introspected", rows("SELECT count(*) FROM products"))
loop.run_until_complete(conn.close())
