"""Asks a server for SQL as others do: with psycopg, and with ADBC over Flight SQL. Each part prints what it found, a line each."""

import datetime
import decimal
import os
import sys
import threading
import time
import warnings

ADDRESS = os.environ.get("WIRE_ADDRESS", "")
KEY = os.environ.get("WIRE_KEY", "")
OTHER_KEY = os.environ.get("WIRE_OTHER_KEY", "")
CERTIFICATE = os.environ.get("WIRE_CERTIFICATE", "")

START = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)


def postgres(key=KEY, **options):
    return postgres_as(**{"user": "anybody", "password": key, **options})


def postgres_as(**options):
    import psycopg

    host, port = ADDRESS.rsplit(":", 1)
    return psycopg.connect(**{"host": host, "port": port, "dbname": "metrify", "autocommit": True, "connect_timeout": 10, **options})


def flight(key=KEY, address=ADDRESS, **options):
    import adbc_driver_flightsql.dbapi as dbapi

    warnings.filterwarnings("ignore", message="Cannot disable autocommit")
    scheme = "grpc+tls" if CERTIFICATE else "grpc"
    options = {"adbc.flight.sql.authorization_header": f"Bearer {key}", **options}
    return dbapi.connect(f"{scheme}://{address}", db_kwargs=options, autocommit=True)


def refusal(work):
    """The state of a PostgreSQL error, and what it says."""
    import psycopg

    try:
        work()
    except psycopg.Error as error:
        return error.sqlstate or "-", str(error).splitlines()[0]
    return "none", ""


def refused_flight(work):
    import adbc_driver_manager

    try:
        work()
    except adbc_driver_manager.Error as error:
        return error.status_code.name, str(error)
    return "none", ""


def psycopg_moments():
    """What is an instant and what is not, as text and in binary form."""
    with postgres() as connection:
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            cursor.execute(
                "select now(), current_timestamp, to_timestamp(0), from_unixtime(0), timestamptz '2026-01-01 00:00:00+02', "
                "timestamp '2026-01-01 00:00:00', period_start at time zone 'Europe/Berlin' as local, "
                "(period_start at time zone 'Europe/Berlin')::date as day, "
                "date_trunc('day', period_start at time zone 'Europe/Berlin') at time zone 'Europe/Berlin' as midnight, "
                "%s at time zone 'Europe/Berlin' as bound from readings order by period_start limit 1",
                (datetime.datetime(2025, 7, 1),),
            )
            for column, value in zip(cursor.description, cursor.fetchone()):
                is_now = column.name in ("now", "current_timestamp")
                print(column.name, column.type_code, value.utcoffset() == datetime.timedelta(0) if is_now else value)


def flight_moments():
    with flight() as connection, connection.cursor() as cursor:
        cursor.execute(
            "select now() as now, period_start at time zone 'Europe/Berlin' as local, null as nothing from readings "
            "order by period_start limit 1"
        )
        table = cursor.fetch_arrow_table()
        print("now", table.schema.field("now").type)
        for name in ("local", "nothing"):
            print(name, table.schema.field(name).type, table[name][0].as_py())
        cursor.execute("select 1 + 1, count(*) * 2 - 1, max(length(point) + 1) from readings")
        print("whole", *cursor.fetchone())
        for text in ("select 'x' ~ '('", "select 9223372036854775807 + 1", "select 1 / 0"):
            print("refused", refused_flight(lambda: cursor.execute(text).fetchall())[0])


def psycopg_values():
    """Every kind of value, as text and in binary form, with values given by the client in either form."""
    with postgres() as connection:
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            cursor.execute(
                "select point, period_start, value, value * value, value is null, 7, cast(null as varchar) from readings "
                "where point = %s and period_start = %s and value > %s",
                ("meter-1", START, decimal.Decimal("0.000000000001")),
            )
            row = cursor.fetchone()
            assert isinstance(row[2], decimal.Decimal), row
            assert row[1] == START and row[1].utcoffset() == datetime.timedelta(0), row
            print("binary" if binary else "text", row[0], row[2], row[3], *row[4:])
        for value in ("12345678901234567890.123456789012", "-0.000000000001", "0", "9999.0001", "-10000", "100000000.5"):
            for binary in (False, True):
                cursor = connection.cursor(binary=binary)
                cursor.execute(f"select cast('{value}' as decimal(38, 12)), cast(%b as decimal(38, 12)), %t + 0", [decimal.Decimal(value)] * 2)
                for told in cursor.fetchone():
                    assert told == decimal.Decimal(value), (binary, value, told)
        cursor = connection.execute("select count(*) from readings where value is not distinct from %s", (None,))
        print("null", cursor.fetchone()[0])
        print("kept", connection.execute("select sum(value) from readings where quantity = %s", ("1-0:1.29.0",), prepare=True).fetchone()[0])
        cursor = connection.cursor()
        cursor.executemany("select count(*) from readings where point = %s", [("meter-1",), ("meter-2",)], returning=True)
        counts = [cursor.fetchone()[0]]
        while cursor.nextset():
            counts.append(cursor.fetchone()[0])
        print("many", *counts)


def psycopg_manners():
    """What drivers send around their queries has no effect and no error; writing has both."""
    import psycopg

    with postgres(autocommit=False) as connection:
        connection.execute("set search_path to public")
        connection.execute("savepoint here")
        print("begun", connection.execute("select 1").fetchone()[0], connection.info.transaction_status.name)
        print("missing", *refusal(lambda: connection.execute("select * from nothing_of_this_name")))
        print("failed", connection.info.transaction_status.name, *refusal(lambda: connection.execute("select 1")))
        connection.rollback()
        print("after", connection.execute("select 2").fetchone()[0])
        connection.commit()
    with postgres() as connection:
        for text in (
            "insert into readings values (1)", "delete from readings", "create table mine (a int)", "drop table readings",
            "with gone as (delete from readings returning *) select * from gone", "copy readings to stdout",
            "create external table file stored as csv location '/etc/passwd'", "select * from '/etc/passwd'",
            "selct 1", "select nothing_of_this_name from readings", "select 1 as a; drop table readings",
        ):
            print("refused", *refusal(lambda: connection.execute(text)))
        cursor = connection.execute("select 1; select 2")
        cursor.nextset()
        print("second", cursor.fetchone()[0])
        print("empty", refusal(lambda: connection.execute(""))[0])
        print("shown", connection.execute("show server_version").fetchone()[0], connection.execute("show search_path").fetchone()[0])
    print("wrong key", *refusal(lambda: postgres(key="mk_00_00")))
    print("purpose", *refusal(lambda: postgres(options="-c metrify.purpose=curiosity")))
    with postgres(options="-c metrify.purpose=metering") as connection:
        print("purpose", connection.execute("select 3").fetchone()[0])


LONG = "select count(*) from readings a, readings b, readings c where a.value < b.value + c.value and b.value < a.value + c.value"


def psycopg_cancel():
    """A query is given up when its client says so, and the session goes on."""
    with postgres() as connection:
        threading.Timer(1.0, connection.cancel).start()
        begun = time.monotonic()
        state, said = refusal(lambda: connection.execute(LONG))
        print("cancelled", state, said, time.monotonic() - begun < 20)
        print("goes on", connection.execute("select 4").fetchone()[0])


def psycopg_leave():
    """Clients that leave in the middle of a query leave no query behind: others are answered at once."""
    import psycopg

    for _ in range(12):
        connection = postgres()
        connection.pgconn.send_query(LONG.encode())
        connection.pgconn.flush()
        time.sleep(0.05)
        connection.pgconn.finish()
    begun = time.monotonic()
    with postgres() as connection:
        connection.execute("select count(*) from readings").fetchone()
    print("answered", time.monotonic() - begun < 20)


def psycopg_pieces():
    """A cursor that takes a few rows at a time, as JDBC's do."""
    import psycopg

    with postgres() as connection:
        rows = 0
        for _ in connection.cursor().stream("select * from readings"):
            rows += 1
        print("streamed", rows)


def psycopg_tools():
    """What JDBC, Npgsql and Power BI ask of a catalog."""
    with postgres() as connection:
        for name, text in (
            ("types", "select t.typname, t.oid from pg_type t left join pg_proc p on p.oid = t.typreceive where p.proname = 'numeric_recv' and t.typtype = 'b'"),
            ("arrays", "select typinput = 'pg_catalog.array_in'::regproc from pg_catalog.pg_type where typname = '_text'"),
            ("simple", "select t.typname from pg_catalog.pg_type t where t.typname = 'text' and (t.typrelid = 0 or (select c.relkind = 'c' from pg_catalog.pg_class c where c.oid = t.typrelid))"),
            ("keys", "select result.table_name, result.key_seq from (select ct.relname as table_name, (information_schema._pg_expandarray(i.indkey)).n as key_seq from pg_catalog.pg_class ct join pg_catalog.pg_index i on ct.oid = i.indrelid) result"),
            ("constraints", "select i.constraint_name, u.column_name from information_schema.table_constraints i join information_schema.key_column_usage u on i.constraint_name = u.constraint_name"),
            ("characters", "select character_set_name from information_schema.character_sets"),
            ("columns", "select column_name, is_nullable, data_type from information_schema.columns where table_name = 'readings' and column_name = 'value'"),
            ("session", "select current_schema(), current_database(), current_setting('search_path'), set_config('a.b', 'c', false), pg_is_in_recovery()"),
            # By what it was before it was rounded.
            ("ordered", "select v::int, w from (values (1.4, 'a'), (1.1, 'b'), (1.2, 'c')) as x(v, w) order by v * 1 limit 1"),
        ):
            print(name, *connection.execute(text).fetchall())
        print("config", refusal(lambda: connection.execute("select set_config('metrify.as_known_at', '2025-01-01', false)"))[0])
        print("purpose", refusal(lambda: connection.execute("select set_config('metrify.purpose', 'market', false)"))[0])
        print("savepoint", refusal(lambda: connection.execute("savepoint here"))[0])
        for text in ("begin", "declare held cursor with hold for select 7", "commit", "deallocate all", "discard plans"):
            connection.execute(text)
        print("held", connection.execute("fetch all from held").fetchone()[0])
        connection.execute("discard all")
        print("gone", refusal(lambda: connection.execute("fetch all from held"))[0])


def tenants():
    """Nothing of another tenant is told, and what exists for it is as unknown as what does not exist at all."""
    with postgres(key=OTHER_KEY) as connection:
        print("rows", connection.execute("select count(*) from readings").fetchone()[0])
        there = refusal(lambda: connection.execute('select * from "default".readings'))
        nowhere = refusal(lambda: connection.execute('select * from "defaults".readings'))
        print("same", there[0] == nowhere[0] and there[1].replace("default", "defaults") == nowhere[1], there[0])
        names = "select distinct table_schema from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') order by 1"
        print("schemas", *(row[0] for row in connection.execute(names)))
        classes = "select distinct n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace order by 1"
        print("classes", *(row[0] for row in connection.execute(classes)))


def flight_tenants():
    from adbc_driver_flightsql import ConnectionOptions  # noqa: F401, it says that the driver is the one

    with flight(key=OTHER_KEY) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from readings")
        print("rows", cursor.fetchone()[0])
        there = refused_flight(lambda: cursor.execute('select * from "default".readings'))
        nowhere = refused_flight(lambda: cursor.execute('select * from "defaults".readings'))
        print("same", there[0], there[1].replace("default", "defaults") == nowhere[1])
        for filters in ({}, {"db_schema_filter": "def%"}, {"db_schema_filter": "default", "table_name_filter": "readings"}):
            found = connection.adbc_get_objects(depth="tables", **filters).read_all().to_pylist()
            schemas = [schema["db_schema_name"] for catalog in found for schema in catalog["catalog_db_schemas"] or []]
            print("schemas", *sorted(schemas))
    # What one tenant was given to come back with, another one comes back with.
    with flight() as ours, ours.cursor() as cursor:
        partitions, _ = cursor.adbc_execute_partitions("select count(*) from readings")
        with flight(key=OTHER_KEY) as theirs, theirs.cursor() as other:
            for taken in (cursor, other):
                taken.adbc_read_partition(partitions[0])
                print("ticket", taken.fetchone()[0])


def adbc():
    import pyarrow

    with flight() as connection, connection.cursor() as cursor:
        cursor.execute("select * from readings where point = 'meter-1' and period_start = '2025-01-01T00:00:00Z'")
        table = cursor.fetch_arrow_table()
        print("types", table.schema.field("value").type, table.schema.field("period_start").type, table.schema.field("point").type)
        print("row", table["value"][0].as_py(), table["period_start"][0].as_py())
        cursor.execute(
            "select count(*), sum(value) from readings where point = ? and period_start >= ? and value > ? and 1 = ?",
            ("meter-1", START, decimal.Decimal("0.5"), 1),
        )
        print("bound", *cursor.fetchone())
        cursor.execute("select count(*) from readings where point = $1 and value is distinct from $2", ("meter-1", None))
        print("null", cursor.fetchone()[0])
        found = connection.adbc_get_objects(depth="columns", table_name_filter="readings").read_all().to_pylist()
        for catalog in found:
            for schema in catalog["catalog_db_schemas"] or []:
                for listed in schema["db_schema_tables"] or []:
                    columns = [column["column_name"] for column in listed["table_columns"]]
                    print("listed", catalog["catalog_name"], schema["db_schema_name"], listed["table_name"], *columns[:3])
        print("kinds", *connection.adbc_get_table_types())
        print("server", connection.adbc_get_info()["vendor_name"])
        for text in ("insert into readings values (1)", "drop table readings", "select * from nothing_of_this_name", "selct 1", "select 1; select 2"):
            print("refused", *refused_flight(lambda: cursor.execute(text) or cursor.fetchall()))
    def ask(**options):
        with flight(**options) as connection, connection.cursor() as cursor:
            cursor.execute("select 1")
            return cursor.fetchone()[0]

    print("wrong key", refused_flight(lambda: ask(key="mk_00_00"))[0])
    header = "adbc.flight.sql.rpc.call_header.metrify-purpose"
    print("purpose", ask(**{header: "metering"}), refused_flight(lambda: ask(**{header: "curiosity"}))[0])

    import adbc_driver_flightsql.dbapi as dbapi
    with dbapi.connect(f"grpc://{ADDRESS}", db_kwargs={"username": "anybody", "password": KEY}, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute("select 5")
            print("handshake", cursor.fetchone()[0])
    assert pyarrow


def known():
    """What was known then, for a session of PostgreSQL's protocol, and for calls of Flight SQL."""
    count = "select count(*) from readings where point = %s"
    with postgres() as connection:

        def ask():
            return connection.execute(count, ("meter-2",)).fetchone()[0]

        print("now", ask())
        connection.execute("set metrify.as_known_at = '2025-01-01'")
        print("then", ask(), connection.execute("show metrify.as_known_at").fetchone()[0])
        print("nonsense", *refusal(lambda: connection.execute("set metrify.as_known_at to 'soon'")))
        print("global", *refusal(lambda: connection.execute("set global metrify.as_known_at = '2090-01-01'")))
        print("still", ask())
        connection.execute("reset metrify.as_known_at")
        print("reset", ask())
        connection.execute("set session metrify.as_known_at to '2025-01-01T00:00:00Z'")
        connection.execute("set application_name = 'x'")
        print("then", ask())
        connection.execute("discard all")
        print("discarded", ask())
    with postgres(options="-c metrify.as_known_at=2025-01-01") as connection:
        print("begun", ask())
        connection.execute("set metrify.as_known_at = ''")
        print("set", ask())
        connection.execute("reset all")
        print("as at first", ask())
    print("begun", *refusal(lambda: postgres(options="-c metrify.as_known_at=soon")))

    header = "adbc.flight.sql.rpc.call_header.metrify-as-known-at"

    def called(then):
        with flight(address=os.environ["WIRE_FLIGHT"], **{header: then}) as connection, connection.cursor() as cursor:
            cursor.execute("select count(*) from readings where point = ?", ("meter-2",))
            bound = cursor.fetchone()[0]
            cursor.execute("select count(*) from readings")
            return bound, cursor.fetchone()[0]

    print("called", *called("2025-01-01"), *called("2090-01-01"), *called(""))
    print("called", refused_flight(lambda: called("soon"))[0])


def known_in_transactions():
    """A transaction that is rolled back leaves what was set in it as it was before, and one that ends what was set for it alone."""
    then, other = "set metrify.as_known_at = '2025-01-01'", "set local metrify.as_known_at = '2025-01-01'"
    with postgres() as connection:

        def ask():
            return connection.execute("select count(*) from readings where point = 'meter-2'").fetchone()[0]

        def after(*texts):
            for text in texts:
                try:
                    connection.execute(text)
                except Exception as error:
                    print("refused", error.sqlstate)
            told = ask() if connection.info.transaction_status.name != "INERROR" else "-"
            connection.execute("rollback")
            connection.execute("reset all")
            return told

        print("in it", after("begin", then), after("begin", other))
        print("rolled back", after("begin", then, "rollback"), after("begin", other, "rollback"))
        print("committed", after("begin", then, "commit"), after("begin", other, "commit"))
        print("before it", after(then, "begin", "reset metrify.as_known_at", "rollback"))
        print("below it", after("begin", then, "set local metrify.as_known_at = ''", "commit"))
        print("above it", after("begin", other, "set metrify.as_known_at = ''"))
        print("failed", after("begin", then, "select * from nowhere", "commit"))
        print("back", after("begin", "savepoint a", then, "rollback to a"), after("begin", then, "savepoint a", "reset all", "rollback to A"))
        print("back again", after("begin", "savepoint a", "savepoint a", "release a", then, "rollback to a"))
        print("released", after("begin", "savepoint a", then, "release a"), after("begin", "savepoint a", then, "release a", "rollback"))
        print("none", after("begin", "rollback to b", "rollback"))
        print("many", after("begin", *(f"savepoint s{number}" for number in range(1025)), "rollback"))
        print("many of one", after("begin", *("savepoint s" for _ in range(1025)), then, "rollback to s"))
        notices = []
        connection.add_notice_handler(lambda told: notices.append(told.sqlstate))
        print("alone", after(other), *notices)
        # What is sent together is a transaction of its own.
        print("together", after(f"{then}; select 1"), after(f"{then}; select * from nowhere"))
        print("together", after(f"{then}; begin; reset all; rollback"))
        try:
            with connection.pipeline():
                connection.execute(then)
                connection.execute("select * from nowhere")
        except Exception as error:
            print("refused", error.sqlstate)
        print("in a pipeline", ask())


def revoked():
    """A session that is open when its key is taken back: says so, and waits for the word to go on."""
    with postgres() as connection, flight(address=os.environ["WIRE_FLIGHT"]) as other, other.cursor() as cursor:
        cursor.execute("select 1")
        print("open", connection.execute("select 1").fetchone()[0], cursor.fetchone()[0], flush=True)
        sys.stdin.readline()
        print("session", *refusal(lambda: connection.execute("select 2")))
        print("calls", refused_flight(lambda: cursor.execute("select 2"))[0], flush=True)
        # The driver does not bear that nobody knows it any more when it says goodbye.
        os._exit(0)


def tls():
    import psycopg

    if "flight" in sys.argv:
        certificate = open(CERTIFICATE).read()
        with flight(**{"adbc.flight.sql.client_option.tls_root_certs": certificate}) as connection, connection.cursor() as cursor:
            cursor.execute("select 6")
            print("secret", cursor.fetchone()[0])
        return
    with postgres(sslmode="verify-full", sslrootcert=CERTIFICATE) as connection:
        print("secret", connection.pgconn.ssl_in_use, connection.execute("select 6").fetchone()[0])
    print("plain", *refusal(lambda: postgres(sslmode="disable")))
    assert psycopg


def own_certificate():
    """What the client's certificate opens by itself, and beside a key; then waits for the word that it is taken back."""
    own, own_key = os.environ["WIRE_OWN"], os.environ["WIRE_OWN_KEY"]

    def told(**options):
        named = {"user": "certificate", "sslmode": "verify-full", "sslrootcert": CERTIFICATE, "sslcert": own, "sslkey": own_key}
        with postgres_as(**{**named, **options}) as connection:
            return connection.execute("select 7").fetchone()[0]

    by_own = {
        "adbc.flight.sql.client_option.tls_root_certs": open(CERTIFICATE).read(),
        "adbc.flight.sql.client_option.mtls_cert_chain": open(own).read(),
        "adbc.flight.sql.client_option.mtls_private_key": open(own_key).read(),
    }

    def called(**options):
        import adbc_driver_flightsql.dbapi as dbapi

        address = os.environ["WIRE_FLIGHT"]
        with dbapi.connect(f"grpc+tls://{address}", db_kwargs={**by_own, **options}, autocommit=True) as connection:
            with connection.cursor() as cursor:
                cursor.execute("select 8")
                return cursor.fetchone()[0]

    def shown_out(**options):
        return refusal(lambda: told(**options))[1].split("FATAL:")[-1].strip()

    warnings.filterwarnings("ignore", message="Cannot disable autocommit")
    token = "adbc.flight.sql.authorization_header"
    if "stranger" in sys.argv:
        print("session", shown_out(), flush=True)
        print("calls", refused_flight(called)[0], flush=True)
        os._exit(0)
    print("session", told(), "calls", called())
    print("key", told(user="key", password=KEY), "calls", called(**{token: f"Bearer {KEY}"}))
    print("wrong key", shown_out(user="key", password="mk_00_00"))
    print("wrong key", refused_flight(lambda: called(**{token: "Bearer mk_00_00"}))[0], refused_flight(lambda: called(**{token: "Basic bWs="}))[0])
    print("not meant", shown_out(user="anybody").split(": ")[-1])
    with postgres_as(user="certificate", sslmode="require", sslcert=own, sslkey=own_key) as connection:
        print("open", connection.execute("select 9").fetchone()[0], flush=True)
        sys.stdin.readline()
        print("session", *refusal(lambda: connection.execute("select 10")), flush=True)
    print("session", shown_out(), flush=True)
    print("calls", refused_flight(called)[0], flush=True)
    os._exit(0)


def speed():
    """Rows a second of everything, once with each protocol; `slow` reads a few rows and then waits."""
    begun = time.monotonic()
    if sys.argv[2] == "flight":
        with flight() as connection, connection.cursor() as cursor:
            cursor.execute("select * from readings")
            rows = sum(len(batch) for batch in cursor.fetch_record_batch())
    else:
        with postgres() as connection:
            rows = sum(1 for _ in connection.cursor(binary="binary" in sys.argv).stream("select * from readings"))
    print(sys.argv[2:], rows, "rows", round(rows / (time.monotonic() - begun)), "rows/s")


def slow():
    connections = [postgres() for _ in range(4)]
    for connection in connections:
        stream = connection.cursor().stream("select * from readings")
        next(stream)
        connection.kept = stream
    print("waiting", flush=True)
    sys.stdin.readline()


def slow_readers():
    """So many clients that ask for much, take a row, and then nothing; says so, and waits for the word to leave."""
    connections = [postgres() for _ in range(int(sys.argv[2]))]
    for connection in connections:
        connection.pgconn.send_query(b"select a.*, b.point as other from readings a, readings b")
        connection.pgconn.flush()
    time.sleep(1)
    print("waiting", flush=True)
    sys.stdin.readline()
    os._exit(0)


def silent(enter):
    """Connections on which nothing is said, of one address and of several; `enter` comes in beside them."""
    import resource
    import socket

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    host, port = ADDRESS.rsplit(":", 1)
    held = []

    def hold(count, address):
        for _ in range(count):
            held.append(socket.create_connection((host, int(port)), 30, source_address=(address, 0)))

    def in_time():
        begun = time.monotonic()
        enter()
        took = time.monotonic() - begun
        print(f"{took:.3f} s", file=sys.stderr)
        return took < 2

    hold(1000, "127.0.0.1")
    print("1000 of one address: in time", in_time())
    for address in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
        hold(500, address)
    print("2500 of four addresses: in time", in_time())
    begun = time.monotonic()
    for one in held:
        one.settimeout(30)
        try:
            while one.recv(1024):
                pass
        except ConnectionResetError:
            pass
    print("all of them are shown out", time.monotonic() - begun < 15)


def silent_postgres():
    def enter():
        with postgres() as connection:
            connection.execute("select 1").fetchone()

    silent(enter)


def silent_flight():
    import adbc_driver_flightsql.dbapi  # noqa: F401, to load it takes longer than to come in

    def enter():
        with flight() as connection, connection.cursor() as cursor:
            cursor.execute("select 1")
            cursor.fetchone()

    silent(enter)


def crowd():
    import psycopg

    held = [postgres() for _ in range(128)]
    print("connected", len(held))
    try:
        postgres()
    except psycopg.OperationalError as error:
        print("one more", str(error).split(": ", 2)[-1].strip().splitlines()[0])
    with postgres(key=OTHER_KEY) as connection:
        print("another tenant", connection.execute("select 1").fetchone()[0])
    held.pop().close()
    begun = time.monotonic()
    while time.monotonic() - begun < 10:
        try:
            with postgres() as connection:
                print("once one has left", connection.execute("select 2").fetchone()[0])
            break
        except psycopg.OperationalError:
            time.sleep(0.05)


def too_often():
    """Asks until it is told to come back, by each door in turn."""
    import urllib.error
    import urllib.request

    def refused(ask):
        for _ in range(1000):
            state, said = refusal(ask)
            if state != "none":
                return state, said
        return "none", ""

    connection = postgres()
    print("statements", *refused(lambda: connection.execute("select 1")))
    cursor = flight(address=os.environ["WIRE_FLIGHT"]).cursor()
    said = ""
    while not said:
        _, said = refused_flight(lambda: cursor.execute("select 1"))
    print("calls", "too many of this key" in said)
    url = f"http://{os.environ['WIRE_HTTP']}/api/v1/smart-meters"
    # There is none left for this door, since the others took all of this half of a second.
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers={"X-API-Key": KEY}))
    except urllib.error.HTTPError as error:
        print("requests", error.code, flush=True)
    # The driver does not bear to be refused when it says goodbye.
    os._exit(0)


def misunderstood_postgres():
    """Each line is one statement that is not answered."""
    with postgres() as connection:
        for prepare in (False, True):
            for text, values in (
                ("selct 1", None), ("select nothing from readings", None), ("select * from nowhere", None),
                ("insert into readings values (1)", None), ("copy readings to stdout", None),
                ("select * from nowhere where a = %s", (1,)), ("select * from readings where point = %s and nothing = %s", ("a", "b")),
            ):
                print(*refusal(lambda: connection.execute(text, values, prepare=prepare)))
        print(*refusal(lambda: connection.execute("select 1; select * from nowhere", (), prepare=True)))


def misunderstood_flight():
    with flight() as connection:
        for text in ("selct 1", "select nothing from readings", "select * from nowhere", "insert into readings values (1)", "select 1; select 2"):
            for ask in ("execute", "adbc_prepare"):
                with connection.cursor() as cursor:
                    print(refused_flight(lambda: getattr(cursor, ask)(text))[0])


if __name__ == "__main__":
    globals()[sys.argv[1]]()
