"""The databases of one world: raw, and T' per purpose, clones of one template so that all OIDs are equal."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import script  # noqa: E402
from world import PURPOSES  # noqa: E402

ROLES = "CREATE ROLE app LOGIN; CREATE ROLE pgconsent LOGIN;"


def run(server, dbname, text):
    with server.connect(dbname) as c:
        c.rows(text)


def create(server, world, views):
    """Returns (raw, {purpose: T'}). `views`: generated queries; those that the server accepts become views."""
    name = f"w{world.seed}"
    run(server, "postgres", f"CREATE DATABASE {name}_t")
    run(server, f"{name}_t", script.create(world))
    kept = []
    with server.connect(f"{name}_t") as c:
        for view, sql, columns in views:
            try:
                c.rows(f"CREATE VIEW {view} AS {sql}; GRANT SELECT, UPDATE ON {view} TO app")
                kept.append((view, sql, columns))
            except Exception:  # not valid for a view (pseudo-types, names twice): one less
                pass
    primes = {p: f"{name}_{p}" for p in PURPOSES}
    for target, purpose in [(f"{name}_raw", None)] + [(primes[p], p) for p in PURPOSES]:
        run(server, "postgres", f"CREATE DATABASE {target} TEMPLATE {name}_t")
        run(server, target, script.rows(world, purpose))
    return f"{name}_raw", primes, kept


def drop(server, world):
    for suffix in ("raw", "t", *PURPOSES):
        run(server, "postgres", f"DROP DATABASE IF EXISTS w{world.seed}_{suffix} WITH (FORCE)")
