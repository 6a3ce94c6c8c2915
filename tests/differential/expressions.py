"""Random expressions of a wanted family over the columns in scope. No division, no cast that may fail: an error at run
time may depend on the plan, and then says nothing."""
from node import Node, join
from world import MOODS, ident, literal

CASTS = {"int": "int", "num": "numeric(12,2)", "text": "text", "date": "date", "ts": "timestamp", "tstz": "timestamptz",
         "bool": "boolean", "uuid": "uuid", "tags": "text[]", "json": "jsonb", "enum": "mood"}
FAMILIES = tuple(CASTS)


def null(family):
    return f"NULL::{CASTS[family]}"


class Item:
    """A FROM item in scope."""

    def __init__(self, alias, columns, whole=False, key=None):
        self.alias, self.columns, self.whole, self.key = alias, columns, whole, key  # columns: [(name, family)]

    def reference(self, name):
        return f"{ident(self.alias)}.{ident(name)}"


class Expressions:
    """Mixed into the generator of statements: needs rng, depth limits and self.query()."""

    def literal(self, family):
        rng = self.rng
        if family in ("int", "num", "text", "date", "ts", "tstz", "uuid") and rng.random() < 0.6:
            self.world.rng_of_values = rng
            if (value := self.world.held(family)) is not None:
                return literal(value) if family == "text" else str(value) if family in ("int", "num") else f"{literal(value)}::{CASTS[family]}"
        if family == "int":
            return str(rng.randint(-5, 12))
        if family == "num":
            return f"{rng.randint(-2000, 9000) / 100:.2f}"
        if family == "text":
            return rng.choice(("'Zq1x'", "'Ann Zq2x'", "'zq3x@amail.org'", "'[withheld]'", "'***'", "'%Zq%'", "''", "'A'", "E'x\\'y'", "$q$zq$q$"))
        if family == "date":
            return f"DATE '{rng.randint(1960, 2015)}-0{rng.randint(1, 9)}-01'"
        if family in ("ts", "tstz"):
            return f"{'TIMESTAMP' if family == 'ts' else 'TIMESTAMPTZ'} '{rng.randint(1991, 2020)}-01-01 00:00:00{'+00' * (family == 'tstz')}'"
        if family == "bool":
            return rng.choice(("true", "false"))
        if family == "uuid":
            return f"'00000000-0000-0000-0000-00000000000{rng.randint(1, 9)}'::uuid"
        if family == "tags":
            return rng.choice(("ARRAY['red1', 'blue2']", "'{green1}'::text[]", "ARRAY[]::text[]"))
        if family == "json":
            return rng.choice(("""'{"a": 1}'::jsonb""", "'[1, 2]'::jsonb"))
        return f"'{rng.choice(MOODS)}'::mood"

    def family(self, scope):
        """Mostly one that a column in scope has: literals alone show little."""
        present = [f for i in scope for _, f in i.columns if f in CASTS]
        return self.rng.choice(present if present and self.rng.random() < 0.85 else FAMILIES)

    def column(self, family, scope):
        """A reference, or None. Unqualified where only one column in scope has the name."""
        found = [(i, n) for i in scope for n, f in i.columns if f == family]
        if not found:
            return None
        item, name = self.rng.choice(found)
        if self.rng.random() < 0.3 and sum(n == name for i in scope for n, _ in i.columns) == 1:
            return Node(ident(name), smaller=[null(family)])
        return Node(item.reference(name), smaller=[null(family)])

    def derived(self, family, scope):
        """Where no column of the family is in scope: something of another one."""
        other = self.column(self.family(scope), scope)
        if other is None or family not in ("text", "int", "bool", "json") or self.rng.random() < 0.3:
            return None
        before, after = {"text": ("(", ")::text"), "int": ("length((", ")::text)"), "bool": ("(", " IS NULL)"), "json": ("to_jsonb(", ")")}[family]
        return Node(before, other, after, smaller=[null(family)])

    def expression(self, family, scope, depth):
        rng = self.rng
        if depth <= 0 or rng.random() < 0.45:
            return (self.column(family, scope) or self.derived(family, scope) if rng.random() < 0.9 else None) or Node(self.parameter(family))
        kind = rng.random()
        if kind < 0.1:
            inner = self.expression(family, scope, depth - 1)
            return Node("CASE WHEN ", self.condition(scope, depth - 1), " THEN ", inner, " ELSE ",
                        self.expression(family, scope, depth - 1), " END", smaller=[inner, null(family)])
        if kind < 0.18:
            first = self.expression(family, scope, depth - 1)
            return Node(rng.choice(("coalesce", "greatest", "least") if family not in ("json", "tags") else ("coalesce",)), "(", first, ", ",
                        self.expression(family, scope, depth - 1), ")", smaller=[first])
        if kind < 0.22:
            first = self.expression(family, scope, depth - 1)
            return Node("nullif(", first, ", ", self.expression(family, scope, depth - 1), ")", smaller=[first])
        if kind < 0.29 and self.sublinks > 0:
            self.sublinks -= 1
            return Node("(", self.scalar(family, scope, depth), ")", smaller=[null(family)])
        return getattr(self, "some_" + family)(scope, depth - 1)

    # One per family.

    def some_int(self, scope, depth):
        rng, e = self.rng, self.expression
        return rng.choice((
            lambda: Node("(", e("int", scope, depth), rng.choice((" + ", " - ")), e("int", scope, depth), ")", smaller=["1"]),
            lambda: Node("length(", e("text", scope, depth), ")", smaller=["1"]),
            lambda: Node("extract(year FROM ", e(rng.choice(("date", "ts")), scope, depth), ")::int", smaller=["1"]),
            lambda: Node("cardinality(", e("tags", scope, depth), ")", smaller=["1"]),
            lambda: Node("position('q' in ", e("text", scope, depth), ")", smaller=["1"]),
            lambda: Node("(", e("num", scope, depth), ")::int", smaller=["1"]),
            lambda: Node("(- ", e("int", scope, depth), ")", smaller=["1"]),
            lambda: Node("num_nonnulls(", e(self.family(scope), scope, depth), ", ", e("int", scope, depth), ")", smaller=["1"]),
        ))()

    def some_num(self, scope, depth):
        rng, e = self.rng, self.expression
        return rng.choice((
            lambda: Node("(", e("num", scope, depth), rng.choice((" + ", " - ")), e("num", scope, depth), ")", smaller=["1.00"]),
            lambda: Node("(", e("int", scope, depth), ")::numeric(12,2)", smaller=["1.00"]),
            lambda: Node("abs(", e("num", scope, depth), ")", smaller=["1.00"]),
            lambda: Node("round(", e("num", scope, depth), ", 1)::numeric(12,2)", smaller=["1.00"]),
        ))()

    def some_text(self, scope, depth):
        rng, e = self.rng, self.expression
        choices = [
            lambda: Node("(", e("text", scope, depth), " || ", e(rng.choice(("text", "text", "int", "date", "enum")), scope, depth), "::text)", smaller=["'a'"]),
            lambda: Node(rng.choice(("lower", "upper", "reverse", "btrim", "md5", "initcap", "quote_nullable")), "(", e("text", scope, depth), "::text)", smaller=["'a'"]),
            lambda: Node("substr(", e("text", scope, depth), f", {rng.randint(1, 4)}, {rng.randint(1, 5)})", smaller=["'a'"]),
            lambda: Node("(", e(self.family(scope), scope, depth), ")::text", smaller=["'a'"]),
            lambda: Node("CAST(", e("text", scope, depth), " AS varchar(20))", smaller=["'a'"]),
            lambda: Node("concat_ws('-', ", e(self.family(scope), scope, depth), ", ", e("text", scope, depth), ")", smaller=["'a'"]),
            lambda: Node("(", e("json", scope, depth), " ->> 'b')", smaller=["'a'"]),
            lambda: Node("(", e("tags", scope, depth), ")[1]", smaller=["'a'"]),
            lambda: Node("to_char(", e("date", scope, depth), ", 'YYYY-MM')", smaller=["'a'"]),
            lambda: Node("array_to_string(", e("tags", scope, depth), ", ',')", smaller=["'a'"]),
            lambda: Node("replace(", e("text", scope, depth), ", 'q', ", e("text", scope, depth), ")", smaller=["'a'"]),
            lambda: Node("format('%s/%s', ", e("text", scope, depth), ", ", e("int", scope, depth), ")", smaller=["'a'"]),
            lambda: Node("(", e("text", scope, depth), ' COLLATE "C")', smaller=["'a'"]),
        ]
        if whole := [i for i in scope if i.whole]:
            item = ident(rng.choice(whole).alias)
            choices += [lambda: Node(rng.choice((f"{item}::text", f"row_to_json({item})::text", f"to_jsonb({item})::text", f"({item})::text",
                                                 f"concat({item}.*)", f"row({item}.*)::text")), smaller=["'a'"])] * 2
        return rng.choice(choices)()

    def some_date(self, scope, depth):
        e = self.expression
        return self.rng.choice((lambda: Node("(", e("date", scope, depth), " + ", Node(str(self.rng.randint(-3, 40))), ")", smaller=["DATE '2000-01-01'"]),
                                lambda: Node("(", e("ts", scope, depth), ")::date", smaller=["DATE '2000-01-01'"])))()

    def some_ts(self, scope, depth):
        e = self.expression
        return self.rng.choice((lambda: Node("date_trunc('month', ", e("ts", scope, depth), ")", smaller=[null("ts")]),
                                lambda: Node("(", e("tstz", scope, depth), " AT TIME ZONE 'UTC')", smaller=[null("ts")]),
                                lambda: Node("(", e("ts", scope, depth), " + INTERVAL '1 day')", smaller=[null("ts")])))()

    def some_tstz(self, scope, depth):
        return Node("(", self.expression("ts", scope, depth), " AT TIME ZONE 'Europe/Berlin')", smaller=[null("tstz")])

    def some_bool(self, scope, depth):
        return Node("(", self.condition(scope, depth), ")", smaller=["true", "false"])

    def some_uuid(self, scope, depth):
        return self.column("uuid", scope) or Node(self.literal("uuid"))

    def some_tags(self, scope, depth):
        e = self.expression
        return self.rng.choice((lambda: Node("ARRAY[", e("text", scope, depth), "::text, ", e("text", scope, depth), "::text]", smaller=[null("tags")]),
                                lambda: Node("array_append(", e("tags", scope, depth), ", ", e("text", scope, depth), "::text)", smaller=[null("tags")]),
                                lambda: Node("string_to_array(", e("text", scope, depth), "::text, 'q')", smaller=[null("tags")])))()

    def some_json(self, scope, depth):
        rng, e = self.rng, self.expression
        choices = [lambda: Node("jsonb_build_object('k', ", e(self.family(scope), scope, depth), ")", smaller=[null("json")]),
                   lambda: Node("to_jsonb(", e(rng.choice(("int", "tags", "bool", "num")), scope, depth), ")", smaller=[null("json")]),
                   lambda: Node("(", e("json", scope, depth), " -> 'c')", smaller=[null("json")])]
        if whole := [i for i in scope if i.whole]:
            choices.append(lambda: Node(f"to_jsonb({ident(rng.choice(whole).alias)})", smaller=[null("json")]))
        return rng.choice(choices)()

    def some_enum(self, scope, depth):
        return self.column("enum", scope) or Node(self.literal("enum"))

    # Conditions.

    def condition(self, scope, depth):
        rng = self.rng
        if depth > 0 and rng.random() < 0.3:
            first = self.condition(scope, depth - 1)
            return Node("(", first, rng.choice((" AND ", " OR ")), self.condition(scope, depth - 1), ")", smaller=[first, "true"])
        kind = rng.random()
        family = self.family(scope)
        if kind < 0.05:
            return Node("NOT (", self.condition(scope, depth - 1), ")" if depth > 0 else ")", smaller=["true"]) if depth > 0 else Node("true")
        if kind < 0.24:
            return Node(self.expression(family, scope, depth - 1), rng.choice((" IS NULL", " IS NOT NULL")), smaller=["true"])
        if kind < 0.32:
            return Node(self.expression("text", scope, depth - 1), rng.choice((" LIKE ", " NOT LIKE ", " ILIKE ")), rng.choice(("'%q%'", "'A%'", "'Zq_x'")), smaller=["true"])
        if kind < 0.4:
            values = join(", ", [Node(self.parameter(family)) for _ in range(rng.randint(1, 3))])
            return Node(self.expression(family, scope, depth - 1), rng.choice((" IN (", " NOT IN (")), values, ")", smaller=["true"])
        if kind < 0.44 and family not in ("json", "tags", "bool"):
            return Node(self.expression(family, scope, depth - 1), " BETWEEN ", self.parameter(family), " AND ", self.parameter(family), smaller=["true"])
        if kind < 0.56 and self.sublinks > 0:
            return self.sublink(scope, depth)
        if kind < 0.6:
            return Node("(", self.expression("int", scope, depth - 1), ", ", self.expression("text", scope, depth - 1), ") ", rng.choice(("=", "<", ">=")), " (",
                        self.expression("int", scope, depth - 1), ", ", self.expression("text", scope, depth - 1), ")", smaller=["true"])
        if kind < 0.64 and (whole := [i for i in scope if i.whole]):
            item = ident(rng.choice(whole).alias)
            return Node(rng.choice((f"{item} IS NOT NULL", f"{item} IS NULL", f"{item} IS DISTINCT FROM NULL", f"{item} = {item}")), smaller=["true"])
        if kind < 0.68:
            return Node(self.expression("tags", scope, depth - 1), rng.choice((" && ARRAY['red1']", " @> ARRAY['blue1']::text[]", " = '{}'")), smaller=["true"])
        if kind < 0.72:
            return Node(self.expression("json", scope, depth - 1), rng.choice((""" @> '{"a": 1}'""", " ? 'a'", """ = '{"a": 2}'""")), smaller=["true"])
        if kind < 0.75:
            return Node(self.expression(family, scope, depth - 1), rng.choice((" IS DISTINCT FROM ", " IS NOT DISTINCT FROM ")), self.expression(family, scope, depth - 1), smaller=["true"])
        if kind < 0.78:
            return Node(self.expression(family, scope, depth - 1), " = ANY (ARRAY[", self.literal(family), ", ", self.expression(family, scope, depth - 1), "])", smaller=["true"])
        return Node(self.expression(family, scope, depth - 1), rng.choice((" = ", " = ", " <> ", " < ", " >= ")), self.expression(family, scope, depth - 1), smaller=["true"])

    def sublink(self, scope, depth):
        self.sublinks -= 1
        rng, family = self.rng, self.family(scope)
        if rng.random() < 0.4:
            return Node(rng.choice(("EXISTS (", "NOT EXISTS (")), self.query(depth - 1, scope=scope)[0], ")", smaller=["true"])
        inner = self.query(depth - 1, [family], scope)[0]
        if rng.random() < 0.7:
            return Node(self.expression(family, scope, depth - 1), rng.choice((" IN (", " NOT IN (")), inner, ")", smaller=["true"])
        return Node(self.expression(family, scope, depth - 1), rng.choice((" = ANY (", " < ALL (", " >= SOME (")), inner, ")", smaller=["true"])
