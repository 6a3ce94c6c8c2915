"""Columns that trusted code takes by their order, or by a name: see columns.sql."""
import re
import subprocess


def columns_that_are_taken_by_their_order_stay(t):
    for table in ("taken", "both_history", "set_history", "old.persons", "merged_history", "text_history", "monthly"):
        for change in ("ADD COLUMN z text", "DROP COLUMN city", "RENAME COLUMN city TO z", "ALTER COLUMN city TYPE varchar"):
            t.refused(f"ALTER TABLE {table} {change}", code=("42501", "0A000"))


def columns_that_code_names_stay(t):
    for sql in ("cols.vips ADD COLUMN address text DEFAULT 'vip@x'", "cols.vips RENAME COLUMN mail TO address", "cols.vips DROP COLUMN mail",
                "statuses ALTER COLUMN status TYPE \"char\"", "named DROP COLUMN label", "named RENAME COLUMN spare TO merged",
                "stamped DROP COLUMN updated_at"):
        t.refused(f"ALTER TABLE {sql}", code=("42501", "0A000"))


def types_of_protected_columns_and_tables_keep_their_fields(t):
    for sql in ("TYPE cols.home RENAME ATTRIBUTE town TO z", "TYPE cols.home ADD ATTRIBUTE z text", "TABLE cols.home RENAME COLUMN town TO z",
                "TABLE cols.lair RENAME COLUMN town TO z", "TABLE cols.lair ADD COLUMN z text",
                "TYPE cols.typed_t RENAME ATTRIBUTE email TO z CASCADE", "TYPE cols.typed_t DROP ATTRIBUTE city CASCADE",
                "TYPE cols.kept_t ADD ATTRIBUTE z text CASCADE", "TYPE cols.kept_t DROP ATTRIBUTE city CASCADE"):
        t.refused(f"ALTER {sql}", code=("42501", "0A000"))


def nobody_makes_what_code_looks_for_in_vain(t):
    for sql in ("CREATE TABLE gone (email text)", "ALTER TABLE cols.two_of_them RENAME TO gone", "CREATE SCHEMA archive",
                "CREATE SCHEMA archive CREATE TABLE gone_too (email text)", "ALTER SCHEMA spares RENAME TO archive",
                "CREATE TABLE log_of_2030_01 (email text)", "CREATE TABLE cols.log_of_2030_01 AS SELECT 1 AS id"):
        t.refused(sql)


def other_columns_come_and_go(t):
    with t.app() as c:
        for table in ("stamped", "counted", "statuses", "named"):
            for change in ("ADD COLUMN nick text", "ADD COLUMN data jsonb", "ADD COLUMN rank int DEFAULT 0", "RENAME COLUMN nick TO alias",
                           "DROP COLUMN alias"):
                c.rows(f"ALTER TABLE {table} {change}")
        for sql in ("counted RENAME COLUMN city TO town", "counted DROP COLUMN spare", "stamped RENAME COLUMN city TO town", "stamped DROP COLUMN spare",
                    "cols.vips ADD COLUMN since date", "stamped ADD COLUMN IF NOT EXISTS updated_at timestamptz"):
            c.rows(f"ALTER TABLE {sql}")
        for sql in ("CREATE SCHEMA tenant", "CREATE TABLE tenant.people_log (id int)"):
            c.rows(sql)


def names_without_schema_are_warned_of(t):
    done = subprocess.run([t.front.path, "check", "--config", t.front.config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    t.equal(re.findall(r"`public\.(\w+)\(\)` names `(\w+)` without schema", done.stdout), [("log_it", "two_of_them")])
