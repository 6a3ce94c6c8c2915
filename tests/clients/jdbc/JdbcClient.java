import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** JDBC: server-side prepared statements, batches, fetch size, COPY, savepoints, cancel, metadata. */
public class JdbcClient {
    static final List<Long> CLEAR = List.of(1L, 4L, 7L, 10L, 13L, 16L, 22L, 202L);

    static void expect(Object got, Object wanted, String what) {
        if (!Objects.equals(got, wanted)) throw new IllegalStateException(what + ": " + got + " instead of " + wanted);
        System.out.println("ok " + what);
    }

    static Connection connect(String... settings) throws SQLException {
        Properties p = new Properties();
        p.setProperty("user", System.getenv("PGUSER"));
        p.setProperty("password", System.getenv("PGPASSWORD"));
        p.setProperty("sslmode", "verify-full");
        p.setProperty("sslrootcert", System.getenv("PGSSLROOTCERT"));
        for (int i = 0; i < settings.length; i += 2) p.setProperty(settings[i], settings[i + 1]);
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"), p);
    }

    static List<Long> clearOnes(Connection c) throws SQLException {
        List<Long> found = new ArrayList<>();
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT id, email FROM customers ORDER BY id")) {
            while (r.next()) if (r.getString(2) != null) found.add(r.getLong(1));
        }
        return found;
    }

    static void prepared(String mode) throws SQLException {
        try (Connection c = connect("preferQueryMode", mode, "prepareThreshold", "2");
             PreparedStatement s = c.prepareStatement("SELECT email, nickname, birth_date, credit, tags, uid FROM customers WHERE id = ?")) {
            for (long id = 1; id <= 8; id++) {
                s.setLong(1, id);
                try (ResultSet r = s.executeQuery()) {
                    r.next();
                    boolean clear = CLEAR.contains(id);
                    if ((r.getString(1) != null) != clear) throw new IllegalStateException(mode + ": customer " + id + ": " + r.getString(1));
                    if (!clear && !(r.getDate(3).toString().endsWith("-01-01") && r.getArray(5) == null)) throw new IllegalStateException(mode + ": " + id);
                }
            }
            System.out.println("ok prepared, " + mode);
            expect(clearOnes(c), CLEAR, "masked values, " + mode);
        }
    }

    static void metadata(Connection c) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT id, email AS mail, credit FROM customers")) {
            ResultSetMetaData m = r.getMetaData();
            expect(m.getColumnLabel(2) + " " + m.getColumnTypeName(2) + " " + m.getPrecision(2) + " " + m.getTableName(2), "mail varchar 80 customers", "result metadata");
            expect(m.getPrecision(3) + "," + m.getScale(3), "10,2", "numeric metadata");
        }
        try (ResultSet r = c.getMetaData().getColumns(null, "public", "orders", "%")) {
            int count = 0;
            while (r.next()) count++;
            expect(count, 7, "DatabaseMetaData.getColumns");
        }
        try (ResultSet r = c.getMetaData().getPrimaryKeys(null, "public", "customers")) {
            r.next();
            expect(r.getString("COLUMN_NAME"), "id", "DatabaseMetaData.getPrimaryKeys");
        }
    }

    static void batch(Connection c) throws SQLException {
        try (PreparedStatement s = c.prepareStatement("INSERT INTO scratch (k, v) VALUES (?, ?)")) {
            for (int i = 0; i < 300; i++) {
                s.setString(1, "batch");
                s.setString(2, "v" + i);
                s.addBatch();
            }
            expect(s.executeBatch().length, 300, "batch");
        }
        try (Statement s = c.createStatement()) {
            expect(s.executeUpdate("DELETE FROM scratch WHERE k = 'batch'"), 300, "rows of the batch");
        }
    }

    static void transactions() throws SQLException {
        try (Connection c = connect("defaultRowFetchSize", "5")) {
            c.setAutoCommit(false);
            expect(clearOnes(c), CLEAR, "cursor by fetch size");
            Savepoint before = c.setSavepoint();
            for (String[] bad : new String[][] {{"SELECT 1/0", "22012"}, {"SELECT fn_email(2)", "42501"}, {"SELECT nope FROM customers", "42703"}}) {
                try (Statement s = c.createStatement()) {
                    s.executeQuery(bad[0]);
                    throw new IllegalStateException(bad[0] + " went through");
                } catch (SQLException e) {
                    expect(e.getSQLState(), bad[1], bad[0]);
                    c.rollback(before);
                }
            }
            expect(clearOnes(c), CLEAR, "after the errors");
            c.commit();
        }
    }

    static void copy(Connection c) throws Exception {
        CopyManager copy = c.unwrap(PGConnection.class).getCopyAPI();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        expect(copy.copyOut("COPY (SELECT id, email FROM customers WHERE id < 4 ORDER BY id) TO STDOUT CSV", out), 3L, "COPY out");
        expect(out.toString("UTF-8"), "1,raw.c1@RAW-beta.example.org\n2,\n3,\n", "COPY out, rows");
        expect(copy.copyIn("COPY scratch (k, v) FROM STDIN CSV", new StringReader("jdbc,1\njdbc,2\n")), 2L, "COPY in");
        try (Statement s = c.createStatement()) {
            s.executeUpdate("DELETE FROM scratch WHERE k = 'jdbc'");
        }
    }

    static void cancel(Connection c) throws Exception {
        try (Statement s = c.createStatement()) {
            Thread canceller = new Thread(() -> {
                try {
                    Thread.sleep(1000);
                    s.cancel();
                } catch (Exception e) {
                    e.printStackTrace();
                }
            });
            canceller.start();
            try {
                s.executeQuery("SELECT email, pg_sleep(60) FROM customers WHERE id = 1");
                throw new IllegalStateException("not cancelled");
            } catch (SQLException e) {
                expect(e.getSQLState(), "57014", "cancel");
            }
            canceller.join();
        }
        expect(clearOnes(c), CLEAR, "after the cancel");
    }

    public static void main(String[] args) throws Exception {
        for (String mode : new String[] {"extended", "extendedForPrepared", "extendedCacheEverything", "simple"}) prepared(mode);
        transactions();
        try (Connection c = connect()) {
            metadata(c);
            batch(c);
            copy(c);
            cancel(c);
        }
    }
}
