"""Asks as SQLAlchemy does, and by it Superset and pandas, with psycopg and psycopg2; and by cursors of either driver."""

import datetime
import os
import sys

import sqlalchemy
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

HOST, PORT = os.environ["WIRE_ADDRESS"].rsplit(":", 1)
KEY = os.environ["WIRE_KEY"]
START = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)


def line(name, work):
    try:
        said = work()
    except DBAPIError as error:
        said = f"refused {str(error.orig).splitlines()[0]}"
    print(name, said, flush=True)


def tree(engine):
    told = inspect(engine)
    where = {"schema": "default"}
    line("schemas", told.get_schema_names)
    line("default", lambda: told.default_schema_name)
    line("tables", lambda: [name for name in told.get_table_names(**where) if name.startswith("readings")])
    line("views", lambda: told.get_view_names(**where) + told.get_materialized_view_names(**where))
    line("columns", lambda: [(column["name"], str(column["type"]), column["nullable"]) for column in told.get_columns("readings", **where)][4:7])
    for name in ("pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints", "table_comment", "table_options"):
        line(name, lambda: getattr(told, f"get_{name}")("readings", **where))
    line("has", lambda: (told.has_table("readings", **where), told.has_table("nothing", **where)))
    line("more", lambda: (told.get_enums(), told.get_domains(), told.get_sequence_names()))

    def reflected():
        every = MetaData()
        every.reflect(engine, schema="default", views=True)
        return len(every.tables) == len(told.get_table_names(**where))

    line("reflected", reflected)


def values(engine):
    readings = Table("readings", MetaData(), autoload_with=engine, schema="default")
    of = readings.c
    with engine.connect() as connection:
        def rows(query):
            return [tuple(str(value) for value in row) for row in connection.execute(query)]

        total = select(of.point, func.sum(of.value), func.count()).where(of.period_start >= START).group_by(of.point).order_by(of.point)
        line("total", lambda: rows(total))
        line("among", lambda: rows(select(func.count()).where(of.point.in_(["meter-1", "meter-2"]))))
        line("like", lambda: rows(select(func.count()).where(of.point.startswith("meter_1", autoescape=True))))
        line("window", lambda: rows(select(of.point, of.period_start).order_by(of.period_start, of.point).limit(1).offset(1)))
        line("first", lambda: rows(text("select point from readings order by point desc offset 1 fetch first 1 rows only")))
        line("there", lambda: rows(select(sqlalchemy.exists().where(of.point == "meter-1"), ~sqlalchemy.exists().where(of.point == "x"))))
        most = select(func.max(of.value)).where(of.point == "meter-2").scalar_subquery()
        line("within", lambda: rows(select(of.point, most).distinct().order_by(of.point)))
        # As Superset bounds a chart.
        form = "'YYYY-MM-DD HH24:MI:SS.US'"
        line("chart", lambda: rows(text(
            "SELECT DATE_TRUNC('day', period_start) AS __timestamp, sum(value) AS \"SUM(value)\" FROM (SELECT * FROM readings) AS virtual_table "
            f"WHERE period_start >= TO_TIMESTAMP('2025-01-01 00:00:00.000000', {form}) "
            f"AND period_start < TO_TIMESTAMP('2025-01-03 00:00:00.000000', {form}) "
            "GROUP BY DATE_TRUNC('day', period_start) ORDER BY \"SUM(value)\" DESC LIMIT 1000")))
        line("written", lambda: rows(text("SELECT to_char(min(period_start), 'YYYY-MM-DD\"T\"HH24:MI') FROM readings")))
    with engine.connect().execution_options(stream_results=True, yield_per=100) as connection:
        line("streamed", lambda: sum(1 for _ in connection.execute(select(readings))))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        line("alone", lambda: connection.execute(select(func.count()).select_from(readings)).scalar())


def cursors():
    """Cursors that have a name, of psycopg and psycopg2."""
    import psycopg
    import psycopg2

    dsn = f"host={HOST} port={PORT} dbname=metrify user=anybody password={KEY}"

    def refused(work):
        try:
            return work()
        except psycopg.Error as error:
            return f"{error.sqlstate} {str(error).splitlines()[0]}"

    with psycopg.connect(dsn) as connection:
        for binary in (False, True):
            with connection.cursor(name="mine", binary=binary) as cursor:
                cursor.execute("select point, value from readings where point = %s and value > %s", ("meter-1", 0.5))
                print("pieces", cursor.description[1].type_code, *cursor.fetchone(), len(cursor.fetchmany(100)), len(cursor.fetchall()))
        with connection.cursor(name="held", withhold=True) as cursor:
            cursor.execute("select point from readings")
            connection.commit()
            print("held", len(cursor.fetchall()))
        connection.rollback()
        cursor = connection.cursor()
        cursor.execute("declare gone cursor with hold for select 1")
        connection.rollback()
        print("gone", refused(lambda: cursor.execute("fetch 1 from gone")))
        connection.rollback()
        print("back", refused(lambda: cursor.execute("declare back scroll cursor for select 1")))
        connection.rollback()
        cursor.execute("declare one cursor for select point from readings where point = 'meter-2'")
        print("one", len(cursor.execute("fetch next from one").fetchall()), len(cursor.execute("fetch all in one").fetchall()))
        print("backward", refused(lambda: cursor.execute("fetch backward 1 from one")))
        connection.rollback()
        print("write", refused(lambda: cursor.execute("declare bad cursor for with gone as (delete from readings returning *) select * from gone")))
    with psycopg.connect(dsn, autocommit=True) as connection:
        print("alone", refused(lambda: connection.execute("declare mine cursor for select 1")))
    connection = psycopg2.connect(dsn)
    with connection.cursor("mine") as cursor:
        cursor.itersize = 100
        cursor.execute("select * from readings where point = %s", ("meter-1",))
        print("psycopg2", sum(1 for _ in cursor))
    connection.close()


if __name__ == "__main__":
    if sys.argv[1] == "cursors":
        cursors()
    else:
        database = create_engine(sqlalchemy.URL.create(f"postgresql+{sys.argv[1]}", "anybody", KEY, HOST, int(PORT), "metrify"))
        tree(database)
        values(database)
        database.dispose()
