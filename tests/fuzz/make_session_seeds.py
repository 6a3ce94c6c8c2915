#!/usr/bin/python3
"""Writes the binary seeds of corpus/session_fuzz: records of a control byte (2 client message, 3 server message,
4 + 5n event n), a length, and a payload of type byte and body. The first byte 1 begins after the state is known."""

import pathlib
import struct

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus" / "session_fuzz"


def record(control, payload):
    return bytes([control, len(payload)]) + payload


def client(kind, body=b""):
    return record(2, kind.encode() + body)


def server(kind, body=b""):
    return record(3, kind.encode() + body)


def event(number):
    return record(4 + 5 * number, b"")


def query(text):
    return client("Q", text.encode() + b"\0")


def parse(name, text):
    return client("P", name.encode() + b"\0" + text.encode() + b"\0" + struct.pack("!H", 0))


def columns(*origins):
    return server("T", struct.pack("!H", len(origins)) + b"".join(
        b"c\0" + struct.pack("!IhIhih", table, attnum, 25, -1, -1, 0) for table, attnum in origins))


def error(message):
    return server("E", b"SERROR\0C42883\0M" + message.encode() + b"\0P5\0\0")


BIND = client("B", b"\0s\0" + struct.pack("!HHH", 0, 0, 0))
EXECUTE = client("E", b"\0" + struct.pack("!I", 0))
DONE = server("C", b"SELECT 1\0")
READY = server("Z", b"I")
ROW = server("D", struct.pack("!Hi", 1, 1) + b"x")

SEEDS = {
    "simple": query("select 1") + columns((0, 0)) + ROW + DONE + READY,
    "masked": query("secret a") + columns((0, 0)) + ROW + DONE + READY,
    "raw": query("select a") + columns((100, 2)) + ROW + DONE + READY,
    "clear": query("clear a") + columns((100, 2)) + ROW + DONE + READY,
    "refused": query("select 1;forbidden") + DONE + error("pgconsent_refusal_1") + READY,
    "extended": parse("s", "secret a") + BIND + EXECUTE + client("S") + server("1") + server("2") + ROW + DONE + READY,
    "skipped": parse("s", "forbidden") + BIND + EXECUTE + client("S") + error("pgconsent_refusal_0") + READY,
    "replanned": parse("s", "secret a") + client("S") + server("1") + READY + event(2) + BIND + EXECUTE + client("S")
                 + server("2") + DONE + READY,
    "settle": query("set a") + DONE + READY + query("secret a") + server("3") + server("1") + server("2") + DONE,
    "copy_in": query("copy t from stdin") + server("G", b"\0\0\0") + client("d", b"x") + client("c") + DONE + READY,
    "copy_extended": parse("s", "copy t from stdin") + BIND + EXECUTE + client("S") + server("1") + server("2")
                     + server("G", b"\0\0\0") + error("x"),
    "ddl": query("create t") + DONE + READY + query("select t") + event(0) + DONE + READY,
    "unknown": query("unknown t") + event(0) + DONE + READY,
    "prepare": query("prepare p") + server("C", b"PREPARE\0") + READY + query("execute p") + columns((100, 2)),
    "encoding": server("S", b"client_encoding\0GBK\0") + query("select 'x'"),
    "audit": event(1) + query("secret a") + DONE,
}


def main():
    CORPUS.mkdir(parents=True, exist_ok=True)
    for name, seed in SEEDS.items():
        (CORPUS / f"{name}.bin").write_bytes(b"\1" + seed)
    (CORPUS / "authentication.bin").write_bytes(
        b"\0" + server("R", struct.pack("!I", 10) + b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0")
        + client("p", b"SCRAM-SHA-256\0" + struct.pack("!I", 4) + b"n,,n") + server("R", struct.pack("!I", 0))
        + server("K", b"12345678") + server("Z", b"I"))


if __name__ == "__main__":
    main()
