"""A private PostgreSQL 15 server in a temporary directory: never the machine's own one."""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import wire


def bin_dir():
    found = glob.glob("/usr/lib/postgresql/15/bin") or [os.path.dirname(shutil.which("postgres") or "")]
    if not os.path.exists(os.path.join(found[0], "initdb")):
        raise RuntimeError("PostgreSQL 15 is not installed (package postgresql-15)")
    return found[0]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def as_server_user(command):
    """initdb and postgres refuse to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


HBA = """local all all trust
host all scram_app 127.0.0.1/32 scram-sha-256
host all md5_app 127.0.0.1/32 md5
host all clear_app 127.0.0.1/32 password
host audit auditor,outsider,victim,boss,nobody 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


class Postgres:
    def __init__(self, settings=()):
        self.dir = tempfile.mkdtemp(prefix="pgconsent-pg-")
        os.chmod(self.dir, 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.dir, pwd.getpwnam("postgres").pw_uid)
        self.data = os.path.join(self.dir, "data")
        self.bin = bin_dir()
        self.port = free_port()
        self.settings = list(settings)
        self.process = None

    def start(self):
        init = [f"{self.bin}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--no-locale", "--no-sync"]
        subprocess.run(as_server_user(init), check=True, stdout=subprocess.DEVNULL, cwd="/")
        hba = os.path.join(self.dir, "pg_hba.conf")
        with open(hba, "w", encoding="utf8") as f:
            f.write(HBA)
        os.chmod(hba, 0o644)
        return self.run()

    def run(self):
        """Starts the server: for the first time, or again after halt()."""
        options = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1",
                   f"port={self.port}", "unix_socket_directories=" + self.dir, "max_connections=400",
                   "shared_buffers=64MB", "autovacuum=off", "logging_collector=off",
                   "timezone=UTC", "lc_messages=C", "log_min_messages=fatal",
                   "hba_file=" + os.path.join(self.dir, "pg_hba.conf"), *self.settings]
        command = as_server_user([f"{self.bin}/postgres", "-D", self.data,
                                  *(x for o in options for x in ("-c", o))])
        self.log = open(os.path.join(self.dir, "server.log"), "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd="/")
        deadline = time.time() + 60
        while True:
            try:
                self.connect("postgres").close()
                return self
            except (OSError, wire.ServerError):
                if time.time() > deadline or self.process.poll() is not None:
                    raise RuntimeError("the private PostgreSQL did not start, see " + self.log.name) from None
                time.sleep(0.05)

    def enable_tls(self):
        """A certificate of its own for localhost; returns the file to verify it with."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", f"{self.dir}/pg.key", "-out", f"{self.dir}/pg.crt"], check=True, stderr=subprocess.DEVNULL)
        os.chmod(f"{self.dir}/pg.key", 0o600)
        os.chmod(f"{self.dir}/pg.crt", 0o644)
        if os.geteuid() == 0:
            shutil.chown(f"{self.dir}/pg.key", pwd.getpwnam("postgres").pw_uid)
        self.settings += ["ssl=on", f"ssl_cert_file={self.dir}/pg.crt", f"ssl_key_file={self.dir}/pg.key"]
        return f"{self.dir}/pg.crt"

    def server_pid(self):
        with open(os.path.join(self.data, "postmaster.pid"), encoding="utf8") as f:
            return int(f.readline())

    def connect(self, dbname, user="postgres", **options):
        return wire.Connection("127.0.0.1", self.port, user, dbname, **options)

    def sql(self, dbname, text):
        """Runs SQL as superuser; raises on the first error; returns the rows of the last result."""
        with self.connect(dbname) as c:
            return c.rows(text)

    def halt(self):
        """Ends it, and its sessions; the data stay."""
        try:
            os.kill(self.server_pid(), signal.SIGINT)
            self.process.wait(30)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self.process.kill()
        self.log.close()

    def stop(self):
        if self.process is not None:
            self.halt()
        shutil.rmtree(self.dir, ignore_errors=True)
