"""Systems that live within their client, each as a program of its own: `embedded.py SYSTEM ACTION [FILE] FOLDER`."""

import json
import sys
from pathlib import Path

COLUMNS = "point varchar, quantity varchar, period_start timestamptz, period_end timestamptz, value decimal(38, 12), unit varchar"
KEY = "point, quantity, period_start, period_end"
CONTENTS = "select count(*), cast(sum(value) as varchar), (select count(*) from (select distinct {key} from {table})) from {table}"


def duckdb_(action, *words):
    import duckdb

    *files, folder = words
    database = duckdb.connect(str(Path(folder) / "readings.duckdb"))
    database.execute("set timezone = 'UTC'")
    if action == "contents":
        return database.execute(CONTENTS.format(key=KEY, table="readings")).fetchone()
    key = f", primary key ({KEY})" if action == "load" else ""
    database.execute(f"create table readings ({COLUMNS}{key})")
    database.execute(f"copy readings from '{files[0]}' (format csv, header false)")
    database.close()


def delta(action, *words):
    import pyarrow as pa
    import pyarrow.parquet as pq
    from deltalake import DeltaTable, QueryBuilder, write_deltalake

    *files, folder = words
    path = str(Path(folder) / "readings")
    if action == "contents":
        query = CONTENTS.format(key=KEY, table="readings")
        rows = pa.table(QueryBuilder().register("readings", DeltaTable(path)).execute(query)).to_pylist()
        return list(rows[0].values())
    rows = pq.read_table(files[0])
    if action == "append":
        write_deltalake(path, rows)
        return None
    table = DeltaTable.create(path, schema=rows.schema)
    same = " and ".join(f"old.{column} = new.{column}" for column in KEY.split(", "))
    merge = table.merge(rows, predicate=same, source_alias="new", target_alias="old")
    merge.when_matched_update_all().when_not_matched_insert_all().execute()
    return None


if __name__ == "__main__":
    system, *rest = sys.argv[1:]
    answer = {"duckdb": duckdb_, "duckdb,": duckdb_, "delta": delta}[system](*rest)
    if answer is not None:
        print(json.dumps(list(answer)))
