import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What both clients of JDBC do: they print a line for each thing they asked, and what came of it. */
final class Told {
    /** A query that runs for a minute, unless somebody ends it. */
    static final String LONG = "select count(*) from readings a, readings b, readings c "
        + "where a.value < b.value + c.value and b.value < a.value + c.value";

    interface Work {
        Object run() throws Exception;
    }

    interface Rows {
        ResultSet run() throws Exception;
    }

    static void line(String name, Work work) {
        try {
            System.out.println(name + " " + work.run());
        } catch (SQLException error) {
            System.out.println(name + " refused " + error.getSQLState() + " " + String.valueOf(error.getMessage()).lines().findFirst().orElse(""));
        } catch (Exception error) {
            System.out.println(name + " broke " + error);
        }
    }

    /** How many rows there are. */
    static void count(String name, Rows rows) {
        line(name, () -> {
            try (ResultSet result = rows.run()) {
                int count = 0;
                while (result.next()) {
                    count++;
                }
                return count;
            }
        });
    }

    /** One column of all rows. */
    static void column(String name, String column, Rows rows) {
        line(name, () -> {
            try (ResultSet result = rows.run()) {
                List<String> values = new ArrayList<>();
                while (result.next()) {
                    values.add(result.getString(column));
                }
                return String.join(",", values);
            }
        });
    }

    /** The first row, each value with its class. */
    static String row(ResultSet result) throws SQLException {
        StringBuilder told = new StringBuilder();
        result.next();
        for (int place = 1; place <= result.getMetaData().getColumnCount(); place++) {
            Object value = result.getObject(place);
            told.append(place > 1 ? " " : "").append(value);
            told.append(value == null ? "" : ":" + value.getClass().getSimpleName());
        }
        return told.toString();
    }

    static Object one(Connection connection, String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int place = 0; place < values.length; place++) {
                statement.setObject(place + 1, values[place]);
            }
            try (ResultSet result = statement.executeQuery()) {
                return result.next() ? result.getObject(1) : "no row";
            }
        }
    }

    /** All that a driver tells of a server without being asked for anything by name: what breaks. */
    static void all(DatabaseMetaData told) {
        List<String> broken = new ArrayList<>();
        int asked = 0;
        for (Method method : DatabaseMetaData.class.getMethods()) {
            if (method.getParameterCount() > 0) {
                continue;
            }
            asked++;
            try {
                if (method.invoke(told) instanceof ResultSet result) {
                    result.close();
                }
            } catch (InvocationTargetException error) {
                broken.add(method.getName());
            } catch (IllegalAccessException | SQLException error) {
                broken.add(method.getName() + " " + error);
            }
        }
        System.out.println("told " + asked + ", broken " + broken);
    }

    /** Ends a query after a while by another thread, and tells whether that was soon. */
    static void ended(Connection connection) {
        line("timeout", () -> {
            try (Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(1);
                return row(statement.executeQuery(LONG));
            }
        });
        line("cancel", () -> {
            try (Statement statement = connection.createStatement()) {
                Thread other = new Thread(() -> {
                    try {
                        Thread.sleep(500);
                        statement.cancel();
                    } catch (Exception error) {
                        System.out.println("cancel broke " + error);
                    }
                });
                other.start();
                return row(statement.executeQuery(LONG));
            }
        });
        line("goes on", () -> one(connection, "select cast(4 as int)"));
    }
}
