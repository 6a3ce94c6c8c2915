-- Made anew by every `pgconsent audit init` that changes them.

-- The month's partitions, made as needed by the shipper. Days and months are those of UTC.
CREATE OR REPLACE FUNCTION pgconsent_audit.make_month(month date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $body$
DECLARE
  parent text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['record', 'outcome', 'disclosure', 'disclosure_set'] LOOP
    EXECUTE format('CREATE TABLE IF NOT EXISTS pgconsent_audit.%I PARTITION OF pgconsent_audit.%I FOR VALUES FROM (%L) TO (%L)',
                   parent || to_char(month, '_YYYY_MM'), parent, month::timestamptz, (month + interval '1 month')::timestamptz);
  END LOOP;
END
$body$;

-- Tells whoever listens (LISTEN pgconsent_audit) of what a batch brought that somebody may want to look at:
-- refusals and access without masking, once for each role, application and reason.
CREATE OR REPLACE FUNCTION pgconsent_audit.tell(shapes integer[], counts bigint[], since timestamptz[], until timestamptz[])
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $body$
  SELECT pg_notify('pgconsent_audit', json_build_object(
    'decision', s.decision, 'database', s.database, 'role', s.role, 'application', left(s.application, 100), 'purpose', s.purpose,
    'reason', left(s.reason, 500), 'statements', sum(u.records), 'since', min(u.since), 'until', max(u.until))::text)
  FROM unnest(shapes, counts, since, until) AS u(shape, records, since, until)
  JOIN pgconsent_audit.shape s ON s.id = u.shape
  WHERE s.decision IN ('refused', 'exempt')
  GROUP BY s.decision, s.database, s.role, left(s.application, 100), s.purpose, left(s.reason, 500)
$body$;

-- What auditors, commands and pages read. No personal value is in it.
CREATE OR REPLACE VIEW pgconsent_audit.statement_log AS
SELECT r.time, r.id, r.session, r.client, s.database, s.role, s.application, s.purpose, s.purpose_source, s.decision,
       s.reason, s.rules, s.basis, s.tables, s.columns, s.fingerprint, s.statement, r.catalog, s.rules_version,
       r.duration_us, pg_catalog.encode(r.hash, 'hex') AS hash,
       o.id AS outcome_id, o.time AS ended, o.rows, o.cells_masked, o.sqlstate, o.server_us, o.subject_kinds,
       o.subject_counts, o.subject_sets, o.subjects_unknown, r.shape
FROM pgconsent_audit.record r
JOIN pgconsent_audit.shape s ON s.id = r.shape
LEFT JOIN pgconsent_audit.outcome o ON o.record_time = r.time AND o.outcome_of = r.id;

-- One row per kind of statement: who asked what, what was decided, how often, when first and last.
CREATE OR REPLACE VIEW pgconsent_audit.statement_shapes AS
SELECT id AS shape, database, role, application, purpose, purpose_source, decision, reason, rules, basis, tables,
       columns, fingerprint, statement, rules_version, records, first_time, last_time
FROM pgconsent_audit.shape;

-- Per hour: how many statements, rows and masked cells, of which application and purpose.
CREATE OR REPLACE VIEW pgconsent_audit.access_by_application AS
SELECT a.hour, s.database, s.role, s.application, s.purpose, s.decision, sum(a.statements)::bigint AS statements,
       sum(a.rows)::bigint AS rows, sum(a.cells_masked)::bigint AS cells_masked, sum(a.failed)::bigint AS failed
FROM pgconsent_audit.activity a JOIN pgconsent_audit.shape s ON s.id = a.shape
GROUP BY 1, 2, 3, 4, 5, 6;

CREATE OR REPLACE VIEW pgconsent_audit.refusals_by_reason AS
SELECT a.hour, s.reason, s.database, s.role, s.application, s.purpose, sum(a.statements)::bigint AS statements
FROM pgconsent_audit.activity a JOIN pgconsent_audit.shape s ON s.id = a.shape
WHERE s.decision = 'refused'
GROUP BY 1, 2, 3, 4, 5, 6;

-- Who read without masking, by `exempt: true`.
CREATE OR REPLACE VIEW pgconsent_audit.exempt_access AS
SELECT a.hour, s.database, s.role, s.application, s.tables, s.columns, s.fingerprint, s.statement,
       sum(a.statements)::bigint AS statements, sum(a.rows)::bigint AS rows
FROM pgconsent_audit.activity a JOIN pgconsent_audit.shape s ON s.id = a.shape
WHERE s.decision = 'exempt'
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

-- Whose data went out, by number. The keys are in the subject directory beside the log, not here. For one
-- person of many disclosures, subject_log() is faster.
CREATE OR REPLACE VIEW pgconsent_audit.subject_disclosures AS
SELECT d.subject_kind, d.subject_number, d.time, d.id, s.database, s.role, s.application, s.purpose, s.decision, s.basis,
       s.tables, s.columns
FROM (SELECT kind AS subject_kind, number AS subject_number, time, id FROM pgconsent_audit.disclosure
      UNION ALL
      SELECT kind, chunk * 32768 + o, time, id FROM pgconsent_audit.disclosure_set, unnest(offsets) o
      UNION ALL
      SELECT kind, chunk * 32768 + b, time, id
      FROM pgconsent_audit.disclosure_set, generate_series(0, 8 * pg_catalog.length(bits) - 1) b
      WHERE pg_catalog.get_bit(bits, b) = 1) d
JOIN pgconsent_audit.record r ON r.time = d.time AND r.id = d.id
JOIN pgconsent_audit.shape s ON s.id = r.shape;

-- Until when the log is here, and what is missing.
CREATE OR REPLACE VIEW pgconsent_audit.completeness AS
SELECT last_id, hash, last_time, shipped_at, (SELECT count(*) FROM pgconsent_audit.gap) AS gaps,
       (SELECT coalesce(sum(g.last_id - g.first_id + 1), 0)::bigint FROM pgconsent_audit.gap g) AS missing_lines
FROM pgconsent_audit.shipped;
CREATE OR REPLACE VIEW pgconsent_audit.gaps AS SELECT first_id, last_id, reason, noticed_at FROM pgconsent_audit.gap;

-- Statements that one person's data went out with.
CREATE OR REPLACE FUNCTION pgconsent_audit.disclosures_of(subject_kind text, subject_number bigint)
RETURNS TABLE (record_time timestamptz, record_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
  SELECT time, id FROM pgconsent_audit.disclosure WHERE kind = $1 AND number = $2
  UNION ALL
  SELECT time, id FROM pgconsent_audit.disclosure_set WHERE kind = $1 AND chunk = $2 / 32768
    AND CASE WHEN bits IS NULL THEN ($2 % 32768)::smallint = ANY (offsets)
             WHEN $2 % 32768 < 8 * length(bits) THEN get_bit(bits, $2 % 32768) = 1 ELSE false END
$body$;

-- Records by filter, the newest first, at most `most` of them before (before_time, before_id), which is how to
-- page. First the newest of all are looked through, which answers filters that ask for much; then the newest of
-- each shape, which answers those that ask for little. Where a shape's last record is in the window, only as
-- many shapes can hold the newest as are asked for.
CREATE OR REPLACE FUNCTION pgconsent_audit.search(
  since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, role text DEFAULT NULL, application text DEFAULT NULL,
  purpose text DEFAULT NULL, decision text DEFAULT NULL, table_name text DEFAULT NULL, column_name text DEFAULT NULL,
  database text DEFAULT NULL, fingerprint text DEFAULT NULL, contains text DEFAULT NULL, subject_kind text DEFAULT NULL,
  subject_number bigint DEFAULT NULL, before_time timestamptz DEFAULT NULL, before_id bigint DEFAULT NULL,
  most integer DEFAULT 100) RETURNS SETOF pgconsent_audit.statement_log
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_seqscan = off AS $body$
DECLARE
  low timestamptz := coalesce(since, '-infinity');
  high timestamptz := coalesce(until, 'infinity');
  upper_time timestamptz := coalesce(before_time, 'infinity');
  upper_id bigint := coalesce(before_id, 9223372036854775807);
  shapes integer[];
  all_of_them boolean := coalesce(role, application, purpose, decision, table_name, column_name, database, fingerprint,
                                  contains) IS NULL;
  times timestamptz[];
  ids bigint[];
BEGIN
  IF NOT all_of_them THEN
    SELECT array_agg(s.id) INTO shapes FROM pgconsent_audit.shape s
    WHERE s.last_time >= low AND s.first_time < high AND s.first_time <= upper_time
      AND (search.role IS NULL OR s.role = search.role)
      AND (search.application IS NULL OR s.application = search.application)
      AND (search.purpose IS NULL OR s.purpose = search.purpose)
      AND (search.decision IS NULL OR s.decision = search.decision)
      AND (search.database IS NULL OR s.database = search.database)
      AND (search.fingerprint IS NULL OR s.fingerprint = search.fingerprint)
      -- A whole name, or its end after a dot: `email`, `users.email`, `public.users.email`.
      AND (table_name IS NULL OR strpos(E'\n.' || array_to_string(s.tables, E'\n\n.') || E'\n', '.' || table_name || E'\n') > 0)
      AND (column_name IS NULL OR strpos(E'\n.' || array_to_string(s.columns, E'\n\n.') || E'\n', '.' || column_name || E'\n') > 0)
      AND (contains IS NULL OR strpos(lower(s.statement), lower(contains)) > 0
           OR strpos(lower(s.reason), lower(contains)) > 0);
    IF shapes IS NULL THEN
      RETURN;
    END IF;
  END IF;
  IF subject_kind IS NOT NULL THEN
    SELECT array_agg(f.time), array_agg(f.id) INTO times, ids FROM (
      SELECT r.time, r.id FROM pgconsent_audit.disclosures_of(subject_kind, subject_number) d
      JOIN pgconsent_audit.record r ON r.time = d.record_time AND r.id = d.record_id
      WHERE d.record_time >= low AND d.record_time < high AND (d.record_time, d.record_id) < (upper_time, upper_id)
        AND (all_of_them OR r.shape = ANY (shapes))
      ORDER BY r.time DESC, r.id DESC LIMIT most) f;
  ELSE
    SELECT array_agg(f.time), array_agg(f.id) INTO times, ids FROM (
      SELECT r.time, r.id FROM (
        SELECT w.time, w.id, w.shape FROM pgconsent_audit.record w
        WHERE w.time >= low AND w.time < high AND w.time <= upper_time AND (w.time, w.id) < (upper_time, upper_id)
        ORDER BY w.time DESC, w.id DESC LIMIT CASE WHEN all_of_them THEN most ELSE greatest(20000, most) END) r
      WHERE all_of_them OR r.shape = ANY (shapes)
      ORDER BY r.time DESC, r.id DESC LIMIT most) f;
    IF NOT all_of_them AND coalesce(cardinality(ids), 0) < most THEN
      SELECT array_agg(f.time), array_agg(f.id) INTO times, ids FROM (
        SELECT n.time, n.id FROM (
          SELECT s.id FROM pgconsent_audit.shape s WHERE s.id = ANY (shapes) AND s.last_time >= least(high, upper_time)
          UNION ALL
          (SELECT s.id FROM pgconsent_audit.shape s WHERE s.id = ANY (shapes) AND s.last_time < least(high, upper_time)
           ORDER BY s.last_time DESC FETCH FIRST most ROWS WITH TIES)) m
        CROSS JOIN LATERAL (
          SELECT r.time, r.id FROM pgconsent_audit.record r
          WHERE r.shape = m.id AND r.time >= low AND r.time < high AND r.time <= upper_time
            AND (r.time, r.id) < (upper_time, upper_id)
          ORDER BY r.time DESC, r.id DESC LIMIT most) n
        ORDER BY n.time DESC, n.id DESC LIMIT most) f;
    END IF;
  END IF;
  RETURN QUERY
  SELECT l.* FROM unnest(times, ids) WITH ORDINALITY AS f(time, id, place)
  JOIN pgconsent_audit.statement_log l ON l.time = f.time AND l.id = f.id
  ORDER BY f.place;
END
$body$;

-- One record; nothing when it is not there.
CREATE OR REPLACE FUNCTION pgconsent_audit.show(record_id bigint) RETURNS SETOF pgconsent_audit.statement_log
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $body$
  SELECT * FROM pgconsent_audit.statement_log WHERE id = $1
$body$;

-- The whole hours of a period are [first_hour, end_hour); without any, both are `until`.
CREATE OR REPLACE FUNCTION pgconsent_audit.first_hour(since timestamptz, until timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $body$
  SELECT least(date_trunc('hour', since + interval '1 hour' - interval '1 microsecond'), until)
$body$;
CREATE OR REPLACE FUNCTION pgconsent_audit.end_hour(since timestamptz, until timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $body$
  SELECT greatest(date_trunc('hour', until), pgconsent_audit.first_hour(since, until))
$body$;
CREATE OR REPLACE FUNCTION pgconsent_audit.part_totals(low timestamptz, high timestamptz)
RETURNS TABLE (shape integer, statements bigint, rows bigint, cells_masked bigint, failed bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $body$
  SELECT r.shape, count(*), coalesce(sum(o.rows), 0)::bigint, coalesce(sum(o.cells_masked), 0)::bigint, count(o.sqlstate)
  FROM pgconsent_audit.record r
  LEFT JOIN pgconsent_audit.outcome o ON o.record_time = r.time AND o.outcome_of = r.id
  WHERE r.time >= low AND r.time < high
  GROUP BY r.shape
$body$;

-- What happened between two times, by shape: whole hours from the summary, the rest from the records.
CREATE OR REPLACE FUNCTION pgconsent_audit.totals(since timestamptz, until timestamptz)
RETURNS TABLE (shape integer, statements bigint, rows bigint, cells_masked bigint, failed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off AS $body$
  SELECT e.shape, sum(e.statements)::bigint, sum(e.rows)::bigint, sum(e.cells_masked)::bigint, sum(e.failed)::bigint
  FROM (SELECT a.shape, a.statements, a.rows, a.cells_masked, a.failed FROM pgconsent_audit.activity a
        WHERE a.hour >= pgconsent_audit.first_hour(since, until) AND a.hour < pgconsent_audit.end_hour(since, until)
        UNION ALL
        SELECT p.* FROM pgconsent_audit.part_totals(since, pgconsent_audit.first_hour(since, until)) p
        UNION ALL
        SELECT p.* FROM pgconsent_audit.part_totals(pgconsent_audit.end_hour(since, until), until) p) e
  GROUP BY e.shape
$body$;

CREATE OR REPLACE VIEW pgconsent_audit.log_lines AS
SELECT id, time, fields, pg_catalog.encode(hash, 'hex') AS hash FROM pgconsent_audit.log_line;
