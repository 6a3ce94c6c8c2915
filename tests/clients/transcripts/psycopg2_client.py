"""psycopg2: what applications written for it do, inside transactions that are rolled back."""
import psycopg2
import psycopg2.extras
from transcript import report

conn = psycopg2.connect("")
psycopg2.extras.register_uuid()


def sql(text, args=None, fetch=True):
    def run():
        try:
            with conn.cursor() as cur:
                cur.execute(text, args)
                return [cur.rowcount, cur.fetchall() if fetch and cur.description else None]
        finally:
            conn.rollback()
    return run


def server_side():
    try:
        with conn.cursor("named", withhold=False) as cur:
            cur.itersize = 4
            cur.execute("SELECT id, email, full_name FROM customers ORDER BY id")
            return list(cur)
    finally:
        conn.rollback()


def copy_out(text):
    def run():
        import io
        out = io.StringIO()
        try:
            with conn.cursor() as cur:
                cur.copy_expert(text, out)
            return out.getvalue()
        finally:
            conn.rollback()
    return run


def copy_in(table, columns, rows):
    def run():
        import io
        try:
            with conn.cursor() as cur:
                cur.copy_from(io.StringIO(rows), table, columns=columns)
                return cur.rowcount
        finally:
            conn.rollback()
    return run


def values():
    try:
        with conn.cursor() as cur:
            return psycopg2.extras.execute_values(cur, "INSERT INTO scratch (k, v) VALUES %s RETURNING k, v", [("a", "1"), ("b", "2")], fetch=True)
    finally:
        conn.rollback()


def prepared():
    try:
        with conn.cursor() as cur:
            cur.execute("PREPARE by_id(bigint) AS SELECT id, email FROM customers WHERE id = $1")
            found = []
            for number in (1, 2, 3):
                cur.execute("EXECUTE by_id(%s)", (number,))
                found.append(cur.fetchone())
            cur.execute("DEALLOCATE by_id")
            return found
    finally:
        conn.rollback()


report("parameters", sql("SELECT id, email, birth_date, tags FROM customers WHERE id = ANY(%s) ORDER BY id", ([1, 2, 3],)))
report("named cursor", server_side)
report("COPY out of a query", copy_out("COPY (SELECT id, email, phone FROM customers ORDER BY id) TO STDOUT WITH CSV HEADER"))
report("COPY out of a table", copy_out("COPY contacts TO STDOUT"))
report("COPY into an unprotected table", copy_in("scratch", ("k", "v"), "a\t1\nb\t2\n"))
report("COPY into a protected table", copy_in("orders", ("id", "customer_id", "ship_to"), "9001\t1\tsomewhere\n"))
report("execute_values", values)
report("PREPARE and EXECUTE", prepared)
report("SELECT FOR UPDATE", sql("SELECT id, email FROM customers WHERE id = 1 FOR UPDATE"))
report("INSERT RETURNING", sql("INSERT INTO orders (id, customer_id, status, ship_to) VALUES (9001, 1, 'new', 'x') RETURNING id, ship_to"))
report("UPDATE of a public column", sql("UPDATE customers SET city = 'Bergen' WHERE id = 2 RETURNING id, city"))
report("UPDATE of a clear cell", sql("UPDATE customers SET email = 'new@example.org' WHERE id = 1 RETURNING email"))
report("DELETE", sql("DELETE FROM refunds WHERE id = 1"))
report("upsert", sql("INSERT INTO orders (id, customer_id, status) VALUES (1, 1, 'x') ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status RETURNING id"))
report("EXPLAIN runs", lambda: bool(sql("EXPLAIN SELECT email FROM customers WHERE id = 1")()[1]))
report("DO of nothing protected", sql("DO $$ BEGIN PERFORM 1; END $$"))
report("LOCK", sql("LOCK TABLE products IN SHARE MODE"))
report("temporary table", sql("CREATE TEMP TABLE t AS SELECT id, email FROM customers; SELECT count(email) FROM t"))
report("TRUNCATE of an unprotected table", sql("TRUNCATE scratch"))
report("savepoints", sql("SAVEPOINT a; SELECT 1; ROLLBACK TO a; SELECT count(email) FROM customers"))
report("LISTEN and NOTIFY", sql("LISTEN c; NOTIFY c, 'x'; UNLISTEN *"))
report("error with position", lambda: sql("SELECT emial FROM customers")())
