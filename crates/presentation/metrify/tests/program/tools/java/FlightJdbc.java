import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** Arrow's driver of JDBC for Flight SQL, asked as DBeaver asks drivers. */
public final class FlightJdbc {
    public static void main(String[] arguments) throws Exception {
        Properties options = new Properties();
        options.put("useEncryption", "false");
        options.put("user", "anybody");
        options.put("password", System.getenv("WIRE_KEY"));
        try (Connection connection = DriverManager.getConnection("jdbc:arrow-flight-sql://" + System.getenv("WIRE_ADDRESS"), options)) {
            tree(connection.getMetaData());
            values(connection);
            Told.line("valid", () -> connection.isValid(5));
            Told.line("write", () -> Told.one(connection, "delete from readings"));
            Told.line("table", () -> Told.one(connection, "select * from nowhere"));
        }
    }

    private static void tree(DatabaseMetaData told) throws SQLException {
        Told.line("server", () -> told.getDatabaseProductName() + " " + told.isReadOnly() + " " + told.supportsTransactions());
        Told.all(told);
        Told.column("schemas", "TABLE_SCHEM", told::getSchemas);
        Told.column("tables", "TABLE_NAME", () -> told.getTables("metrify", "default", "readings%", new String[] {"TABLE", "VIEW"}));
        Told.column("columns", "COLUMN_NAME", () -> told.getColumns(null, "default", "readings", "%"));
        Told.column("types", "TYPE_NAME", () -> told.getColumns(null, "default", "readings", "%"));
        Told.count("primary", () -> told.getPrimaryKeys(null, "default", "readings"));
        Told.count("imported", () -> told.getImportedKeys(null, "default", "readings"));
        Told.count("exported", () -> told.getExportedKeys(null, "default", "readings"));
        Told.count("crossed", () -> told.getCrossReference(null, "default", "readings", null, "default", "points"));
        Told.count("indexes", () -> told.getIndexInfo(null, "default", "readings", false, true));
    }

    private static void values(Connection connection) {
        Told.line("row", () -> {
            try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(
                    "select point, value, value > 1 as more, cast(value as double) as d, count(*) over () as n, cast(7 as int) as i, "
                    + "cast(period_start as date) as day, cast(null as varchar) as nothing from readings where point = 'meter-1' limit 1")) {
                return Told.row(result);
            }
        });
        Told.line("moment", () -> {
            try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery("select min(period_start) from readings")) {
                result.next();
                return result.getTimestamp(1).toInstant();
            }
        });
        Told.line("bound", () -> {
            try (PreparedStatement statement = connection.prepareStatement("select count(*), sum(value) from readings where point = ? and value > ? and period_start >= ? and cast(period_start as date) <> ?")) {
                List<String> said = new ArrayList<>();
                for (String point : List.of("meter-1", "meter-2", "meter-3")) {
                    statement.setString(1, point);
                    // The driver takes them with the places of the column alone.
                    statement.setBigDecimal(2, new BigDecimal("0.1").setScale(12));
                    statement.setTimestamp(3, Timestamp.from(Instant.parse("2025-01-01T01:00:00Z")));
                    statement.setDate(4, Date.valueOf("2025-01-02"));
                    try (ResultSet result = statement.executeQuery()) {
                        said.add(Told.row(result));
                    }
                }
                return said;
            }
        });
        Object[][] cast = {{"int", 1}, {"bigint", 2L}, {"double", 2.5d}, {"boolean", true}, {"varchar", "text"}, {"date", Date.valueOf("2025-01-01")}};
        for (Object[] one : cast) {
            Told.line("given " + one[0], () -> Told.one(connection, "select cast(? as " + one[0] + ") as given", one[1]));
        }
        Told.line("moment given", () -> {
            try (PreparedStatement statement = connection.prepareStatement("select cast(? as timestamp) as given")) {
                statement.setTimestamp(1, Timestamp.from(Instant.parse("2025-01-01T00:00:00Z")));
                try (ResultSet result = statement.executeQuery()) {
                    result.next();
                    return result.getTimestamp(1).toInstant();
                }
            }
        });
        Told.line("limited", () -> {
            try (PreparedStatement statement = connection.prepareStatement("select point from readings limit ?")) {
                statement.setLong(1, 3);
                int rows = 0;
                try (ResultSet result = statement.executeQuery()) {
                    while (result.next()) {
                        rows++;
                    }
                }
                return rows;
            }
        });
    }
}
