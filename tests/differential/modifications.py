"""Random INSERT, UPDATE and DELETE statements on protected tables, run in transactions that are rolled back.

Public columns are written, anything is read: what is stored and what is shown then follow from T' alone. Columns that
decide about subjects are left alone, and rows are deleted where no foreign key points at them: a hidden row may hold it.
"""
from expressions import Item
from node import Node, join
from world import ident, literal


def hides_rows(table):
    return any(c.without == "hide_row" for c in table.columns)


class Modifications:
    def modification(self):
        """(Node, SELECT that shows the table afterwards)."""
        rng = self.rng
        self.bare, self.at_top = set(), False
        table = rng.choice([t for t in self.world.tables if t.protected])
        self.target, alias = table, rng.choice(("", " t", " AS \"q r\""))
        name = table.name if not alias else "t" if alias == " t" else "q r"
        item = Item(name, [(c.name, c.family) for c in table.columns], whole=True)
        kind = rng.random()
        written = [c for c in table.columns[1:] if c.public and c.name not in (table.parent or table).foreign and not c.name.startswith("ok_")]
        referred = any(table is target for t in self.world.tables for target in t.foreign.values())
        if kind < 0.3 and not hides_rows(table) and table.parent is None:
            sql = self.insert(table, alias, name, written)
        elif kind < 0.45 and not referred and table.parent is None:
            using, scope = self.other(item, " USING ")
            sql = Node(f"DELETE FROM {table.sql}{alias}", using, self.where(scope), self.returning(item, alone=not using))
        elif written:
            columns = rng.sample(written, rng.randint(1, len(written)))
            changes = [Node(f"{c.sql} = ", self.expression(c.family, [item], 2)) for c in columns]
            sql = Node(f"UPDATE {table.sql}{alias} SET ", join(", ", changes), self.where([item]), self.returning(item))
        else:
            sql = Node(f"DELETE FROM {table.sql}{alias} WHERE false AND ", self.condition([item], 2), self.returning(item))
        return sql, f"SELECT t.*, tableoid::regclass::text AS of FROM {table.sql} t"

    def other(self, item, word):
        """Another item, for a DELETE that shows nothing of it: which of several partners is found is not decided."""
        if self.rng.random() < 0.6:
            return "", [item]
        sql, found = self.from_item(1, [], [])
        return Node(word, sql), [item, found]

    def where(self, scope):
        if self.rng.random() < 0.15:
            return ""
        return Node(" WHERE ", self.condition(scope, self.rng.choice((1, 2))), smaller=[""])

    def returning(self, item, alone=True):
        rng, kind, scope = self.rng, self.rng.random(), [item]
        if kind < 0.25:
            return ""
        if kind < 0.5:
            return Node(" RETURNING ", rng.choice(("*" if alone else f"{ident(item.alias)}.*", f"{ident(item.alias)}.*", f"row_to_json({ident(item.alias)})::jsonb")), smaller=[""])
        shown = [self.expression(self.family(scope), scope, 1) for _ in range(rng.randint(1, 3))]
        return Node(" RETURNING ", join(", ", [Node(e, f" AS r{i}") for i, e in enumerate(shown)]), smaller=[""])

    def insert(self, table, alias, name, written):
        """Masked columns are left out: what is stored is not what may be read of it."""
        rng, key = self.rng, table.columns[0]
        alias = alias.replace(" t", " AS t") if alias == " t" else alias
        columns = rng.sample(written, rng.randint(0, len(written)))
        existing = [r[key.name] for r in table.rows]
        lines, used = [], set()
        for number in range(rng.randint(1, 3)):
            value = rng.choice(existing) if existing and rng.random() < 0.5 else self.fresh(key, number)
            if value in used:
                continue
            used.add(value)
            lines.append("(" + ", ".join([f"{literal(value)}::{key.type}"] + [f"{literal(self.world.value(c))}::{c.type}" for c in columns]) + ")")
        source = Node("VALUES ", join(", ", [Node(line) for line in lines]))
        conflict = ""
        if rng.random() < 0.7:
            action = "NOTHING"
            if columns and rng.random() < 0.7:
                own = ident(name)
                sets = ", ".join(f"{c.sql} = {rng.choice((f'excluded.{c.sql}', f'coalesce({own}.{c.sql}, excluded.{c.sql})'))}" for c in columns)
                item = Item(name, [(c.name, c.family) for c in table.columns], whole=True)
                action = Node(f"UPDATE SET {sets}", Node(" WHERE ", self.condition([item], 1), smaller=[""]) if rng.random() < 0.5 else "")
            conflict = Node(f" ON CONFLICT ({key.sql}) DO ", action, smaller=[""])
        shown = [f"{ident(name)}.{c.sql}" for c in [key, *columns]]
        names = ", ".join(c.sql for c in [key, *columns])
        return Node(f"INSERT INTO {table.sql}{alias} ({names}) ", source, conflict,
                    rng.choice(("", f" RETURNING {', '.join(shown)}")))

    def fresh(self, key, number):
        if key.family == "int":
            return 900 + number
        return f"k{900 + number}" if key.family == "text" else f"00000000-0000-0000-0000-0000000009{number:02}"
