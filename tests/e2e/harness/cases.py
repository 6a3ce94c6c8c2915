"""Reads tests/cases/sql/*.test. The format is described in tests/cases/sql/README.md."""
import glob
import json
import os
import re
from dataclasses import dataclass, field

OUTCOMES = ("same", "refused", "error", "passes", "value", "safe")
DEFAULT_PURPOSE = {"crm": "service", "mailer": "marketing", "analyst": "analytics", "hr_app": "directory",
                   "owner_app": "marketing", "stranger": "none"}
MODES = ("simple", "text", "binary")


class BadCase(Exception):
    pass


@dataclass
class Step:
    sql: str = ""
    line: int = 0
    outcome: str = "same"
    expected: str = ""           # SQLSTATE, or the value
    params: list | None = None
    types: list = field(default_factory=list)
    ordered: bool | None = None
    portal_rows: int = 0         # Execute in steps of that many rows
    kind: str = "statement"      # statement, prepare, bind, describe, close, admin
    name: str = ""               # of the prepared statement
    purpose: str = ""            # T' of this purpose from here on
    copy: str = ""               # data for COPY FROM STDIN

    @property
    def is_ordered(self):
        return self.ordered if self.ordered is not None else has_outer_order_by(self.sql)


@dataclass
class Case:
    file: str
    line: int
    title: str
    role: str = "mailer"
    startup: str = ""            # startup option pgconsent.purpose
    purpose: str = ""
    fresh: bool = False
    modes: tuple = MODES
    steps: list = field(default_factory=list)

    @property
    def name(self):
        return f"{os.path.basename(self.file)[:-5]}: {self.title}"

    def purposes(self):
        return list(dict.fromkeys([self.purpose, *(s.purpose for s in self.steps if s.purpose)]))


def has_outer_order_by(sql):
    """Is there an ORDER BY outside all parentheses?"""
    text = re.sub(r"/\*.*?\*/|--[^\n]*|'[^']*'", " ", sql, flags=re.S)
    while True:
        shorter = re.sub(r"\([^()]*\)", " ", text)
        if shorter == text:
            return re.search(r"\border\s+by\b", text, re.I) is not None
        text = shorter


def directive(case, step, word, rest):
    """Applies one @line; case-wide ones only count before the first statement."""
    if word in OUTCOMES:
        step.outcome, step.expected = word, rest
    elif word in ("params", "types"):
        setattr(step, word, json.loads(rest))
    elif word in ("prepare", "bind", "describe", "close"):
        step.kind, step.name = word, rest
    elif word == "admin":
        step.kind = "admin"
    elif word == "copy":
        step.copy = json.loads(rest)
    elif word == "rows":
        step.portal_rows = int(rest)
    elif word in ("ordered", "unordered"):
        step.ordered = word == "ordered"
    elif word == "purpose" and case.steps:
        step.purpose = rest
    elif word in ("role", "startup", "purpose") and not case.steps:
        setattr(case, word, rest)
    elif word == "fresh" and not case.steps:
        case.fresh = True
    elif word == "modes" and not case.steps:
        case.modes = tuple(rest.split())
    else:
        raise BadCase(f"{case.file}:{step.line}: unknown or misplaced directive @{word}")


def finish(case):
    if not case.steps:
        raise BadCase(f"{case.file}:{case.line}: a case without statements")
    if any(s.params is not None or s.portal_rows or s.kind not in ("statement", "admin") for s in case.steps):
        case.modes = tuple(m for m in case.modes if m != "simple")
    case.purpose = case.purpose or case.startup or DEFAULT_PURPOSE.get(case.role, "none")
    return case


def paragraphs(path):
    """(line number, lines) per block of lines between blank lines."""
    block, start = [], 0
    with open(path, encoding="utf8", newline="\n") as f:
        for number, line in enumerate(f.read().split("\n"), 1):
            if line.strip(" ") == "":
                if block:
                    yield start, block
                block = []
            else:
                if not block:
                    start = number
                block.append(line)
    if block:
        yield start, block


def read(path):
    cases, case = [], None
    for number, block in paragraphs(path):
        if all(line.startswith("#") for line in block):
            continue
        if block[0].startswith("== "):
            if case:
                cases.append(finish(case))
            case = Case(path, number, block[0][3:].strip())
            block, number = block[1:], number + 1
        if case is None:
            raise BadCase(f"{path}:{number}: text before the first case")
        step = Step(line=number)
        while block and re.match(r"@[a-z]+(\s|$)", block[0]):
            word, _, rest = block.pop(0)[1:].partition(" ")
            directive(case, step, word, rest.strip())
        step.sql = "\n".join(block)
        if block or step.kind != "statement":
            case.steps.append(step)
    if case:
        cases.append(finish(case))
    return cases


def read_all(folder, pattern="."):
    found = [c for path in sorted(glob.glob(os.path.join(folder, "*.test"))) for c in read(path)]
    names = [c.name for c in found]
    if twice := {n for n in names if names.count(n) > 1}:
        raise BadCase(f"two cases of one name: {sorted(twice)}")
    return [c for c in found if re.search(pattern, c.name)]
