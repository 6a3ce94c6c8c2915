"""The databases of the cases: one raw, and T' per purpose, all cloned from one template so that OIDs are equal."""
import os
import subprocess
import threading

from harness import compare

SCHEMA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "schema")
PURPOSES = ("service", "marketing", "analytics", "directory", "none")


class Databases:
    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.clones = 0

    def psql(self, dbname, *args):
        command = [f"{self.server.bin}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                   str(self.server.port), "-U", "postgres", "-d", dbname, *args]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})
        if done.returncode:
            raise RuntimeError(f"psql {' '.join(args)} on {dbname}: {done.stderr}")

    def create(self):
        self.psql("postgres", "-f", f"{SCHEMA}/roles.sql")
        self.server.sql("postgres", "CREATE DATABASE tpl_raw")
        self.psql("tpl_raw", "-v", "db=tpl_raw", "-f", f"{SCHEMA}/schema.sql", "-f", f"{SCHEMA}/data.sql")
        for purpose in PURPOSES:
            self.clone("tpl_raw", "tpl_" + purpose)
            self.psql("tpl_" + purpose, "-c", f"SET oracle.purpose = '{'' if purpose == 'none' else purpose}'",
                      "-f", f"{SCHEMA}/tprime.sql", "-c", "REFRESH MATERIALIZED VIEW mv_mail", "-c", "VACUUM ANALYZE")
            self.clone("tpl_" + purpose, "tp_" + purpose)
        self.clone("tpl_raw", "e2e_raw")
        compare.FIRST_NEW_OID = 1 + int(self.server.sql("e2e_raw", "SELECT max(oid::bigint) FROM (SELECT oid FROM pg_class "
                                                        "UNION ALL SELECT oid FROM pg_type) o")[0][0])

    def clone(self, template, name):
        self.server.sql("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        self.server.sql("postgres", f"GRANT CREATE ON DATABASE {name} TO shop_owner")

    def fresh(self, purpose, template="tpl_raw"):
        """A pair of clones for a case that changes the database: (raw, {purpose: T'}, remove)."""
        with self.lock:
            self.clones += 1
            raw, prime = f"e2e_f{self.clones}", f"tp_f{self.clones}"
            self.clone(template, raw)
            self.clone("tpl_" + purpose, prime)

        def remove():
            for name in (raw, prime):
                self.server.sql("postgres", f"DROP DATABASE {name} WITH (FORCE)")

        return raw, {purpose: prime}, remove
