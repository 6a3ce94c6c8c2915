"""The four ways to the same data: PostgreSQL itself, PgBouncer, HAProxy and pgconsent, each on a free loopback port."""

import json
import os
import pathlib
import shutil
import signal
import time

from . import wire
from .processes import BenchError, Daemon, free_port, give_to, run, unprivileged

PG_BIN = pathlib.Path(os.environ.get("PG_BIN", "/usr/lib/postgresql/15/bin"))
HERE = pathlib.Path(__file__).resolve().parent.parent
MAX_CLIENTS = 1200


def program(name, *fallbacks):
    found = shutil.which(name) or next((path for path in fallbacks if os.access(path, os.X_OK)), None)
    if not found:
        raise BenchError(f"`{name}` is not installed")
    return found


def answers(port):
    with wire.Connection(port) as connection:
        return connection.query("select 1")


class Postgres:
    """A private cluster in `directory`; loaded once, kept for the next run when the directory is."""

    name = "direct"

    def __init__(self, directory):
        self.data = directory / "pgdata"
        self.loaded = directory / "loaded"
        self.directory = directory
        self.port = free_port()
        self.daemon = None

    def start(self):
        user = unprivileged("postgres")
        if not (self.data / "PG_VERSION").exists():
            self.data.mkdir(mode=0o700, parents=True)
            give_to(self.data, "postgres")
            run([PG_BIN / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync"], cwd="/", **user)
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
            "max_connections": MAX_CLIENTS + 50, "shared_buffers": "512MB", "fsync": "off", "autovacuum": "off",
            "max_wal_size": "4GB", "checkpoint_timeout": "1h",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self.daemon = Daemon("PostgreSQL", [PG_BIN / "postgres", "-D", self.data, *options],
                             self.directory / "postgres.log", stop_signal=signal.SIGINT, cwd="/", **user)
        self.daemon.wait_ready(lambda: wire.Connection(self.port, "postgres", "postgres").close())
        schema = (HERE / "schema.sql").read_text()
        if not self.loaded.exists():
            self.psql("postgres", "-c", "CREATE DATABASE bench")
            self.psql("bench", "-f", HERE / "schema.sql")
            self.loaded.write_text(schema)
        elif self.loaded.read_text() != schema:
            raise BenchError(f"{self.directory} was loaded from another schema.sql: remove it")
        self.psql("bench", "-c", "CREATE EXTENSION IF NOT EXISTS pg_prewarm", "-c",
                  "SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                  "AND relkind IN ('r', 'i')")

    def wait_quiet(self, seconds=30):
        """Until the sessions of what was measured before are gone."""
        deadline = time.monotonic() + seconds
        with wire.Connection(self.port, "postgres", "postgres") as connection:
            while int(connection.query("select count(*) from pg_stat_activity where usename = 'app'")[0][0]) > 10:
                if time.monotonic() > deadline:
                    raise BenchError("sessions of the run before are still there")
                time.sleep(0.2)

    def value(self, sql):
        with wire.Connection(self.port, "postgres", "bench") as connection:
            return connection.query(sql)[0][0]

    def psql(self, database, *arguments):
        return run([PG_BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
                    "-U", "postgres", "-d", database, *arguments])


class PgBouncer:
    """Session pooling, one thread (PgBouncer has no more)."""

    name = "pgbouncer"

    def __init__(self, directory, server_port):
        self.port, self.directory, self.server_port = free_port(), directory, server_port
        self.daemon = None

    def start(self):
        users = self.directory / "pgbouncer.users"
        users.write_text('"app" ""\n')
        config = self.directory / "pgbouncer.ini"
        config.write_text(f"""[databases]
bench = host=127.0.0.1 port={self.server_port} dbname=bench
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = session
max_client_conn = {MAX_CLIENTS}
default_pool_size = {MAX_CLIENTS}
server_idle_timeout = 5
log_connections = 0
log_disconnections = 0
""")
        self.daemon = Daemon("PgBouncer", [program("pgbouncer", "/usr/sbin/pgbouncer"), config],
                             self.directory / "pgbouncer.log", cwd="/", **unprivileged("nobody"))
        self.daemon.wait_ready(lambda: answers(self.port))


class HAProxy:
    """TCP mode, one thread."""

    name = "haproxy"

    def __init__(self, directory, server_port):
        self.port, self.directory, self.server_port = free_port(), directory, server_port
        self.daemon = None

    def start(self):
        config = self.directory / "haproxy.cfg"
        config.write_text(f"""global
  nbthread 1
  maxconn {MAX_CLIENTS}
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen postgresql
  bind 127.0.0.1:{self.port}
  server postgresql 127.0.0.1:{self.server_port}
""")
        self.daemon = Daemon("HAProxy", [program("haproxy", "/usr/sbin/haproxy"), "-db", "-f", config],
                             self.directory / "haproxy.log", cwd="/", **unprivileged("nobody"))
        self.daemon.wait_ready(lambda: answers(self.port))


class Pgconsent:
    """One worker, audit on; not synced, since that measures the disk, unless `audit` says so. `rules` names a file
    of this folder."""

    def __init__(self, name, binary, rules, directory, server_port, audit=", sync: off"):
        self.name, self.binary = name, binary
        self.port, self.directory, self.server_port = free_port(), directory / name, server_port
        self.rules, self.audit = HERE / rules, audit
        self.config = self.directory / "pgconsent.yaml"
        self.daemon = None

    def prepare(self):
        """What must be there before it serves; the configuration is."""

    def start(self):
        self.directory.mkdir(exist_ok=True)
        self.config.write_text(f"""version: 1
listen: {{address: 127.0.0.1, port: {self.port}}}
server: {{host: 127.0.0.1, port: {self.server_port}}}
control: {{dbname: bench, user: control}}
rules: {self.rules}
audit: {{directory: {self.directory / 'audit'}{self.audit}}}
admin: {{address: 127.0.0.1, port: {free_port()}}}
workers: 1
limits: {{connections: {MAX_CLIENTS}}}
""")
        self.prepare()
        self.daemon = Daemon(self.name, [self.binary, "serve", "--config", self.config],
                             self.directory / "log", cwd="/")
        self.daemon.wait_ready(lambda: answers(self.port))
        self.verify()

    def verify(self):
        """What does not mask must not be measured: user 1 has given consent, user 2 has not."""
        with wire.Connection(self.port) as connection:
            seen = connection.query("select id, email, full_name, phone from users where id <= 2 order by id")
        if seen != [["1", "user1@example.com", "Name 1", "+1-555-1"], ["2", None, None, None]]:
            raise BenchError(f"{self.name} does not mask as {self.rules.name} says: {seen}")
        if not any(path.stat().st_size for path in (self.directory / "audit").rglob("*") if path.is_file()):
            raise BenchError(f"{self.name} has written no audit record")

    def command(self, *arguments):
        return run([self.binary, *arguments])

    def rewritten(self, sql):
        """The SQL that pgconsent sends for `sql`."""
        explained = json.loads(run([self.binary, "explain", "--config", self.config, "--role", "app", "--json", sql]))
        return explained["sent"]


class PgconsentStore(Pgconsent):
    """Consent in the built-in store, imported from a file; kept in the database as the rest of the data is."""

    SUBJECTS = 1_000_000

    def __init__(self, *arguments, postgres):
        super().__init__(*arguments)
        self.postgres = postgres
        self.import_seconds = None  # of the file with SUBJECTS lines; None: the store was there

    def prepare(self):
        if self.postgres.value("SELECT to_regclass('pgconsent.customer_consent') IS NOT NULL") == "t":
            return
        self.postgres.psql("bench", "-c", "GRANT CREATE ON DATABASE bench TO control",
                           "-c", "CREATE ROLE pgconsent_writer")
        self.command("init", "--config", self.config)
        lines = self.directory / "consent.csv"
        with lines.open("w") as file:  # as in schema.sql: every second subject; a withdrawal before anything is an error
            file.write("event_type,subject,purpose,category\n")
            for subject in range(1, self.SUBJECTS + 1):
                file.write(f"{'give' if subject % 2 else 'object'},{subject},marketing,\n")
        begin = time.perf_counter()
        self.command("consent", "import", "--config", self.config, "--format", "csv", "--kind", "customer", lines)
        self.import_seconds = time.perf_counter() - begin
        self.postgres.psql("bench", "-c", "VACUUM (FREEZE, ANALYZE)")
