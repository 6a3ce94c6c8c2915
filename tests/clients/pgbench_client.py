"""pgbench: all three query modes and pipelines; a wrong mask is a division by zero, and so a failed run."""
import os
import subprocess
import tempfile

SCRIPT = r"""
\set id random(1, 24)
SELECT count(*) AS given FROM crm.consents WHERE customer_id = :id AND purpose = 'marketing' AND category = 'contact' AND status = 'given' AND given_at <= now() AND (expires_at IS NULL OR expires_at > now()) \gset
SELECT count(email) AS seen FROM customers WHERE id = :id AND id <> 19 \gset
SELECT 1 / (CASE WHEN (:given > 0 AND :id <> 19) = (:seen > 0) THEN 1 ELSE 0 END);
BEGIN;
SELECT c.full_name, o.ship_to, p.iban FROM customers c JOIN orders o ON o.customer_id = c.id JOIN payments p ON p.order_id = o.id WHERE c.id = :id;
END;
"""
PIPELINE = r"""
\set id random(1, 24)
\startpipeline
SELECT email, nickname FROM customers WHERE id = :id;
SELECT name FROM products WHERE id = 1;
SELECT count(body) FROM messages WHERE sender_id = :id;
\endpipeline
"""


def pgbench(script, *args):
    with tempfile.NamedTemporaryFile("w", suffix=".sql", delete=False) as f:
        f.write(script)
    try:
        done = subprocess.run(["pgbench", "-n", "-c", "4", "-j", "2", "-t", "40", "-f", f.name, *args], capture_output=True,
                              text=True, timeout=300)
    finally:
        os.unlink(f.name)
    if done.returncode or "number of failed transactions: 0 " not in done.stdout or "160/160" not in done.stdout:
        raise SystemExit(f"pgbench {args}: {done.stdout}{done.stderr[-2000:]}")
    print("ok", *args)


for mode in ("simple", "extended", "prepared"):
    pgbench(SCRIPT, "-M", mode)
for mode in ("extended", "prepared"):
    pgbench(PIPELINE, "-M", mode)
