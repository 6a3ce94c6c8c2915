#!/usr/bin/python3
"""Writes the binary seeds of corpus/wire_fuzz and corpus/session_fuzz: conversations cannot be read in a diff, this
script can. https://www.postgresql.org/docs/15/protocol-message-formats.html"""

import pathlib
import struct

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def u16(value):
    return struct.pack(">H", value)


def u32(value):
    return struct.pack(">I", value & 0xFFFFFFFF)


def text(value):
    return value.encode() + b"\0"


def message(kind, *parts):
    body = b"".join(parts)
    return kind.encode() + u32(len(body) + 4) + body


def packet(code, *parts):
    body = b"".join(parts)
    return u32(len(body) + 8) + u32(code) + body


def startup(version=196608, **parameters):
    return packet(version, *(text(name) + text(value) for name, value in parameters.items()), b"\0")


STARTUP = {
    "startup": startup(user="app", database="bench", application_name="psql", client_encoding="UTF8"),
    "startup_options": startup(user="app", options="-c pgconsent.purpose=marketing -c search_path=a\\ b", replication="false"),
    "startup_minor": startup(196610, user="app", **{"_pq_.x": "1"}),
    "startup_v2": startup(131072, user="app"),
    "startup_repeated": packet(196608, text("user") + text("a") + text("user") + text("b"), b"\0"),
    "startup_no_end": packet(196608, text("user") + b"app"),
    "ssl_request": packet(80877103),
    "gssenc_request": packet(80877104),
    "cancel": packet(80877102, u32(1234), u32(5678)),
    "length_too_small": u32(7) + u32(196608),
    "length_too_large": u32(0x7FFFFFFF) + u32(196608),
}

SQL = "SELECT id, email FROM users WHERE id = $1"
FRONTEND = {
    "query": message("Q", text("SELECT id, email FROM users")),
    "parse": message("P", text("s1"), text(SQL), u16(1), u32(20)),
    "bind": message("B", text(""), text("s1"), u16(1), u16(0), u16(1), u32(1), b"7", u16(1), u16(1)),
    "bind_null": message("B", text("p"), text("s1"), u16(0), u16(1), u32(-1), u16(0)),
    "describe": message("D", b"S", text("s1")) + message("D", b"P", text("")),
    "execute": message("E", text(""), u32(50)),
    "close": message("C", b"S", text("s1")),
    "sync_flush": message("S") + message("H"),
    "function_call": message("F", u32(952), u16(1), u16(1), u16(1), u32(4), u32(1), u16(1)),
    "copy_data": message("d", b"1\ta\n") + message("c") + message("f", text("stopped")),
    "password": message("p", text("secret")),
    "sasl_initial": message("p", text("SCRAM-SHA-256"), u32(8), b"n,,n=,r="),
    "terminate": message("X"),
}

COLUMN = text("email") + u32(16384) + u16(2) + u32(25) + u16(0xFFFF) + u32(-1) + u16(0)
ERROR = b"S" + text("ERROR") + b"V" + text("ERROR") + b"C" + text("42601") + b"M" + text("syntax error") + b"P" + text("8") + b"\0"
BACKEND = {
    "authentication_ok": message("R", u32(0)),
    "authentication_md5": message("R", u32(5), b"salt"),
    "authentication_sasl": message("R", u32(10), text("SCRAM-SHA-256-PLUS"), text("SCRAM-SHA-256"), b"\0"),
    "authentication_sasl_continue": message("R", u32(11), b"r=abc,s=def,i=4096") + message("R", u32(12), b"v=x"),
    "parameter_status": message("S", text("standard_conforming_strings"), text("on")),
    "backend_key_data": message("K", u32(1234), u32(5678)),
    "ready": message("Z", b"I") + message("Z", b"T") + message("Z", b"E"),
    "row_description": message("T", u16(1), COLUMN),
    "data_row": message("D", u16(2), u32(1), b"7", u32(-1)),
    "command_complete": message("C", text("SELECT 1")),
    "parse_bind_complete": message("1") + message("2") + message("3") + message("n") + message("s") + message("I"),
    "parameter_description": message("t", u16(2), u32(20), u32(25)),
    "error": message("E", ERROR),
    "notice": message("N", ERROR),
    "notification": message("A", u32(1), text("channel"), text("payload")),
    "copy": message("G", b"\0", u16(2), u16(0), u16(0)) + message("H", b"\1", u16(1), u16(1)) + message("W", b"\0", u16(0)),
    "negotiate": message("v", u32(196608), u32(1), text("_pq_.x")),
    "function_result": message("V", u32(4), u32(7)),
    "length_too_small": b"D" + u32(3),
    "length_too_large": b"D" + u32(0x7FFFFFFF) + b"abc",
    "unknown_type": message("?", b"abc"),
    "fields_beyond_end": message("D", u16(9), u32(100), b"abc"),
}




def record(control, payload=b""):
    """session_fuzz: who speaks, and a type byte with its body."""
    assert len(payload) < 256
    return bytes([control, len(payload)]) + payload


def client(kind, *parts):
    return record(2, kind.encode() + b"".join(parts))


def server(kind, *parts):
    return record(3, kind.encode() + b"".join(parts))


def event(which):  # 0 catalog loaded, 1 log fails, 2 catalog changed, 3 terminate, 4 server and 5 client gone
    return record(4 + 5 * which)


def query(sql):
    return client("Q", text(sql))


def described(table, attnum):
    return server("T", u16(1), text("c") + u32(table) + u16(attnum) + u32(25) + u16(0xFFFF) + u32(-1) + u16(0))


def row(*values):
    return server("D", u16(len(values)), *(u32(-1) if value is None else u32(len(value)) + value.encode() for value in values))


def done(tag, status="I"):
    return server("C", text(tag)) + server("Z", status.encode())


def failed(status="I"):
    return server("E", ERROR) + server("Z", status.encode())


def prepare(name, sql):
    return client("P", text(name), text(sql), u16(0))


def bind(name, portal=""):
    return client("B", text(portal), text(name), u16(0), u16(0), u16(0))


EXECUTE = client("E", text(""), u32(0))
SYNC = client("S")
STATE = (server("3") + server("1") + server("2") + row("1", "0", "0", "app", "app", "marketing", "on", "UTF8") +
         row("2", "1", "0", "public", None, None, None, None) + server("C", text("SELECT 2")) + server("3") + server("3") +
         server("Z", b"I"))
ROWS = described(1, 1) + row("7") + done("SELECT 1")
MASKED = described(100, 3) + row(None) + done("SELECT 1")

SESSION = {
    "query": query("select 1") + ROWS,
    "masked": query("secret x") + MASKED,
    "witnessed": query("select 1") + described(100, 2) + row("raw"),
    "allowed": query("clear x") + described(100, 2) + row("a") + done("SELECT 1"),
    "refused": query("forbidden x") + failed(),
    "several": query("select 1;secret x;forbidden y") + described(1, 1) + row("7") + server("C", text("SELECT 1")) + MASKED,
    "extended": prepare("s", "secret x") + bind("s") + client("D", b"P", text("")) + EXECUTE + SYNC + server("1") + server("2") + MASKED,
    "pipeline": prepare("", "select 1") + bind("") + EXECUTE + prepare("", "forbidden x") + bind("") + EXECUTE + SYNC +
                server("1") + server("2") + row("7") + server("C", text("SELECT 1")) + failed(),
    "bound_again": prepare("s", "value x") + SYNC + server("1") + server("Z", b"I") + event(2) + bind("s") + EXECUTE + SYNC + STATE,
    "state": query("set x") + done("SET") + query("secret x") + STATE + MASKED,
    "transaction": query("begin") + done("BEGIN", "T") + query("secret x") + failed("E") + query("rollback") + done("ROLLBACK"),
    "ddl": query("create x") + done("CREATE TABLE") + query("select 1") + event(0) + STATE + ROWS,
    "unknown": query("unknown x") + event(0) + ROWS,
    "discard": query("discard x") + done("DISCARD ALL") + STATE + query("deallocate p") + done("DEALLOCATE"),
    "named": query("prepare p") + done("PREPARE") + query("select p") + described(100, 2) + row("a") + done("SELECT 1"),
    "copy_in": query("select copy") + server("G", b"\0", u16(0)) + client("d", b"1\n") + client("c") + done("COPY 1"),
    "copy_out": query("secret copy") + server("H", b"\0", u16(1), u16(0)) + server("d", b"1\n") + server("c") + done("COPY 1"),
    "copy_fail": query("select copy") + server("G", b"\0", u16(0)) + client("f", text("no")) + failed(),
    "function_call": client("F", u32(952), u16(0), u16(0), u16(0)) + server("V", u32(-1)) + server("Z", b"I"),
    "asynchronous": server("A", u32(1), text("c"), text("p")) + server("N", ERROR) + server("S", text("client_encoding"), text("SJIS")),
    "log_fails": event(1) + query("secret x") + failed() + event(1) + query("secret x") + MASKED,
    "terminate": query("select 1") + event(3),
    "server_gone": query("select 1") + event(4),
    "client_gone": client("X") + event(5),
    "nonsense": server("?", b"abc") + server("D", u16(9)),
}
LOGINS = {
    "sasl": server("R", u32(10), text("SCRAM-SHA-256-PLUS"), text("SCRAM-SHA-256"), b"\0") +
            client("p", text("SCRAM-SHA-256"), u32(8), b"n,,n=,r=") + server("R", u32(11), b"r=a") + client("p", b"c=") +
            server("R", u32(12), b"v=") + server("R", u32(0)) + server("Z", b"I") + STATE,
    "md5": server("R", u32(5), b"salt") + client("p", text("md5")) + failed(),
}


def write(target, seeds):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in seeds.items():
        (folder / f"{name}.bin").write_bytes(seed)


def main():
    write("wire_fuzz", {f"{kind}_{name}": seed for kind, seeds in
                        (("packet", STARTUP), ("frontend", FRONTEND), ("backend", BACKEND)) for name, seed in seeds.items()})
    # A type byte and its body without a length: read as that message straight away.
    write("wire_fuzz", {f"body_{kind}_{name}": seed[:1] + seed[5:1 + struct.unpack_from(">I", seed, 1)[0]] for kind, seeds in
                        (("frontend", FRONTEND), ("backend", BACKEND)) for name, seed in seeds.items()})
    # The first byte says whether the session is ready already.
    write("session_fuzz", {f"talk_{name}": b"\1" + seed for name, seed in SESSION.items()})
    write("session_fuzz", {f"login_{name}": b"\0" + seed for name, seed in LOGINS.items()})


if __name__ == "__main__":
    main()
