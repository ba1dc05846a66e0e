"""What it costs that many meters are known: days of values of a fleet of ten thousand meters, and of one of ten million.

`python bench/compare/registered.py [--meters N] [--sets N] [--rounds N]`; METRIFY names the program. Each meter of a fleet has said one
reading before, which is measured, too: of ten million meters each is of another channel. Then day sets come, as many of either fleet: of
the small one several of each meter, of the large one a day of some of them, here and there.
"""

import argparse
import shutil
import statistics
import tempfile
import threading
from pathlib import Path

import measure
from resend import landed
from systems import Metrify, until

SMALL = 10_000
DAY = ",".join(f"{0.125 + quarter * 0.003:.3f}" for quarter in range(96))


def point(number):
    """Of the form of a metering point designation."""
    return f"DE{number * 7919 % 99_999_989:031d}"


def first_readings(path, meters):
    with open(path, "w") as lines:
        for number in range(meters):
            lines.write(f'{{"point":"{point(number)}","quantity":"1-0:1.8.0","at":"2025-01-01T00:00:00Z","value":{number % 9973}.5,"unit":"kWh"}}\n')


def day_sets(path, meters, sets):
    """As many of each of some meters of the fleet, which lie apart from each other; tells how many readings these are."""
    chosen = min(meters, sets)
    with open(path, "w") as lines:
        for place in range(sets):
            day, number = divmod(place, chosen)
            meter = point(number * (meters // chosen))
            lines.write(f'{{"point":"{meter}","quantity":"1-0:1.29.0","day":"2025-02-{day + 1:02d}","values":[{DAY}],"unit":"kWh"}}\n')
    return sets * 96


class Peak:
    """The most that a server had in memory while this was open."""

    def __init__(self, system):
        self.system, self.bytes, self.over = system, 0, threading.Event()

    def _watch(self):
        while not self.over.wait(0.1):
            self.bytes = max(self.bytes, sum(map(measure.resident_bytes, self.system.servers)))

    def __enter__(self):
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def fleet(cache, meters, sets):
    folder, system = Path(tempfile.mkdtemp(prefix="metrify-bench-")), Metrify()
    first, days = cache / "first.ndjson", cache / "days.ndjson"
    first_readings(first, meters)
    readings = day_sets(days, meters, sets)
    try:
        system.start(folder)
        with Peak(system) as peak:
            with measure.Stopwatch(system.servers) as one_each:
                receipt = system.ingest(first)
            assert receipt["stored"] == meters, receipt
            until(lambda: landed(system) == meters, "the lake", 600)
        # What is measured then is what it costs that they are known, and nothing that is left of their coming.
        system.stop()
        system.start(folder)
        with Peak(system) as days_peak:
            with measure.Stopwatch(system.servers) as watch:
                receipt = system.ingest(days)
            assert receipt["stored"] == readings, receipt
            until(lambda: landed(system) == meters + readings, "the lake", 600)
        return {
            "meters": meters,
            "first_rate": round(meters / one_each.seconds),
            "first_resident_mb": peak.bytes >> 20,
            "rate": round(readings / watch.seconds),
            "processor_s_per_million": round(watch.processor_seconds / readings * 1e6, 2),
            "resident_mb": days_peak.bytes >> 20,
        }
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=10_000_000)
    parser.add_argument("--sets", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    cache = Path(tempfile.mkdtemp(prefix="metrify-bench-readings-"))
    try:
        rounds = measure.rounds(arguments.rounds, lambda: [fleet(cache, meters, arguments.sets) for meters in (SMALL, arguments.meters)])
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    few, many = ({name: statistics.median(each[which][name] for each in rounds) for name in rounds[0][0]} for which in (0, 1))
    print(f"day sets of {many['meters']} meters: {many['rate'] / 1e6:.2f} million readings a second, {many['rate'] / few['rate']:.0%} of that of "
          f"{few['meters']}; {many['resident_mb']} MB resident at most, {many['first_resident_mb']} MB while they came first")
    measure.keep("registered", {"sets": arguments.sets, "rounds": rounds, "ratio": round(many["rate"] / few["rate"], 3)})


if __name__ == "__main__":
    main()
