"""psql: what people type."""
import signal
import subprocess
import time

# Customers 1, 4, 7, 10, 13, 16, 22 and the VIPs 202 have consented to contact; see ../e2e/schema/data.sql.
CLEAR = "1,4,7,10,13,16,22,202"


def psql(*args, text=None, check=True):
    done = subprocess.run(["psql", "-X", "-A", "-t", "-q", *args], input=text, capture_output=True, text=True, timeout=120)
    if check and done.returncode:
        raise SystemExit(f"psql {args}: {done.stderr}")
    return done.stdout.strip() if check else done


def expect(got, wanted, what):
    if got != wanted:
        raise SystemExit(f"{what}: {got!r} instead of {wanted!r}")
    print("ok", what)


expect(psql("-c", r"\conninfo").count("SSL connection"), 1, "TLS")
expect(psql("-c", "SELECT string_agg(id::text, ',' ORDER BY id) FROM customers WHERE email IS NOT NULL"), CLEAR, "masked values")
expect(psql("-c", "SELECT email FROM customers WHERE id = 1; SELECT nickname FROM customers WHERE id = 2"),
       "raw.c1@RAW-beta.example.org\nfriend", "several statements")
expect(psql(text="PREPARE p AS SELECT name FROM products WHERE id = $1;\nEXECUTE p(3);\nEXECUTE p(4);\n"), "Product 3\nProduct 4", "PREPARE")
expect(len(psql(text="\\set FETCH_COUNT 5\nSELECT c.id, g FROM customers c, generate_series(1, 100) g;\n").split("\n")), 2800, "FETCH_COUNT")
expect(psql("-c", r"\copy (SELECT id, email FROM customers WHERE id < 4 ORDER BY id) TO STDOUT WITH (FORMAT csv)"),
       "1,raw.c1@RAW-beta.example.org\n2,\n3,", "copy")
expect(psql(text="\\copy scratch (k, v) FROM STDIN\nin\tout\n\\.\nSELECT v FROM scratch WHERE k = 'in';\nDELETE FROM scratch WHERE k = 'in';\n"), "out", "copy in")
expect(psql(text="\\set ON_ERROR_ROLLBACK on\nBEGIN;\nSELECT 1/0;\nSELECT email FROM customers WHERE id = 4;\nCOMMIT;\n"),
       "raw.c4@RAW-beta.example.org", "an error inside a transaction, rolled back to a savepoint")
failed = psql("-v", "VERBOSITY=verbose", "-c", "SELECT fn_email(2)", check=False)
expect((failed.returncode, "42501: pgconsent: " in failed.stderr, "DETAIL" in failed.stderr, "HINT" in failed.stderr), (1, True, True, True), "a refusal with detail and hint")
expect("birth_date|date" in psql("-c", r"\d customers"), True, "describe")
expect(psql(text="SELECT id, email, credit FROM customers \\gdesc\n"), "id|bigint\nemail|character varying(80)\ncredit|numeric(10,2)", "gdesc")
expect(psql("-c", "SHOW pgconsent.purpose"), "marketing", "SHOW")

running = subprocess.Popen(["psql", "-X", "-c", "SELECT email, pg_sleep(60) FROM customers WHERE id = 1"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
time.sleep(1.5)
begin = time.time()
running.send_signal(signal.SIGINT)
_, err = running.communicate(timeout=50)
expect(("canceling statement due to user request" in err, time.time() - begin < 20), (True, True), "cancel")
