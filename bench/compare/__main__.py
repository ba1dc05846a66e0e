"""Compares Metrify with others on this machine: the same readings, the same cores, one after the other, several rounds.

`python bench/compare [--meters N] [--days N] [--rounds N] [--only WORDS]`; METRIFY names the program.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import measure
import readings
import systems

def one_round(system, files, expected):
    """A fresh system, loaded once; what it holds afterwards has to be what it was given."""
    folder = Path(tempfile.mkdtemp(prefix="metrify-bench-"))
    try:
        system.start(folder)
        with measure.Stopwatch(system.servers) as watch:
            system.load(files)
        count, total, distinct = system.contents()
        if (count, distinct) != (expected.count, expected.count) or abs(total - expected.total) > Decimal("0.001"):
            raise RuntimeError(f"{system.name} holds {count} readings, {distinct} keys, {total} kWh: expected {expected}")
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return watch.seconds, watch.processor_seconds


def summary(system, rounds, count):
    seconds = [seconds for seconds, _ in rounds]
    middle = statistics.median(seconds)
    return {
        "system": system.name,
        "version": system.version(),
        "class": "durable" if system.durable else "as shipped",
        "readings_per_second": round(count / middle),
        "slowest": round(count / max(seconds)),
        "fastest": round(count / min(seconds)),
        "processor_seconds_per_million": round(statistics.median(cpu for _, cpu in rounds) / count * 1e6, 2),
        "rounds": [round(second, 3) for second in seconds],
    }


def table(rows):
    ours = {row["class"]: row["readings_per_second"] for row in rows if row["system"] == systems.Metrify.name}
    base = ours.get("durable")
    lines = [
        "| system | class | million readings/s | slowest to fastest | CPU s per million | Metrify is |",
        "|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: -row["readings_per_second"]):
        ratio = f"{base / row['readings_per_second']:.2f} x" if base else ""
        lines.append(
            f"| {row['system']} {row['version']} | {row['class']} | {row['readings_per_second'] / 1e6:.3f} "
            f"| {row['slowest'] / 1e6:.3f} to {row['fastest'] / 1e6:.3f} | {row['processor_seconds_per_million']} | {ratio} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=700)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="systems whose names contain one of these words, set apart by commas")
    arguments = parser.parse_args()
    words = [word.lower() for word in arguments.only.split(",") if word]
    chosen = [kind for kind in systems.ALL if not words or any(word in kind.name.lower() for word in words)]
    for kind in [kind for kind in chosen if kind.missing()]:
        print(f"SKIPPED: {kind.name} has no {', '.join(map(str, kind.missing()))} here", file=sys.stderr)
        chosen.remove(kind)
    cache = Path(tempfile.mkdtemp(prefix="metrify-bench-readings-"))
    try:
        files, expected = readings.prepare(cache, arguments.meters, arguments.days, {kind.takes for kind in chosen if hasattr(kind, "takes")})
        print(f"{expected.count} readings, {expected.total} in sum", file=sys.stderr)
        rounds = {kind: [] for kind in chosen}
        for number in range(arguments.rounds):
            for kind in chosen:
                seconds, cpu = one_round(kind(), files, expected)
                rounds[kind].append((seconds, cpu))
                print(f"round {number + 1}: {kind.name}: {seconds:.2f} s, {cpu:.2f} s of processor time", file=sys.stderr)
        rows = [summary(kind(), rounds[kind], expected.count) for kind in chosen]
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    print(table(rows))
    result = {
        "readings": expected.count,
        "intake": rows,
    }
    measure.keep("intake", result)


if __name__ == "__main__":
    main()
