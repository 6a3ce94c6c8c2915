#!/usr/bin/python3
"""Reads PostgreSQL's node headers and writes, for every struct with a NodeTag, the offsets of its pointers to nodes:
usage: node_fields.py INCLUDEDIR OUT. The compiler computes the offsets; a new server's new fields appear by themselves."""
import re
import sys

HEADERS = ("nodes/parsenodes.h", "nodes/primnodes.h", "nodes/value.h", "nodes/pg_list.h")


def tags(include):
    with open(f"{include}/nodes/nodes.h", encoding="utf8") as f:
        text = f.read()
    body = re.search(r"typedef enum NodeTag\s*\{(.*?)\} NodeTag;", text, re.S)[1]
    section, found = "", []
    for line in body.split("\n"):
        if heading := re.search(r"TAGS FOR ([A-Z ]+)", line):
            section = heading[1].strip().lower().replace(" ", "_")
        found += [(name, section) for name in re.findall(r"^\s*T_(\w+)", line)]
    return found


def structs(include):
    found = {}
    for header in HEADERS:
        with open(f"{include}/{header}", encoding="utf8") as f:
            text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        for name, body in re.findall(r"typedef struct (\w+)\s*\{(.*?)^\}", text, re.S | re.M):
            if "{" not in body:
                found[name] = [(kind, field) for kind, field in re.findall(r"^\s*(?:struct |const )?(\w+)\s*\*\s*(\w+);", body, re.M)]
        found.update({alias: found[name] for name, alias in re.findall(r"typedef struct (\w+) (\w+);", text)
                      if name in found and name != alias})
    return found


def main():
    include, out = sys.argv[1:]
    known, layout = tags(include), structs(include)
    names = {name for name, _ in known}
    lines = ["const std::vector<NodeKind> node_kinds = {"]
    for name, section in known:
        fields = [(k, f) for k, f in layout.get(name, []) if k in names or k in ("Node", "Expr", "List")]
        if section not in ("primitive_nodes", "value_nodes", "list_nodes", "statement_nodes", "parse_tree_nodes"):
            fields = []
        listed = ", ".join(f'{{"{k}", "{f}", offsetof({name}, {f})}}' for k, f in fields)
        lines.append(f'    {{T_{name}, "{name}", "{section}", {{{listed}}}}},')
    with open(out, "w", encoding="utf8") as f:
        f.write("\n".join(lines + ["};", ""]))


main()
