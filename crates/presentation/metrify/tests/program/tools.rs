//! SQL for other tools, asked by what those tools ask with: drivers of JDBC, of ODBC, of Go, Node and Python, and another PostgreSQL.

use std::path::PathBuf;
use std::process::Command;

use crate::support::postgresql::PostgreSql;
use crate::support::{ran, skipped};
use crate::wire::{Served, check};

/// Where `make sql-tools` puts what they are made of.
fn tools() -> PathBuf {
    let named = std::env::var_os("SQL_TOOLS").map(PathBuf::from);
    let usual = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/metrify/sql-tools"));
    let tools = named.or_else(usual).expect("a home");
    assert!(tools.join("grafana").exists(), "{}: `make sql-tools` installs what asks here", tools.display());
    tools
}

/// A file beside this one.
fn source(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/program/tools").join(name)
}

/// What a tool prints that asks a house at this address.
fn told(command: &mut Command, served: &Served, address: &str) -> String {
    let ran = ran(command.env("WIRE_ADDRESS", address).env("WIRE_KEY", &served.key));
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    ran.stdout
}

fn java(class: &str, arguments: &[&str], served: &Served, address: &str) -> String {
    let tools = tools().display().to_string();
    let mut command = Command::new("java");
    // The driver of Flight SQL takes moments for those of the zone of its machine, and needs what Java hides.
    command.args(["-Duser.timezone=UTC", "--add-opens=java.base/java.nio=ALL-UNNAMED"]);
    command.args(["-cp", &format!("{tools}/jars/*:{tools}/classes"), class]).args(arguments);
    told(&mut command, served, address)
}

fn python(script: &str, part: &str, served: &Served) -> String {
    let tools = tools();
    let libraries = tools.join("odbc/usr/lib/x86_64-linux-gnu");
    let mut command = Command::new(tools.join("python/bin/python"));
    command.arg("-B").arg(source(script)).arg(part);
    command.env("LD_LIBRARY_PATH", &libraries).env("TOOLS_ODBC_DRIVER", libraries.join("odbc/psqlodbcw.so"));
    told(&mut command, served, &served.postgres)
}

#[test]
fn jdbc_shows_the_tree_and_finds_no_keys() {
    let served = Served::start();
    check(
        &java("Jdbc", &["tree"], &served, &served.postgres),
        &[
            "server PostgreSQL 16.6",
            // The driver has it not.
            "told 142, broken [getRowIdLifetime]",
            "schemas default,pg_catalog,system",
            "of catalog metrify",
            "tables readings,readings_daily,readings_history,readings_latest",
            "columns point,quantity,kind,period_start,period_end,value,unit,quality,method,reason,recorded_at,delivery",
            "types text,text,text,timestamptz,timestamptz,numeric,text,text,text,text,timestamptz,text",
            "primary 0",
            "imported 0",
            "exported 0",
            "crossed 0",
            "indexes 0",
            "best 0",
            "procedures 0",
            "arguments 0",
            "of functions 0",
            "privileges 0",
            "typed true",
        ],
    );
}

/// Statements of the kind that database browsers such as DBeaver ask, written by us.
#[test]
fn what_database_browsers_ask_is_answered() {
    let served = Served::start();
    let said = java("Jdbc", &["beaver"], &served, &served.postgres);
    let unanswered: Vec<&str> =
        said.lines().filter(|line| line.contains("refused") || line.contains("broke")).collect();
    assert!(unanswered.is_empty(), "{unanswered:#?}");
    for line in
        ["databases 1", "schemas 3", "tables 21", "columns 12", "constraints 0", "indexes 0", "data 200", "count 1"]
    {
        assert!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
}

#[test]
fn values_stay_what_they_are_with_jdbc_in_text_and_in_binary_form() {
    let served = Served::start();
    check(
        &java("Jdbc", &["values"], &served, &served.postgres),
        &[
            "text meter-1:String 1.5:BigDecimal 2025-01-01 00:30:00.0:Timestamp true:Boolean 1.5:Double 95:Long 7:Integer \
             2025-01-01:Date null 2025-01-01T00:30:00Z",
            "binary meter-1:String 1.5:BigDecimal 2025-01-01 00:30:00.0:Timestamp true:Boolean 1.5:Double 95:Long 7:Integer \
             2025-01-01:Date null 2025-01-01T00:30:00Z",
            "given [1:Integer]",
            "given [2:Long]",
            "given [3:Integer]",
            "given [1.5:Float]",
            "given [2.5:Double]",
            "given [12345678901234567890.123456789012:BigDecimal]",
            "given [true:Boolean]",
            "given [text:String]",
            "given [2025-01-01 00:00:00.000001:Timestamp]",
            "null 0:Long",
            "any 960",
            "any number 96",
            "taken [text, numeric, timestamptz, int8]",
            "told [count:int8, max:numeric, now:date, ?column?:int8, ?column?_2:int8, lower:text]",
        ],
    );
}

#[test]
fn jdbc_takes_answers_in_pieces_gives_them_up_and_is_told_why_not() {
    let served = Served::start();
    check(
        &java("Jdbc", &["manners"], &served, &served.postgres),
        &[
            "valid true",
            "read only true",
            "schema default metrify",
            "isolation true",
            "cursor 1056",
            "window 200",
            "missing refused 42703 …",
            "failed refused 25P02 …",
            "savepoint 7",
            "table refused 42P01 …",
            "write refused 25006 ERROR: cannot execute DELETE: this is for reading only",
            "syntax refused 42601 …",
            "timeout refused 57014 …",
            "cancel refused 57014 …",
            "goes on 4",
        ],
    );
    check(&java("Jdbc", &["pool"], &served, &served.postgres), &["pooled 33792 over 4"]);
}

#[test]
fn jdbc_of_flight_sql_is_told_all_that_it_asks() {
    let served = Served::start();
    check(
        &java("FlightJdbc", &[], &served, &served.flight),
        &[
            "server Metrify true false",
            "told 142, broken []",
            "schemas default,system",
            "tables readings,readings_daily,readings_history,readings_latest",
            "columns point,quantity,kind,period_start,period_end,value,unit,quality,method,reason,recorded_at,delivery",
            "types VARCHAR,VARCHAR,VARCHAR,TIMESTAMP_WITH_TIMEZONE,TIMESTAMP_WITH_TIMEZONE,DECIMAL,VARCHAR,…",
            "primary 0",
            "imported 0",
            "exported 0",
            "crossed 0",
            "indexes 0",
            "row meter-1:String 1.500000000000:BigDecimal true:Boolean 1.5:Double 960:Long 7:Integer 2025-01-01:Date null",
            "moment 2025-01-01T00:00:00Z",
            "bound [860:Long 1290.000000000000:BigDecimal, 92:Long 23.000000000000:BigDecimal, 0:Long null]",
            "given int 1",
            "given bigint 2",
            "given double 2.5",
            "given boolean true",
            "given varchar text",
            "given date 2025-01-01",
            "moment given 2025-01-01T00:00:00Z",
            "limited 3",
            "valid true",
            "write refused …",
            "table refused …",
        ],
    );
}

#[test]
fn grafana_finds_tables_and_draws_series_with_both_of_its_drivers() {
    let served = Served::start();
    for driver in ["postgres", "pgx"] {
        let mut command = Command::new(tools().join("grafana"));
        command.arg(driver);
        check(
            &told(&mut command, &served, &served.postgres),
            &[
                "health ?column?:INT8 [1]",
                "version version:INT8 [1600]",
                "timescale extversion:TEXT",
                "tables table:TEXT [readings] [readings_daily] [readings_history] [readings_latest]",
                "of all schemas table:TEXT [readings] [system.formats]",
                "columns column:TEXT type:TEXT [period_start timestamp with time zone] [point text] [value numeric]",
                "columns of column:TEXT type:TEXT [value numeric]",
                "$__timeFilter time:TIMESTAMPTZ value:NUMERIC [2025-01-01T00:00:00Z 1.5] [2025-01-01T00:15:00Z 1.5] \
                 [2025-01-01T00:30:00Z 1.5]",
                "$__timeGroup time:FLOAT8 metric:TEXT value:NUMERIC [1735689600 meter-1 6] [1735689600 meter-2 1] \
                 [1735693200 meter-1 6] [1735693200 meter-2 1] [1735696800 meter-1 1.5] [1735696800 meter-2 0.25]",
                "by name time:FLOAT8 value:NUMERIC [1735689600 0.875] [1735693200 0.875] [1735696800 0.875]",
                "$__unixEpochFilter time:FLOAT8 value:NUMERIC [1735689600 0.25] [1735690500 0.25]",
                "$__unixEpochGroup time:FLOAT8 count:INT8 [1735689600 192] [1735776000 96]",
                "builder sum:NUMERIC point:TEXT [1440 meter-1]",
                "variable __text:TEXT __value:TEXT [meter-1 meter-1] [meter-2 meter-2]",
                "annotation time:FLOAT8 timeend:FLOAT8 text:TEXT tags:TEXT [1735689600 1735690500 meter-1 a,b]",
                "float time:TIMESTAMPTZ float8:FLOAT8 [2025-01-01T00:00:00Z 1.500000000001]",
                "row by row point:TEXT most:NUMERIC [meter-1 1.5] [meter-2 0.25]",
                "types a:FLOAT8 b:BOOL c:INT4 d:FLOAT4 e:TEXT f:DATE g:INT2 [<nil> true 1 1.5 x 2025-01-01T00:00:00Z 1]",
                "given up true true",
                "transaction two:INT8 [2]",
                "committed true",
            ],
        );
    }
}

#[test]
fn pgx_gives_values_of_each_type_however_it_sends_them() {
    let served = Served::start();
    let mut command = Command::new(tools().join("grafana"));
    command.arg("modes");
    let said = told(&mut command, &served, &served.postgres);
    let modes = ["cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"];
    let expected: Vec<String> = modes
        .iter()
        .flat_map(|mode| {
            let told = [
                "given 5 x 1.5 true true",
                "given 5 x 1.5 true true",
                "bound 959",
                "any 1056",
                "any number 960",
                "day 96",
                "window meter-2",
                "nowhere refused ERROR: …",
            ];
            told.map(|told| format!("{mode} {told}"))
        })
        .collect();
    check(&said, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn odbc_lists_tables_and_takes_rows_at_once_and_by_cursors() {
    let served = Served::start();
    for way in ["rows", "cursors"] {
        check(
            &python("odbc.py", way, &served),
            &[
                "schemas ['default', 'system']",
                "catalogs ['metrify']",
                "tables ['readings', 'readings_daily', 'readings_history', 'readings_latest']",
                "columns ['period_start:timestamptz', 'period_end:timestamptz', 'value:numeric', 'unit:text']",
                "primary []",
                "foreign []",
                "foreign of []",
                "indexes []",
                "best []",
                "types True",
                "arguments []",
                "row ['meter-1', Decimal('1.5'), datetime.datetime(2025, 1, 1, 0, 0), True, 1.5, 7, 8, \
                 datetime.date(2025, 1, 1), None]",
                "all 1056",
                "text 960",
                "decimal 960",
                "float 960",
                "whole 960",
                "moment 192",
                "day 192",
                "null 0",
                "escapes ['A', datetime.date(2025, 1, 1), datetime.datetime(2025, 1, 1, 0, 0)]",
                "table refused 42P01 …",
                "write refused 25006 cannot execute DELETE: this is for reading only",
                "begun 1056",
                "missing refused 42703 …",
                "after 2",
                "cancel refused 57014 …",
                "goes on 4",
            ],
        );
    }
}

#[test]
fn sqlalchemy_knows_all_tables_and_asks_as_superset_does() {
    let served = Served::start();
    for driver in ["psycopg", "psycopg2"] {
        check(
            &python("alchemy.py", driver, &served),
            &[
                "schemas ['default', 'system']",
                "default default",
                "tables ['readings', 'readings_daily', 'readings_history', 'readings_latest']",
                "views []",
                "columns [('period_end', 'TIMESTAMP', False), ('value', 'NUMERIC', True), ('unit', 'TEXT', False)]",
                "pk_constraint {'name': None, 'constrained_columns': []}",
                "foreign_keys []",
                "indexes []",
                "unique_constraints []",
                "check_constraints []",
                "table_comment {'text': None}",
                "table_options {}",
                "has (True, False)",
                "more ([], [], [])",
                "reflected True",
                "total [('meter-1', '1440', '960'), ('meter-2', '24', '96')]",
                "among [('1056',)]",
                "like [('0',)]",
                "window [('meter-2', '2025-01-01 00:00:00+00:00')]",
                "first [('meter-2',)]",
                "there [('True', 'True')]",
                "within [('meter-1', '0.25'), ('meter-2', '0.25')]",
                "chart [('2025-01-01 00:00:00+00:00', '168'), ('2025-01-02 00:00:00+00:00', '144')]",
                "written [('2025-01-01T00:00',)]",
                "streamed 1056",
                "alone 1056",
            ],
        );
    }
}

#[test]
fn cursors_last_as_long_as_they_should_and_go_forward_only() {
    let served = Served::start();
    check(
        &python("alchemy.py", "cursors", &served),
        &[
            "pieces 1700 meter-1 1.5 100 859",
            "pieces 1700 meter-1 1.5 100 859",
            "held 1056",
            "gone 34000 cursor \"gone\" does not exist",
            "back 0A000 …",
            "one 1 95",
            "backward 0A000 cursor can only scan forward",
            "write 0A000 …",
            "alone 25P01 DECLARE CURSOR can only be used in transaction blocks",
            "psycopg2 960",
        ],
    );
}

#[test]
fn node_finds_columns_by_the_names_that_postgresql_gives_them() {
    let served = Served::start();
    let mut command = Command::new("node");
    command.arg(source("node/client.js")).env("TOOLS_NODE", tools().join("node"));
    check(
        &told(&mut command, &served, &served.postgres),
        &[
            r#"names [{"count":"1056","max":"1.5","one":1}]"#,
            r#"bound [{"point":"meter-1","value":"1.5","period_start":"2025-01-01T00:15:00.000Z","more":true}]"#,
            r#"named ["960","96","960"]"#,
            r#"types [{"point":"meter-2","value":"0.25","period_start":"2025-01-01T00:00:00.000Z","yes":true,"d":0.25}]"#,
            r#"any [{"count":"960"}]"#,
            r#"any cast [{"count":"96"}]"#,
            r#"all [{"count":"96"}]"#,
            "cursor 960",
            r#"transaction {"seven":7}"#,
            "nowhere refused 42P01 …",
            "write refused 25006 cannot execute INSERT: this is for reading only",
            "pool 780",
        ],
    );
}

#[test]
fn another_postgresql_has_the_tables_as_its_own() {
    let Some(foreign) = PostgreSql::start() else {
        return skipped("there is no PostgreSQL server here (Debian package postgresql-15), so none asks");
    };
    let served = Served::start();
    let (host, port) = served.postgres.rsplit_once(':').expect("a host and a port");
    foreign.sql(&format!(
        "create extension postgres_fdw; \
         create server there foreign data wrapper postgres_fdw options (host '{host}', port '{port}', dbname 'metrify'); \
         create user mapping for current_user server there options (user 'anybody', password '{}'); \
         create schema far; import foreign schema \"default\" from server there into far",
        served.key
    ));
    let tables = "select count(*) > 15 from information_schema.foreign_tables where foreign_table_schema = 'far'";
    assert_eq!(foreign.sql(tables), "t");
    let total = "select point, count(*), sum(value) from far.readings where value > 0.1 and period_start >= '2025-01-02' group by 1";
    assert_eq!(foreign.sql(total), "meter-1|864|1296");
    // Each by rows that it takes in pieces of a hundred.
    let joined = "select count(*) from far.readings a, (select 'meter-2' as point offset 0) b where a.point = b.point";
    assert_eq!(foreign.sql(joined), "96");
    assert!(foreign.refused("delete from far.readings").contains("this is for reading only"));
}
