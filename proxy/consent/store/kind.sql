-- One kind of subject. `pgconsent init` fills in the names between at signs (statements.cc).
CREATE TABLE IF NOT EXISTS pgconsent.@event@ PARTITION OF pgconsent.consent_event
  FOR VALUES IN (@kind_text@) PARTITION BY HASH (subject);
@partitions@

-- What the guard joins: a bit per pair. `limited`: given within [since, until) at the pair's place.
CREATE TABLE IF NOT EXISTS pgconsent.@consent@ (
  subject @key_type@ PRIMARY KEY,
  restricted boolean,
  since timestamptz[],
  until timestamptz[]
) WITH (fillfactor = 90);
@add_words@

CREATE OR REPLACE FUNCTION pgconsent.@compile@() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp @plain_text@ AS $body$
@compile_statement@$body$;
CREATE OR REPLACE TRIGGER compile AFTER INSERT ON pgconsent.@event@ REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION pgconsent.@compile@();

-- Events of a store in another server, that logical replication brings: it runs no triggers of statements.
CREATE OR REPLACE FUNCTION pgconsent.@replay@() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp @plain_text@ AS $body$
@compile_row@$body$;
CREATE OR REPLACE TRIGGER replay AFTER INSERT ON pgconsent.@event@
  FOR EACH ROW EXECUTE FUNCTION pgconsent.@replay@();
ALTER TABLE pgconsent.@event@ ENABLE REPLICA TRIGGER replay;

-- Locks the subjects and judges the lines of each in their order, those of different subjects at once; records those
-- without a problem. What has no time of its own comes after everything that is recorded. Lines of other systems say
-- again and again what holds. `…_if_new` is not recorded, and no problem (an empty one), where just that was recorded of
-- that very time; nor are `withdraw_if_given` and `restrict_if_free` where there is nothing to do. `lift_if_own` lifts
-- an objection that came by the line's own method, nobody else's. What refuses consent that is given withdraws it.
CREATE OR REPLACE FUNCTION pgconsent.@apply@(input pgconsent.event_input[])
RETURNS TABLE (line bigint, reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp @plain_text@ AS $body$
#variable_conflict use_column
DECLARE
  keys @key_cast@[];
  ids bigint[];
  entry pgconsent.event_input;
  part record;
  problems text[];
  types text[];
  times timestamptz[];
  moment timestamptz;
  is_recorded boolean := false;
  conditional CONSTANT text[] :=
    '{give_if_new, refuse_if_new, object_if_new, lift_if_own, withdraw_if_given, restrict_if_free}';
BEGIN
  BEGIN
    keys := ARRAY(SELECT i.subject::@key_cast@ FROM unnest(input) i);
  EXCEPTION WHEN data_exception OR check_violation OR not_null_violation THEN
    keys := '{}';
    FOREACH entry IN ARRAY input LOOP
      BEGIN
        keys := array_append(keys, entry.subject::@key_cast@);
      EXCEPTION WHEN data_exception OR check_violation OR not_null_violation THEN
        keys := array_append(keys, NULL);
      END;
    END LOOP;
  END;
  -- Whoever is first makes the row that all wait for; of many, the table. Its key is how events spell the subject: equal
  -- keys may differ.
  IF cardinality(input) < 1000 THEN
    INSERT INTO pgconsent.@consent@ (subject)
    SELECT DISTINCT s.@subject_key@ FROM unnest(keys) u(k) JOIN @subject_table@ s ON s.@subject_key@ = u.k
    WHERE NOT EXISTS (SELECT FROM pgconsent.@consent@ c WHERE c.subject = u.k)
    ORDER BY 1
    ON CONFLICT DO NOTHING;
  ELSE
    LOCK TABLE pgconsent.@consent@ IN SHARE ROW EXCLUSIVE MODE;
  END IF;
  PERFORM FROM (SELECT DISTINCT k FROM unnest(keys) k) s JOIN pgconsent.@consent@ c ON c.subject = s.k
  ORDER BY c.subject FOR UPDATE OF c;
  moment := clock_timestamp();
  keys := ARRAY(SELECT coalesce(c.subject, s.@subject_key@, u.k) FROM unnest(keys) WITH ORDINALITY u(k, place)
                LEFT JOIN pgconsent.@consent@ c ON c.subject = u.k
                LEFT JOIN @subject_table@ s ON s.@subject_key@ = u.k AND c.subject IS NULL ORDER BY u.place);
  ids := ARRAY(SELECT nextval('pgconsent.event_id') FROM unnest(input));

  -- Purposes that do not narrow one another are nothing to one another.
  FOR part IN
    SELECT array_agg(ROW(@part_columns@)::pgconsent.event_input ORDER BY n.line) AS input, array_agg(n.key ORDER BY n.line) AS keys,
      array_agg(n.id ORDER BY n.line) AS ids
    FROM (SELECT x.*, row_number() OVER (PARTITION BY x.key, coalesce(w.wider, x.purpose) ORDER BY x.line) AS turn
          FROM ROWS FROM (unnest(input), unnest(keys), unnest(ids)) AS x(@input_columns@, key, id)
          LEFT JOIN pgconsent.narrowing w ON w.purpose = x.purpose AND w.is_widest) n
    GROUP BY n.turn ORDER BY n.turn
  LOOP
    IF is_recorded AND cardinality(part.keys) < 100 THEN  -- many lines of few subjects: one plan for all
      PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
    END IF;
    WITH entries AS MATERIALIZED (
      SELECT i.*, CASE
        WHEN i.event_type IS NULL OR i.event_type NOT IN ('give', 'refuse', 'withdraw', 'object', 'restrict', 'lift') THEN
          format('unknown event type "%s"', i.named)
        WHEN coalesce(i.subject, '') = '' THEN 'the subject is missing'
        WHEN i.key IS NULL THEN format('"%s" is not a key of subject kind "%s"', i.subject, @kind_text@)
        WHEN NOT EXISTS (SELECT FROM @subject_table@ s WHERE s.@subject_key@ = i.key)
          AND (i.event_type = 'give' OR NOT EXISTS (SELECT FROM pgconsent.@consent@ c WHERE c.subject = i.key)) THEN
          format('unknown subject "%s" of kind "%s"', i.subject, @kind_text@)
        WHEN i.event_type = 'restrict' AND i.purpose IS NOT NULL THEN 'a restriction covers all purposes: it takes none'
        WHEN i.purpose IS NULL AND i.event_type NOT IN ('restrict', 'lift') THEN 'the purpose is missing'
        WHEN i.event_type IN ('object', 'lift') AND i.category IS NOT NULL THEN
          'an objection covers the whole purpose: it takes no category'
        WHEN i.purpose IS NULL AND i.category IS NOT NULL THEN 'a category needs a purpose'
        WHEN i.purpose IS NOT NULL AND NOT EXISTS (SELECT FROM pgconsent.pair p WHERE p.purpose = i.purpose) THEN
          format('unknown purpose "%s"', i.purpose)
        WHEN i.category IS NOT NULL AND NOT EXISTS
            (SELECT FROM pgconsent.pair p WHERE p.purpose = i.purpose AND p.category = i.category AND p.category <> '') THEN
          format('unknown category "%s" of purpose "%s"', i.category, i.purpose)
        WHEN i.event_type <> 'give' AND (i.valid_from IS NOT NULL OR i.valid_until IS NOT NULL) THEN
          'only consent has a time of validity'
        WHEN NOT (isfinite(i.happened) AND coalesce(isfinite(i.valid_from), true) AND coalesce(isfinite(i.valid_until), true)) THEN
          'a time is infinite: leave it out'
        WHEN least(i.happened, i.valid_from) < '0001-01-01Z' OR greatest(i.valid_from, i.valid_until) >= '10000-01-01Z' THEN
          'a time is not within the years 1 to 9999'
        WHEN i.happened > moment + interval '5 minutes' THEN format('the time of the event, %s, lies in the future', i.happened)
        WHEN i.valid_until <= i.valid_from THEN 'valid_until is not after valid_from'
        WHEN i.valid_until <= i.happened THEN 'valid_until is not after the time of the event'
        WHEN i.longest > @longest_text@ THEN 'a text is longer than @longest_text@ bytes'
        WHEN EXISTS (SELECT FROM unnest(i.recipients) r WHERE coalesce(r, '') = '' OR strpos(r, '|') > 0) THEN
          'a recipient has no name, or a | in it'
      END AS problem
      FROM (SELECT x.line, x.subject, x.purpose, x.category, x.valid_from, x.valid_until, x.method, x.key, x.event_type AS named,
              x.occurred_at, x.recipients, greatest(octet_length(x.evidence), octet_length(x.notice), octet_length(x.notice_version),
                octet_length(x.actor), octet_length(x.method), octet_length(x.controller), octet_length(x.jurisdiction),
                octet_length(x.lawful_basis), octet_length(array_to_string(x.recipients, '|'))) AS longest,
              CASE WHEN x.event_type = ANY (conditional) THEN split_part(x.event_type, '_', 1) ELSE x.event_type END AS event_type,
              coalesce(x.occurred_at, moment) AS happened
            FROM ROWS FROM (unnest(part.input), unnest(part.keys)) AS x(@input_columns@, key)) i
    ), pairs AS (
      SELECT e.line, e.key, e.named, e.method, e.event_type, e.purpose, e.category, e.occurred_at, e.happened, e.valid_from, e.valid_until, p.number, p.category AS pair_category,
        CASE WHEN e.purpose IS NULL THEN 'restriction' WHEN e.event_type IN ('object', 'lift') THEN 'objection' ELSE 'consent' END AS what
      FROM entries e LEFT JOIN pgconsent.pair p ON p.purpose = e.purpose
        AND CASE WHEN e.event_type IN ('give', 'refuse', 'withdraw') THEN p.category <> '' AND p.category = coalesce(e.category, p.category)
                 ELSE p.category = coalesce(e.category, '') END
      WHERE e.problem IS NULL
    ), held AS (
      SELECT p.*, c.restricted IS TRUE AS is_restricted, c.restricted IS NOT NULL AS was_restricted,
        coalesce(@given_bit@ OR @limited_bit@, false) AS is_given, coalesce(@withdrawn_bit@, false) AS is_withdrawn,
        coalesce(@objected_bit@, false) AS is_objected,
        CASE WHEN @limited_bit@ THEN c.until[p.number + 1] ELSE 'infinity' END AS given_until,
        p.named = 'withdraw' AND EXISTS (
          SELECT FROM pgconsent.narrowing n JOIN pgconsent.pair p ON p.purpose = CASE h.purpose WHEN n.purpose THEN n.wider ELSE n.purpose END
          WHERE h.purpose IN (n.purpose, n.wider) AND p.category = coalesce(h.category, p.category) AND p.category <> ''
            AND (@given_bit@ OR @limited_bit@)) AS is_given_beside
      FROM pairs p LEFT JOIN pgconsent.@consent@ c ON c.subject = p.key
      CROSS JOIN LATERAL (SELECT p.purpose, p.category) h
    ), states AS (
      SELECT h.*, l.occurred_at AS last_time, h.is_objected AND l.method IS DISTINCT FROM h.method AS is_foreign
      FROM held h LEFT JOIN LATERAL (
        SELECT v.occurred_at, v.method FROM pgconsent.@event@ v
        WHERE CASE h.what WHEN 'consent' THEN h.is_given OR h.is_withdrawn WHEN 'objection' THEN h.is_objected ELSE h.was_restricted END
          AND v.subject = h.key::text AND v.purpose IS NOT DISTINCT FROM h.purpose
          AND (v.category IS NULL OR v.category = h.pair_category)
          AND CASE h.what WHEN 'consent' THEN v.event_type IN ('give', 'refuse', 'withdraw')
                          WHEN 'objection' THEN v.event_type IN ('object', 'lift')
                          ELSE v.event_type IN ('restrict', 'lift') END
        ORDER BY v.id DESC LIMIT 1) l ON true
    ), judged AS (
      SELECT s.line, CASE WHEN s.event_type = 'refuse' AND bool_or(s.is_given) THEN 'withdraw' ELSE s.event_type END AS recorded,
        greatest(s.happened, max(s.last_time)) AS occurred_at, CASE
        WHEN s.named = 'give_if_new' AND bool_and(s.is_given AND s.happened = s.last_time)
          OR s.named = 'refuse_if_new' AND bool_and(s.is_withdrawn AND s.happened = s.last_time)
          OR s.named = 'object_if_new' AND bool_and(s.is_foreign OR s.is_objected AND s.happened = s.last_time)
          OR s.named = 'lift_if_own' AND bool_or(s.is_foreign OR NOT s.is_objected)
          OR s.named = 'withdraw_if_given' AND NOT bool_or(s.is_given)
          OR s.named = 'restrict_if_free' AND bool_or(s.is_restricted) THEN ''
        WHEN bool_or(s.occurred_at < s.last_time) THEN
          format('earlier than what is already recorded for this purpose (%s)', max(s.last_time))
        WHEN s.named = 'withdraw' AND NOT bool_or(s.is_given OR s.is_given_beside) THEN
          format('there is no consent to withdraw for purpose "%s"%s', s.purpose, ', category "' || s.category || '"')
        WHEN s.event_type = 'give' AND bool_or(s.is_given AND s.valid_from > s.happened AND s.given_until > least(s.valid_from, moment)) THEN
          'overlaps consent that is still in force, or would end it before: leave out valid_from, or withdraw it first'
        WHEN bool_or(s.valid_until <= s.last_time) THEN 'valid_until is not after what is already recorded for this purpose'
        WHEN s.event_type = 'lift' AND s.purpose IS NULL AND NOT bool_or(s.is_restricted) THEN 'there is no restriction to lift'
        WHEN s.event_type = 'lift' AND s.purpose IS NOT NULL AND NOT bool_or(s.is_objected) THEN
          format('there is no objection to lift for purpose "%s"%s', s.purpose, ', category "' || s.category || '"')
        WHEN s.event_type IN ('give', 'refuse', 'withdraw') AND bool_or(s.number IS NULL) THEN
          format('purpose "%s" uses no category', s.purpose)
      END AS problem
      FROM states s GROUP BY s.line, s.named, s.event_type, s.purpose, s.category, s.happened
    ), verdicts AS (
      SELECT e.line, e.event_type AS recorded, e.happened AS occurred_at, e.problem FROM entries e WHERE e.problem IS NOT NULL
      UNION ALL
      SELECT j.line, j.recorded, j.occurred_at, j.problem FROM judged j
    )
    SELECT array_agg(v.problem ORDER BY v.line), array_agg(v.recorded ORDER BY v.line), array_agg(v.occurred_at ORDER BY v.line)
    INTO problems, types, times FROM verdicts v;

    INSERT INTO pgconsent.@event@ (id, record_id, event_type, subject_kind, subject, purpose, category, occurred_at,
      valid_from, valid_until, lawful_basis, controller, recipients, notice, notice_version, jurisdiction, actor,
      method, evidence)
    SELECT i.id, pgconsent.record_id(@kind_text@, i.key::text, i.purpose, i.category), i.recorded, @kind_text@, i.key::text,
      i.purpose, i.category, i.happened, i.valid_from, i.valid_until, nullif(i.lawful_basis, ''), nullif(i.controller, ''),
      nullif(i.recipients, '{}'), nullif(i.notice, ''), nullif(i.notice_version, ''), nullif(i.jurisdiction, ''),
      nullif(i.actor, ''), nullif(i.method, ''), nullif(i.evidence, '')
    FROM ROWS FROM (unnest(part.input), unnest(part.keys), unnest(part.ids), unnest(problems), unnest(types), unnest(times))
      AS i(@input_columns@, key, id, problem, recorded, happened)
    WHERE i.problem IS NULL;
    is_recorded := is_recorded OR FOUND;

    RETURN QUERY SELECT i.line, i.problem FROM ROWS FROM (unnest(part.input), unnest(problems)) AS i(@input_columns@, problem)
    WHERE i.problem <> '';
  END LOOP;
  IF is_recorded AND NOT EXISTS (SELECT FROM pgconsent.change c
                                 WHERE c.xid = pg_current_xact_id() AND (c.seq IS NULL OR c.changed_at >= now())) THEN
    RAISE EXCEPTION 'the consent store does not derive what holds: its triggers are disabled'
      USING ERRCODE = '55000', HINT = 'Run pgconsent init.';
  END IF;
END
$body$;

-- What holds for one subject now.
CREATE OR REPLACE FUNCTION pgconsent.@state@(subject text)
RETURNS TABLE (purpose text, category text, consent text, since timestamptz, until timestamptz, objected boolean, restricted boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp @plain_text@ AS $body$
  SELECT p.purpose, nullif(p.category, ''),
    CASE WHEN @given_bit@ THEN 'given'
         WHEN @limited_bit@ THEN CASE WHEN statement_timestamp() < c.since[p.number + 1] THEN CASE WHEN @withdrawn_bit@ THEN 'withdrawn' ELSE 'future' END
                                      WHEN statement_timestamp() < c.until[p.number + 1] THEN 'given' ELSE 'expired' END
         WHEN @withdrawn_bit@ THEN 'withdrawn' END,
    CASE WHEN @limited_bit@ THEN nullif(c.since[p.number + 1], '-infinity') END,
    CASE WHEN @limited_bit@ THEN nullif(c.until[p.number + 1], 'infinity') END,
    @objected_bit@, c.restricted IS TRUE
  FROM pgconsent.@consent@ c CROSS JOIN pgconsent.pair p
  WHERE c.subject = $1::@key_cast@
  ORDER BY p.purpose, p.category
$body$;
