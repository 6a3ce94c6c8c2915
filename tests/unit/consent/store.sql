-- The tables of the built-in store that the feed reads, and the plainest way to change them: one function that records
-- an event and sets what holds. No checks, no compilation: those are the store's own tests.
CREATE SCHEMA pgconsent;
CREATE TABLE pgconsent.pair (number smallint PRIMARY KEY, purpose text NOT NULL, category text NOT NULL, UNIQUE (purpose, category));
INSERT INTO pgconsent.pair VALUES (0, 'marketing', ''), (1, 'marketing', 'contact'), (2, 'marketing', 'identity'), (64, 'research', 'health');
CREATE SEQUENCE pgconsent.event_id;
CREATE TABLE pgconsent.consent_event (
  id bigint NOT NULL DEFAULT pg_catalog.nextval('pgconsent.event_id'),
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  subject_kind text NOT NULL, subject text NOT NULL, purpose text
);
CREATE INDEX ON pgconsent.consent_event (id);
CREATE TABLE pgconsent.change (
  xid xid8 PRIMARY KEY DEFAULT pg_catalog.pg_current_xact_id(),
  seq bigint UNIQUE, first_event bigint NOT NULL, last_event bigint NOT NULL, events bigint NOT NULL, changed_at timestamptz
);
CREATE TABLE pgconsent.change_counter (last bigint NOT NULL);
INSERT INTO pgconsent.change_counter VALUES (0);

CREATE FUNCTION pgconsent.number_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  number bigint;
BEGIN
  UPDATE pgconsent.change_counter SET last = last + 1 RETURNING last INTO number;
  UPDATE pgconsent.change SET seq = number, changed_at = clock_timestamp() WHERE xid = NEW.xid;
  PERFORM pg_notify('pgconsent_consent', number::text);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER number_change AFTER INSERT ON pgconsent.change
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pgconsent.number_change();

-- What is set for a pair: 'given', 'limited', 'withdrawn', 'objected' or ''; without a pair, whether restricted.
CREATE FUNCTION pgconsent.set(kind text, subject text, pair int, what text, since timestamptz DEFAULT '-infinity',
                              until timestamptz DEFAULT 'infinity') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  event bigint;
  word int := pair / 63;
  bit bigint := 1::bigint << (pair % 63);
  flag text;
BEGIN
  INSERT INTO pgconsent.consent_event (subject_kind, subject, purpose)
  VALUES (kind, subject, (SELECT p.purpose FROM pgconsent.pair p WHERE p.number = pair)) RETURNING id INTO event;
  INSERT INTO pgconsent.change AS c (first_event, last_event, events) VALUES (event, event, 1)
  ON CONFLICT (xid) DO UPDATE SET last_event = event, events = c.events + 1;
  EXECUTE format('INSERT INTO pgconsent.%I (subject) VALUES (%L) ON CONFLICT DO NOTHING', kind || '_consent', subject);
  IF pair IS NULL THEN
    EXECUTE format('UPDATE pgconsent.%I SET restricted = %L WHERE subject = %L', kind || '_consent', what = 'restricted', subject);
    RETURN;
  END IF;
  FOREACH flag IN ARRAY ARRAY['given', 'limited', 'withdrawn', 'objected'] LOOP
    EXECUTE format('UPDATE pgconsent.%I SET %2$I = coalesce(%2$I, 0) & ~%3$s::bigint | %4$s WHERE subject = %5$L',
                   kind || '_consent', flag || '_' || word, bit, CASE WHEN flag = what THEN bit ELSE 0 END, subject);
  END LOOP;
  IF what = 'limited' THEN
    EXECUTE format('UPDATE pgconsent.%I SET since[%s] = %L, until[%2$s] = %4$L WHERE subject = %5$L',
                   kind || '_consent', pair + 1, since, until, subject);
  END IF;
END $$;

CREATE FUNCTION pgconsent.make_kind(kind text, key_type text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE pgconsent.%I (subject %s PRIMARY KEY, restricted boolean, since timestamptz[], until timestamptz[],
    given_0 bigint, limited_0 bigint, withdrawn_0 bigint, objected_0 bigint,
    given_1 bigint, limited_1 bigint, withdrawn_1 bigint, objected_1 bigint)', kind || '_consent', key_type);
END $$;
SELECT pgconsent.make_kind('customer', 'integer'), pgconsent.make_kind('employee', 'uuid'), pgconsent.make_kind('patient', 'text');
