"""What was measured: values by measure and target, one per round. Ratios are ratios of medians."""

import collections
import statistics


class Samples:
    def __init__(self):
        self.values = collections.defaultdict(lambda: collections.defaultdict(list))
        self.units = {}

    def add(self, measure, unit, target, value):
        self.units[measure] = unit
        self.values[measure][target].append(value)

    def has(self, measure, target):
        return bool(self.values.get(measure, {}).get(target))

    def median(self, measure, target):
        return statistics.median(self.values[measure][target])

    def ratio(self, over, under):
        """Each a (measure, target); None where one of them was not measured."""
        if not (self.has(*over) and self.has(*under)):
            return None
        return self.median(*over) / self.median(*under)
