-- Odd people consent to everything, even ones to nothing.
CREATE ROLE app LOGIN;
CREATE SCHEMA crm;
CREATE TABLE crm.consents (person_id bigint PRIMARY KEY, ok boolean NOT NULL);
CREATE TABLE people (id bigint PRIMARY KEY, email text UNIQUE, name text, hint text, city text, visits int NOT NULL DEFAULT 0);
CREATE TABLE accounts (no bigint PRIMARY KEY, label text);
CREATE TABLE desks (id bigint PRIMARY KEY, label text);
CREATE TABLE cards (id bigint PRIMARY KEY, person_id bigint REFERENCES accounts ON UPDATE CASCADE ON DELETE CASCADE, code text,
                    used timestamptz);
CREATE TABLE seats (id bigint PRIMARY KEY, person_id bigint DEFAULT 1 REFERENCES accounts ON DELETE SET DEFAULT, note text);
CREATE TABLE bags (id bigint PRIMARY KEY, card_id bigint REFERENCES cards, tag text, desk_id bigint REFERENCES desks ON DELETE CASCADE);
CREATE TABLE logged (id bigint PRIMARY KEY, person_id bigint, note text, city text);
CREATE TABLE log (entry text);
CREATE TABLE checked (id bigint PRIMARY KEY, person_id bigint, note text, city text);
INSERT INTO crm.consents SELECT i, i % 2 = 1 FROM generate_series(1, 50000) i;
INSERT INTO people SELECT i, 'RAW' || i || '@x.org', 'RAW name ' || i, 'RAW hint ' || i, 'Rome' FROM generate_series(1, 50000) i;
INSERT INTO accounts SELECT i, 'a' || i FROM generate_series(1, 20) i;
INSERT INTO desks SELECT i, 'd' || i FROM generate_series(1, 9) i;
INSERT INTO cards SELECT i, i, 'RAW code ' || i FROM generate_series(1, 9) i;
INSERT INTO seats SELECT i, i, 'RAW seat ' || i FROM generate_series(2, 9) i;
INSERT INTO bags SELECT i, i, 'RAW tag ' || i, i FROM generate_series(1, 9) i;
INSERT INTO logged SELECT i, i, 'RAW note ' || i, 'Rome' FROM generate_series(1, 9) i;
INSERT INTO checked SELECT * FROM logged;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.used := now(); RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE UPDATE ON cards FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE FUNCTION write_log() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE NOTICE 'changed %', to_jsonb(NEW); INSERT INTO log VALUES (NEW.note); RETURN NEW; END $$;
CREATE TRIGGER write_log BEFORE UPDATE ON logged FOR EACH ROW EXECUTE FUNCTION write_log();
CREATE TABLE moved (id bigint PRIMARY KEY, person_id bigint, note text, city text);
INSERT INTO moved SELECT * FROM checked;
CREATE FUNCTION count_moved() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO log SELECT note FROM changed_rows; RETURN NULL; END $$;
CREATE TRIGGER count_moved AFTER UPDATE ON moved REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION count_moved();
CREATE FUNCTION is_fine(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN IF $1 LIKE '%9' THEN RAISE EXCEPTION 'not fine: %', $1; END IF; RETURN true; END $$;
ALTER TABLE checked ADD CHECK (is_fine(note)) NOT VALID;
CREATE VIEW v_accounts AS SELECT no, label FROM accounts;
CREATE FUNCTION renumber(bigint, bigint) RETURNS void LANGUAGE sql AS 'UPDATE accounts SET no = $2 WHERE no = $1';
CREATE TABLE watched (id bigint PRIMARY KEY, person_id bigint, note text, city text);
INSERT INTO watched SELECT * FROM checked;
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO log SELECT w.note FROM desks d, watched_rows w; RETURN NULL; END $$;
CREATE TRIGGER watch AFTER UPDATE ON watched REFERENCING NEW TABLE AS watched_rows FOR EACH STATEMENT EXECUTE FUNCTION watch();
-- Over boxes: a key checked at the end of the statement, one at the end of the transaction, one not validated, none.
CREATE TABLE boxes (id bigint PRIMARY KEY, person_id bigint, label text);
CREATE TABLE docks (id bigint PRIMARY KEY);
INSERT INTO docks VALUES (8), (9);
CREATE TABLE crates (id bigint PRIMARY KEY, person_id bigint, label text, dock_id bigint REFERENCES docks ON DELETE CASCADE);
CREATE TABLE racks (id bigint PRIMARY KEY, person_id bigint, label text);
CREATE TABLE lids (id bigint PRIMARY KEY, box_id bigint REFERENCES boxes, note text);
CREATE TABLE straps (id bigint PRIMARY KEY, crate_id bigint REFERENCES crates DEFERRABLE INITIALLY DEFERRED, note text);
CREATE TABLE hooks (id bigint PRIMARY KEY, rack_id bigint, note text);
INSERT INTO boxes SELECT i, i, 'b' FROM generate_series(1, 4) i;
INSERT INTO crates SELECT i, i, 'c', 8 FROM generate_series(1, 4) i;
INSERT INTO racks SELECT i, i, 'r' FROM generate_series(1, 4) i;
INSERT INTO lids SELECT i, i, 'RAW lid ' || i FROM generate_series(1, 4) i;
INSERT INTO straps SELECT i, i, 'RAW strap ' || i FROM generate_series(1, 4) i;
INSERT INTO hooks SELECT i, 75 + i, 'RAW hook ' || i FROM generate_series(1, 4) i;
ALTER TABLE hooks ADD FOREIGN KEY (rack_id) REFERENCES racks NOT VALID;
-- Consent is read through two views; trusted code reads another one.
CREATE TABLE members (id bigint PRIMARY KEY, name text, town text CHECK (true), mood text);
ALTER TABLE members ADD CHECK (length(town || name) < 900);
CREATE TABLE crm.member_consents (member_id bigint PRIMARY KEY, ok boolean NOT NULL);
CREATE VIEW crm.asked AS SELECT * FROM crm.member_consents;
CREATE TABLE asked_of (id int PRIMARY KEY);
CREATE TYPE answer AS ENUM ('yes', 'no');
CREATE TABLE answers (said answer);
CREATE VIEW v_no AS SELECT said FROM answers WHERE said = 'no';
CREATE MATERIALIZED VIEW m_no AS SELECT said FROM v_no;
CREATE VIEW v_open AS SELECT true AS open;
CREATE FUNCTION is_open() RETURNS boolean LANGUAGE sql STABLE AS 'SELECT bool_and(open) FROM public."v_open"';
CREATE TYPE state AS ENUM ('yes', 'no');
CREATE VIEW crm.given AS SELECT member_id, ok FROM crm.asked
  WHERE (CASE WHEN ok THEN 'yes'::state ELSE 'no'::state END)::text = 'yes' AND is_open() AND (SELECT count(*) FROM asked_of) >= 0 AND NOT EXISTS (SELECT FROM m_no);
CREATE TABLE deals (member_id bigint, until timestamp);
CREATE VIEW v_deals AS SELECT member_id FROM deals;
CREATE TABLE spare_of (id int PRIMARY KEY);
CREATE TABLE tags (tag text PRIMARY KEY);
CREATE TABLE likes (id bigint PRIMARY KEY, person_id bigint, list jsonb, at timestamptz);
INSERT INTO likes SELECT i, i, '7' FROM generate_series(1, 4) i;
CREATE TABLE parts (id bigint, person_id bigint, area text, note text) PARTITION BY LIST (lower(area));
CREATE SCHEMA aside CREATE VIEW names AS SELECT 1 AS id;
-- What trusted code, statistics and triggers use of others' things, with their schema and without.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE aside.odd AS ENUM ('a');
CREATE FUNCTION is_short(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length($1) < 99';
CREATE DOMAIN label AS text;
CREATE DOMAIN short AS text CHECK (is_short(VALUE));
CREATE TABLE staging (email text);
CREATE TABLE shape (a int, b int);
CREATE SCHEMA codes;
CREATE SCHEMA spares AUTHORIZATION app;
CREATE DOMAIN free AS text;
ALTER DOMAIN free OWNER TO app;
CREATE FUNCTION codes.helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON crm.member_consents FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE kept (id bigint, town text, name text);
CREATE TABLE open_kept (id bigint, name text);
CREATE TABLE open_history (id bigint, at timestamptz);
CREATE TABLE named_history (id bigint);
CREATE VIEW v_names AS SELECT id, name FROM members;
CREATE VIEW v_spare AS SELECT id, name FROM members;
CREATE FUNCTION count_names() RETURNS bigint LANGUAGE sql AS $$SELECT count(name) FROM public.V_Names, "aside".names WHERE names.id = 1$$;
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE s public.short; e public.staging.email%TYPE; l label; BEGIN
  s := codes.helper(NEW.name); e := s;
  IF NEW.name IS DISTINCT FROM s THEN INSERT INTO kept SELECT NEW.id, NEW.town, s; END IF;
  NEW := jsonb_populate_record(NEW, jsonb_build_object('filled', NEW.name)); RETURN NEW; END $$;
ALTER TABLE members ALTER COLUMN mood TYPE mood USING mood::mood;
CREATE FUNCTION keep_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO open_history SELECT (jsonb_populate_record(NULL::open_history, to_jsonb(OLD) || jsonb_build_object('at', now()))).*;
  RETURN OLD; END $$;
CREATE FUNCTION keep_named() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO named_history SELECT (jsonb_populate_record(NULL::named_history, jsonb_build_object(TG_ARGV[0] || '_old', OLD.name))).*;
  RETURN OLD; END $$;
CREATE TRIGGER keep_open AFTER DELETE ON open_kept FOR EACH ROW EXECUTE FUNCTION keep_open();
CREATE TRIGGER keep_named AFTER DELETE ON open_kept FOR EACH ROW EXECUTE FUNCTION keep_named('name');
CREATE STATISTICS members_norm ON (norm(name)), town FROM members;
CREATE TRIGGER fill BEFORE INSERT ON members FOR EACH ROW EXECUTE FUNCTION fill();
ALTER TABLE members ADD filled text, ADD plain text;
CREATE FUNCTION hooked() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER hooked BEFORE UPDATE ON members FOR EACH ROW EXECUTE FUNCTION hooked('aside', 'hoök');
CREATE DOMAIN title AS text;
CREATE FUNCTION titled(text, title) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR %% (LEFTARG = text, RIGHTARG = title, FUNCTION = titled);
ALTER VIEW v_spare OWNER TO app;
DO $$ DECLARE mine text; BEGIN FOREACH mine IN ARRAY '{members, tags, asked_of, answers, v_no, m_no, v_open, deals, v_deals, spare_of, v_names, aside.names, staging, shape, kept, open_kept, open_history, named_history}'::text[] LOOP
  EXECUTE 'ALTER TABLE ' || mine || ' OWNER TO app'; END LOOP; END $$;
ALTER TYPE answer OWNER TO app;
ALTER TYPE state OWNER TO app;
ALTER DOMAIN title OWNER TO app;
ALTER FUNCTION is_open() OWNER TO app;
ALTER FUNCTION is_short(text) OWNER TO app;
ALTER FUNCTION norm(text) OWNER TO app;
ALTER FUNCTION touch() OWNER TO app;
ALTER DOMAIN short OWNER TO app;
ALTER TYPE mood OWNER TO app;
ALTER TYPE aside.odd OWNER TO app;
ALTER SCHEMA codes OWNER TO app;
ALTER SCHEMA aside OWNER TO app;
CREATE VIEW v_racks AS SELECT id, person_id FROM racks;
ALTER TABLE boxes OWNER TO app;
-- Subjects that are computed from another column: of the row, of a row on the way.
CREATE TABLE slips (id bigint PRIMARY KEY, ref bigint, person_id bigint GENERATED ALWAYS AS (ref + 0) STORED, note text, label text);
INSERT INTO slips (id, ref, note) SELECT i, i, 'RAW slip ' || i FROM generate_series(1, 4) i;
CREATE TABLE tubs (id bigint PRIMARY KEY, ref bigint, person_id bigint GENERATED ALWAYS AS (ref) STORED, label text);
INSERT INTO tubs (id, ref) SELECT i, i FROM generate_series(1, 4) i;
CREATE TABLE caps (id bigint PRIMARY KEY, tub_id bigint REFERENCES tubs, note text);
INSERT INTO caps SELECT i, i, 'RAW cap ' || i FROM generate_series(1, 4) i;
-- Triggers that set whom a row is about, in several ways, and some that only look.
CREATE TABLE jars (id bigint PRIMARY KEY, person_id bigint, label text, note text);
CREATE TABLE pots (id bigint PRIMARY KEY, person_id bigint, label text);
CREATE TABLE pans (id bigint PRIMARY KEY, pot_id bigint REFERENCES pots, note text);
CREATE TABLE cups (id bigint PRIMARY KEY, person_id bigint, label text, note text, used timestamptz);
CREATE TABLE mugs (id bigint PRIMARY KEY, person_id bigint, label text, note text);
INSERT INTO jars SELECT i, i, 'x', 'RAW jar ' || i FROM generate_series(1, 4) i;
INSERT INTO pots SELECT i, i, 'x' FROM generate_series(1, 4) i;
INSERT INTO pans SELECT i, i, 'RAW pan ' || i FROM generate_series(1, 4) i;
INSERT INTO cups SELECT i, i, 'x', 'RAW cup ' || i FROM generate_series(1, 4) i;
INSERT INTO mugs SELECT i, i, 'x', 'RAW mug ' || i FROM generate_series(1, 4) i;
CREATE FUNCTION assign() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.label LIKE 'c%' THEN NEW.person_id := substr(NEW.label, 2)::bigint; END IF; RETURN NEW; END $$;
CREATE TRIGGER assign BEFORE UPDATE ON jars FOR EACH ROW EXECUTE FUNCTION assign();
CREATE TRIGGER assign BEFORE UPDATE ON pots FOR EACH ROW EXECUTE FUNCTION assign();
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE who bigint := NEW.person_id; BEGIN
  IF NEW.person_id IS NOT NULL AND NEW.person_id = OLD.person_id THEN NEW.used = now(); END IF;
  INSERT INTO log VALUES (concat_ws(' ', TG_OP, OLD.id, NEW.person_id)); RETURN NEW; END $$;
CREATE TRIGGER look BEFORE UPDATE ON cups FOR EACH ROW EXECUTE FUNCTION look();
CREATE FUNCTION first_owner() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.person_id := COALESCE(NEW.person_id, 2); RETURN NEW; END $$;
CREATE TRIGGER first_owner BEFORE INSERT ON mugs FOR EACH ROW EXECUTE FUNCTION first_owner();
-- The first three give rows in the order of masked values.
CREATE INDEX seats_by_note ON seats (person_id, note);
CREATE INDEX bags_by_tag ON bags (tag) WHERE desk_id = 1;
CREATE INDEX cards_lower ON cards (person_id, lower(code));
CREATE INDEX cards_person ON cards (person_id, used);
CREATE INDEX cards_code ON cards (code);
GRANT CREATE ON SCHEMA public TO app;
GRANT USAGE ON SCHEMA crm TO app, pgconsent;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO app, pgconsent;
ANALYZE;
