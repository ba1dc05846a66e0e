"""Corrections by MERGE of the Delta library, into a copy of the table: `python bench/compare/merge.py TABLE CORRECTIONS`.

Only the value of rows with the same key is changed, which is less than Metrify does: it keeps what was known before.
"""

import json
import resource
import sys
import time
from datetime import datetime
from decimal import Decimal

import pyarrow
from deltalake import DeltaTable

# Beyond this much memory the machine would begin to swap.
MEMORY_BYTES = 16 << 30

KEY = ["point", "quantity", "period_start", "period_end"]


def corrections(path):
    rows = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in open(path)]
    at, text = pyarrow.timestamp("us", "UTC"), pyarrow.string()
    columns = {name: pyarrow.array([row[name] for row in rows], text) for name in KEY[:2]}
    for name in KEY[2:]:
        columns[name] = pyarrow.array([datetime.fromisoformat(row[name]) for row in rows], at)
    columns["value"] = pyarrow.array([row["value"] for row in rows], pyarrow.decimal128(38, 12))
    return pyarrow.table(columns)


def main():
    table, path = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    source = corrections(path)
    begun = time.perf_counter()
    merge = DeltaTable(table).merge(
        source,
        " and ".join(f"target.{name} = source.{name}" for name in KEY),
        source_alias="source",
        target_alias="target",
    )
    done = merge.when_matched_update({"value": "source.value"}).execute()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "seconds": round(time.perf_counter() - begun, 2),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": used.ru_maxrss >> 10,
        "updated": done["num_target_rows_updated"],
    }))


if __name__ == "__main__":
    main()
