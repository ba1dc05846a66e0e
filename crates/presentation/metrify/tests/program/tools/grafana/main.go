// Asks as Grafana's data source for PostgreSQL does, with each of the two drivers that it had and has: lib/pq, and pgx in every way that it
// sends statements. Each line says what was asked and what came.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
)

const long = "SELECT count(*) FROM readings a, readings b, readings c WHERE a.value < b.value + c.value AND b.value < a.value + c.value"

// The schemas that are looked in first, as the query editor asks for them.
const searched = `quote_ident(table_schema) IN (
          SELECT
            CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
            generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          )`

// What macros become, between these two moments.
const between = "period_start BETWEEN '2025-01-01T00:00:00Z' AND '2025-01-01T02:00:00Z'"

// A name, and the statement.
var statements = [][2]string{
	{"health", "SELECT 1"},
	{"version", "SELECT current_setting('server_version_num')::int/100 as version"},
	{"timescale", "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"},
	{"tables", "select quote_ident(table_name) as \"table\" from information_schema.tables where quote_ident(table_schema) not in ('information_schema', 'pg_catalog') and " + searched + " and table_name like 'readings%' order by 1"},
	{"of all schemas", "select CASE WHEN " + searched + " THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS \"table\" from information_schema.tables where quote_ident(table_schema) not in ('information_schema', 'pg_catalog') and table_name in ('readings', 'formats') order by 1"},
	{"columns", "select quote_ident(column_name) as \"column\", data_type as \"type\" from information_schema.columns where quote_ident(table_name) = 'readings' and column_name in ('point', 'period_start', 'value') order by 1"},
	{"columns of", "select quote_ident(column_name) as \"column\", data_type as \"type\" from information_schema.columns where CASE WHEN array_length(parse_ident('readings'),1) = 2 THEN quote_ident(table_schema) = (parse_ident('readings'))[1] AND quote_ident(table_name) = (parse_ident('readings'))[2] ELSE quote_ident(table_name) = 'readings' AND " + searched + " END and column_name = 'value'"},
	{"$__timeFilter", "SELECT period_start AS \"time\", value FROM readings WHERE " + between + " AND point = 'meter-1' ORDER BY 1 LIMIT 3"},
	{"$__timeGroup", "SELECT floor(extract(epoch from period_start)/3600)*3600 AS \"time\", point AS metric, sum(value) AS value FROM readings WHERE " + between + " GROUP BY 1, 2 ORDER BY 1, 2"},
	{"by name", "SELECT floor(extract(epoch from period_start)/3600)*3600 AS \"time\", avg(value) AS \"value\" FROM readings WHERE " + between + " GROUP BY time ORDER BY time"},
	{"$__unixEpochFilter", "SELECT extract(epoch from period_start) as \"time\", value FROM readings WHERE extract(epoch from period_start) >= 1735689600 AND extract(epoch from period_start) <= 1735690500 AND point = 'meter-2' ORDER BY 1"},
	{"$__unixEpochGroup", "SELECT floor((extract(epoch from period_start))/86400)*86400 AS \"time\", count(*) FROM readings GROUP BY 1 ORDER BY 1 LIMIT 2"},
	{"builder", "SELECT SUM(value) AS \"sum\", point FROM \"default\".readings WHERE (point = 'meter-1') GROUP BY point ORDER BY point ASC LIMIT 50"},
	{"variable", "SELECT DISTINCT point AS __text, point AS __value FROM readings ORDER BY 1"},
	{"annotation", "SELECT extract(epoch from period_start) AS time, extract(epoch from period_end) AS timeend, point AS text, 'a,b' AS tags FROM readings WHERE " + between + " AND point = 'meter-1' ORDER BY 1 LIMIT 1"},
	{"float", "SELECT date_trunc('hour', period_start) AS time, (max(value) + 0.000000000001)::float FROM readings WHERE period_start >= to_timestamp(1735689600) GROUP BY 1 ORDER BY 1 LIMIT 1"},
	{"row by row", "SELECT p.point, (SELECT max(r.value) FROM readings r WHERE r.point = p.point) AS most FROM (SELECT DISTINCT point FROM readings) p ORDER BY 1"},
	{"types", "SELECT null::float8 as a, true as b, 1::int4 as c, 1.5::real as d, 'x'::text as e, '2025-01-01'::date as f, 1::smallint as g"},
}

// A line of what came: each column with its type, then the rows.
func tell(name string, rows *sql.Rows, err error) {
	if err != nil {
		fmt.Println(name, "refused", err)
		return
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		fmt.Println(name, "broke", err)
		return
	}
	var said []string
	for _, column := range types {
		said = append(said, column.Name()+":"+column.DatabaseTypeName())
	}
	for rows.Next() {
		values, places := make([]any, len(types)), make([]any, len(types))
		for at := range values {
			places[at] = &values[at]
		}
		if err := rows.Scan(places...); err != nil {
			fmt.Println(name, "broke", err)
			return
		}
		for at, value := range values {
			switch value := value.(type) {
			case []byte:
				values[at] = string(value)
			case time.Time:
				values[at] = value.UTC().Format(time.RFC3339)
			case float64:
				values[at] = fmt.Sprintf("%.13g", value)
			}
		}
		said = append(said, fmt.Sprint(values))
	}
	if err := rows.Err(); err != nil {
		said = append(said, "broke "+err.Error())
	}
	fmt.Println(name, strings.Join(said, " "))
}

func asDataSource(driver, host, port, key string) {
	db, err := sql.Open(driver, fmt.Sprintf("user='anybody' password='%s' host='%s' port=%s dbname='metrify' sslmode='disable'", key, host, port))
	if err != nil {
		fmt.Println("open broke", err)
		return
	}
	defer db.Close()
	db.SetMaxOpenConns(5)
	for _, asked := range statements {
		rows, err := db.Query(asked[1])
		tell(asked[0], rows, err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err = db.QueryContext(soon, long)
	fmt.Println("given up", err != nil, time.Since(begun) < 20*time.Second)
	read, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		fmt.Println("transaction broke", err)
		return
	}
	rows, err := read.Query("SELECT 2 AS two")
	tell("transaction", rows, err)
	fmt.Println("committed", read.Commit() == nil)
}

// All values of one row, in binary form where the mode has it.
func inMode(mode, host, port, key string) {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, fmt.Sprintf("postgres://anybody:%s@%s:%s/metrify?sslmode=disable&default_query_exec_mode=%s", key, host, port, mode))
	if err != nil {
		fmt.Println(mode, "broke", err)
		return
	}
	defer pool.Close()
	from := time.Date(2025, 1, 1, 0, 15, 0, 0, time.UTC)
	one := func(name, query string, arguments ...any) {
		var said string
		if err := pool.QueryRow(ctx, query, arguments...).Scan(&said); err != nil {
			said = "refused " + err.Error()
		}
		fmt.Println(mode, name, said)
	}
	for range 2 {
		var number int32
		var text string
		var float float64
		var is bool
		var at time.Time
		err = pool.QueryRow(ctx, "select $1::int4, $2::text, $3::float8, $4::bool, $5::timestamptz", 5, "x", 1.5, true, from).Scan(&number, &text, &float, &is, &at)
		if err != nil {
			break
		}
		fmt.Println(mode, "given", number, text, float, is, at.UTC().Equal(from))
	}
	if err != nil {
		fmt.Println(mode, "given refused", err)
	}
	one("bound", "select count(*)::text from readings where value > $1 and period_start >= $2 and point = $3", 0.5, from, "meter-1")
	one("any", "select count(*)::text from readings where point = any($1)", []string{"meter-1", "a, \"b\"", "meter-2"})
	one("any number", "select count(*)::text from readings where cast(value * 2 as bigint) = any($1::bigint[])", []int64{3})
	one("day", "select count(*)::text from readings where period_start::date = $1 and point = 'meter-1'", from)
	one("window", "select point from readings where point = $1 order by period_start limit $2 offset $3", "meter-2", 1, 5)
	one("nowhere", "select point from nowhere")
}

func main() {
	host, port, _ := strings.Cut(os.Getenv("WIRE_ADDRESS"), ":")
	key := os.Getenv("WIRE_KEY")
	switch os.Args[1] {
	case "postgres", "pgx":
		asDataSource(os.Args[1], host, port, key)
	case "modes":
		for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
			inMode(mode, host, port, key)
		}
	}
}
