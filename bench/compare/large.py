"""A lake of half a billion readings: how it is loaded, how large it is, what questions cost beside DuckDB on the same files, and
what corrections cost that are scattered over all of it.

`python bench/compare/large.py [--meters N] [--days N] [--slice DAYS] [--rounds N]`; METRIFY names the program.
"""

import argparse
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import measure
from readings import stamp
from systems import Metrify, until

FIRST = date(2025, 1, 1)
BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)
# Active energy of a quarter-hour, of which there are the most.
ENERGY = "1-0:1.29.0"
CORRECTIONS = 100_000


def slices(arguments):
    for begin in range(0, arguments.days, arguments.slice):
        yield begin, min(arguments.slice, arguments.days - begin)


def simulated(folder, arguments, begin, days):
    path = folder / "slice.days"
    words = ["simulate", "--faultless", "--meters", arguments.meters, "--days", days, "--seed", 5, "--format", "days"]
    words += ["--from", FIRST + timedelta(days=begin), "--out", path]
    subprocess.run([str(word) for word in [os.environ["METRIFY"], *words]], check=True, stdout=subprocess.DEVNULL)
    if begin == 0:
        return path
    # The midnight between two slices belongs to the earlier: each fleet has registers of its own, and said again they were corrected.
    midnight = datetime.combine(FIRST + timedelta(days=begin), datetime.min.time(), BERLIN).astimezone(timezone.utc)
    said = f'"at":"{stamp(midnight.timestamp())}"'
    rest = folder / "rest.days"
    with open(path) as lines, open(rest, "w") as kept:
        kept.writelines(line for line in lines if said not in line)
    return rest


def corrections(path, chance, count):
    """Lines that give some of a slice's values another number."""
    days = [line for line in open(path) if f'"{ENERGY}"' in line]
    for line in chance.sample(days, min(count, len(days))):
        day = json.loads(line, parse_float=str, parse_int=str)
        place = chance.randrange(len(day["values"]))
        midnight = datetime.fromisoformat(day["day"]).replace(tzinfo=BERLIN).astimezone(timezone.utc)
        start, end = (stamp((midnight + QUARTER * (place + each)).timestamp()) for each in (0, 1))
        value = Decimal(day["values"][place]) + Decimal("0.001")
        yield (
            f'{{"point":"{day["point"]}","quantity":"{day["quantity"]}","period_start":"{start}","period_end":"{end}",'
            f'"value":{value},"unit":"{day["unit"]}"}}\n'
        )


def load(system, cache, arguments, chance):
    """Loads the slices one after the other; tells what each cost."""
    told, lines = [], []
    share = math.ceil(CORRECTIONS / len(list(slices(arguments))))
    for begin, days in slices(arguments):
        path = simulated(cache, arguments, begin, days)
        lines.extend(corrections(path, chance, share))
        with measure.Stopwatch(system.servers) as watch:
            receipt = system.ingest(path)
        assert receipt["stored"] == receipt["received"], receipt
        resident = sum(measure.resident_bytes(pid) for pid in system.servers)
        told.append({
            "readings": receipt["stored"],
            "seconds": round(watch.seconds, 2),
            "processor_seconds": round(watch.processor_seconds, 2),
            "resident_mb": resident >> 20,
        })
        print(f"{begin + days} days: {told[-1]}", flush=True)
    return told, lines


class Api:
    def __init__(self, system):
        self.url = f"http://127.0.0.1:{system.port}/api/v1/sql"
        self.headers = {"Authorization": f"Bearer {system.token}", "Content-Type": "application/json"}

    def read(self, query):
        request = urllib.request.Request(self.url, json.dumps({"query": query}).encode(), self.headers)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def ask(self, query):
        pages = [json.loads(line, parse_float=Decimal) for line in self.read(query).splitlines()]
        return [row for page in pages for row in page["rows"]]


def questions(point, day, month):
    """What both are asked, each in its own words: Metrify has tables of the latest readings and of local days, DuckDB time zones."""
    of_month = f"period_start >= '{month[0]}T00:00:00Z' and period_start < '{month[1]}T00:00:00Z'"
    of_day = f"period_start >= '{day[0]}T00:00:00Z' and period_start < '{day[1]}T00:00:00Z'"
    energy = f"quantity = '{ENERGY}'"
    same = {
        "a point's year": f"select period_start, value from readings where point = '{point}' and {energy} order by period_start",
        "a day's curve over all points": f"select period_start, sum(value) from readings where {energy} and {of_day} group by 1 order by 1",
        "top 100 of a month": f"select point, sum(value) from readings where {energy} and {of_month} group by 1 order by 2 desc, 1 limit 100",
        "gaps of a month": "select count(*) from (select period_end, lead(period_start) over (partition by point order by period_start) "
        f"as next from readings where {energy} and {of_month}) where next > period_end",
    }
    asked = {name: (query, query) for name, query in same.items()}
    latest = "select point, max(period_start), {last} from readings where {energy} group by point"
    latest_scanned, latest_theirs = (
        latest.format(last=last, energy=energy) for last in ("last_value(value order by period_start)", "arg_max(value, period_start)")
    )
    latest_kept = f"select point, period_start, value from readings_latest where {energy}"
    asked["latest per point"] = (latest_kept, latest_theirs)
    months = "select date_trunc('month', {day}) as month, quantity, sum({amount}) from {table} where quantity like '1-0:%' group by 1, 2 order by 1, 2"
    months_scanned, months_theirs = (
        months.format(day=day, amount="value", table="readings")
        for day in ("local_day(period_start)", "timezone('Europe/Berlin', period_start)")
    )
    asked["monthly sums on local time"] = (months.format(day="day", amount="sum", table="readings_daily"), months_theirs)
    asked["latest per point, of all readings"] = (latest_scanned, latest_theirs)
    asked["monthly sums on local time, of all readings"] = (months_scanned, months_theirs)
    return asked


def compare(system, rounds, point, days):
    import duckdb

    api = Api(system)
    files = [row[0] for row in api.ask("select path from system.files where \"table\" = 'readings'")]
    files = [str(next(system.data.rglob(Path(file).name))) for file in files]
    database = duckdb.connect()
    database.execute("set timezone = 'UTC'")
    database.execute(f"create view readings as select * from read_parquet({files!r}, hive_partitioning = false)")
    middle = FIRST + timedelta(days=days // 2)
    asked = questions(point, (middle, middle + timedelta(days=1)), (middle, middle + timedelta(days=30)))
    told = {}
    for name, (ours, theirs) in asked.items():
        try:
            api.ask(ours)
        except urllib.error.HTTPError as error:
            told[name] = {"refused": json.loads(error.read()).get("detail")}
            print(f"{name}: {told[name]}", flush=True)
            continue
        times = {"metrify": [], "duckdb": []}
        for _ in range(rounds):
            begun = time.perf_counter()
            mine = api.ask(ours)
            times["metrify"].append(time.perf_counter() - begun)
            begun = time.perf_counter()
            other = database.sql(theirs).to_arrow_table()
            times["duckdb"].append(time.perf_counter() - begun)
            assert len(mine) == len(other), (name, len(mine), len(other))
        total = sum(Decimal(str(row[-1])) for row in mine)
        assert total == sum(other.column(other.num_columns - 1).to_pylist()), name
        seconds = {system: round(statistics.median(each), 4) for system, each in times.items()}
        told[name] = {**seconds, "rows": len(mine), "ratio": round(seconds["metrify"] / seconds["duckdb"], 2)}
        print(f"{name}: {told[name]}", flush=True)
    # What is asked of all readings besides shows what the tables save; it is not another question.
    ratios = [each["ratio"] for name, each in told.items() if "ratio" in each and "of all readings" not in name]
    told["geometric mean"] = round(math.exp(sum(map(math.log, ratios)) / len(ratios)), 2)
    print(f"geometric mean of {len(ratios)} ratios: {told['geometric mean']}; what was refused is in none")
    return told


def years(system, points):
    """How long the year of one point takes, of one point after the other, as bytes at the client."""
    api, seconds = Api(system), []
    for point in points:
        begun = time.perf_counter()
        rows = api.read(f"select period_start, value from readings where point = '{point}' and quantity = '{ENERGY}' order by period_start")
        seconds.append(time.perf_counter() - begun)
        assert len(rows) > 0
    seconds.sort()
    told = {"points": len(points), "p50_ms": round(statistics.median(seconds) * 1000, 1)}
    told["p99_ms"] = round(seconds[math.ceil(len(seconds) * 0.99) - 1] * 1000, 1)
    print(f"a point's year: {told}", flush=True)
    return told


def copied(system, cache):
    """The table of readings once more. No writer of Delta changes a file that is there: the copy may share them."""
    table = next(folder.parent for folder in system.data.rglob("_delta_log") if folder.parent.name == "readings")
    return shutil.copytree(table, cache / "merged", copy_function=os.link)


def merged(copy, lines):
    """What the same corrections cost the Delta library in a copy of the table; it may take no more than an hour."""
    path = copy.with_suffix(".ndjson")
    path.write_text("".join(lines))
    words = [sys.executable, "-B", Path(__file__).parent / "merge.py", copy, path]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=3600)
        told = json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr.strip().splitlines()[-1]}
    except subprocess.TimeoutExpired:
        told = {"failed": "not done within an hour"}
    print(f"MERGE: {told}", flush=True)
    return told


def superseded(api):
    return int(api.ask("select coalesce(sum(rows), 0) from system.tables where \"table\" = 'readings_superseded'")[0][0])


def correct(system, cache, lines):
    """Sends corrections scattered over everything; tells what that cost, and how long it was until the lake had them."""
    api = Api(system)
    path = cache / "corrections.ndjson"
    path.write_text("".join(lines))
    before, known = sum(map(measure.resident_bytes, system.servers)), superseded(api)
    with measure.Stopwatch(system.servers) as watch:
        receipt = system.ingest(path)
    assert receipt["corrections"] == len(lines), receipt
    more = sum(map(measure.resident_bytes, system.servers)) - before
    begun = time.perf_counter()
    until(lambda: superseded(api) >= known + len(lines), "the lake", 3600)
    told = {
        "corrections": len(lines),
        "seconds": round(watch.seconds, 2),
        "processor_seconds": round(watch.processor_seconds, 2),
        "more_memory_mb": more >> 20,
        "landed_after_s": round(time.perf_counter() - begun, 1),
    }
    print(f"corrections: {told}", flush=True)
    return told


def tables(system):
    """Rows, files and bytes of each table that has some."""
    query = 'select "table", count(*), sum(rows), sum(bytes) from system.files group by 1 order by 1'
    told = {name: {"files": files, "rows": rows, "bytes": size} for name, files, rows, size in Api(system).ask(query)}
    readings = told["readings"]
    print(f"{readings['rows']} readings in {readings['files']} files: {readings['bytes'] / readings['rows']:.2f} bytes a reading")
    return told


def landed(system, count):
    api = Api(system)
    query = "select coalesce(sum(rows), 0) from system.tables where \"table\" = 'readings'"
    until(lambda: int(api.ask(query)[0][0]) == count, "the lake", 600)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=14_000)
    parser.add_argument("--days", type=int, default=300)
    parser.add_argument("--slice", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    folder, system, chance = Path(tempfile.mkdtemp(prefix="metrify-bench-")), Metrify(), random.Random(5)
    try:
        system.start(folder)
        loaded, lines = load(system, folder, arguments, chance)
        landed(system, sum(each["readings"] for each in loaded))
        chance.shuffle(lines)
        lines = lines[:CORRECTIONS]
        copy = copied(system, folder)
        result = {
            "meters": arguments.meters,
            "days": arguments.days,
            "loaded": loaded,
            "tables": tables(system),
            "questions": compare(system, arguments.rounds, json.loads(lines[0])["point"], arguments.days),
            "years": years(system, sorted({json.loads(line)["point"] for line in lines[:2_000]})[:1_000]),
            "corrections": correct(system, folder, lines),
            "merge": merged(copy, lines),
        }
        measure.keep("large", result)
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
