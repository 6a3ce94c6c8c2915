"""Bad bytes: each must end in a clear error or a closed connection, and nothing else."""
import os
import random
import socket
import struct

from harness import wire


def talk(proxy, data, timeout=10):
    """Sends raw bytes on a new connection; returns what comes back until the peer closes or falls silent."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout) as s:
        s.settimeout(timeout)
        received = b""
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while chunk := s.recv(65536):
                received += chunk
        except ConnectionError:
            pass
        return received


def session(t, **options):
    return t.proxy.connect("e2e_raw", "mailer", **options)


def closes(connection):
    """True when the peer ends the connection, after an error or without."""
    try:
        while True:
            connection.receive()
    except (wire.Closed, ConnectionError):
        return True
    finally:
        connection.sock.close()


def startup(version=196608, body=b"user\0mailer\0database\0e2e_raw\0\0"):
    return struct.pack("!II", len(body) + 8, version) + body


def test_garbage_instead_of_a_startup_packet(t):
    for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 64, b"\xff" * 64, b"\x16\x03\x01\x02\x00" + b"x" * 64, b"\0\0\0\x04"):
        t.check(b"RAW" not in talk(t.proxy, data), "nothing leaks")


def test_startup_packet_lengths(t):
    for length in (0, 3, 7, 8, 10001, 1 << 20, 0x7FFFFFFF, 0xFFFFFFFF):
        talk(t.proxy, struct.pack("!II", length, 196608) + b"user\0mailer\0\0")


def test_startup_packet_without_terminators(t):
    for body in (b"user", b"user\0", b"user\0mailer", b"user\0mailer\0database\0e2e_raw", b"\0\0\0\0", b"database\0e2e_raw\0\0"):
        talk(t.proxy, startup(body=body))


def test_protocol_versions(t):
    for version in (0, 131072, 262144, 196608 + 99, 80877104 + 5):
        answer = talk(t.proxy, startup(version))
        if version >> 16 != 3:
            t.check(not answer or answer[:1] == b"E", f"version {version} gets an error, not {answer[:40]}")


def test_newer_minor_version_is_negotiated(t):
    with wire.Connection("127.0.0.1", t.proxy.port, "mailer", "e2e_raw", startup=False) as c:
        c.send_startup({"user": "mailer", "database": "e2e_raw"}, 196608 + 9)
        kinds = ""
        while not kinds.endswith("Z"):
            kinds += c.receive()[0]
        t.check("v" in kinds, "NegotiateProtocolVersion is sent: " + kinds)


def test_truncated_startup(t):
    whole = startup()
    for cut in range(1, len(whole), 5):
        talk(t.proxy, whole[:cut])


def test_ssl_request_stuffing(t):
    for request in (80877103, 80877104):
        answer = talk(t.proxy, struct.pack("!II", 8, request) + startup() + wire.query("SELECT email FROM customers"))
        t.check(b"RAW" not in answer, "no answer to stuffed bytes")
        t.check(not (answer[:1] == b"S" and len(answer) > 1 and b"SELECT" in answer), "stuffed plain text is not executed")


def test_gssenc_request_is_declined(t):
    with socket.create_connection(("127.0.0.1", t.proxy.port), 10) as s:
        s.sendall(struct.pack("!II", 8, 80877104))
        t.equal(s.recv(1), b"N", "GSSENCRequest")


def test_cancel_request_for_nobody(t):
    for key in (b"\0" * 8, os.urandom(8), b"", b"\1" * 7, b"x" * 300):
        answer = talk(t.proxy, struct.pack("!II", 8 + len(key), 80877102) + key)
        t.check(not answer or len(key) != 8, f"a cancel request has no answer, not {answer}")


def test_unknown_message_types(t):
    for kind in "bkYZ!0~\x01\xff":
        c = session(t)
        c.send(wire.message("Q", b"").replace(b"Q", kind.encode("latin1"), 1) + wire.SYNC)
        t.check(closes(c), f"message type {kind!r} ends the session")


def test_message_lengths(t):
    for kind in "QPBEDCfdXS":
        for length in (0, 1, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
            c = session(t)
            c.send(kind.encode() + struct.pack("!I", length) + b"abc")
            c.sock.shutdown(socket.SHUT_WR)
            t.check(closes(c), f"{kind} with length {length}")


def test_bodies_that_end_too_early(t):
    whole = [wire.parse("SELECT email FROM customers WHERE id = $1", "x", (20,)), wire.bind("x", ("1",), "p", True),
             wire.describe("S", "x"), wire.execute("p", 3), wire.close("S", "x"), wire.query("SELECT 1")]
    for m in whole:
        for cut in range(1, len(m) - 5):
            c = session(t)
            body = m[5:-cut]
            c.send(m[:1] + struct.pack("!I", len(body) + 4) + body + wire.SYNC)
            try:
                answer = c.until_ready()
                t.check(any(k == "E" for k, _ in answer) or m[:1] in b"CDE", f"{m[:1]} cut by {cut}: {answer}")
            except (wire.Closed, ConnectionError):
                pass
            c.sock.close()


def test_counts_that_lie(t):
    bad = [wire.message("P", b"x\0SELECT 1\0" + struct.pack("!H", 65535)),
           wire.message("B", b"\0\0" + struct.pack("!HH", 0, 65535) + b"\0" * 8),
           wire.message("B", b"\0\0" + struct.pack("!HHi", 0, 1, -2)),
           wire.message("B", b"\0\0" + struct.pack("!HHi", 0, 1, 1 << 30) + b"abc"),
           wire.message("D", b"Q\0"), wire.message("C", b"\0\0"), wire.message("Q", b"SELECT 1"),
           wire.message("Q", b"SELECT\x001\0"), wire.message("P", b"\0SELECT 1"), wire.message("E", b"\0\0")]
    for m in bad:
        c = session(t)
        c.send(m + wire.SYNC)
        try:
            answer = c.until_ready()
            t.check(any(k == "E" for k, _ in answer), f"{m[:20]} gets an error, not {answer}")
        except (wire.Closed, ConnectionError):
            pass
        c.sock.close()


def test_messages_out_of_order(t):
    for data in (wire.execute("nobody") + wire.SYNC, wire.bind("nobody") + wire.SYNC, wire.describe("S", "nobody") + wire.SYNC,
                 wire.describe("P", "nobody") + wire.SYNC):
        with session(t) as c:
            t.check(any(k == "E" for k, _ in c.run(data)), "an error")
            t.equal(c.value("SELECT 1"), "1", "and the session goes on")


def test_copy_and_password_messages_out_of_place(t):
    for m in (wire.message("d", b"abc"), wire.message("c"), wire.message("f", b"no\0"), wire.message("p", b"secret\0")):
        c = session(t)
        try:
            c.send(m + wire.query("SELECT 1"))
            c.until_ready()
        except (wire.Closed, ConnectionError):
            pass
        c.sock.close()


def test_function_call_is_refused(t):
    with session(t) as c:
        oid = int(c.value("SELECT 'pg_catalog.table_to_xml'::regproc::oid"))
        body = struct.pack("!IHHH", oid, 0, 0, 0)
        answer = c.run(wire.message("F", body))
        t.check(any(k == "E" for k, _ in answer), "an error")
        t.equal(c.value("SELECT 1"), "1", "and the session goes on")


def test_replication_connections_are_refused(t):
    for value in ("true", "database", "1", "on"):
        try:
            session(t, params={"replication": value}).close()
            t.check(False, f"replication={value} was let in")
        except wire.ServerError as e:
            t.check(e.fields["C"] in ("0A000", "42501", "28000", "08P01"), str(e))


def test_bytes_one_at_a_time(t):
    with wire.Connection("127.0.0.1", t.proxy.port, "mailer", "e2e_raw", startup=False) as c:
        for b in startup():
            c.send(bytes([b]))
        c.authenticate("mailer", None)
        for b in wire.parse("SELECT email FROM customers WHERE id = 2") + wire.bind() + wire.execute() + wire.SYNC:
            c.send(bytes([b]))
        rows = [wire.row_values(b) for k, b in c.until_ready() if k == "D"]
        t.equal(rows, [(None,)], "the masked row")


def test_mutated_conversations(t):
    """A valid conversation with random damage: no answer may hold a raw value of somebody without basis."""
    rng = random.Random(int(os.environ.get("PGCONSENT_SEED", "20240229")))
    whole = (startup() + wire.query("SELECT id, email FROM customers WHERE id = 2") +
             wire.parse("SELECT * FROM customers WHERE id = $1", "a") + wire.bind("a", ("2",), binary=True) +
             wire.describe("P") + wire.execute() + wire.SYNC + wire.query("COPY customers (email) TO STDOUT") + wire.TERMINATE)
    for _ in range(t.effort(150)):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            kind = rng.randrange(4)
            if kind == 0:
                data[at] = rng.randrange(256)
            elif kind == 1:
                del data[at:at + rng.randint(1, 9)]
            elif kind == 2:
                data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 9)))
            else:
                data[at] ^= 1 << rng.randrange(8)
        t.check(b"raw.c2@" not in talk(t.proxy, bytes(data)), "nothing leaks")
