"""Prints what was measured, as tables and as JSON."""

import json
import os
import platform

TARGETS = ["direct", "pgbouncer", "haproxy", "pgconsent", "pgconsent_flags"]
MEASURED_AGAINST = ["direct", "pgbouncer", "haproxy"]


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"


def table(head, rows):
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    line = "  ".join("-" * width for width in widths)
    for row in [head, None, *rows]:
        print(line if row is None else
              "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width)
                        for at, (cell, width) in enumerate(zip(row, widths))))
    print()


def print_report(samples, bars):
    columns = [target for target in TARGETS if any(target in values for values in samples.values.values())]
    against = [target for target in MEASURED_AGAINST if target in columns]
    rows = []
    for measure, unit in samples.units.items():
        row = [f"{measure} [{unit}]" if unit else measure]
        row += [number(samples.median(measure, target)) if samples.has(measure, target) else "-" for target in columns]
        ours = "pgconsent" if samples.has(measure, "pgconsent") else "pgconsent_flags"
        row += [number(samples.ratio((measure, ours), (measure, target))) for target in against]
        rows.append(row)
    print("Medians, and pgconsent's ratio to each:\n")
    table(["measure", *columns, *(f"/ {target}" for target in against)], rows)
    print("Bars:\n")
    table(["bar", "measured", "limit", ""],
          [[f"{bar.number}  {bar.what}", number(bar.value), f"{'>=' if bar.at_least else '<='} {bar.limit:g}",
            {None: "not measured", True: "met", False: "MISSED"}[bar.met]] for bar in bars])


def write_json(path, samples, bars, settings):
    measures = {}
    for measure, unit in samples.units.items():
        targets = samples.values[measure]
        measures[measure] = {
            "unit": unit,
            "medians": {target: samples.median(measure, target) for target in targets},
            "ratios": {target: samples.ratio((measure, "pgconsent"), (measure, target)) for target in targets
                       if target in MEASURED_AGAINST},
            "values": {target: values for target, values in targets.items()},
        }
    machine = {"processors": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0]}
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"settings": settings, "machine": machine, "measures": measures,
                   "bars": [{"bar": bar.number, "what": bar.what, "value": bar.value, "limit": bar.limit,
                             "at_least": bar.at_least, "met": bar.met} for bar in bars]}, out, indent=2)
        out.write("\n")
