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


def write(target, seeds):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in seeds.items():
        (folder / f"{name}.bin").write_bytes(seed)


def main():
    write("wire_fuzz", {f"{kind}_{name}": seed for kind, seeds in
                        (("packet", STARTUP), ("frontend", FRONTEND), ("backend", BACKEND)) for name, seed in seeds.items()})


if __name__ == "__main__":
    main()
