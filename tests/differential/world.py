"""A random world: tables, data, rules and consents, and what every cell is for every purpose.

T' is computed here, in Python, cell by cell from the same description that rules.yaml is written from: a reference
model that shares nothing with the proxy but the meaning of the rules (design, sections 1 and 5)."""
import datetime
import random
import uuid
from dataclasses import dataclass, field
from typing import Optional

import masks

PURPOSES = ("alpha", "beta", "gamma")
CATEGORIES = ("contact", "identity", "usage", "money")
UTC = datetime.timezone.utc
NAMES = ("name", "mail", "note", "city", "amount", "born", "seen", "state", "value", "Order", "select", "kind", "üñí",
         "user", "group", "x", "label", "total", "limit", "a b", "end", "row")
TABLES = ("orders", "items", "Weird Table", "events", "letters", "user", "visits", "table", "calls", "größe", "payments")
SQL_TYPES = {"int": ("int", "bigint", "smallint"), "num": ("numeric(12,2)",),
             "text": ("text", "varchar(90)", "char(24)", "short_text"), "date": ("date",),
             "ts": ("timestamp(0)", "timestamp"), "tstz": ("timestamptz", "timestamptz(3)"), "bool": ("boolean",),
             "uuid": ("uuid",), "tags": ("text[]",), "json": ("jsonb",), "enum": ("mood",)}
ORDERED = ("int", "num", "text", "date", "ts", "tstz", "bool", "uuid", "tags", "json", "enum")
MOODS = ("calm", "glad", "sad")


def ident(name):
    return name if name.isascii() and name.islower() and name.isalpha() and name not in RESERVED else '"' + name + '"'


RESERVED = ("select", "user", "group", "order", "table", "limit", "end", "row", "value")


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "'{" + ",".join(value) + "}'"
    return "'" + str(value).replace("'", "''") + "'"


@dataclass
class Column:
    name: str
    family: str
    type: str
    category: str = ""            # protected: the category; "": no rule names it
    mask: Optional[tuple] = None  # (kind, arguments…) of masks.py; None with public=False: not named, so NULL
    public: bool = True
    without: str = "mask"
    lookup: bool = False
    listed: bool = True           # does the rules file name it?

    @property
    def sql(self):
        return ident(self.name)


@dataclass
class Table:
    schema: str
    name: str
    columns: list
    rows: list = field(default_factory=list)      # {column: value}
    paths: list = field(default_factory=list)     # (kind, [hop tables], [columns joined by])
    every: bool = True                            # all of the subjects, not any
    other_public: bool = False
    parent: Optional["Table"] = None
    partitioned: bool = False
    foreign: dict = field(default_factory=dict)   # column -> table it refers to
    protected: bool = False

    @property
    def sql(self):
        return f"{ident(self.schema)}.{ident(self.name)}"

    def column(self, name):
        return next(c for c in self.columns if c.name == name)


@dataclass
class Kind:
    name: str
    table: Table
    type: str
    source: str = "table"
    with_purpose: bool = True
    with_category: bool = True
    validity: bool = True
    boolean: bool = False
    unique: bool = False
    records: list = field(default_factory=list)


class World:
    def __init__(self, seed, plain=False):
        """`plain`: no names that need quotes."""
        self.seed = seed
        self.column_names, self.table_names = ([n for n in names if not plain or ident(n) == n] for names in (NAMES, TABLES))
        self.keys = ("id",) if plain else ("id", "id", "Key")
        self.rng = random.Random(seed)
        self.rng_of_values, self.values = random.Random(seed), {}
        self.tables, self.kinds = [], []
        self.basis = {p: self.make_basis() for p in PURPOSES}
        self.token = 0
        for name, type_ in self.rng.sample([("person", "bigint"), ("worker", "text"), ("member", "uuid"),
                                            ("guest", "int")], self.rng.randint(1, 3)):
            self.add_kind(name, type_)
        names = self.rng.sample(self.table_names, self.rng.randint(2, 4))
        for name in names:
            self.add_dependent(name)
        for name in self.rng.sample(("products", "places", "colours"), self.rng.randint(1, 2)):
            self.add_plain(name)
        for table in list(self.tables):
            if table.protected and not table.partitioned and not self.is_referred_to(table) and self.rng.random() < 0.15:
                self.add_child(table)

    def make_basis(self):
        choice = (None, None, "contract", "consent", "consent", "consent", "consent", ["consent", "public_task"])
        return {c: b for c in CATEGORIES if (b := self.rng.choice(choice))}

    # Values.

    def value(self, column):
        rng, family = self.rng, column.family
        if rng.random() < 0.12:
            return None
        if family == "int":
            return rng.choice((rng.randint(-30, 30), rng.randint(0, 5)))
        if family == "num":
            return f"{rng.randint(-20000, 20000) / 100:.2f}"
        if family == "text":
            self.token += 1
            word = f"Zq{rng.choice((rng.randint(1, 6), self.token))}x"
            return rng.choice((word, f"{word.lower()}@{rng.choice('abc')}mail.org", f"Ann {word}", f"{word} é'\\", word.upper()))
        if family == "date":
            return (datetime.date(1950, 1, 1) + datetime.timedelta(rng.randint(0, 25000))).isoformat()
        if family in ("ts", "tstz"):
            moment = datetime.datetime(1990, 1, 1) + datetime.timedelta(seconds=rng.randint(0, 10 ** 9))
            return moment.isoformat(" ") + ("+00" if family == "tstz" else "")
        if family == "bool":
            return rng.random() < 0.5
        if family == "uuid":
            return str(uuid.UUID(int=rng.randint(1, 9) << 64 | rng.getrandbits(3)))
        if family == "tags":
            return [rng.choice(("red", "green", "blue")) + str(rng.randint(1, 3)) for _ in range(rng.randint(0, 3))]
        if family == "json":
            return '{"a": %d, "b": "Zq%dx", "c": [1, %d]}' % (rng.randint(1, 4), rng.randint(1, 5), rng.randint(1, 3))
        return rng.choice(MOODS)

    # Tables.

    def make_columns(self, count, taken=()):
        columns = []
        for name in self.rng.sample([n for n in self.column_names if n not in taken], count):
            family = self.rng.choice(("int", "int", "num", "text", "text", "text", "text", "date", "ts", "tstz", "bool",
                                      "uuid", "tags", "json", "enum"))
            columns.append(Column(name, family, self.rng.choice(SQL_TYPES[family])))
        return columns

    def protect(self, table, keys):
        table.protected = True
        table.other_public = self.rng.random() < 0.15
        for column in table.columns:
            if column.name in keys:
                column.listed = column.name != table.columns[0].name or self.rng.random() < 0.5  # primary keys are public
                continue
            chance = self.rng.random()
            if chance < 0.2:
                column.listed = not table.other_public or self.rng.random() < 0.5
            elif chance < 0.27 and not table.other_public:
                column.public, column.listed = False, False
            else:
                column.public = False
                column.category = self.rng.choice(CATEGORIES)
                column.mask = masks.choose(self.rng, column)
                column.without = self.rng.choices(("mask", "refuse", "hide_row"), (94, 2, 4))[0]
                column.lookup = column.family in ("text", "uuid", "int") and column.mask == ("null",) and self.rng.random() < 0.5

    def key_value(self, kind, number):
        if kind.type == "text":
            return f"k{number}"
        return str(uuid.UUID(int=number)) if kind.type == "uuid" else number

    def add_kind(self, name, type_):
        family = {"bigint": "int", "int": "int", "text": "text", "uuid": "uuid"}[type_]
        key = Column(self.rng.choice(self.keys), family, type_)
        table = Table(self.rng.choice(("public", "public", "crm")), name + "s", [key] + self.make_columns(self.rng.randint(3, 6)))
        kind = Kind(name, table, type_, self.rng.choices(("table", "column"), (3, 1))[0], self.rng.random() < 0.8,
                    self.rng.random() < 0.7, self.rng.random() < 0.6, self.rng.random() < 0.3, self.rng.random() < 0.4)
        if kind.source == "column":
            for purpose in PURPOSES[: self.rng.randint(1, 3)]:
                table.columns.append(Column("ok_" + purpose, "bool", "boolean"))
        self.protect(table, [key.name] + ["ok_" + p for p in PURPOSES])
        table.paths = [(kind, [], [key.name])]
        size = self.rng.randint(8, 14)
        table.rows = [{key.name: self.key_value(kind, n), **{c.name: self.value(c) for c in table.columns[1:]}}
                      for n in range(1, size + 1)]
        self.tables.append(table)
        self.kinds.append(kind)
        if kind.source == "table":
            self.make_records(kind, size)

    def make_records(self, kind, size):
        for number in range(1, size + 3):
            for purpose in PURPOSES if kind.with_purpose else (None,):
                for category in CATEGORIES if kind.with_category else (None,):
                    for _ in range(1 if kind.unique else self.rng.choice((0, 1, 1, 2))):
                        kind.records.append({"key": self.key_value(kind, number), "purpose": purpose, "category": category,
                                             "given": self.rng.choice((True, True, False, None)),
                                             "from": self.rng.choice(("2001-01-01", "2020-05-05", "2020-05-05", "2990-01-01")),
                                             "until": self.rng.choice((None, None, "2999-01-01", "2021-01-01"))})

    def add_dependent(self, name):
        """A table whose subjects are one or two steps away, or are two."""
        table = Table(self.rng.choice(("public", "public", "crm")), name, [Column("id", "int", "bigint")])
        table.partitioned = self.rng.random() < 0.1
        keys = ["id"]
        for number in range(self.rng.choice((1, 1, 1, 2))):
            column = f"ref{number}"
            between = [t for t in self.tables if t.paths and t.columns[0].name == "id" and t.columns[0].type == "bigint"
                       and not any(t is k.table for k in self.kinds) and not t.partitioned]
            if between and self.rng.random() < 0.4:
                target = self.rng.choice(between)
                kind, hops, columns = self.rng.choice(target.paths)
                table.paths.append((kind, [target, *hops], [column, *columns]))
                type_, family = "bigint", "int"
            else:
                kind = self.rng.choice(self.kinds)
                target = kind.table
                table.paths.append((kind, [], [column]))
                type_, family = kind.type, kind.table.columns[0].family
            table.columns.append(Column(column, family, type_))
            table.foreign[column] = target
            keys.append(column)
        table.every = self.rng.random() < 0.5
        table.columns += self.make_columns(self.rng.randint(2, 5))
        self.protect(table, keys)
        for number in range(1, self.rng.randint(9, 22)):
            row = {"id": number}
            for column in table.columns[1:]:
                target = table.foreign.get(column.name)
                if target is None:
                    row[column.name] = self.value(column)
                else:
                    row[column.name] = None if self.rng.random() < 0.1 else self.rng.choice(target.rows)[target.columns[0].name]
            table.rows.append(row)
        self.tables.append(table)

    def add_plain(self, name):
        table = Table("public", name, [Column("id", "int", "int")] + self.make_columns(self.rng.randint(2, 3)))
        table.rows = [{"id": n, **{c.name: self.value(c) for c in table.columns[1:]}} for n in range(1, self.rng.randint(6, 12))]
        self.tables.append(table)

    def add_child(self, parent):
        extra = [Column(f"own_{n}", "text", "text", public=parent.other_public, listed=False) for n in range(self.rng.randint(0, 1))]
        child = Table(parent.schema, f"{parent.name}_sub"[:40], parent.columns + extra, parent=parent, protected=True)
        child.paths, child.every, child.other_public = parent.paths, parent.every, parent.other_public  # own columns: likewise
        for number in range(4):
            row = dict(self.rng.choice(parent.rows))
            row[parent.columns[0].name] = self.key_value(parent.paths[0][0], 500 + number) \
                if any(parent is k.table for k in self.kinds) else 500 + number
            row.update({c.name: self.value(c) for c in extra})
            child.rows.append(row)
        self.tables.append(child)

    def is_referred_to(self, table):
        return any(table is t for other in self.tables for t in other.foreign.values()) or any(
            table is k.table for k in self.kinds)

    def held(self, family):
        """A value that some table holds, raw: conditions on it are what attackers ask."""
        if family not in self.values:
            self.values[family] = [r[c.name] for t in self.tables for c in t.columns if c.family == family for r in t.rows
                                   if r[c.name] is not None]
        return self.rng_of_values.choice(self.values[family]) if self.values[family] else None

    # What the rules mean.

    def holds(self, purpose, category):
        """True, False, or None: by consent."""
        listed = self.basis[purpose].get(category)
        listed = listed if isinstance(listed, list) else [listed] if listed else []
        if any(b != "consent" for b in listed):
            return True
        return None if listed else False

    def consents(self, kind, key, purpose, category):
        if key is None:
            return False
        if kind.source == "column":
            name = "ok_" + purpose
            row = next((r for r in kind.table.rows if r[kind.table.columns[0].name] == key), None)
            return bool(row and row.get(name))
        asked = [r for r in kind.records if r["key"] == key and (not kind.with_purpose or r["purpose"] == purpose)
                 and (not kind.with_category or r["category"] == category)]
        return all(r["given"] for r in asked) and any(
            not kind.validity or r["from"] < "2026" and (r["until"] is None or r["until"] > "2900") for r in asked)

    def clear(self, table, row, purpose, category):
        held = self.holds(purpose, category) if category else False
        if held is False:
            return False
        answers = []
        for kind, hops, columns in table.paths:
            key = row[columns[0]]
            for hop, column in zip(hops, columns[1:]):
                found = next((r for r in hop.rows if r["id"] == key), None) if key is not None else None
                key = found[column] if found else None
            answers.append(key is not None and (held or self.consents(kind, key, purpose, category)))
        return all(answers) if table.every else any(answers)

    def prime_rows(self, table, purpose):
        """The rows of T'."""
        if not table.protected:
            return table.rows
        result = []
        for row in table.rows:
            shown, hidden = {}, False
            for column in table.columns:
                value = row[column.name]
                if not column.public and not self.clear(table, row, purpose, column.category):
                    if column.without == "hide_row":
                        hidden = True
                    value = masks.apply(column, value, purpose) if column.without == "mask" else None
                shown[column.name] = value
            if not hidden:
                result.append(shown)
        return result
