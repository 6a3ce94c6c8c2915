-- What trusted code takes with whole rows, and what by the names of columns: see columns.py.
CREATE SCHEMA old AUTHORIZATION app;
CREATE SCHEMA cols AUTHORIZATION app;
CREATE TYPE cols.home AS (street text, town text);
CREATE TYPE cols.typed_t AS (id bigint, city text, email text);
CREATE TYPE cols.kept_t AS (id bigint, city text);
CREATE TABLE cols.lair (street text, town text);
CREATE TABLE taken (id bigint PRIMARY KEY, city text, email text, spare text);
CREATE TABLE named (id bigint PRIMARY KEY, city text, email text, spare text, label text);
CREATE TABLE monthly (id bigint PRIMARY KEY, city text, email text);
CREATE TABLE stamped (id bigint PRIMARY KEY, city text, email text, updated_at timestamptz, spare text);
CREATE TABLE counted (id bigint PRIMARY KEY, city text, email text, spare text);
CREATE TABLE statuses (id bigint PRIMARY KEY, status text, email text);
CREATE TABLE homes (id bigint PRIMARY KEY, place text, home cols.home, lair cols.lair);
CREATE TABLE typed OF cols.typed_t (PRIMARY KEY (id));
CREATE TABLE typed_history OF cols.kept_t;
CREATE TABLE both_history (id bigint, city text, email text, spare text, id2 bigint, city2 text, email2 text, spare2 text);
CREATE TABLE set_history (id bigint, city text, email text, spare text);
CREATE TABLE old.persons (id bigint, city text, email text);
CREATE TABLE merged_history (id bigint, city text);
CREATE TABLE text_history (id bigint, city text, email text);
CREATE TABLE cols.vips (mail text);
CREATE TABLE totals (counted bigint);
CREATE FUNCTION merged(base anyelement, extra jsonb) RETURNS anyelement LANGUAGE sql AS 'SELECT jsonb_populate_record($1, $2)';
CREATE FUNCTION label_of(address text) RETURNS text LANGUAGE sql AS
  $$ SELECT CASE WHEN EXISTS (SELECT 1 FROM cols.vips WHERE mail = address) THEN address END $$;
CREATE FUNCTION take_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO public.both_history SELECT OLD.*, NEW.*;
  IF OLD.id < 0 THEN PERFORM dblink_exec('', format('INSERT INTO public.text_history VALUES (%L, %L, %L)', OLD.id, OLD.city, OLD.email)); END IF;
  INSERT INTO public.set_history SELECT (jsonb_populate_record(OLD, jsonb_build_object('city', 'then'))).*;
  RETURN NEW; END $$;
CREATE FUNCTION write_names() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO old.persons VALUES (OLD.id, OLD.city, OLD.email);
  INSERT INTO public.merged_history SELECT (merged(NULL::public.merged_history, to_jsonb(OLD))).*;
  INSERT INTO public.typed_history VALUES (OLD.id, OLD.city);
  BEGIN INSERT INTO public.gone VALUES (OLD.email); EXCEPTION WHEN undefined_table THEN NULL; END;
  BEGIN INSERT INTO archive.gone_too VALUES (OLD.email); EXCEPTION WHEN undefined_table THEN NULL; END;
  NEW.label := label_of(NEW.email); RETURN NEW; END $$;
CREATE FUNCTION log_monthly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  EXECUTE format('INSERT INTO public.%I VALUES ($1)', 'log_of_' || to_char(now(), 'YYYY_MM')) USING OLD.email; RETURN NEW; END $$;
CREATE FUNCTION stamp_row() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE _new record; BEGIN
  _new := NEW; _new."updated_at" = NOW(); RETURN _new; END $$;
CREATE FUNCTION count_all() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE what public.statuses.status%TYPE; BEGIN UPDATE public.totals SET counted = counted + 1; RETURN NULL; END $$;
CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO two_of_them (id) VALUES (OLD.id); RETURN NEW; END $$;
CREATE TABLE two_of_them (id bigint);
CREATE TABLE cols.two_of_them (id bigint);
CREATE TRIGGER take_rows AFTER UPDATE ON taken FOR EACH ROW EXECUTE FUNCTION take_rows();
CREATE TRIGGER write_names BEFORE UPDATE ON named FOR EACH ROW EXECUTE FUNCTION write_names();
CREATE TRIGGER log_monthly AFTER UPDATE ON monthly FOR EACH ROW EXECUTE FUNCTION log_monthly();
CREATE TRIGGER stamp_row BEFORE UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp_row();
CREATE TRIGGER count_all AFTER INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION count_all();
CREATE TRIGGER log_it AFTER DELETE ON stamped FOR EACH ROW EXECUTE FUNCTION log_it();
DO $$ DECLARE mine text; BEGIN FOREACH mine IN ARRAY '{taken, named, monthly, stamped, counted, statuses, homes, typed, typed_history, both_history,
  set_history, old.persons, merged_history, text_history, cols.vips, cols.lair, cols.two_of_them}'::text[] LOOP
  EXECUTE 'ALTER TABLE ' || mine || ' OWNER TO app'; END LOOP;
  FOREACH mine IN ARRAY '{home, typed_t, kept_t}'::text[] LOOP EXECUTE 'ALTER TYPE cols.' || mine || ' OWNER TO app'; END LOOP; END $$;
GRANT CREATE ON DATABASE modifications TO app;
