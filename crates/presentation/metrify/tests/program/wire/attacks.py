"""Attacks over the SQL ports, made of every name that a session can see or guess, every kind of statement, and every way to send one.

Asked as one tenant (WIRE_OTHER_KEY, an admin of its own) about the things of another, whose schema is WIRE_VICTIM. Each attack is made once
about a thing that the other tenant has, and once about one that nobody has: both have to be answered alike, no row may hold what is the
other's, and each has to leave an entry in the log. What does not hold is printed, and how many attacks there were."""

import json
import os
import sys
import urllib.request

from clients import ADDRESS, KEY, flight

import psycopg
from psycopg import pq

HTTP = os.environ["WIRE_HTTP"]
FLIGHT = os.environ["WIRE_FLIGHT"]
ADMIN = os.environ["WIRE_OTHER_KEY"]
VICTIM = os.environ["WIRE_VICTIM"]
# As long as the other, so that places in texts are the same.
NOBODY = "".join(chr(ord(letter) + 1) for letter in VICTIM)
SECRET = os.environ["WIRE_SECRET"]
FOLDER = os.environ["WIRE_FOLDER"]

# {t} is a name of a table with its schema, {s} the schema, {n} the name alone, {f} a file of the lake.
KINDS = {
    "select": "select * from {t}",
    "columns": "select point from {t}",
    "count": "select count(*) from {t}",
    "catalog": "select * from metrify.{t}",
    "table": "table {t}",
    "common": "with x as (select * from {t}) select * from x",
    "within": "select (select count(*) from {t})",
    "exists": "select 1 where exists (select 1 from {t})",
    "union": "select point from readings union all select point from {t}",
    "join": "select * from readings r join {t} x on true",
    "lateral": "select * from readings r, lateral (select * from {t}) x",
    "known": "select * from readings_as_known('2030-01-01T00:00:00Z') k join {t} x on true",
    "insert": "insert into {t} values (1)",
    "insert_select": "insert into {t} select * from readings",
    "update": "update {t} set point = 'x'",
    "delete": "delete from {t}",
    "merge": "merge into {t} x using readings r on x.point = r.point when matched then delete",
    "truncate": "truncate table {t}",
    "drop": "drop table {t}",
    "drop_schema": 'drop schema "{s}" cascade',
    "alter": "alter table {t} rename to mine",
    "view": "create view mine as select * from {t}",
    "create": "create table mine as select * from {t}",
    "schema": 'create schema "{s}"',
    "extension": 'create extension "{s}"',
    "external": "create external table mine stored as parquet location '{f}'",
    "copy_out": "copy {t} to stdout",
    "copy_in": "copy {t} from stdin",
    "copy_file": "copy (select * from {t}) to '/tmp/{s}.csv'",
    "set": 'set search_path to "{s}"',
    "reset": "reset search_path",
    "show": "show search_path",
    "show_columns": "show columns from {t}",
    "describe": "describe {t}",
    "explain": "explain select * from {t}",
    "analyze": "explain analyze select * from {t}",
    "explain_write": "explain delete from {t}",
    "prepare": "prepare mine as select * from {t}",
    "execute": 'execute "{s}"',
    "declare": "declare mine cursor for select * from {t}",
    "fetch": 'fetch all from "{s}"',
    "lock": "lock table {t}",
    "grant": "grant select on {t} to public",
    "comment": "comment on table {t} is 'mine'",
    "vacuum": "vacuum {t}",
    "call": 'call "{s}".{n}()',
    "function": 'select * from "{s}".{n}()',
    "read_csv": "select * from read_csv('{f}')",
    "read_parquet": "select * from read_parquet('{f}')",
    "file": "select * from '{f}'",
    "regclass": "select '{s}.{n}'::regclass",
    "privilege": "select has_table_privilege('{s}.{n}', 'select')",
    "of_schema": "select table_name from information_schema.tables where table_schema = '{s}'",
    "of_class": "select c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = '{s}'",
    "notify": 'listen "{s}"',
    "do": "do $$ begin perform 1; end $$",
}


class Failures(list):
    def say(self, *words):
        self.append(words)
        print("FAILED", *words, flush=True)


failures = Failures()


def asked(method, path, body=None):
    request = urllib.request.Request(f"http://{HTTP}{path}", method=method, headers={"X-API-Key": ADMIN, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, None if body is None else json.dumps(body).encode()) as answer:
        return json.load(answer)


def entries(key):
    """How many entries of queries a key left."""
    name, count, cursor = "key:" + key.split("_")[1], 0, ""
    while True:
        page = asked("GET", f"/api/v1/audit?principal={name}&limit=1000{cursor}")
        count += sum(entry["action"] == "query" for entry in page["results"])
        if not page["next"]:
            return count
        cursor = f"&cursor={page['next']}"


def simple(connection, text):
    return told(connection.pgconn.exec_(text.encode()), connection)


def extended(connection, text):
    return told(connection.pgconn.exec_params(text.encode(), []), connection)


def prepared(connection, text):
    result = connection.pgconn.prepare(b"", text.encode())
    if result.status != pq.ExecStatus.COMMAND_OK:
        return told(result, connection)
    return told(connection.pgconn.exec_prepared(b"", []), connection)


def told(result, connection):
    """State and text of an answer, and its rows."""
    if result.status in (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT):
        return "copy", "begun", []
    rows = [[result.get_value(row, column) for column in range(result.nfields)] for row in range(result.ntuples)]
    state = result.error_field(pq.DiagnosticField.SQLSTATE)
    if connection.pgconn.status != pq.ConnStatus.OK:
        return "gone", result.error_message.decode(), rows
    return (state or b"").decode(), result.error_message.decode(), rows


def of_flight(work):
    import adbc_driver_manager

    try:
        rows = work()
        return "", "", rows
    except adbc_driver_manager.Error as error:
        return error.status_code.name, str(error), []


# Each has a cursor of its own: one that is asked the same again does not ask the server in the same way.


def statement(connection, text):
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetch_arrow_table().to_pylist()


def flight_prepared(connection, text):
    with connection.cursor() as cursor:
        cursor.adbc_prepare(text)
    return statement(connection, text)


def update(connection, text):
    with connection.cursor() as cursor:
        cursor.adbc_statement.set_sql_query(text)
        cursor.adbc_statement.execute_update()
    return []


def check(words, ask, names):
    """Asks about what is there and about what is not."""
    there, nowhere = ask(VICTIM), ask(NOBODY)
    if (there[0], there[1].replace(VICTIM, NOBODY)) != (nowhere[0], nowhere[1]):
        failures.say(*words, names, "is told apart:", there[:2], nowhere[:2])
    for _, said, rows in (there, nowhere):
        if SECRET in said or SECRET in str(rows):
            failures.say(*words, names, "tells", said, rows[:3])
    if rows_of(there) != rows_of(nowhere):
        failures.say(*words, names, "has other rows:", there[2][:3], nowhere[2][:3])


def rows_of(answer):
    return str(answer[2]).replace(VICTIM, NOBODY)


def names_of(connection):
    """Every table that a session sees, and some that it may guess."""
    sees = connection.execute("select distinct table_name from information_schema.tables").fetchall()
    own = {name for (name,) in sees if not name.startswith("pg_")}
    return sorted(own | {"users", "api_keys", "audit", "events", "secrets"})


def filled(text, schema, name):
    return text.format(t=f'"{schema}".{name}', s=schema, n=name, f=f"{FOLDER}/lake/{schema}/{name}")


def group(protocol, kind, attacks):
    """Attacks of one kind by a key of their own: each leaves an entry at least."""
    key = asked("POST", "/api/v1/api-keys", {"role": "admin", "title": f"{protocol} {kind}"})["key"]
    made = attacks(key)
    left = entries(key)
    if left < made:
        failures.say(protocol, kind, f"{made} attacks left {left} entries")
    return made


def of_postgres(send, kind, names):
    def attacks(key):
        host, port = ADDRESS.rsplit(":", 1)
        with psycopg.connect(host=host, port=port, dbname="metrify", user="x", password=key, autocommit=True) as connection:
            for name in names:
                check((send.__name__, kind), lambda schema: send(connection, filled(KINDS[kind], schema, name)), name)
        return 2 * len(names)

    return group(send.__name__, kind, attacks)


def of_calls(send, kind, names):
    def attacks(key):
        with flight(key=key, address=FLIGHT) as connection:
            for name in names:
                text = KINDS[kind]
                check((send.__name__, kind), lambda schema: of_flight(lambda: send(connection, filled(text, schema, name))), name)
        return 2 * len(names)

    return group(send.__name__, kind, attacks)


def metadata(names):
    def attacks(key):
        with flight(key=key, address=FLIGHT) as connection:
            for name in names:
                for words, ask in (
                    ("objects", lambda schema: connection.adbc_get_objects(depth="columns", db_schema_filter=schema, table_name_filter=name).read_all().to_pylist()),
                    ("schema", lambda schema: [str(connection.adbc_get_table_schema(name, db_schema_filter=schema))]),
                ):
                    check(("metadata", words), lambda schema: of_flight(lambda: ask(schema)), name)
        return 4 * len(names)

    return group("metadata", "all", attacks)


def main():
    host, port = ADDRESS.rsplit(":", 1)
    with psycopg.connect(host=host, port=port, dbname="metrify", user="x", password=ADMIN, autocommit=True) as connection:
        names = names_of(connection)
    # It is there: whose it is is told by the same words.
    with psycopg.connect(host=host, port=port, dbname="metrify", user="x", password=KEY, autocommit=True) as connection:
        if SECRET not in str(simple(connection, filled(KINDS["select"], VICTIM, "readings"))):
            failures.say("the other tenant has no secret")
    made = 0
    for kind, text in KINDS.items():
        about = names if any(part in text for part in ("{t}", "{n}", "{f}")) else names[:1]
        made += sum(of_postgres(send, kind, about) for send in (simple, extended, prepared))
        made += sum(of_calls(send, kind, about) for send in (statement, flight_prepared, update))
    made += metadata(names)
    print(f"{made} attacks about {len(names)} names, {len(failures)} failed")
    sys.stdout.flush()
    os._exit(0)


main()
