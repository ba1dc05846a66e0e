import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** PostgreSQL's driver of JDBC, as DBeaver uses it. */
public final class Jdbc {
    public static void main(String[] arguments) throws Exception {
        String url = "jdbc:postgresql://" + System.getenv("WIRE_ADDRESS") + "/metrify";
        String key = System.getenv("WIRE_KEY");
        if (arguments[0].equals("pool")) {
            pool(url, key);
            return;
        }
        try (Connection connection = DriverManager.getConnection(url, "anybody", key)) {
            switch (arguments[0]) {
                case "tree" -> tree(connection);
                case "beaver" -> beaver(connection);
                case "values" -> values(connection);
                case "manners" -> manners(connection);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    private static void tree(Connection connection) throws SQLException {
        DatabaseMetaData told = connection.getMetaData();
        Told.line("server", () -> told.getDatabaseProductName() + " " + told.getDatabaseProductVersion());
        Told.all(told);
        Told.column("schemas", "TABLE_SCHEM", told::getSchemas);
        Told.column("of catalog", "TABLE_CATALOG", () -> told.getSchemas("metrify", "def%"));
        Told.column("tables", "TABLE_NAME", () -> told.getTables("metrify", "default", "readings%", new String[] {"TABLE", "VIEW"}));
        Told.column("columns", "COLUMN_NAME", () -> told.getColumns(null, "default", "readings", "%"));
        Told.column("types", "TYPE_NAME", () -> told.getColumns(null, "default", "readings", "%"));
        Told.count("primary", () -> told.getPrimaryKeys(null, "default", "readings"));
        Told.count("imported", () -> told.getImportedKeys(null, "default", "readings"));
        Told.count("exported", () -> told.getExportedKeys(null, "default", "readings"));
        Told.count("crossed", () -> told.getCrossReference(null, "default", "readings", null, "default", "points"));
        Told.count("indexes", () -> told.getIndexInfo(null, "default", "readings", false, true));
        Told.count("best", () -> told.getBestRowIdentifier(null, "default", "readings", DatabaseMetaData.bestRowSession, true));
        Told.count("procedures", () -> told.getProcedures(null, null, "%"));
        Told.count("arguments", () -> told.getProcedureColumns(null, null, "%", "%"));
        Told.count("of functions", () -> told.getFunctionColumns(null, null, "%", "%"));
        Told.count("privileges", () -> told.getTablePrivileges(null, "default", "nothing"));
        Told.line("typed", () -> {
            try (ResultSet result = told.getTypeInfo()) {
                List<String> names = new ArrayList<>();
                while (result.next()) {
                    names.add(result.getString("TYPE_NAME"));
                }
                return names.containsAll(List.of("text", "numeric", "timestamptz", "bool", "int8", "float8"));
            }
        });
    }

    private static void values(Connection connection) throws SQLException {
        String sql = "select point, value, period_start, value > ? as more, cast(value as double) as d, count(*) over () as n, "
            + "cast(7 as int) as i, cast(period_start as date) as day, cast(null as varchar) as nothing from readings "
            + "where point = ? and period_start >= ? and cast(period_start as date) = ? order by period_start limit ? offset ?";
        // The sixth time it is prepared by the server, and values go to and fro in binary form.
        for (String way : new String[] {"text", "binary"}) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                int rounds = way.equals("text") ? 1 : 8;
                for (int round = 1; round <= rounds; round++) {
                    statement.setBigDecimal(1, new BigDecimal("0.5"));
                    statement.setString(2, "meter-1");
                    statement.setTimestamp(3, Timestamp.from(Instant.parse("2025-01-01T00:15:00Z")));
                    statement.setDate(4, Date.valueOf("2025-01-01"));
                    statement.setInt(5, 1);
                    statement.setLong(6, 1);
                    try (ResultSet result = statement.executeQuery()) {
                        String row = Told.row(result);
                        if (round == rounds) {
                            System.out.println(way + " " + row + " " + result.getTimestamp(3).toInstant());
                        }
                    }
                }
            }
        }
        OffsetDateTime moment = OffsetDateTime.parse("2025-01-01T00:00:00.000001Z");
        for (Object value : new Object[] {1, 2L, (short) 3, 1.5f, 2.5d, new BigDecimal("12345678901234567890.123456789012"), true, "text", moment}) {
            Told.line("given", () -> {
                List<Object> said = new ArrayList<>();
                try (PreparedStatement statement = connection.prepareStatement("select ? as given")) {
                    for (int round = 0; round < 7; round++) {
                        statement.setObject(1, value);
                        try (ResultSet result = statement.executeQuery()) {
                            said.add(Told.row(result));
                        }
                    }
                }
                return said.stream().distinct().toList();
            });
        }
        Told.line("null", () -> {
            try (PreparedStatement statement = connection.prepareStatement("select count(*) from readings where point = ? or value = ?")) {
                statement.setNull(1, Types.VARCHAR);
                statement.setNull(2, Types.NUMERIC);
                return Told.row(statement.executeQuery());
            }
        });
        Told.line("any", () -> Told.one(connection, "select count(*) from readings where point = any (?)", connection.createArrayOf("text", new String[] {"meter-1", "a, \"b\""})));
        Told.line("any number", () -> Told.one(connection, "select count(*) from readings where value = any (?)", connection.createArrayOf("numeric", new BigDecimal[] {new BigDecimal("0.25"), null})));
        Told.line("taken", () -> {
            try (PreparedStatement statement = connection.prepareStatement("select 1 from readings where point = ? and value > ? and period_start > ? limit ?")) {
                List<String> types = new ArrayList<>();
                for (int place = 1; place <= statement.getParameterMetaData().getParameterCount(); place++) {
                    types.add(statement.getParameterMetaData().getParameterTypeName(place));
                }
                return types;
            }
        });
        Told.line("told", () -> {
            try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery("select count(*), max(value), now()::date, 1, 1, lower(point) from readings group by point limit 1")) {
                ResultSetMetaData columns = result.getMetaData();
                List<String> names = new ArrayList<>();
                for (int place = 1; place <= columns.getColumnCount(); place++) {
                    names.add(columns.getColumnLabel(place) + ":" + columns.getColumnTypeName(place));
                }
                return names;
            }
        });
    }

    private static void manners(Connection connection) throws SQLException {
        Told.line("valid", () -> connection.isValid(5));
        Told.line("read only", () -> {
            connection.setReadOnly(true);
            boolean is = connection.isReadOnly();
            connection.setReadOnly(false);
            return is;
        });
        Told.line("schema", () -> connection.getSchema() + " " + connection.getCatalog());
        Told.line("isolation", () -> {
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            return connection.getTransactionIsolation() == Connection.TRANSACTION_READ_COMMITTED;
        });
        Told.line("cursor", () -> {
            connection.setAutoCommit(false);
            int rows = 0;
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(100);
                try (ResultSet result = statement.executeQuery("select * from readings")) {
                    while (result.next()) {
                        rows++;
                    }
                }
            }
            connection.commit();
            return rows;
        });
        Told.line("window", () -> {
            int rows = 0;
            try (Statement statement = connection.createStatement()) {
                statement.setMaxRows(200);
                statement.setFetchSize(150);
                try (ResultSet result = statement.executeQuery("select x.* from \"default\".readings x")) {
                    while (result.next()) {
                        rows++;
                    }
                }
            }
            connection.rollback();
            return rows;
        });
        Told.line("savepoint", () -> {
            Savepoint here = connection.setSavepoint();
            Told.line("missing", () -> Told.one(connection, "select nothing from readings"));
            Told.line("failed", () -> Told.one(connection, "select 1"));
            connection.rollback(here);
            Object one = Told.one(connection, "select cast(7 as int)");
            connection.commit();
            connection.setAutoCommit(true);
            return one;
        });
        Told.line("table", () -> Told.one(connection, "select * from nowhere"));
        Told.line("write", () -> Told.one(connection, "delete from readings where point = ?", "meter-1"));
        Told.line("syntax", () -> Told.one(connection, "selct 1"));
        Told.ended(connection);
    }

    /** What many threads ask over few connections. */
    private static void pool(String url, String key) throws Exception {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setUsername("anybody");
        config.setPassword(key);
        config.setMaximumPoolSize(4);
        config.setReadOnly(true);
        config.setIsolateInternalQueries(true);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (HikariDataSource source = new HikariDataSource(config)) {
            List<Future<Object>> asked = new ArrayList<>();
            for (int number = 0; number < 64; number++) {
                String point = "meter-" + (1 + number % 2);
                asked.add(threads.submit(() -> {
                    try (Connection connection = source.getConnection()) {
                        return Told.one(connection, "select count(*) from readings where point = ?", point);
                    }
                }));
            }
            long rows = 0;
            for (Future<Object> one : asked) {
                rows += (Long) one.get();
            }
            System.out.println("pooled " + rows + " over " + source.getHikariPoolMXBean().getTotalConnections());
        } finally {
            threads.shutdown();
        }
    }

    /** Statements of the kind that database browsers such as DBeaver ask, written by us: how many rows each gives. */
    private static void beaver(Connection connection) throws SQLException {
        long schema = ((Number) Told.one(connection, "select oid from pg_catalog.pg_namespace where nspname = 'default'")).longValue();
        long table = ((Number) Told.one(connection, "select oid from pg_catalog.pg_class where relname = 'readings'")).longValue();
        for (String[] asked : Beaver.STATEMENTS) {
            Told.line(asked[0], () -> {
                try (PreparedStatement statement = connection.prepareStatement(asked[1])) {
                    for (int place = 2; place < asked.length; place++) {
                        switch (asked[place]) {
                            case "SCHEMA" -> statement.setLong(place - 1, schema);
                            case "TABLE" -> statement.setLong(place - 1, table);
                            default -> statement.setString(place - 1, asked[place]);
                        }
                    }
                    try (ResultSet result = statement.executeQuery()) {
                        int rows = 0;
                        while (result.next()) {
                            rows++;
                        }
                        return rows;
                    }
                }
            });
        }
    }
}
