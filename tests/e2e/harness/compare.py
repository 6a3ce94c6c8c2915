"""Are two message streams the same answer?"""
import re
import struct

from harness import wire


FIRST_NEW_OID = 1 << 30  # set by the harness: objects made while a case runs have other OIDs on each side


def known(oid):
    return oid if oid < FIRST_NEW_OID else "new"


def comparable_columns(body):
    return tuple((name, known(table), attnum, known(type_), *rest)
                 for name, table, attnum, type_, *rest in wire.row_description(body))


def canonical(messages, ordered):
    """A list of comparable tuples; rows sorted where no order was asked for."""
    result, rows = [], []

    def end_of_rows():
        result.extend(rows if ordered else sorted(rows, key=repr))
        rows.clear()

    for kind, body in messages:
        if kind == "D":
            rows.append(("DataRow", wire.row_values(body)))
            continue
        if kind == "d":
            rows.append(("CopyData", bytes(body)))
            continue
        end_of_rows()
        if kind == "T":
            result.append(("RowDescription", comparable_columns(body)))
        elif kind == "t":
            count = struct.unpack_from("!H", body)[0]
            result.append(("ParameterDescription", struct.unpack_from(f"!{count}I", body, 2)))
        elif kind == "E":
            fields = wire.error_fields(body)
            result.append(("ErrorResponse", fields.get("S"), fields.get("C"), fields.get("P")))
        elif kind == "C":
            result.append(("CommandComplete", body.rstrip(b"\0").decode()))
        else:
            result.append((kind, bytes(body)))
    end_of_rows()
    return result


def error(messages):
    for kind, body in messages:
        if kind == "E":
            return wire.error_fields(body)
    return None


def describe_error(fields):
    text = f"{fields.get('C')} {fields.get('M')}"
    for key, name in (("D", "DETAIL"), ("H", "HINT"), ("P", "POSITION"), ("W", "CONTEXT")):
        if fields.get(key):
            text += f" | {name}: {fields[key]}"
    return text


def difference(ours, theirs, ordered):
    """What differs between the answer through the proxy and the one on T', in words; empty when nothing does."""
    a, b = canonical(ours, ordered), canonical(theirs, ordered)
    if a == b:
        return ""
    if error(ours) and error(theirs):  # at Parse, Bind or Execute: the server's choice for utility statements
        a, b = ([x for x in stream if x[0] in ("ErrorResponse", "Z", "DataRow", "CopyData")] for stream in (a, b))
        if a == b:
            return ""
    if (e := error(ours)) and not error(theirs):
        return "error: " + describe_error(e)
    if (e := error(theirs)) and not error(ours):
        return "no error; on T': " + describe_error(e)
    for x, y in zip(a, b):
        if x != y:
            if x[0] == y[0] == "RowDescription":
                names = ("name", "table", "attnum", "type", "size", "typmod", "format")
                if len(x[1]) != len(y[1]):
                    return f"{len(x[1])} columns instead of {len(y[1])}"
                column = next(i for i, (p, q) in enumerate(zip(x[1], y[1])) if p != q)
                what = [f"{n} {p} instead of {q}" for n, p, q in zip(names, x[1][column], y[1][column]) if p != q]
                return f"RowDescription, column {column + 1} ({y[1][column][0]}): " + ", ".join(what)
            return f"{str(x)[:300]} instead of {str(y)[:300]}"
    return f"{len(a)} messages instead of {len(b)}: {str((a[len(b):] or b[len(a):])[:2])[:300]}"


def leaks(messages, raw_only):
    """Values that T' does not hold, in anything the client receives."""
    found = set()
    for kind, body in messages:
        if kind in "DEdNA":
            found.update(m.decode("utf8", "replace") for m in raw_only.findall(bytes(body)))
    return sorted(found)
