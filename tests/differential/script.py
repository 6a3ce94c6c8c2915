"""A world as text: CREATE statements, rows, and the rules file."""
import masks
from world import PURPOSES, ident, literal


def create(world):
    lines = ["CREATE SCHEMA crm;", "CREATE TYPE mood AS ENUM ('calm', 'glad', 'sad');",
             "CREATE DOMAIN short_text AS varchar(90) CHECK (VALUE <> 'never');"]
    for table in world.tables:
        lines.append(create_table(table))
        if table.parent is not None:
            continue
        if not table.partitioned:
            for column, target in table.foreign.items():
                if world.seed % 2 and not target.partitioned:
                    lines.append(f"ALTER TABLE {table.sql} ADD FOREIGN KEY ({ident(column)}) REFERENCES {target.sql};")
        for column in table.columns[1:]:
            if column.lookup or column.public and column.family == "int":
                lines.append(f"CREATE INDEX ON {table.sql} ({column.sql});")
    for kind in world.kinds:
        if kind.source == "table":
            unique = ", ".join(c for c, used in (("who", True), ("what", kind.with_purpose), ("which", kind.with_category)) if used)
            lines.append(f"CREATE TABLE crm.{kind.name}_consents (who {kind.type}, what text, which text, state text, yes boolean, "
                         f"since timestamptz, till timestamp{', UNIQUE (' + unique + ')' if kind.unique else ''});")
    lines.append("GRANT USAGE ON SCHEMA public, crm TO app; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, crm TO app;")
    return "\n".join(lines) + "\n"


def create_table(table):
    if table.parent is not None:
        own = ", ".join(f"{c.sql} {c.type}" for c in table.columns[len(table.parent.columns):])
        return f"CREATE TABLE {table.sql} ({own}) INHERITS ({table.parent.sql});"
    columns = ", ".join(f"{c.sql} {c.type}" for c in table.columns)
    text = f"CREATE TABLE {table.sql} ({columns}, PRIMARY KEY ({table.columns[0].sql}))"
    if not table.partitioned:
        return text + ";"
    parts = (f" CREATE TABLE {ident(table.schema)}.{ident(f'{table.name} p{n}')} PARTITION OF {table.sql} "
             f"FOR VALUES WITH (MODULUS 2, REMAINDER {n});" for n in (0, 1))
    return text + f" PARTITION BY HASH ({table.columns[0].sql});" + "".join(parts)


def rows(world, purpose=None):
    """INSERTs of the raw rows, or of T' for a purpose. Run with session_replication_role = replica."""
    lines = ["SET session_replication_role = replica;"]
    for table in world.tables:
        shown = table.rows if purpose is None else world.prime_rows(table, purpose)
        values = ",\n".join("(" + ", ".join(f"{literal(r[c.name])}::{c.type}" for c in table.columns) + ")" for r in shown)
        if values:
            lines.append(f"INSERT INTO {table.sql} ({', '.join(c.sql for c in table.columns)}) VALUES\n{values};")
    for kind in world.kinds:
        for r in kind.records:
            given = r["given"]
            lines.append(f"INSERT INTO crm.{kind.name}_consents VALUES ({literal(r['key'])}, {literal(r['purpose'])}, "
                         f"{literal(r['category'])}, {literal('given' if given else 'withdrawn' if given is False else None)}, "
                         f"{literal(given)}, {literal(r['from'])}, {literal(r['until'])});")
    return "\n".join(lines) + "\n"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def rules(world):
    lines = ["version: 1", "subjects:"]
    for kind in world.kinds:
        lines.append(f"  {kind.name}: {{table: {quoted(kind.table.sql)}, key: {quoted(kind.table.columns[0].sql)}}}")
    lines.append("consent:")
    for kind in world.kinds:
        if kind.source == "column":
            flags = ", ".join(f"{c.name[3:]}: {c.name}" for c in kind.table.columns if c.name.startswith("ok_"))
            lines.append(f"  {kind.name}: {{source: column, columns: {{{flags}}}}}")
            continue
        parts = ["source: table", f"table: crm.{kind.name}_consents", "subject: who",
                 "given: yes" if kind.boolean else "given: state = 'given'"]
        parts += ["purpose: what"] * kind.with_purpose + ["category: which"] * kind.with_category
        parts += ["valid_from: since", "valid_until: till"] * kind.validity
        lines.append(f"  {kind.name}: {{{', '.join(parts)}}}")
    lines.append("purposes:")
    for purpose in PURPOSES:
        basis = ", ".join(f"{c}: {'[' + ', '.join(b) + ']' if isinstance(b, list) else b}" for c, b in world.basis[purpose].items())
        lines.append(f"  {purpose}: {{description: Purpose {purpose}, lawful_basis: {{{basis}}}}}")
    lines.append("tables:")
    for table in world.tables:
        if table.protected and table.parent is None:
            lines += table_rules(table)
    lines += ["applications:", f"  - {{role: app, purposes: [{', '.join(PURPOSES)}]}}"]
    return "\n".join(lines) + "\n"


def path(table, entry):
    kind, hops, columns = entry
    key = quoted(ident(columns[-1]))
    for hop, column in reversed(list(zip(hops, columns))):
        key = f"{{through: {quoted(hop.sql)}, on: {{{quoted(ident(column))}: id}}, key: {key}}}"
    return f"{{{kind.name}: {key}}}"


def table_rules(table):
    paths = [path(table, entry) for entry in table.paths]
    subject = paths[0] if len(paths) == 1 else f"{{{'all' if table.every else 'any'}: [{', '.join(paths)}]}}"
    columns = []
    for column in table.columns:
        if column.public and column.listed:
            columns.append(f"      {quoted(column.sql)}: public")
        elif not column.public and column.category:
            extra = f", without_basis: {column.without}" * (column.without != "mask") + ", lookup: equality" * column.lookup
            mask = '"' + masks.notation(column.mask) + '"'
            columns.append(f"      {quoted(column.sql)}: {{category: {column.category}, mask: {mask}{extra}}}")
    lines = [f"  {quoted(table.sql)}:", f"    subject: {subject}"]
    lines += ["    columns:", *columns] if columns else []
    return lines + ["    other_columns: public"] * table.other_public
