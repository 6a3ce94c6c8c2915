"""The databases of the cases: one raw, and T' per purpose, all cloned from one template so that OIDs are equal."""
import os
import re
import subprocess
import threading

from harness import compare

SCHEMA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "schema")
PURPOSES = ("service", "marketing", "analytics", "directory", "none")


PROTECTED = {"public.customers": "email full_name phone nickname tags profile->>'likes' (address).street birth_date signup",
             "public.contacts": "mail handle remark", "public.orders": "ship_to note", "public.badges": "serial code",
             "public.payments": "iban payer_name", "public.refunds": "reason", "public.pickups": "door", "public.messages": "body",
             "public.threads": "topic", "public.tickets": "question", "hr.employees": "name work_email salary home",
             "public.documents": "body", "public.members": "handle bio", "tenant_a.users": "secret",
             "tenant_b.users": "secret", 'public."Weird Table"': '"select" "a""b" "Ünï cödé"', "customers_vip": "vip_note"}


def protected_values(server, dbname):
    """Every protected value of five or more characters, as text."""
    values = set()
    for table, columns in PROTECTED.items():
        for column in re.findall(r'"(?:[^"]|"")+"|\S+', columns):
            values.update(v for (v,) in server.sql(dbname, f"SELECT DISTINCT ({column})::text FROM {table}") if v and len(v) > 4)
    return values


class Databases:
    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.clones = 0
        self.patterns = {}

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

    def raw_only(self, purpose):
        """A pattern of the protected values that T' of this purpose does not hold anywhere."""
        if purpose not in self.patterns:
            held = "\n".join(sorted(protected_values(self.server, "tpl_" + purpose)))
            secret = [v for v in protected_values(self.server, "tpl_raw") if v not in held]
            words = "|".join(re.escape(v) for v in sorted(secret, key=len, reverse=True))
            self.patterns[purpose] = re.compile(rf"(?<![\w.-])(?:{words or '(?!)'})(?![\w-])".encode())
        return self.patterns[purpose]

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
