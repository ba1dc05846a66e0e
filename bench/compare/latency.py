"""How long answers take while many connections send at an even rate, beside how long this disk takes to make a page durable.

`python bench/compare/latency.py [--connections N] [--rate N] [--readings N] [--rounds N] [--again]`; METRIFY names the program, LATENCY
the one that sends (`bench/examples/latency.rs`). With `--again` all that was sent is sent once more, after it landed, and that is what
is told: each delivery gets its first receipt, and nothing is stored. The disk is measured in the same run, before it and with nothing else going on, by the
calls that the journal makes: bytes are appended and `fdatasync` is called, over and over, by one writer.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import measure
from systems import Metrify

SYNCS = 500
PAGE = bytes(4096)
SECONDS = 20
# By then what was sent is in the lake.
LANDING = 15


def disk(folder):
    """Milliseconds that appending a page and making it durable takes: the median, and what one of a hundred takes."""
    times = []
    file = os.open(folder / "pages", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        for _ in range(SYNCS):
            begun = time.perf_counter()
            os.write(file, PAGE)
            os.fdatasync(file)
            times.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(file)
        os.unlink(folder / "pages")
    times.sort()
    return {"p50_ms": round(times[len(times) // 2], 3), "p99_ms": round(times[len(times) * 99 // 100], 3)}


def one_round(arguments):
    folder, system = Path(tempfile.mkdtemp(prefix="metrify-bench-")), Metrify()
    try:
        syncs = disk(folder)
        system.start(folder)
        command = [os.environ["LATENCY"], f"127.0.0.1:{system.port}", system.token]
        command += [arguments.connections, arguments.rate, arguments.readings, SECONDS]
        command = [str(word) for word in command]
        if arguments.again:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            time.sleep(LANDING)
        with measure.Stopwatch(system.servers) as watch:
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        told = json.loads(answer)
        stored = int(system.row("select count(*) from readings")[0])
        assert stored == told["readings"], (stored, told)
        return {
            **told,
            "processor_seconds": round(watch.processor_seconds, 1),
            "fdatasync": syncs,
            "p50_ratio": round(told["p50_ms"] / syncs["p50_ms"], 2),
            "p99_ratio": round(told["p99_ms"] / syncs["p99_ms"], 2),
        }
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--rate", type=int, default=200_000)
    parser.add_argument("--readings", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--again", action="store_true")
    arguments = parser.parse_args()
    rounds = measure.rounds(arguments.rounds, lambda: one_round(arguments))
    middle = {name: statistics.median(each[name] for each in rounds) for name in ("p50_ms", "p99_ms", "p50_ratio", "p99_ratio")}
    print(f"{arguments.rate} readings a second from {arguments.connections} connections, {arguments.readings} a delivery: answers after "
          f"{middle['p50_ms']} ms (p50) and {middle['p99_ms']} ms (p99), {middle['p50_ratio']} and {middle['p99_ratio']} times fdatasync")
    result = {
        "connections": arguments.connections,
        "readings_a_delivery": arguments.readings,
        "rate": arguments.rate,
        "rounds": rounds,
    }
    measure.keep("latency-again" if arguments.again else "latency", result)


if __name__ == "__main__":
    main()
