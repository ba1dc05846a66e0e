"""How soon others see in the Delta table what was answered, and how many files an hour of small deliveries leaves.

`python bench/compare/fresh.py [--seconds N]`; METRIFY names the program. A delivery of a thousand readings comes ten times a second,
and every two seconds one that is looked for: by SQL at once, and by the Delta library until it is there.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import measure
from deltalake import DeltaTable
from systems import Metrify

BEGIN = datetime(2025, 3, 1, tzinfo=timezone.utc)
QUARTER = timedelta(minutes=15)


def lines(point, quarters):
    for quarter in quarters:
        start = BEGIN + QUARTER * quarter
        row = {"point": point, "quantity": "1-0:1.29.0", "value": quarter % 97 / 1000, "unit": "kWh"}
        row |= {"period_start": start.isoformat(), "period_end": (start + QUARTER).isoformat()}
        yield json.dumps(row)


class Client:
    def __init__(self, system):
        self.url = f"http://127.0.0.1:{system.port}/api/v1"
        self.headers = {"Authorization": f"Bearer {system.token}", "Content-Type": "application/json"}

    def post(self, path, body):
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/{path}", body.encode(), self.headers)) as answer:
            return [json.loads(line) for line in answer.read().splitlines()]

    def deliver(self, rows):
        receipt = self.post("deliveries", "\n".join(rows))[0]
        assert receipt["stored"] == receipt["received"] > 0, receipt

    def ask(self, query):
        return [row for page in self.post("sql", json.dumps({"query": query})) for row in page["rows"]]


def keep_coming(client, stop):
    """A thousand meters, quarter after quarter."""
    quarter = 0
    while not stop.wait(0.1):
        client.deliver([next(lines(f"SM-{number}", [quarter])) for number in range(1000)])
        quarter += 1


def in_delta(table, point):
    rows = DeltaTable(table).to_pyarrow_table(columns=["value"], filters=[("point", "=", point)])
    return rows.num_rows == 1


def looked_for(client, table, number):
    """Seconds from the answer until the Delta library has the reading."""
    point = f"LOOKED-FOR-{number}"
    client.deliver(lines(point, [number]))
    answered = time.perf_counter()
    assert client.ask(f"select count(*) from readings where point = '{point}'") == [[1]], "SQL sees it at once"
    while not in_delta(table, point):
        time.sleep(0.1)
    return time.perf_counter() - answered


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=180)
    arguments = parser.parse_args()
    folder, system, stop = Path(tempfile.mkdtemp(prefix="metrify-bench-")), Metrify(), threading.Event()
    load = None
    try:
        system.start(folder)
        client = Client(system)
        load = threading.Thread(target=keep_coming, args=(client, stop))
        load.start()
        time.sleep(5)
        table = next(log.parent for log in system.data.rglob("_delta_log") if log.parent.name == "readings")
        seconds, end = [], time.monotonic() + arguments.seconds
        while time.monotonic() < end:
            seconds.append(looked_for(client, table, len(seconds)))
            time.sleep(2)
        stop.set()
        load.join()
        time.sleep(10)
        months = client.ask("select split_part(path, '/', 1), count(*), sum(rows) from system.files where \"table\" = 'readings' group by 1 order by 1")
        told = {
            "looked_for": len(seconds),
            "in_delta_after_s": {"p50": round(statistics.median(seconds), 2), "max": round(max(seconds), 2)},
            "files": {month: {"files": files, "rows": rows} for month, files, rows in months},
        }
        print(told)
        measure.keep("fresh", told)
    finally:
        stop.set()
        if load:
            load.join()
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
