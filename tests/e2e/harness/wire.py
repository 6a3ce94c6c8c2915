"""A small client of the wire protocol, version 3.0: the tests compare whole message streams, so nothing is hidden."""
import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct


class ServerError(Exception):
    def __init__(self, fields):
        super().__init__(f"{fields.get('C')}: {fields.get('M')} {fields.get('D', '')}")
        self.fields = fields


class Closed(Exception):
    """The peer closed the connection."""


def message(kind, body=b""):
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def cstr(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def query(sql):
    return message("Q", cstr(sql))


def parse(sql, name="", types=()):
    return message("P", cstr(name) + cstr(sql) + struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(name="", params=(), portal="", binary=False):
    body = cstr(portal) + cstr(name) + struct.pack("!HH", 0, len(params))
    for p in params:
        value = None if p is None else p if isinstance(p, bytes) else str(p).encode()
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message("B", body + struct.pack("!HH", 1, int(binary)))


def describe(kind, name=""):
    return message("D", kind.encode() + cstr(name))


def execute(portal="", rows=0):
    return message("E", cstr(portal) + struct.pack("!I", rows))


def close(kind, name=""):
    return message("C", kind.encode() + cstr(name))


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")


def error_fields(body):
    return {f[:1].decode(): f[1:].decode("utf8", "replace") for f in body.split(b"\0") if f}


def row_values(body):
    values, at = [], 2
    for _ in range(struct.unpack_from("!H", body)[0]):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if length < 0 else body[at:at + length])
        at += max(length, 0)
    return tuple(values)


def row_description(body):
    """(name, table OID, attribute number, type OID, size, type modifier, format) per column."""
    columns, at = [], 2
    for _ in range(struct.unpack_from("!H", body)[0]):
        end = body.index(b"\0", at)
        columns.append((body[at:end].decode("utf8", "replace"), *struct.unpack_from("!IhIhih", body, end + 1)))
        at = end + 19
    return tuple(columns)


class Connection:
    def __init__(self, host, port, user, dbname, password=None, options=None, timeout=30, tls=None, params=None,
                 startup=True):
        self.address = (host, port)
        self.sock = socket.create_connection(self.address, timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.copy_data = b""  # for the next COPY FROM STDIN
        self.status, self.key, self.notices = {}, b"", []
        if tls is not None:
            self.start_tls(tls)
        if startup:
            settings = {"user": user, "database": dbname, "client_encoding": "UTF8", **(params or {})}
            if options:
                settings["options"] = options
            self.send_startup(settings)
            self.authenticate(user, password)

    def start_tls(self, context):
        self.send(struct.pack("!II", 8, 80877103))
        if self.receive_exactly(1) != b"S":
            raise Closed("no TLS offered")
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")

    def send_startup(self, settings, version=196608):
        body = b"".join(cstr(k) + cstr(v) for k, v in settings.items()) + b"\0"
        self.send(struct.pack("!II", len(body) + 8, version) + body)

    def send(self, data):
        self.sock.sendall(data)

    def receive_exactly(self, size):
        while len(self.buffer) < size:
            data = self.sock.recv(1 << 18)
            if not data:
                raise Closed()
            self.buffer += data
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def receive(self):
        kind, length = struct.unpack("!cI", self.receive_exactly(5))
        body = self.receive_exactly(length - 4)
        kind = kind.decode("latin1")
        if kind == "S":
            name, value = body.split(b"\0")[:2]
            self.status[name.decode()] = value.decode("utf8", "replace")
        elif kind == "K":
            self.key = body
        elif kind == "N":
            self.notices.append(error_fields(body))
        return kind, body

    def authenticate(self, user, password):
        while True:
            kind, body = self.receive()
            if kind == "E":
                raise ServerError(error_fields(body))
            if kind == "Z":
                return
            if kind == "R":
                (method,) = struct.unpack_from("!I", body)
                if method == 3:
                    self.send(message("p", cstr(password)))
                elif method == 5:
                    inner = hashlib.md5((password + user).encode()).hexdigest()
                    self.send(message("p", cstr("md5" + hashlib.md5(inner.encode() + body[4:8]).hexdigest())))
                elif method == 10:
                    self.scram(body[4:], password)

    def scram(self, mechanisms, password):
        self.mechanisms = [m.decode() for m in mechanisms.split(b"\0") if m]
        nonce = base64.b64encode(os.urandom(18)).decode()
        first = f"n=,r={nonce}"
        payload = ("n,," + first).encode()
        self.send(message("p", cstr("SCRAM-SHA-256") + struct.pack("!I", len(payload)) + payload))
        kind, body = self.receive()
        if kind == "E":
            raise ServerError(error_fields(body))
        server_first = body[4:].decode()
        fields = dict(x.split("=", 1) for x in server_first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        final = f"c=biws,r={fields['r']}"
        signature = hmac.digest(hashlib.sha256(client_key).digest(),
                                ",".join((first, server_first, final)).encode(), "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
        self.send(message("p", f"{final},p={proof}".encode()))

    def until_ready(self, extended=False):
        """Messages up to ReadyForQuery, without the asynchronous ones. COPY FROM STDIN gets copy_data or is broken off."""
        messages = []
        while True:
            kind, body = self.receive()
            if kind not in "SNA":
                messages.append((kind, body))
            if kind == "G":
                data = message("d", self.copy_data) + message("c") if self.copy_data else message("f", cstr("not now"))
                self.send(data + (SYNC if extended else b""))
            if kind == "Z":
                return messages

    def run(self, data):
        self.send(data)
        return self.until_ready(extended=data.endswith(SYNC))

    def rows(self, sql):
        found = []
        for kind, body in self.run(query(sql)):
            if kind == "T":
                found = []
            elif kind == "D":
                found.append(tuple(None if v is None else v.decode("utf8", "replace") for v in row_values(body)))
            elif kind == "E":
                raise ServerError(error_fields(body))
        return found

    def value(self, sql):
        return self.rows(sql)[0][0]

    def cancel(self):
        with socket.create_connection(self.address, 10) as s:
            s.sendall(struct.pack("!II", 8 + len(self.key), 80877102) + self.key)
            s.settimeout(10)
            s.recv(1)

    def close(self):
        try:
            self.send(TERMINATE)
        except (OSError, ssl.SSLError):
            pass
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
