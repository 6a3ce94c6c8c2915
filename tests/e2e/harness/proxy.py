"""The proxy under test: a directory with its configuration, a process, its audit log."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import wire
from harness.postgres import free_port

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
# For every process that a test starts. libpqxx keeps a result per connection that breaks.
os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=16:malloc_context_size=8")
os.environ.setdefault("LSAN_OPTIONS", f"suppressions={SOURCE}/tests/support/leaks.supp:print_suppressions=0")


def binary(given=None):
    for path in (given, os.environ.get("PGCONSENT"), f"{SOURCE}/build-debug/pgconsent", f"{SOURCE}/build/pgconsent"):
        if path:
            path = os.path.abspath(path)
            if not os.access(path, os.X_OK):
                raise RuntimeError(f"no proxy binary at {path}")
            return path
    raise RuntimeError("no proxy binary: set PGCONSENT or give --proxy")


def has_sanitizer(path):
    """AddressSanitizer keeps freed memory for a while: bounds on memory are wider then."""
    with open(path, "rb") as f:
        return b"__asan_init" in f.read()


def certificate(folder):
    """A self-signed certificate for localhost: (certificate file, key file)."""
    cert, key = os.path.join(folder, "server.crt"), os.path.join(folder, "server.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    os.chmod(key, 0o600)
    return cert, key


class Proxy:
    def __init__(self, path, server_port, rules, databases, dbname, tls=False, workers=2, control_user="pgconsent",
                 server_host="127.0.0.1", server_ca="", extra="", audit="", admin="", admin_tls=False):
        self.path = path
        self.dir = tempfile.mkdtemp(prefix="pgconsent-proxy-")
        self.port, self.admin_port = free_port(), free_port()
        self.audit_dir = os.path.join(self.dir, "audit")
        shutil.copy(rules, os.path.join(self.dir, "rules.yaml"))
        listen = f"address: 127.0.0.1, port: {self.port}"
        if tls:
            self.certificate, key = certificate(self.dir)
            listen += f", tls: {{mode: allow, certificate: {self.certificate}, key: {key}}}"
        if admin_tls:
            self.certificate, key = certificate(self.dir)
            admin += f"{admin and chr(44)} tls: {{certificate: {self.certificate}, key: {key}}}"
        server_tls = f", tls: {{mode: verify-full, ca: {server_ca}}}" if server_ca else ""
        self.config = os.path.join(self.dir, "pgconsent.yaml")
        with open(self.config, "w", encoding="utf8") as f:
            f.write(f"""version: 1
listen:  {{{listen}}}
server:  {{host: {server_host}, port: {server_port}{server_tls}}}
control: {{dbname: {dbname}, user: {control_user}}}
rules:   rules.yaml
databases: {json.dumps(databases)}
other_databases: pass
audit:   {{directory: {self.audit_dir}{", " + audit if audit else ""}}}
admin:   {{address: 127.0.0.1, port: {self.admin_port}{", " + admin if admin else ""}}}
workers: {workers}
pseudonym_key_file: pseudonym.key
{extra}""")
        with open(os.path.join(self.dir, "pseudonym.key"), "wb") as f:
            f.write(b"only a test's secret, 32 bytes !")
        os.chmod(f.name, 0o600)
        self.process = None

    def start(self):
        os.makedirs(self.audit_dir, exist_ok=True)
        self.log_path = os.path.join(self.dir, "proxy.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.path, "serve", "--config", self.config], stdout=log, stderr=log, cwd=self.dir)
        deadline = time.time() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if time.time() > deadline or self.process.poll() is not None:
                    raise RuntimeError("the proxy did not start:\n" + self.log_tail()) from None
                time.sleep(0.05)

    def log_tail(self, lines=40):
        with open(self.log_path, encoding="utf8", errors="replace") as f:
            return "".join(f.readlines()[-lines:])

    def log_text(self):
        with open(self.log_path, encoding="utf8", errors="replace") as f:
            return f.read()

    def cli(self, command, *args):
        return subprocess.run([self.path, command, *args, "--config", self.config], capture_output=True, text=True,
                              timeout=120, cwd=self.dir)

    def connect(self, dbname, user, **options):
        return wire.Connection("127.0.0.1", self.port, user, dbname, **options)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf8") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))

    def stop(self, sig=signal.SIGTERM, keep=False):
        """Returns the exit status; None when it had to be killed."""
        status = None
        if self.process is not None:
            if self.alive():
                self.process.send_signal(sig)
            try:
                status = self.process.wait(120 if has_sanitizer(self.path) else 20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if not keep:
            self.remove()
        return status

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)
