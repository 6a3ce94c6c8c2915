"""Steps of a client, one line each: what it got, or the SQLSTATE it failed with. The runner compares two of them."""
import datetime
import decimal
import json
import uuid


def plain(value):
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (datetime.date, datetime.datetime, decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def sqlstate(error):
    for e in (error, getattr(error, "orig", None), error.__cause__, error.__context__):
        if e is not None and (code := getattr(e, "pgcode", None) or getattr(e, "sqlstate", None)):
            return code
    return type(error).__name__


def report(name, run):
    try:
        line = {"step": name, "got": plain(run())}
    except Exception as e:  # any error is an answer
        line = {"step": name, "error": sqlstate(e), "message": str(e)}
    print(json.dumps(line, ensure_ascii=False), flush=True)
