"""How soon a server is ready, and what it takes while nothing happens: on a fresh folder, started again, and after kill -9 with
readings that only the journal has.

`python bench/compare/start.py [--rounds N]`; METRIFY names the program.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import measure
import readings
from systems import Metrify

# Seconds over which an idle server is watched.
WATCH_S = 20


def ready(system, folder):
    """Starts a server and waits until it answers that it is well; tells how long that took, in seconds."""
    begun = time.perf_counter()
    system.start(folder)
    return round(time.perf_counter() - begun, 3)


def idle(pid):
    before = measure.processor_seconds(pid)
    time.sleep(WATCH_S)
    share = (measure.processor_seconds(pid) - before) / WATCH_S
    with open(f"/proc/{pid}/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
    return {"resident_mb": resident >> 10, "percent_of_a_core": round(share * 100, 2)}


def one_round(path, count):
    folder = Path(tempfile.mkdtemp(prefix="metrify-bench-"))
    # Nothing lands by itself, so that the journal has it all.
    os.environ["METRIFY_LANDING_INTERVAL_S"] = "3600"
    system = Metrify()
    try:
        told = {"fresh_s": ready(system, folder), **idle(system.process.pid)}
        system.stop()
        told["again_s"] = ready(system, folder)
        assert system.ingest(path)["stored"] == count
        told["journal_mb"] = sum(file.stat().st_size for file in folder.glob("data/journal/*")) >> 20
        system.process.kill()
        system.process.wait()
        (system.data / "server.json").unlink()
        told["after_kill_s"] = ready(system, folder)
        assert int(system.row("select count(*) from readings")[0]) == count
        return told
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    cache = Path(tempfile.mkdtemp(prefix="metrify-bench-readings-"))
    try:
        path = readings.simulate(cache, 170, 20, "ndjson")
        count = sum(1 for _ in open(path))
        rounds = measure.rounds(arguments.rounds, lambda: one_round(path, count))
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    print(f"ready after {middle['fresh_s']} s on a fresh folder, {middle['again_s']} s again, {middle['after_kill_s']} s after kill -9 "
          f"with {count} readings ({middle['journal_mb']} MB) in the journal alone; idle: {middle['resident_mb']} MB resident, "
          f"{middle['percent_of_a_core']} % of a core")
    result = {
        "readings": count,
        "rounds": rounds,
    }
    measure.keep("start", result)


if __name__ == "__main__":
    main()
