"""What the kernel says about a process: processor time and memory. proc(5)."""

import os

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of all threads so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS  # utime, stime


def _kib(path, key):
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise KeyError(f"{key} in {path}")


def pss_kib(pid):
    return _kib(f"/proc/{pid}/smaps_rollup", "Pss")


def rss_kib(pid):
    return _kib(f"/proc/{pid}/smaps_rollup", "Rss")


def peak_rss_kib(pid):
    return _kib(f"/proc/{pid}/status", "VmHWM")


def reset_peak_rss(pid):
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as clear:
        clear.write("5")
