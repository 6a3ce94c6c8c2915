"""Peers that die, hang, stall or come in crowds; large values; limits; reload and shutdown."""
import json
import os
import signal
import socket
import struct
import threading
import time

from harness import audit, proxy as proxies, wire


def session(t, user="mailer", **options):
    return t.proxy.connect("e2e_raw", user, **options)


def test_server_backend_killed_mid_query(t):
    c = session(t)
    pid = c.value("SELECT pg_backend_pid()")
    c.send(wire.query("SELECT pg_sleep(30), count(email) FROM customers"))
    time.sleep(0.3)
    t.server.sql("postgres", f"SELECT pg_terminate_backend({pid})")
    try:
        answer = c.until_ready()
        t.check(False, f"an answer: {answer}")
    except (wire.Closed, ConnectionError):
        pass


def test_server_backend_crashes_between_statements(t):
    c = session(t)
    pid = c.value("SELECT pg_backend_pid()")
    t.server.sql("postgres", f"SELECT pg_terminate_backend({pid})")
    kind, body = c.receive()
    t.equal((kind, wire.error_fields(body).get("C")), ("E", "57P01"), "the server's last words")


def test_client_vanishes_mid_query(t):
    c = session(t)
    pid = c.value("SELECT pg_backend_pid()")
    c.send(wire.query("SELECT a, b FROM generate_series(1, 20000) a, generate_series(1, 20000) b"))
    time.sleep(0.2)
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.sock.close()
    t.eventually(lambda: t.server.sql("postgres", f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")
                 == [("0",)], 30, "the server's session ends")


def test_client_vanishes_while_rows_flow(t):
    for _ in range(5):
        c = session(t)
        c.send(wire.query("SELECT c.*, g FROM customers c, generate_series(1, 200000) g"))
        c.sock.recv(1000)
        c.sock.close()


def test_client_that_does_not_read(t):
    """The proxy must not gather the answer in memory."""
    before = t.proxy.resident_kib()
    c = session(t)
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.send(wire.query("SELECT c.*, g FROM customers c, generate_series(1, 100000) g"))
    time.sleep(3)
    t.bounded(before, 48)
    c.sock.close()


def test_cancel(t):
    with session(t) as c:
        timer = threading.Timer(0.5, c.cancel)
        timer.start()
        begin = time.time()
        answer = c.run(wire.query("SELECT email, pg_sleep(60) FROM customers WHERE id = 1"))
        timer.join()
        t.check(time.time() - begin < 20, "cancelled in time")
        t.equal([wire.error_fields(b)["C"] for k, b in answer if k == "E"], ["57014"], "query_canceled")
        t.equal(c.value("SELECT 1"), "1", "and the session goes on")


def test_cancel_reaches_only_its_own_session(t):
    with session(t) as a, session(t) as b:
        a.send(wire.query("SELECT pg_sleep(1.5)"))
        b.cancel()
        t.check(not any(k == "E" for k, _ in a.until_ready()), "the other session was not cancelled")


def test_silent_connections_do_not_block_others(t):
    idle = [socket.create_connection(("127.0.0.1", t.proxy.port), 10) for _ in range(50)]
    half = [socket.create_connection(("127.0.0.1", t.proxy.port), 10) for _ in range(50)]
    for s in half:
        s.sendall(b"\0\0")
    with session(t) as c:
        t.equal(c.value("SELECT count(*) FROM threads"), "12", "others are served")
    for s in idle + half:
        s.close()


def test_two_hundred_sessions(t):
    failures = []

    def work(number):
        try:
            with session(t, timeout=120) as c:
                for i in range(5):
                    rows = c.rows(f"SELECT id, email FROM customers WHERE id <= {1 + (number + i) % 6} ORDER BY id")
                    for key, email in rows:
                        if (email is not None) != (int(key) in (1, 4)):
                            failures.append((key, email))
        except Exception as e:  # noqa: BLE001 - whatever happens in a thread is a finding
            failures.append(repr(e))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(200)]
    for x in threads:
        x.start()
    for x in threads:
        x.join()
    t.equal(failures[:3], [], "all sessions get right answers")


def test_pipeline_of_a_thousand(t):
    with session(t, timeout=120) as c:
        one = wire.parse("SELECT email FROM customers WHERE id = $1")
        data = b"".join(one + wire.bind("", (str(1 + i % 6),)) + wire.execute() for i in range(1000)) + wire.SYNC
        writer = threading.Thread(target=c.send, args=(data,))
        writer.start()
        rows = [wire.row_values(b)[0] for k, b in c.until_ready() if k == "D"]
        writer.join()
        t.equal(len(rows), 1000, "rows")
        t.equal({i % 6 for i, v in enumerate(rows) if v is not None}, {0, 3}, "only customers 1 and 4 are clear")


def test_refusal_in_the_middle_of_a_pipeline(t):
    with session(t) as c:
        data = (wire.parse("SELECT 1") + wire.bind() + wire.execute() + wire.parse("SELECT fn_email(2)") + wire.bind() +
                wire.execute() + wire.parse("SELECT 3") + wire.bind() + wire.execute() + wire.SYNC +
                wire.parse("SELECT email FROM customers WHERE id = 1") + wire.bind() + wire.execute() + wire.SYNC)
        c.send(data)
        first, second = c.until_ready(), c.until_ready()
        t.equal("".join(k for k, _ in first), "12DCEZ", "messages up to the refusal")
        t.equal("".join(k for k, _ in second), "12DCZ", "the next batch is served")


def test_large_value_streams_through(t):
    """A bytea value of any size passes with bounded memory (PGCONSENT_BIG_MB, 200 by default; 1000 is PostgreSQL's most)."""
    megabytes = int(os.environ.get("PGCONSENT_BIG_MB", "200"))
    before = t.proxy.resident_kib()
    size = 0
    with session(t, timeout=300) as c:
        c.send(wire.parse(f"SELECT convert_to(repeat('x', {megabytes} * 1000000), 'UTF8'), count(email) FROM customers") +
               wire.bind(binary=True) + wire.execute() + wire.SYNC)
        tail = b""
        while not tail.endswith(b"Z\0\0\0\5I"):
            chunk = c.sock.recv(1 << 20)
            t.check(chunk, "the value arrives whole")
            size += len(chunk)
            tail = (tail + chunk)[-6:]
            if size % (20 << 20) < len(chunk):
                t.bounded(before, 32)
    t.check(size > megabytes * 1000000, f"{size} bytes")


def test_large_parameter_streams_through(t):
    value = b"y" * (50 << 20)
    before = t.proxy.resident_kib()
    with session(t, timeout=120) as c:
        answer = c.run(wire.parse("SELECT length($1::text)") + wire.bind("", (value,)) + wire.execute() + wire.SYNC)
    t.equal([wire.row_values(b) for k, b in answer if k == "D"], [(str(len(value)).encode(),)], "its length")
    t.bounded(before, 32)


def test_a_statement_that_is_too_long(t):
    with session(t, timeout=60) as c:
        answer = c.run(wire.query("SELECT 1 /*" + "x" * (17 << 20) + "*/"))
        t.equal([k for k, _ in answer], ["E", "Z"], "a refusal")
        t.equal(c.value("SELECT 1"), "1", "and the session goes on")


def test_statements_that_nest_deeply(t):
    for sql in ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "SELECT 1" + "+1" * 50000, "SELECT " + "-" * 3 + "1",
                "SELECT 1" + " UNION ALL SELECT 1" * 20000, "SELECT " + "NOT " * 20000 + "true",
                "SELECT " + "(SELECT " * 3000 + "1" + ")" * 3000, "SELECT " + "[" * 1000, "SELECT " + "CASE WHEN true THEN " * 5000):
        with session(t, timeout=60) as c:
            try:
                c.run(wire.query(sql))
                t.equal(c.value("SELECT 1"), "1", "the session goes on")
            except (wire.Closed, ConnectionError):
                t.check(t.proxy.alive(), "the proxy died on " + sql[:40])


def test_control_characters_and_invalid_utf8(t):
    for sql in (b"SELECT '\xff\xfe' FROM customers", b"SELECT \xc0\x80email FROM customers", b"\xef\xbb\xbfSELECT 1",
                b"SELECT email FROM cust\xc3", b"SELECT '\xed\xa0\x80'", bytes(range(1, 256))):
        with session(t) as c:
            answer = c.run(wire.message("Q", sql + b"\0"))
            t.check(b"raw.c2@" not in b"".join(b for _, b in answer), "nothing leaks")


def test_names_in_another_encoding(t):
    """The server reads them as other names than the analysis: they are refused, in identifiers and in code."""
    column = "Ünï cödé"
    t.server.sql("e2e_raw", "CREATE OR REPLACE FUNCTION prüfe(bigint) RETURNS text LANGUAGE sql AS 'SELECT email FROM customers WHERE id = $1'")

    def outcome(c, sql):
        messages = c.run(wire.query(sql.encode("latin1")))
        errors = [wire.error_fields(body)["C"] for kind, body in messages if kind == "E"]
        return errors[0] if errors else [wire.row_values(body) for kind, body in messages if kind == "D"]

    with session(t) as c:
        c.run(wire.query("SET client_encoding = 'LATIN1'"))
        for sql in (f'UPDATE "Weird Table" SET plain = plain WHERE "Key" <= 3 RETURNING "Key", "{column}" || \'\'',
                    f'COPY (UPDATE "Weird Table" SET plain = plain RETURNING "{column}") TO STDOUT',
                    f'DELETE FROM "Weird Table" WHERE "{column}" LIKE \'RAW%\'', f'UPDATE "Weird Table" SET "{column}" = \'over\' WHERE "Key" = 2',
                    f'SELECT "{column}" FROM "Weird Table"', 'SELECT * FROM "Weird Table"', "SELECT prüfe(2)",
                    "DO $$ BEGIN RAISE NOTICE '%', prüfe(2); END $$", "PREPARE p AS SELECT prüfe(2)"):
            t.equal(outcome(c, sql), "42501", sql)
        t.equal(outcome(c, "SELECT 'ü', city FROM customers WHERE full_name <> 'é' AND id = 1 /* ß */"), [(b"\xfc", b"Rome")], "values and comments")
        t.equal(outcome(c, "BEGIN; CREATE TEMP TABLE x (a text); INSERT INTO x VALUES ('ä'); SELECT a FROM x; ROLLBACK"), [(b"\xe4",)], "an own table")
        c.run(wire.query("SET client_encoding = 'UTF8'"))
        t.equal([kind for kind, _ in c.run(wire.query('SELECT * FROM "Weird Table"'))][0], "T", "UTF8 again")
        c.run(wire.parse('SELECT * FROM "Weird Table"', "s") + wire.SYNC)
        c.run(wire.query("SET client_encoding = 'LATIN1'"))
        errors = [wire.error_fields(body)["C"] for kind, body in c.run(wire.bind("s") + wire.execute() + wire.SYNC) if kind == "E"]
        t.equal(errors, [], "prepared before")


def test_reload_with_broken_rules_changes_nothing(t):
    path = os.path.join(t.proxy.dir, "rules.yaml")
    with open(path, encoding="utf8") as f:
        good = f.read()
    try:
        with open(path, "w", encoding="utf8") as f:
            f.write("version: 1\ntables: {public.no_such_table: {subject: 3}}\n")
        t.proxy.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        with session(t) as c:
            t.equal(c.rows("SELECT email FROM customers WHERE id IN (1, 2) ORDER BY id"), [("raw.c1@RAW-beta.example.org",), (None,)],
                    "the old rules hold")
    finally:
        with open(path, "w", encoding="utf8") as f:
            f.write(good)
        t.proxy.process.send_signal(signal.SIGHUP)
        time.sleep(1)


def test_reload_with_new_rules_takes_effect(t):
    path = os.path.join(t.proxy.dir, "rules.yaml")
    with open(path, encoding="utf8") as f:
        good = f.read()
    changed = good.replace("constant('friend')", "constant('neighbour')")
    t.check(changed != good, "the rules can be changed")
    try:
        with open(path, "w", encoding="utf8") as f:
            f.write(changed)
        t.proxy.process.send_signal(signal.SIGHUP)

        def seen():
            with session(t) as c:
                return c.value("SELECT nickname FROM customers WHERE id = 2") == "neighbour"
        t.eventually(seen, 20, "new sessions see the new rules")
    finally:
        with open(path, "w", encoding="utf8") as f:
            f.write(good)
        t.proxy.process.send_signal(signal.SIGHUP)
        time.sleep(1)


def test_audit_before_rows(t):
    with session(t) as c:
        c.send(wire.query("SELECT 'before-rows' AS x, email FROM customers ORDER BY id"))
        while c.receive()[0] != "D":
            pass
        found = [r for r in audit.records(t.proxy.audit_dir) if r["statement"].find("AS x") >= 0 or " x, email" in r["statement"].lower()]
        t.check(found, "the record is in the file when the first row arrives")
        c.until_ready()


def test_audit_that_cannot_be_written(t):
    """Full disk: a small file system is not at hand, so the log lies on /dev/full by way of a link."""
    p = proxies.Proxy(t.proxy.path, t.server.port, os.path.join(t.schema, "rules.yaml"), ["e2e_*"], "e2e_raw")
    os.makedirs(p.audit_dir)
    os.symlink("/dev/full", os.path.join(p.audit_dir, "audit.jsonl"))
    try:
        try:
            p.start()
        except RuntimeError:
            return  # refusing to start is a clear answer too
        with p.connect("e2e_raw", "mailer") as c:
            answer = c.run(wire.query("SELECT email FROM customers WHERE id = 1"))
            t.check(not any(k == "D" for k, _ in answer), "no rows without a record")
    finally:
        p.stop()


def test_server_that_is_down(t):
    p = proxies.Proxy(t.proxy.path, proxies.free_port(), os.path.join(t.schema, "rules.yaml"), ["e2e_*"], "e2e_raw")
    try:
        try:
            p.start()
        except RuntimeError as e:
            t.check("the proxy did not start" in str(e), str(e))
            return
        try:
            p.connect("e2e_raw", "mailer").close()
            t.check(False, "a session without a server")
        except (wire.ServerError, wire.Closed, ConnectionError):
            pass
        t.check(p.alive(), "the proxy lives on")
    finally:
        p.stop()


class NonsenseServer(threading.Thread):
    """Answers every connection with the same bytes."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            with s:
                try:
                    s.settimeout(2)
                    s.recv(4096)
                    s.sendall(self.answer)
                    s.recv(4096)
                except OSError:
                    pass


def test_server_that_answers_nonsense(t):
    ready = wire.message("R", b"\0\0\0\0") + wire.message("Z", b"I")
    for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 100, b"R\xff\xff\xff\xff", b"E\0\0\0\x04", b"Z\0\0\0\x05I", b"",
                   ready + wire.message("D", b"\xff\xff"), ready + wire.message("T", struct.pack("!H", 9)), b"\x99" * 5000):
        fake = NonsenseServer(answer)
        p = proxies.Proxy(t.proxy.path, fake.port, os.path.join(t.schema, "rules.yaml"), ["e2e_*"], "e2e_raw")
        try:
            try:
                p.start()
            except RuntimeError:
                continue
            try:
                c = p.connect("e2e_raw", "mailer", timeout=10)
                c.run(wire.query("SELECT 1"))
            except (wire.ServerError, wire.Closed, OSError):
                pass
            t.check(p.alive(), f"the proxy lives on after {answer[:20]}")
        finally:
            p.stop()
            fake.listener.close()


def test_sigterm_lets_transactions_finish(t):
    p = proxies.Proxy(t.proxy.path, t.server.port, os.path.join(t.schema, "rules.yaml"), ["e2e_*"], "e2e_raw").start()
    try:
        busy, idle = p.connect("e2e_raw", "mailer"), p.connect("e2e_raw", "mailer")
        busy.rows("BEGIN")
        p.process.send_signal(signal.SIGTERM)
        kind, body = idle.receive()
        t.equal((kind, wire.error_fields(body).get("C")), ("E", "57P01"), "an idle session is ended")
        t.equal(busy.rows("SELECT email FROM customers WHERE id = 2"), [(None,)], "a transaction goes on")
        busy.run(wire.query("COMMIT"))
        t.equal(p.process.wait(30), 0, "exit status")
    finally:
        p.stop()


def test_sigint_stops_at_once(t):
    p = proxies.Proxy(t.proxy.path, t.server.port, os.path.join(t.schema, "rules.yaml"), ["e2e_*"], "e2e_raw").start()
    try:
        p.connect("e2e_raw", "mailer").rows("BEGIN")
        begin = time.time()
        t.equal(p.stop(signal.SIGINT), 0, "exit status")
        t.check(time.time() - begin < 10, "in time")
    finally:
        p.stop()


def test_bad_configurations(t):
    """Each a clear error with file and line, exit status 2 or 1, never a crash."""
    texts = {"empty": "", "not yaml": "version: [1", "unknown key": "version: 1\nlisen: {}\n", "no rules": None,
             "wrong version": "version: 2\n", "binary": "\x00\x01\x02"}
    for name, text in texts.items():
        p = proxies.Proxy(t.proxy.path, t.server.port, os.path.join(t.schema, "rules.yaml"), ["e2e_*"], "e2e_raw")
        if text is None:
            os.remove(os.path.join(p.dir, "rules.yaml"))
        else:
            with open(p.config, "w", encoding="utf8") as f:
                f.write(text)
        for command in ("check", "serve"):
            done = p.cli(command)
            t.check(done.returncode in (1, 2), f"{name}: {command} ends with {done.returncode}")
            t.check(done.stderr.strip() or done.stdout.strip(), f"{name}: {command} says why")
        p.remove()


def test_rules_that_name_missing_things(t):
    with open(os.path.join(t.schema, "rules.yaml"), encoding="utf8") as f:
        good = f.read()
    for old, new in (("public.contacts:", "public.no_such_table:"), ("handle: {category: contact", "no_such_column: {category: contact"),
                     ("key: emp_no", "key: nope"), ("table: crm.consents", "table: crm.nope"), ("{category: identity, mask: year}", "{category: identity, mask: yaer}")):
        t.check(old in good, old)
        p = proxies.Proxy(t.proxy.path, t.server.port, os.path.join(t.schema, "rules.yaml"), ["e2e_*"], "e2e_raw")
        with open(os.path.join(p.dir, "rules.yaml"), "w", encoding="utf8") as f:
            f.write(good.replace(old, new, 1))
        done = p.cli("check")
        t.equal(done.returncode, 1 if "mask" not in new or "yaer" not in new else done.returncode, f"check with {new}: {done.stdout}{done.stderr}")
        t.check("rules.yaml:" in done.stdout + done.stderr, f"names the place: {done.stdout}{done.stderr}")
        p.remove()


def test_check_and_explain(t):
    done = t.proxy.cli("check")
    t.equal(done.returncode, 0, f"check: {done.stdout}{done.stderr}")
    done = t.proxy.cli("check", "--json")
    json.loads(done.stdout)
    done = t.proxy.cli("explain", "--role", "mailer", "SELECT email FROM customers")
    t.equal(done.returncode, 0, f"explain: {done.stdout}{done.stderr}")
    t.check("masked" in done.stdout and "public.customers.email" in done.stdout, done.stdout)
    done = t.proxy.cli("explain", "--role", "mailer", "--json", "SELECT fn_email(2)")
    t.check("refused" in done.stdout, done.stdout)
