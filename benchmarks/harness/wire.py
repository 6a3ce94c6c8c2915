"""A raw client of the frontend/backend protocol 3.0 that costs as little as possible: trust authentication only.

https://www.postgresql.org/docs/15/protocol-message-formats.html
"""

import re
import socket
import struct

from .processes import BenchError

CHUNK = 1 << 20
PROTOCOL_3_0 = 196608
COMPLETE = re.compile(rb"C\x00\x00\x00.([A-Z0-9 ]+)\x00Z\x00\x00\x00\x05[ITE]$", re.DOTALL)
READY = re.compile(rb"Z\x00\x00\x00\x05[ITE]$")


class WireError(BenchError):
    """The server's ErrorResponse, or a broken conversation."""


def message(kind, *parts):
    body = b"".join(parts)
    return kind + struct.pack(">I", len(body) + 4) + body


def text(value):
    return value.encode() + b"\0"


def error_fields(body):
    fields = {part[:1].decode(): part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return f"{fields.get('C', '?')}: {fields.get('M', '?')} {fields.get('D', '')}".strip()


class Connection:
    """One session. `read_bytes` counts what came in by drain()."""

    def __init__(self, port, user="app", database="bench", timeout=120):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""
        body = struct.pack(">I", PROTOCOL_3_0) + text("user") + text(user) + text("database") + text(database) + b"\0"
        try:
            self.socket.sendall(struct.pack(">I", len(body) + 4) + body)
            self._until_ready()
        except BaseException:
            self.socket.close()
            raise

    def close(self):
        try:
            self.socket.sendall(message(b"X"))
        except OSError:
            pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self):
        while len(self.pending) < 5 or len(self.pending) < 1 + struct.unpack_from(">I", self.pending, 1)[0]:
            more = self.socket.recv(65536)
            if not more:
                raise WireError("connection closed")
            self.pending += more
        size = 1 + struct.unpack_from(">I", self.pending, 1)[0]
        kind, body, self.pending = self.pending[:1], self.pending[5:size], self.pending[size:]
        return kind, body

    def _until_ready(self):
        rows, error = [], None
        while True:
            kind, body = self._read()
            if kind == b"D":
                rows.append(self._fields(body))
            elif kind == b"E":
                error = WireError(error_fields(body))
                if body.startswith(b"SFATAL"):
                    raise error
            elif kind == b"R" and struct.unpack(">I", body[:4])[0] != 0:
                raise WireError("only trust authentication is supported here")
            elif kind == b"Z":
                if error:
                    raise error
                return rows

    @staticmethod
    def _fields(body):
        (count,), at, fields = struct.unpack_from(">H", body), 2, []
        for _ in range(count):
            (size,) = struct.unpack_from(">i", body, at)
            fields.append(None if size < 0 else body[at + 4:at + 4 + size].decode())
            at += 4 + max(size, 0)
        return fields

    def query(self, sql):
        """Simple query; rows as lists of texts."""
        self.socket.sendall(message(b"Q", text(sql)))
        return self._until_ready()

    def drain(self, sql):
        """Simple query, its result read and thrown away; (command tag, bytes that came in)."""
        self.socket.sendall(message(b"Q", text(sql)))
        return self._drain()

    def drain_binary(self, sql):
        """The same over the extended protocol with binary results."""
        self.socket.sendall(message(b"P", b"\0", text(sql), b"\0\0") +
                            message(b"B", b"\0\0", b"\0\0", b"\0\0", struct.pack(">HH", 1, 1)) +
                            message(b"E", b"\0", b"\0\0\0\0") + message(b"S"))
        return self._drain()

    def send_large(self, sql, size):
        """One binary parameter of `size` bytes, sent in pieces; the rows."""
        head = b"\0\0" + struct.pack(">HHHi", 1, 1, 1, size)
        self.socket.sendall(message(b"P", b"\0", text(sql), b"\0\0") +
                            b"B" + struct.pack(">I", 4 + len(head) + size + 2) + head)
        piece = memoryview(b"x" * CHUNK)
        for at in range(0, size, CHUNK):
            self.socket.sendall(piece[:min(CHUNK, size - at)])
        self.socket.sendall(b"\0\0" + message(b"E", b"\0", b"\0\0\0\0") + message(b"S"))
        return self._until_ready()

    def _drain(self):
        # Looks only at the last bytes of each piece: framing every row here would cost more than what is measured.
        buffer, total, tail = bytearray(CHUNK), 0, b""
        view = memoryview(buffer)
        while not READY.search(tail):
            size = self.socket.recv_into(view)
            if size == 0:
                raise WireError("connection closed")
            total += size
            tail = (tail + bytes(view[max(0, size - 128):size]))[-128:]
        complete = COMPLETE.search(tail)
        if not complete:
            raise WireError(f"no CommandComplete at the end of the result: {tail!r}")
        return complete.group(1).decode(), total
