"""What a resend costs: days that were received are sent again, shuffled, with one value of a thousand changed.

`python bench/compare/resend.py [--meters N] [--days N] [--rounds N]`; METRIFY names the program. Measured is the rate of the resend
beside that of the first delivery in the same run, and what the tables of readings grow by.
"""

import argparse
import json
import random
import shutil
import statistics
import tempfile
from pathlib import Path

import measure
import readings
from systems import Metrify, until


def changed(line):
    row = json.loads(line, parse_float=str, parse_int=str)
    before = f'"value":{row["value"]}'
    assert before in line, line
    return line.replace(before, f"{before}1" if "." in row["value"] else f"{before}.1")


def shuffled(path, seed):
    """The same lines in another order, one of a thousand with another value; tells how many those are."""
    lines = open(path).readlines()
    chance = random.Random(seed)
    chance.shuffle(lines)
    every = range(0, len(lines), 1000)
    for place in every:
        lines[place] = changed(lines[place])
    resent = path.with_name("resent.ndjson")
    resent.write_text("".join(lines))
    return resent, len(every)


def landed(system):
    return int(system.row("select rows from system.tables where \"table\" = 'readings'")[0])


def live_bytes(system):
    """Bytes of the files that the newest version of a table names."""
    return int(system.row("select coalesce(sum(bytes), 0) from system.files where \"table\" = 'readings'")[0])


def one_round(path, resent, corrections, count):
    folder, system = Path(tempfile.mkdtemp(prefix="metrify-bench-")), Metrify()
    try:
        system.start(folder)
        with measure.Stopwatch(system.servers) as first:
            receipt = system.ingest(path)
        assert receipt["stored"] == count, receipt
        # What was received is in the lake by then, as it is after ten days.
        until(lambda: landed(system) == count, "the lake")
        before = live_bytes(system)
        with measure.Stopwatch(system.servers) as again:
            receipt = system.ingest(resent)
        assert (receipt["duplicates"], receipt["corrections"]) == (count - corrections, corrections), receipt
        resident = max(measure.resident_bytes(pid) for pid in system.servers)
        return {
            "first": round(first.seconds, 3),
            "resent": round(again.seconds, 3),
            "first_cpu": round(first.processor_seconds, 2),
            "resent_cpu": round(again.processor_seconds, 2),
            "bytes_before": before,
            "bytes_after": live_bytes(system),
            "resident_mb": resident >> 20,
        }
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=2800)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    cache = Path(tempfile.mkdtemp(prefix="metrify-bench-readings-"))
    try:
        path = readings.simulate(cache, arguments.meters, arguments.days, "ndjson")
        count = sum(1 for _ in open(path))
        resent, corrections = shuffled(path, 7)
        rounds = measure.rounds(arguments.rounds, lambda: one_round(path, resent, corrections, count))
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    rate = {name: count / middle[name] for name in ("first", "resent")}
    print(f"{count} readings, {corrections} changed: first {rate['first'] / 1e6:.3f} million a second, "
          f"resent {rate['resent'] / 1e6:.3f}, which is {rate['resent'] / rate['first']:.0%}; "
          f"tables of readings {middle['bytes_before']} bytes before, {middle['bytes_after']} after")
    result = {
        "readings": count,
        "changed": corrections,
        "rounds": rounds,
        "ratio": round(rate["resent"] / rate["first"], 3),
    }
    measure.keep("resend", result)


if __name__ == "__main__":
    main()
