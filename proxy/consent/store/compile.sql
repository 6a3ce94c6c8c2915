-- The body of the functions that derive the compiled rows of the events in @fresh@ (statements.cc).
BEGIN
  -- Another cluster, from which the store was restored, had the same number.
  DELETE FROM pgconsent.change c WHERE c.xid = pg_current_xact_id() AND c.changed_at < now();
  INSERT INTO pgconsent.change AS c (first_event, last_event, events)
  SELECT min(f.id), max(f.id), count(*) FROM @fresh@ f HAVING count(*) > 0
  ON CONFLICT (xid) DO UPDATE SET first_event = least(c.first_event, EXCLUDED.first_event),
    last_event = greatest(c.last_event, EXCLUDED.last_event), events = c.events + EXCLUDED.events;

  WITH latest AS (
    SELECT DISTINCT ON (f.subject, p.number, f.event_type IN ('object', 'lift')) f.subject, p.number, f.event_type,
      coalesce(f.valid_from, '-infinity') AS since, coalesce(f.valid_until, 'infinity') AS until,
      f.event_type = 'give' AND (f.valid_until IS NOT NULL OR f.valid_from > f.recorded_at) IS TRUE AS limited
    FROM @fresh@ f JOIN pgconsent.pair p ON p.purpose = f.purpose
      AND CASE WHEN f.event_type IN ('give', 'refuse', 'withdraw') THEN p.category <> '' AND p.category = coalesce(f.category, p.category)
               ELSE p.category = coalesce(f.category, '') END
    ORDER BY f.subject, p.number, f.event_type IN ('object', 'lift'), f.id DESC
  ), restriction AS (
    SELECT DISTINCT ON (f.subject) f.subject, f.event_type = 'restrict' AS restricted
    FROM @fresh@ f WHERE f.purpose IS NULL ORDER BY f.subject, f.id DESC
  ), bits AS (
    SELECT l.subject,
      @bit_aggregates@
      pgconsent.place(array_agg(l.number) FILTER (WHERE l.limited), array_agg(l.since) FILTER (WHERE l.limited)) AS since,
      pgconsent.place(array_agg(l.number) FILTER (WHERE l.limited), array_agg(l.until) FILTER (WHERE l.limited)) AS until
    FROM latest l GROUP BY l.subject
  )
  INSERT INTO pgconsent.@consent@ AS c (subject, restricted, since, until, @bit_columns@)
  SELECT coalesce(b.subject, r.subject)::@key_cast@, r.restricted, b.since, b.until, @bit_values@
  FROM bits b FULL JOIN restriction r ON r.subject = b.subject
  ORDER BY 1
  ON CONFLICT (subject) DO UPDATE SET
    @bit_updates@
    restricted = coalesce(EXCLUDED.restricted, c.restricted),
    since = CASE WHEN EXCLUDED.since IS NULL THEN c.since ELSE pgconsent.merge(c.since, EXCLUDED.since) END,
    until = CASE WHEN EXCLUDED.until IS NULL THEN c.until ELSE pgconsent.merge(c.until, EXCLUDED.until) END;

  IF EXISTS (SELECT FROM @fresh@ f WHERE f.event_type = 'lift' AND f.purpose IS NOT NULL) THEN
    WITH latest AS (
      SELECT DISTINCT ON (f.subject, p.number) f.subject, p.number, f.event_type
      FROM @fresh@ f JOIN pgconsent.pair p ON p.purpose = f.purpose AND p.category = coalesce(f.category, '')
      WHERE f.event_type IN ('object', 'lift')
      ORDER BY f.subject, p.number, f.id DESC
    ), lifted AS (
      SELECT l.subject::@key_cast@ AS subject, @lift_aggregates@ FROM latest l WHERE l.event_type = 'lift' GROUP BY 1
    )
    UPDATE pgconsent.@consent@ c SET @lift_updates@ FROM lifted l WHERE c.subject = l.subject;
  END IF;
  RETURN NULL;
END
