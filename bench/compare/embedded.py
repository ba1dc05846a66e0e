"""Systems that live within their client, each as a program of its own: `embedded.py SYSTEM ACTION [FILE] FOLDER`."""

import json
import sys
from pathlib import Path

COLUMNS = "point varchar, quantity varchar, period_start timestamptz, period_end timestamptz, value decimal(38, 12), unit varchar"
KEY = "point, quantity, period_start, period_end"
CONTENTS = (
    "select count(*) as readings, cast(sum(value) as varchar) as total, "
    "(select count(*) from (select distinct {key} from {table})) as keys from {table}"
)


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


def clickhouse(action, *words):
    from chdb.session import Session

    *files, folder = words
    session = Session(str(Path(folder) / "clickhouse"))
    if action == "contents":
        distinct = f"(select count() from (select distinct {KEY} from readings final))"
        answer = session.query(f"select count(), toString(sum(value)), {distinct} from readings final", "JSONCompact")
        return json.loads(str(answer))["data"][0]
    synced = ", fsync_after_insert = 1, fsync_part_directory = 1" if action == "load_synced" else ""
    columns = (
        "point String, quantity LowCardinality(String), period_start DateTime64(6, 'UTC'), period_end DateTime64(6, 'UTC'), "
        "value Decimal(38, 12), unit LowCardinality(String)"
    )
    session.query("create database if not exists bench engine = Atomic")
    session.query(
        f"create table readings ({columns}) engine = ReplacingMergeTree order by ({KEY}) settings index_granularity = 8192{synced}"
    )
    settings = "settings date_time_input_format = 'best_effort', max_partitions_per_insert_block = 0"
    session.query(f"insert into readings select * from file('{files[0]}', 'CSV', $${columns}$$) {settings}")
    return None


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
    answer = {"duckdb": duckdb_, "duckdb,": duckdb_, "clickhouse": clickhouse, "clickhouse,": clickhouse, "delta": delta}[system](*rest)
    if answer is not None:
        print(json.dumps(list(answer)))
