"""Asks by PostgreSQL's ODBC driver, as Excel, Power BI and Tableau do where they are given one: a line for each thing, and what came."""

import datetime
import decimal
import os
import sys
import threading

import pyodbc

LONG = "select count(*) from readings a, readings b, readings c where a.value < b.value + c.value and b.value < a.value + c.value"
UTC_DAY = datetime.datetime(2025, 1, 1)


def connect(**options):
    host, port = os.environ["WIRE_ADDRESS"].rsplit(":", 1)
    options = {
        "DRIVER": os.environ["TOOLS_ODBC_DRIVER"], "SERVER": host, "PORT": port, "DATABASE": "metrify", "UID": "anybody",
        "PWD": os.environ["WIRE_KEY"], "BoolsAsChar": 0, **options,
    }
    return pyodbc.connect(";".join(f"{name}={value}" for name, value in options.items()), autocommit=True)


def line(name, work):
    try:
        said = work()
    except pyodbc.Error as error:
        said = f"refused {error.args[0]} {error.args[1].split('ERROR: ')[-1].split(';')[0].splitlines()[0]}"
    print(name, said, flush=True)


def tree(cursor):
    """What a tool shows before anything is asked."""
    line("schemas", lambda: [row.table_schem for row in cursor.tables(catalog="", schema="%", table="")])
    line("catalogs", lambda: [row.table_cat for row in cursor.tables(catalog="%", schema="", table="")])
    line("tables", lambda: [row.table_name for row in cursor.tables(schema="default", tableType="TABLE") if "readings" in row.table_name])
    line("columns", lambda: [f"{row.column_name}:{row.type_name}" for row in cursor.columns(table="readings", schema="default")][3:7])
    line("primary", lambda: list(cursor.primaryKeys("readings", schema="default")))
    line("foreign", lambda: list(cursor.foreignKeys(table="readings", schema="default")))
    line("foreign of", lambda: list(cursor.foreignKeys(foreignTable="readings", foreignSchema="default")))
    line("indexes", lambda: list(cursor.statistics("readings", schema="default")))
    line("best", lambda: list(cursor.rowIdColumns("readings", schema="default")))
    line("types", lambda: len(list(cursor.getTypeInfo())) > 20)
    line("arguments", lambda: list(cursor.procedureColumns(procedure="version")))


def values(cursor):
    columns = "point, value, period_start, value > 1 as more, cast(value as double) as d, cast(7 as int) as i, cast(8 as bigint) as b"
    line("row", lambda: list(cursor.execute(
        f"select {columns}, cast(period_start as date) as day, cast(null as varchar) as nothing from readings where point = ? "
        "order by period_start limit 1", "meter-1").fetchone()))
    line("all", lambda: len(cursor.execute("select * from readings").fetchall()))
    for name, rule, given in (
        ("text", "point = ?", "meter-1"), ("decimal", "value > ?", decimal.Decimal("0.5")), ("float", "value > ?", 0.5),
        ("whole", "value > ?", 1), ("moment", "period_start < ?", UTC_DAY + datetime.timedelta(days=1)),
        ("day", "cast(period_start as date) = ?", UTC_DAY.date()), ("null", "point = ?", None),
    ):
        line(name, lambda: cursor.execute(f"select count(*) from readings where {rule}", given).fetchone()[0])
    line("escapes", lambda: list(cursor.execute("select {fn ucase('a')}, {d '2025-01-01'}, {ts '2025-01-01 00:00:00'}").fetchone()))


def manners(connection, cursor):
    line("table", lambda: cursor.execute("select * from nowhere"))
    line("write", lambda: cursor.execute("delete from readings"))
    connection.autocommit = False
    line("begun", lambda: len(cursor.execute("select * from readings").fetchall()))
    line("missing", lambda: cursor.execute("select nothing from readings"))
    connection.rollback()
    line("after", lambda: cursor.execute("select cast(2 as int)").fetchone()[0])
    connection.commit()
    connection.autocommit = True

    def cancelled():
        threading.Timer(0.5, cursor.cancel).start()
        return cursor.execute(LONG).fetchone()

    line("cancel", cancelled)
    line("goes on", lambda: cursor.execute("select cast(4 as int)").fetchone()[0])


if __name__ == "__main__":
    # By cursors the driver takes a hundred rows at a time.
    with connect(**({"UseDeclareFetch": 1, "Fetch": 100} if sys.argv[1] == "cursors" else {})) as asking:
        tree(asking.cursor())
        values(asking.cursor())
        manners(asking, asking.cursor())
