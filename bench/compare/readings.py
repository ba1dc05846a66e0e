"""The readings that every system is given: made once by `metrify simulate`, and written in the form that each reads fastest.

Nothing of this is measured.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path


@dataclass
class Expected:
    count: int
    total: Decimal


def simulate(folder, meters, days, form):
    path = folder / f"readings.{form}"
    words = ["simulate", "--faultless", "--meters", meters, "--days", days, "--seed", 5, "--format", form, "--out", path]
    subprocess.run([str(word) for word in [os.environ["METRIFY"], *words]], check=True, stdout=subprocess.DEVNULL)
    return path


def instant(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def stamp(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def each(path):
    """Point, quantity, start and end in seconds, value as text, unit, of every line."""
    for line in open(path):
        row = json.loads(line, parse_float=str, parse_int=str)
        start, end = row.get("period_start", row.get("at")), row.get("period_end", row.get("at"))
        yield row["point"], row["quantity"], instant(start), instant(end), row["value"], row["unit"]


def prepare(folder, meters, days, forms):
    files = {form: simulate(folder, meters, days, form) for form in {"ndjson", "parquet", *forms}}
    count, total = 0, Decimal(0)
    files |= {"keys_csv": folder / "keys.csv", "lines": folder / "readings.lines", "table_lines": folder / "table.lines"}
    with open(files["keys_csv"], "w") as table, open(files["lines"], "w") as lines, open(files["table_lines"], "w") as rows:
        for point, quantity, start, end, value, unit in each(files["ndjson"]):
            count, total = count + 1, total + Decimal(value)
            table.write(f"{point},{quantity},{stamp(start)},{stamp(end)},{value},{unit}\n")
            # A point in time stands for its period: line protocol knows one time.
            lines.write(f"{quantity},point={point},unit={unit} value={value} {start}\n")
            # All of them in one table, where the system has tables.
            rows.write(f"readings,point={point},quantity={quantity},unit={unit} value={value} {start}\n")
    return files, Expected(count, total)
