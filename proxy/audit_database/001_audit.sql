-- The tables of the audit database. Runs once; later versions are files of their own.
CREATE TABLE pgconsent_audit.migration (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  applied_by name NOT NULL DEFAULT session_user
);

-- How far the log has come in: written in the transaction that brings the lines. `hash` is the last line's,
-- which the next one names as `prev`: another log, or a changed one, does not go on from here.
CREATE TABLE pgconsent_audit.shipped (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  last_id bigint NOT NULL DEFAULT 0,
  hash text NOT NULL DEFAULT pg_catalog.repeat('0', 64),
  last_time timestamptz,
  shipped_at timestamptz
);
INSERT INTO pgconsent_audit.shipped DEFAULT VALUES;

-- Lines that the directory did not hold, or did not hold whole.
CREATE TABLE pgconsent_audit.gap (
  first_id bigint PRIMARY KEY,
  last_id bigint NOT NULL,
  reason text NOT NULL,
  noticed_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

-- What many records have in common, once: who asked what, and what was decided. Filters are answered here, and
-- records found by (shape, time). The counts are those of the records that were shipped.
CREATE TABLE pgconsent_audit.shape (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest bytea NOT NULL UNIQUE,
  database text NOT NULL,
  role text NOT NULL,
  application text NOT NULL,
  purpose text NOT NULL,
  purpose_source text NOT NULL,
  decision text NOT NULL,
  reason text NOT NULL,
  rules text[] NOT NULL,
  basis text[] NOT NULL,
  tables text[] NOT NULL,
  columns text[] NOT NULL,
  fingerprint text NOT NULL,
  statement text NOT NULL,
  rules_version text NOT NULL,
  records bigint NOT NULL DEFAULT 0,
  first_time timestamptz NOT NULL,
  last_time timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX shape_fingerprint ON pgconsent_audit.shape (fingerprint);

CREATE TABLE pgconsent_audit.record (
  time timestamptz NOT NULL,
  id bigint NOT NULL,
  session bigint NOT NULL,
  client text NOT NULL,
  shape integer NOT NULL,
  catalog bigint NOT NULL,
  duration_us bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (time, id)
) PARTITION BY RANGE (time);
CREATE INDEX record_shape ON pgconsent_audit.record (shape, time, id);
CREATE INDEX record_id ON pgconsent_audit.record (id);

-- In the partition of its record, whose time it repeats: one look finds it.
CREATE TABLE pgconsent_audit.outcome (
  record_time timestamptz NOT NULL,
  outcome_of bigint NOT NULL,
  time timestamptz NOT NULL,
  id bigint NOT NULL,
  rows bigint,
  cells_masked bigint,
  server_us bigint,
  sqlstate text,
  subject_kinds text[],        -- NULL: whose data it was is not known
  subject_counts bigint[],     -- of each kind
  subject_sets bytea[],        -- likewise: subject numbers, portable Roaring bitmaps
  subjects_unknown text[],     -- kinds of which there may be others
  hash bytea NOT NULL,
  PRIMARY KEY (record_time, outcome_of)
) PARTITION BY RANGE (record_time);

-- Subject numbers, for the question who saw one person's data: a row each of small sets …
CREATE TABLE pgconsent_audit.disclosure (
  kind text NOT NULL,
  number bigint NOT NULL,
  time timestamptz NOT NULL,   -- the record's
  id bigint NOT NULL,
  PRIMARY KEY (kind, number, time, id)
) PARTITION BY RANGE (time);
-- … and of large ones a row per 32768 numbers: `offsets` of the few, `bits` of the many (get_bit).
CREATE TABLE pgconsent_audit.disclosure_set (
  kind text NOT NULL,
  chunk bigint NOT NULL,       -- number / 32768
  time timestamptz NOT NULL,
  id bigint NOT NULL,
  offsets smallint[],          -- number % 32768
  bits bytea,
  PRIMARY KEY (kind, chunk, time, id)
) PARTITION BY RANGE (time);

-- Charts over months, without reading records.
CREATE TABLE pgconsent_audit.activity (
  hour timestamptz NOT NULL,
  shape integer NOT NULL,
  statements bigint NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0,
  cells_masked bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (hour, shape)
) WITH (fillfactor = 70);

-- Lines of the log about itself: segments that begin, were sealed, were removed.
CREATE TABLE pgconsent_audit.log_line (
  id bigint PRIMARY KEY,
  time timestamptz NOT NULL,
  fields text NOT NULL,
  hash bytea NOT NULL
);
