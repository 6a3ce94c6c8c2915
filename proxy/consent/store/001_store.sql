-- What is the same for every kind of subject. Runs once; later versions are files of their own.
CREATE TABLE pgconsent.migration (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  applied_by name NOT NULL DEFAULT session_user
);

CREATE TABLE pgconsent.subject_kind (
  name text PRIMARY KEY,
  subject_table text NOT NULL,
  subject_key text NOT NULL,
  key_type text NOT NULL
);

-- The bit of a purpose and a category in the compiled rows. A number is never given twice. An empty category
-- stands for the purpose as a whole: an objection to it covers categories that are added later.
CREATE TABLE pgconsent.pair (
  number smallint PRIMARY KEY CHECK (number >= 0),
  purpose text NOT NULL,
  category text NOT NULL,
  UNIQUE (purpose, category)
);

-- Append-only. ISO/IEC TS 27560: record header, processing, party, event. Hash partitions below each kind:
-- no partition has to be made in time, and at 100 M events an index is a few levels deep.
CREATE SEQUENCE pgconsent.event_id;
CREATE TABLE pgconsent.consent_event (
  id bigint NOT NULL DEFAULT pg_catalog.nextval('pgconsent.event_id'),
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  record_id uuid NOT NULL,
  schema_version smallint NOT NULL DEFAULT 1,
  event_type text NOT NULL CHECK (event_type IN ('give', 'withdraw', 'object', 'restrict', 'lift')),
  subject_kind text NOT NULL,
  subject text NOT NULL,
  purpose text,
  category text,
  occurred_at timestamptz NOT NULL,
  valid_from timestamptz,
  valid_until timestamptz,
  lawful_basis text,
  controller text,
  recipients text[],
  notice text,
  notice_version text,
  jurisdiction text,
  actor text,
  method text,
  evidence text,
  CHECK (valid_from < valid_until),
  CHECK (purpose IS NOT NULL OR (category IS NULL AND event_type IN ('restrict', 'lift')))
) PARTITION BY LIST (subject_kind);
CREATE INDEX consent_event_subject ON pgconsent.consent_event (subject, id);
CREATE INDEX consent_event_id ON pgconsent.consent_event (id);

-- What a caller hands over: one event to be recorded. `line` is its place in the input.
CREATE TYPE pgconsent.event_input AS (
  line bigint,
  event_type text,
  subject_kind text,
  subject text,
  purpose text,
  category text,
  occurred_at timestamptz,
  valid_from timestamptz,
  valid_until timestamptz,
  lawful_basis text,
  controller text,
  recipients text[],
  notice text,
  notice_version text,
  jurisdiction text,
  actor text,
  method text,
  evidence text
);

-- One row per committed transaction that recorded events. `seq` is taken at its end: without gaps, in the
-- order of the commits (NOTIFY serialises them anyway). NULL is only ever seen from inside.
CREATE TABLE pgconsent.change (
  xid xid8 PRIMARY KEY DEFAULT pg_catalog.pg_current_xact_id(),
  seq bigint UNIQUE,
  first_event bigint NOT NULL,
  last_event bigint NOT NULL,
  events bigint NOT NULL,
  changed_at timestamptz
);
CREATE TABLE pgconsent.change_counter (last bigint NOT NULL);
INSERT INTO pgconsent.change_counter VALUES (0);

-- How far an import has come: what was committed is not read again.
CREATE TABLE pgconsent.import (
  digest text PRIMARY KEY,
  file text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  finished_at timestamptz,
  lines bigint NOT NULL DEFAULT 0,
  accepted bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0
);
