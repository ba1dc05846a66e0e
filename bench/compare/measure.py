"""Wall clock and processor time of a piece of work and of everything that does it, and what is kept of it."""

import json
import os
import platform
import resource
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """Processor time of a process with all its threads and the children it has waited for, in seconds."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    # utime, stime, cutime, cstime: fields 14 to 17 of proc(5), of which the first two are cut off above.
    return sum(int(field) for field in fields[11:15]) / TICKS


def descendants(pid):
    """A process and all that it started, directly or not."""
    found, waiting = [], [pid]
    while waiting:
        pid = waiting.pop()
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                waiting.extend(int(child) for child in children.read().split())
        except FileNotFoundError:
            continue
        found.append(pid)
    return found


def resident_bytes(pid):
    """Memory of a process that is not shared by name: the sum of its resident anonymous pages."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


def machine():
    model = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    return {"processor": model, "cores": os.cpu_count(), "memory_gb": memory // 1_000_000, "kernel": platform.release()}


def rounds(number, one):
    """Measures again and again, and shows each."""
    told = []
    for each in range(number):
        told.append(one())
        print(f"round {each + 1}: {told[-1]}", flush=True)
    return told


def keep(name, result):
    """Writes what was measured with when, where and of which commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE).stdout.decode().strip()
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"at": at, "machine": machine(), "commit": commit, **result}, indent=1) + "\n")


class Stopwatch:
    """Measures what happens within it: the client is a child of this process, the servers are named."""

    def __init__(self, servers=()):
        self.servers = servers

    def _servers(self):
        # A process that ends between the two looks is one that the server waited for: its time is the server's then.
        total = 0.0
        for pid in self.servers:
            for each in descendants(pid):
                try:
                    total += processor_seconds(each)
                except FileNotFoundError:
                    continue
        return total

    @staticmethod
    def _children():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def __enter__(self):
        self._before = (self._servers(), self._children())
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._begun
        servers, children = self._before
        self.processor_seconds = self._servers() - servers + self._children() - children
