"""The masks once more, in Python."""
import datetime
import decimal
import hashlib
import math
import re

PSEUDONYM_KEY = b"only a test's secret, 32 bytes !"  # of tests/e2e/harness/proxy.py


def choose(rng, column):
    """A mask that fits the column's type."""
    family, options = column.family, [("null",)] * 2
    if family == "text":
        options += [("constant", "[withheld]"), ("partial", 1, "***", 0), ("partial", 2, "--", 2), ("email",)]
        if column.type in ("text", "varchar(90)"):
            options += [("hash",), ("pseudonym",)]
    elif family in ("date", "ts", "tstz"):
        options += [("year",), ("month",), ("constant", "2000-02-29")]
    elif family in ("int", "num"):
        options += [("round", -1), ("range", 10), ("range", 7), ("constant", "42")]
        options += [("round", 0)] if family == "num" else []
    elif family == "bool":
        options += [("constant", "false")]
    elif family == "tags":
        options += [("constant", "{none}")]
    elif family == "json":
        options += [("constant", "{}")]
    elif family == "enum":
        options += [("constant", "calm")]
    return rng.choice(options)


def notation(mask):
    kind, *arguments = mask
    return kind + ("(" + ",".join("'" + a + "'" if isinstance(a, str) else str(a) for a in arguments) + ")" if arguments else "")


def pseudonym(value, purpose):
    key = hashlib.sha256(PSEUDONYM_KEY + b"\0" + purpose.encode()).digest()
    return hashlib.sha256(key + hashlib.sha256(key + value.encode()).digest()).hexdigest()


def email(value):
    match = re.fullmatch(r"([^@])[^@]*@([^@])[^@]*(\.[^.@]+)", value, re.S)
    return f"{match[1]}***@{match[2]}***{match[3]}" if match and re.fullmatch(r"[^@]+@[^@]+\.[^.@]+", value, re.S) else "***"


def truncated(column, value, unit):
    moment = datetime.datetime.fromisoformat(value.removesuffix("+00"))
    moment = moment.replace(day=1, month=1 if unit == "year" else moment.month, hour=0, minute=0, second=0)
    return moment.date().isoformat() if column.family == "date" else moment.isoformat(" ") + ("+00" if column.family == "tstz" else "")


def number(column, value):
    return int(value) if column.family == "int" else value


def apply(column, value, purpose):
    if value is None or column.mask is None or column.mask == ("null",):
        return None
    kind, *arguments = column.mask
    if kind == "constant":
        return arguments[0]
    if kind == "partial":
        prefix, pad, suffix = arguments
        return pad if len(value) <= prefix + suffix else value[:prefix] + pad + value[len(value) - suffix:]
    if kind == "email":
        return email(value)
    if kind == "hash":
        return hashlib.sha256(value.encode()).hexdigest()
    if kind == "pseudonym":
        return pseudonym(value, purpose)
    if kind in ("year", "month"):
        return truncated(column, value, kind)
    exact = decimal.Decimal(str(value))
    if kind == "range":
        return number(column, decimal.Decimal(math.floor(exact / arguments[0]) * arguments[0]))
    return number(column, exact.quantize(decimal.Decimal(1).scaleb(-arguments[0]), decimal.ROUND_HALF_UP))
