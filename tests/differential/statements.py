"""Random SELECT statements of all shapes over a world. Where rows are cut off or picked, the order is total."""
import random

import expressions
from expressions import FAMILIES, Item
from modifications import Modifications
from node import Node, join
from world import ident, literal

MAX_ITEMS = 4


class Statement:
    def __init__(self, node, ordered, parameters, kind, afterwards=None):
        self.node, self.ordered, self.parameters, self.kind = node, ordered, parameters, kind
        self.afterwards = afterwards  # of a modification: what shows its effect, before it is rolled back


class Generator(Modifications, expressions.Expressions):
    def __init__(self, world, seed, views=()):
        self.world, self.rng, self.views = world, random.Random(seed), views
        self.reset()

    def reset(self, parameters=False):
        self.names, self.ctes, self.sublinks, self.budget = 0, [], 3, 5
        self.parameters = [] if parameters else None

    def alias(self):
        self.names += 1
        return self.rng.choice(("a", "b", "t", "T", "q r"))[:3] + str(self.names)

    def parameter(self, family):
        if self.parameters is None or self.rng.random() < 0.4 or family in ("tags", "json"):
            return self.literal(family)
        text = self.plain(family)
        self.parameters.append(text)
        return f"${len(self.parameters)}::{expressions.CASTS[family]}"

    def plain(self, family):
        """A literal's value, as a parameter's text."""
        rng = self.rng
        return {"int": lambda: str(rng.randint(-5, 12)), "num": lambda: f"{rng.randint(0, 9000) / 100:.2f}",
                "text": lambda: rng.choice(("Zq1x", "Ann Zq2x", "zq3x@amail.org", "***")), "bool": lambda: "true",
                "date": lambda: f"{rng.randint(1960, 2015)}-01-01", "ts": lambda: "2001-01-01", "tstz": lambda: "2001-01-01",
                "uuid": lambda: f"00000000-0000-0000-0000-00000000000{rng.randint(1, 9)}", "enum": lambda: "glad"}[family]()

    # FROM.

    def table(self):
        rng = self.rng
        if self.ctes and rng.random() < 0.35:
            name, columns = rng.choice(self.ctes)
            alias = self.alias()
            return Node(ident(name), f" {ident(alias)}"), Item(alias, columns, whole=True)
        if self.views and rng.random() < 0.15:
            name, _, columns = rng.choice(self.views)
            alias = self.alias()
            return Node(name, f" AS {ident(alias)}"), Item(alias, columns, whole=True)
        table = rng.choice([t for t in self.world.tables if t.protected or rng.random() < 0.4])
        columns = [(c.name, c.family) for c in table.columns]
        name = table.sql if table.schema != "public" or rng.random() < 0.3 else ident(table.name)
        only = "ONLY " * (rng.random() < 0.05)
        key = None if table.parent else table.columns[0].name
        alias = self.alias()
        if rng.random() < 0.08:
            renamed = [(f"c{i}", f) for i, (_, f) in enumerate(columns)]
            return Node(only, name, f" {ident(alias)}({', '.join(n for n, _ in renamed)})"), Item(alias, renamed, whole=True)
        if rng.random() < 0.15 and not any(table.name == used for used in self.bare):
            self.bare.add(table.name)
            return Node(only, name), Item(table.name, columns, whole=True, key=key)
        return Node(only, name, rng.choice((" ", " AS ")), ident(alias)), Item(alias, columns, whole=True, key=key)

    def from_item(self, depth, outer, siblings):
        rng, kind = self.rng, self.rng.random()
        if depth > 0 and kind < 0.14:
            sql, columns = self.query(depth - 1, scope=outer)
            alias = self.alias()
            return Node("(", sql, f") {ident(alias)}"), Item(alias, columns, whole=True)
        if depth > 0 and kind < 0.2 and siblings:
            sql, columns = self.query(depth - 1, scope=siblings + outer)
            alias = self.alias()
            return Node("LATERAL (", sql, f") {ident(alias)}"), Item(alias, columns, whole=True)
        if kind < 0.23:
            alias = self.alias()
            return Node(f"generate_series(1, {rng.randint(1, 3)}) AS {ident(alias)}(g)"), Item(alias, [("g", "int")])
        if kind < 0.26 and siblings and (tags := self.column("tags", siblings)):
            alias = self.alias()
            return Node("unnest(", tags, f") AS {ident(alias)}(u)"), Item(alias, [("u", "text")])
        if kind < 0.28:
            alias = self.alias()
            return Node(f"(VALUES (1, 'Zq1x'), (2, NULL)) AS {ident(alias)}(n, s)"), Item(alias, [("n", "int"), ("s", "text")])
        return self.table()

    def sources(self, depth, outer):
        """(FROM list, items)."""
        rng = self.rng
        first, item = self.from_item(depth, outer, [])
        items = [item]
        sql, separate = first, []
        while self.budget > 0 and len(items) < MAX_ITEMS and rng.random() < 0.38:
            self.budget -= 1
            before = sql
            if rng.random() < 0.15:
                right, item = self.from_item(depth, outer, items)
                separate.append((right, item))
                items.append(item)
                continue
            lateral_ok = rng.random() < 0.5
            right, item = self.from_item(depth, outer, items[: len(items) - len(separate)] if lateral_ok else [])
            joined = items[: len(items) - len(separate)] if not separate else [i for i in items if i not in [s[1] for s in separate]]
            kind = rng.random()
            common = {n for i in joined for n, _ in i.columns} & {n for n, _ in item.columns}
            safe = [n for n in common if sum(n == m for i in joined for m, _ in i.columns) == 1
                    and {f for i in joined for m, f in i.columns if m == n} == {f for m, f in item.columns if m == n}]
            words = rng.choice((" JOIN ", " LEFT JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " INNER JOIN "))
            if right.text().startswith(("LATERAL", "unnest")):
                words = rng.choice((" JOIN ", " LEFT JOIN "))
            if kind < 0.1:
                sql = Node(before, " CROSS JOIN ", right, smaller=[])
            elif kind < 0.25 and safe and not right.text().startswith(("LATERAL", "unnest")):
                name = rng.choice(sorted(safe))
                words = rng.choice((words, " FULL JOIN "))
                sql = Node(before, words, right, f" USING ({ident(name)})" + f" AS {ident(self.alias())}" * (rng.random() < 0.2))
            else:
                on = self.join_condition(joined, item, outer, depth)
                sql = Node(before, words, right, " ON ", on)
            items.append(item)
        return join(", ", [sql] + [s for s, _ in separate]), items

    def join_condition(self, joined, item, outer, depth):
        rng = self.rng
        pairs = [(i.reference(n), item.reference(m)) for i in joined for n, f in i.columns for m, g in item.columns
                 if f == g and f in ("int", "uuid", "text", "enum", "bool")]
        keyed = [p for p in pairs if any(w in p[0] + p[1] for w in ("ref", ".id"))]
        if not pairs:
            return self.condition([*joined, item], 0)
        left, right = rng.choice(keyed if keyed and rng.random() < 0.7 else pairs)
        first = Node(f"{left} = {right}")
        if rng.random() < 0.25:
            return Node(first, " AND ", self.condition([*joined, item], depth - 1), smaller=[first])
        return first

    # One SELECT.

    def select(self, depth, wanted, scope, count=0):
        """(Node, columns)."""
        rng = self.rng
        sources, items = self.sources(depth, scope)
        inner = items + scope
        families = wanted or [self.family(items) for _ in range(count or rng.randint(1, 4))]
        kind = rng.random()
        if kind < 0.2:
            return self.grouped(depth, families, sources, items, scope)
        if kind < 0.26:
            return self.distinct_on(depth, families, sources, inner)
        if kind < 0.36 and not wanted and not scope and not count:
            return self.starred(depth, sources, items)
        outputs = [(self.expression(f, inner, depth), f) for f in families]
        if kind < 0.44:
            outputs = [(self.window(f, items, inner, depth) if rng.random() < 0.5 else e, f) for e, f in outputs]
        aliases = self.output_names(len(outputs))
        distinct = "DISTINCT " if rng.random() < 0.1 else ""
        targets = join(", ", [Node(e, f" AS {ident(n)}") for (e, _), n in zip(outputs, aliases)], least=len(outputs) if wanted else 1)
        parts = ["SELECT ", distinct, targets, " FROM ", sources]
        if rng.random() < 0.45:
            parts.append(Node(" WHERE ", self.condition(inner, depth), smaller=[""]))
        return Node(*parts), [(n, f) for (_, f), n in zip(outputs, aliases)]

    def output_names(self, count):
        self.names += 1
        return [f"o{self.names}_{i}" for i in range(count)]

    def starred(self, depth, sources, items):
        """Stars and whole rows in the target list: names may occur twice, so only at the top."""
        rng, item = self.rng, self.rng.choice(items)
        name = ident(item.alias)
        targets, columns = rng.choice((("*", [c for i in items for c in i.columns]), (f"{name}.*", item.columns),
                                       (f"{name}.*, 1 AS one", item.columns + [("one", "int")])))
        if item.whole and rng.random() < 0.25:
            targets, columns = rng.choice(((f"{name}", [("row", "row")]), (f"({name}).*", item.columns), (f"row_to_json({name})::jsonb AS j", [("j", "json")])))
        where = Node(" WHERE ", self.condition(items, depth), smaller=[""]) if rng.random() < 0.5 else ""
        return Node("SELECT ", targets, " FROM ", sources, where), columns if targets != "*" or " USING " not in sources.text() else None

    def aggregate(self, family, scope, depth):
        rng, e = self.rng, self.expression
        filtered = Node(" FILTER (WHERE ", self.condition(scope, depth - 1), ")", smaller=[""]) if rng.random() < 0.15 else ""
        if family == "int":
            return Node(rng.choice(("count(", "count(DISTINCT ")), e(self.family(scope), scope, depth - 1), ")", filtered, "::int", smaller=["1"])
        if family == "num":
            return Node("round(", rng.choice(("sum", "avg", "max")), "(", e(rng.choice(("num", "int")), scope, depth - 1), ")", filtered, ", 2)::numeric(12,2)", smaller=["1.00"])
        if family == "text":
            value = e("text", scope, depth - 1)
            return Node("string_agg(", value, "::text, ',' ORDER BY ", value, "::text)", filtered, smaller=["'a'"])
        if family == "bool":
            return Node(rng.choice(("bool_or", "bool_and")), "(", self.condition(scope, depth - 1), ")", filtered, smaller=["true"])
        if family == "tags":
            value = e("text", scope, depth - 1)
            return Node("array_agg(", value, "::text ORDER BY ", value, "::text)", filtered, smaller=[expressions.null("tags")])
        if family == "json":
            kind = rng.choice(("int", "text", "date"))
            value = Node("(", e(kind, scope, depth - 1), f")::{expressions.CASTS[kind]}")
            return Node("jsonb_agg(", value, " ORDER BY ", value, ")", filtered, smaller=[expressions.null("json")])
        if family in ("uuid",):
            return Node("(min((", e("uuid", scope, depth - 1), ")::text)::uuid)", smaller=[expressions.null("uuid")])
        return Node(rng.choice(("min", "max")), "(", e(family, scope, depth - 1), ")", filtered, smaller=[expressions.null(family)])

    def grouped(self, depth, families, sources, items, scope):
        rng, inner = self.rng, items + scope
        keys = [self.expression(f, items, depth - 1) for f in families if rng.random() < 0.5]
        # A parameter, a constant or a whole sublink in GROUP BY is another matter: plain columns and functions of them.
        keys = [k for k in keys if not k.text().lstrip("(-").startswith(("$", "'", "ARRAY", "DATE", "TIME", "E'", "true", "false")) and "$" not in k.text()
                and "SELECT" not in k.text() and not k.text().lstrip("(-")[:1].isdigit()]
        keyed = [i for i in items if i.key]
        by_key = keyed and rng.random() < 0.2
        outputs, remaining = [], list(families)
        if by_key:
            item = rng.choice(keyed)
            keys, group = [], Node(item.reference(item.key))
            for family in remaining:
                outputs.append((self.expression(family, [Item(item.alias, item.columns)], depth - 1) if rng.random() < 0.6
                                else self.aggregate(family, items, depth), family))
        else:
            texts = {id(k): k for k in keys}
            unused = list(texts.values())
            for family in remaining:
                outputs.append((self.aggregate(family, items, depth), family))
            group = None
            if unused:
                form = rng.random()
                lists = join(", ", unused, least=len(unused))
                group = (Node("ROLLUP (", lists, ")") if form < 0.12 else Node("CUBE (", lists, ")") if form < 0.2 and len(unused) < 3
                         else Node("GROUPING SETS ((", lists, "), ())") if form < 0.28 else lists)
        names = self.output_names(len(outputs))
        targets = [Node(e, f" AS {ident(n)}") for (e, _), n in zip(outputs, names)]
        columns = [(n, f) for (_, f), n in zip(outputs, names)]
        if keys and not scope and self.at_top:
            targets += [Node(k, f" AS k{i}") for i, k in enumerate(keys)]
            columns += [(f"k{i}", "") for i in range(len(keys))]
        where = Node(" WHERE ", self.condition(inner, depth - 1), smaller=[""]) if rng.random() < 0.4 else ""
        parts = ["SELECT ", join(", ", targets, least=len(targets)), " FROM ", sources, where]
        if group is not None:
            parts += [Node(" GROUP BY ", group)]
        if rng.random() < 0.25:
            parts.append(Node(" HAVING ", rng.choice(("count(*) > 1", "count(*) < 5", "true"))
                              if rng.random() < 0.5 else Node(self.aggregate("int", items, 1), " > 1"), smaller=[""]))
        return Node(*parts), columns

    def distinct_on(self, depth, families, sources, inner):
        rng = self.rng
        outputs = [self.expression(f, inner, depth) for f in families]
        names = self.output_names(len(outputs))
        key = self.column(self.family(inner), inner) or Node(f"({names and 'lower(' + chr(39) + 'a' + chr(39) + ')'})")
        order = Node(f" ORDER BY ", key, rng.choice(("", " DESC")), ", " + ", ".join(str(i + 1) for i in range(len(names))))
        where = Node(" WHERE ", self.condition(inner, depth - 1), smaller=[""]) if rng.random() < 0.5 else ""
        targets = join(", ", [Node(e, f" AS {ident(n)}") for e, n in zip(outputs, names)], least=len(names))
        return Node("SELECT DISTINCT ON (", key, ") ", targets, " FROM ", sources, where, order), list(zip(names, families))

    def window(self, family, items, inner, depth):
        rng = self.rng
        over = []
        if rng.random() < 0.7:
            over += ["PARTITION BY ", self.expression(self.family(inner), inner, 1)]
        ordering = self.column(self.family(items), items)
        if ordering and rng.random() < 0.6:
            over += [" ORDER BY ", ordering, rng.choice(("", " DESC", " NULLS FIRST"))]
            if rng.random() < 0.2:
                over += [" RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"]
        over = Node(*over)
        if family == "int":
            return Node(rng.choice(("rank()", "dense_rank()", "count(*)")), " OVER (", over, ")::int", smaller=["1"])
        if family in ("num",):
            return Node("sum(", self.expression("num", inner, 1), ") OVER (", over, ")::numeric(12,2)", smaller=["1.00"])
        if family == "bool":
            return Node("bool_or(", self.condition(inner, 1), ") OVER (", over, ")", smaller=["true"])
        if family in ("uuid", "tags", "json"):
            return self.expression(family, inner, depth)
        return Node(rng.choice(("min", "max")), "(", self.expression(family, inner, 1), ") OVER (", over, ")", smaller=[expressions.null(family)])

    # Whole queries.

    def query(self, depth, wanted=None, scope=()):
        """A query for use inside another: (Node, [(name, family)]). Names are unique."""
        rng, scope, top, self.at_top = self.rng, list(scope), self.at_top, False
        try:
            if depth > 0 and rng.random() < 0.1:
                left, columns = self.select_unique(depth - 1, wanted, scope)
                right, _ = self.select_unique(depth - 1, [f for _, f in columns], scope)
                word = rng.choice((" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT "))
                return Node("(", left, ")", word, "(", right, ")", smaller=[left]), columns
            sql, columns = self.select_unique(depth, wanted, scope)
            if rng.random() < 0.12 and "ORDER BY" not in sql.text():
                order = ", ".join(str(i + 1) for i in range(len(columns)))
                sql = Node(sql, Node(f" ORDER BY {order} LIMIT {rng.randint(1, 6)}", smaller=[""]))
            return sql, columns
        finally:
            self.at_top = top

    def select_unique(self, depth, wanted, scope):
        return self.select(depth, wanted, scope, count=self.rng.randint(1, 3))

    def scalar(self, family, scope, depth):
        """At most one row."""
        sql, columns = self.query(0, [family], scope)
        if "LIMIT" in sql.text() or "ORDER BY" in sql.text():
            return Node("SELECT max(v::text)", f"::{expressions.CASTS[family]} FROM (", sql, ") one(v)")
        return Node(sql, " ORDER BY 1 LIMIT 1")

    def statement(self, modifications=0.0):
        rng = self.rng
        if modifications and rng.random() < modifications:
            self.reset(parameters=rng.random() < 0.25)
            node, afterwards = self.modification()
            return Statement(node, False, self.parameters or None, "modification", afterwards)
        self.reset(parameters=rng.random() < 0.25)
        self.bare, self.at_top = set(), False
        depth, parts = rng.choice((0, 1, 1, 2, 2, 3)), []
        if rng.random() < 0.18:
            parts.append(self.with_clause(depth))
        self.at_top = True
        if rng.random() < 0.1:
            left, columns = self.query(depth)
            right, _ = self.query(depth, [f for _, f in columns])
            body = Node(left, rng.choice((" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ", " EXCEPT ALL ")), right, smaller=[left]) \
                if "ORDER BY" not in left.text() + right.text() and "LIMIT" not in left.text() + right.text() else left
        else:
            body, columns = self.select(depth, None, [])
        parts.append(body)
        ordered = False
        if columns and not body.text().startswith("SELECT DISTINCT ON") and rng.random() < 0.5 and not any(f == "row" for _, f in columns):
            ordered = True
            positions = list(range(1, len(columns) + 1))
            rng.shuffle(positions)
            order = ", ".join(f"{p}{rng.choice(('', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'))}" for p in positions)
            cut = rng.choice(("", "", f" LIMIT {rng.randint(0, 7)}", f" LIMIT {rng.randint(1, 7)} OFFSET {rng.randint(0, 3)}",
                              f" OFFSET {rng.randint(0, 3)}", f" FETCH FIRST {rng.randint(1, 5)} ROWS WITH TIES"))
            parts.append(Node(f" ORDER BY {order}", Node(cut, smaller=[""]) if cut else ""))
        elif rng.random() < 0.04 and "GROUP BY" not in body.text() and "DISTINCT" not in body.text():
            parts.append(Node(rng.choice((" FOR UPDATE", " FOR SHARE", " FOR KEY SHARE SKIP LOCKED")), smaller=[""]))
        node = Node(*parts)
        kind = "select"
        if self.parameters == []:
            self.parameters = None
        if self.parameters is None and rng.random() < 0.06:
            node, kind = Node("COPY (", node, ") TO STDOUT", rng.choice(("", " WITH (FORMAT csv, HEADER)"))), "copy"
        return Statement(node, ordered, self.parameters, kind)

    def with_clause(self, depth):
        rng, ctes = self.rng, []
        for _ in range(rng.randint(1, 2)):
            sql, columns = self.query(max(depth - 1, 0))
            name = rng.choice([t.name for t in self.world.tables] + ["c", "recent"]) + rng.choice(("", "", "_c"))
            if name in (n for n, _ in self.ctes):
                continue
            hint = rng.choice(("", "", " MATERIALIZED", " NOT MATERIALIZED"))
            ctes.append(Node(f"{ident(name)} AS{hint} (", sql, ")"))
            self.ctes.append((name, columns))
        return Node("WITH ", join(", ", ctes, least=len(ctes)), " ")

    def view(self, number):
        self.reset()
        self.bare, self.at_top = set(), False
        sql, columns = self.query(self.rng.choice((0, 1, 1, 2)))
        return f"{self.rng.choice(('public.', 'crm.'))}view{number}", sql.text(), columns
