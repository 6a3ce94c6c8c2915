"""Statements of Debian's sqlsmith, made from the catalog of T': queries only, the same ones for the same seed."""
import re
import shutil
import subprocess

from node import Node

# Never the same twice, about the connection and not the data, or dependent on the order of rows that have none.
VOLATILE = re.compile(r"\b(random|now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|gen_random_uuid|pg_sleep\w*|txid_\w+|"
                      r"pg_(?!catalog\b)\w+|current_\w+|inet_\w+|getdatabaseencoding|version|lo_\w+|lowrite|loread|set_config|nextval|setval|setseed|"
                      r"session_user|localtime\w*|user|currtid2?|table_to_\w+|query_to_\w+|schema_to_\w+|database_to_\w+|cursor_to_\w+|ts_stat|"
                      r"system_user|var_\w+|variance|stddev\w*|regr_\w+|corr|covar_\w+|row_number|lag|lead|ntile|\w+_value|\w+_agg|xmlagg|"
                      r"tablesample|tableoid|ctid|xmin|xmax|cmin|cmax|hash_record\w*|float8_\w+|numeric_\w+|has_\w+_privilege|row_security_active|age)\b")


class SmithStatement:
    ordered, parameters, kind = False, None, "sqlsmith"

    def __init__(self, sql):
        self.node = Node(sql)


def available():
    return shutil.which("sqlsmith") is not None


def statements(server, dbname, seed, count):
    target = f"host=127.0.0.1 port={server.port} dbname={dbname} user=app sslmode=disable"
    done = subprocess.run(["sqlsmith", "--target=" + target, f"--seed={seed}", "--exclude-catalog", "--dry-run", f"--max-queries={count}"],
                          capture_output=True, text=True, timeout=300, check=False)
    found = []
    for sql in done.stdout.split(";\n"):
        # A part of the rows, in no order.
        sql = re.sub(r"\blimit \d+|\btablesample (system|bernoulli) \([\d.]+\)", "", sql.strip())
        if sql.startswith(("select", "WITH", "with")) and not re.search(r"\b(insert into|update|delete from|merge into)\s", sql):
            found.append(sql)
    return [SmithStatement(sql) for sql in found]
