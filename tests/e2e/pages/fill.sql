-- Records as the shipper brings them: %(records)s over the last week, in %(shapes)s shapes; one statement has markup in it.
SELECT pgconsent_audit.make_month(date_trunc('month', now() - interval '8 days')::date),
       pgconsent_audit.make_month(date_trunc('month', now())::date);
INSERT INTO pgconsent_audit.shape (digest, database, role, application, purpose, purpose_source, decision, reason, rules, basis,
                                   tables, columns, fingerprint, statement, rules_version, records, first_time, last_time)
SELECT decode(md5('shape' || i), 'hex'), 'shop', role, role || ' 2.1', purpose, 'role', decision,
       CASE decision WHEN 'refused' THEN CASE i %% 3
         WHEN 0 THEN 'pgconsent: no lawful basis for "public.customers.tax_number"'
         WHEN 1 THEN 'pgconsent: function "query_to_xml" can''t be called through the proxy'
         ELSE 'pgconsent: relation "nowhere" does not exist' END ELSE '' END,
       CASE decision WHEN 'exempt' THEN '{}'::text[] ELSE ARRAY['public.customers.email (rules.yaml:16)'] END,
       CASE WHEN decision IN ('allowed', 'masked') THEN ARRAY['contact: ' || CASE purpose WHEN 'marketing' THEN 'consent' ELSE 'contract' END] ELSE '{}' END,
       ARRAY['public.customers'], ARRAY['public.customers.email', 'public.customers.full_name'],
       lpad(to_hex(i / 2 * 7919), 16, '0'),
       CASE WHEN i = 7 THEN 'SELECT email AS "<script>window.hacked = 1</script><img src=x onerror=window.hacked=2>" FROM customers WHERE id = $1'
            WHEN decision = 'refused' AND i %% 3 = 0 THEN 'SELECT id, full_name, tax_number FROM customers WHERE city = $1 AND id > ' || i || ' ORDER BY full_name LIMIT $2'
            ELSE 'SELECT c.id, c.email, c.full_name, o.total FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id = $1 AND o.id <> ' || i || ' LIMIT $2' END,
       'f1e2d3c4b5a69788', 0, now(), now()
FROM generate_series(0, %(shapes)s - 1) i,
     LATERAL (SELECT (ARRAY['support_app', 'crm', 'invoices', 'dba', 'crm'])[1 + i %% 5] AS role) a,
     LATERAL (SELECT CASE role WHEN 'dba' THEN '' WHEN 'invoices' THEN 'billing' WHEN 'crm' THEN 'marketing' ELSE 'support' END AS purpose,
                     CASE role WHEN 'dba' THEN 'exempt' WHEN 'support_app' THEN (ARRAY['allowed', 'allowed', 'refused'])[1 + i / 5 %% 3]
                               WHEN 'crm' THEN (ARRAY['masked', 'masked', 'refused', 'failed'])[1 + i / 5 %% 4] ELSE 'allowed' END AS decision) b;
INSERT INTO pgconsent_audit.record (time, id, session, client, shape, catalog, duration_us, hash)
SELECT now() - i * (interval '7 days' / %(records)s), 10000000 - i, 1000 + i %% 50, '10.1.2.' || i %% 20 || ':50000', s.id, 3, 20 + i %% 400,
       decode(md5(i::text) || md5(i || 'x'), 'hex')
FROM generate_series(1, %(records)s) i
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM pgconsent_audit.shape) s
  ON s.n = (i::bigint * 7919 / CASE WHEN i %% 7 = 0 THEN 1 ELSE 97 END) %% %(shapes)s;
INSERT INTO pgconsent_audit.outcome (record_time, outcome_of, time, id, rows, cells_masked, server_us, sqlstate, subject_kinds, subject_counts, hash)
SELECT r.time, r.id, r.time + interval '3 ms', 20000000 + r.id, r.id %% 90, r.id %% 30, 300 + r.id %% 9000,
       CASE s.decision WHEN 'failed' THEN '22P02' END, '{customer}', ARRAY[r.id %% 90], r.hash
FROM pgconsent_audit.record r JOIN pgconsent_audit.shape s ON s.id = r.shape WHERE s.decision <> 'refused';
UPDATE pgconsent_audit.shape s SET records = c.n, first_time = c.first, last_time = c.last
FROM (SELECT shape, count(*) AS n, min(time) AS first, max(time) AS last FROM pgconsent_audit.record GROUP BY 1) c WHERE c.shape = s.id;
INSERT INTO pgconsent_audit.activity (hour, shape, statements)
SELECT date_trunc('hour', time), shape, count(*) FROM pgconsent_audit.record GROUP BY 1, 2;
INSERT INTO pgconsent_audit.disclosure (kind, number, time, id)
SELECT 'customer', 7, time, id FROM (
  SELECT r.time, r.id, row_number() OVER (PARTITION BY s.role ORDER BY r.time DESC) AS n
  FROM pgconsent_audit.record r JOIN pgconsent_audit.shape s ON s.id = r.shape WHERE s.decision IN ('allowed', 'masked') AND s.role IN ('crm', 'support_app')) x
WHERE n <= 10;
ANALYZE;
