-- Replaced by every `pgconsent init`.
CREATE OR REPLACE FUNCTION pgconsent.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
  IF TG_OP = 'INSERT' THEN
    RAISE EXCEPTION 'consent events are not inserted into "%"', TG_TABLE_NAME
      USING ERRCODE = '55000', HINT = 'Call pgconsent.give, withdraw, object, restrict or lift.';
  END IF;
  RAISE EXCEPTION 'consent events can''t be changed or removed' USING ERRCODE = '55000', HINT = 'Record a new event.';
END
$body$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON pgconsent.consent_event
  FOR EACH ROW EXECUTE FUNCTION pgconsent.refuse_change();
CREATE OR REPLACE TRIGGER append_only_truncate BEFORE TRUNCATE OR INSERT ON pgconsent.consent_event
  FOR EACH STATEMENT EXECUTE FUNCTION pgconsent.refuse_change();

-- An event that logical replication brings belongs to the transaction that brings it.
CREATE OR REPLACE FUNCTION pgconsent.own_transaction() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
  NEW.xid := pg_current_xact_id();
  RETURN NEW;
END
$body$;
CREATE OR REPLACE TRIGGER own_transaction BEFORE INSERT ON pgconsent.consent_event
  FOR EACH ROW EXECUTE FUNCTION pgconsent.own_transaction();
ALTER TABLE pgconsent.consent_event ENABLE REPLICA TRIGGER own_transaction;

-- At the end of the transaction: nobody waits for the counter longer than a commit takes.
CREATE OR REPLACE FUNCTION pgconsent.number_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  number bigint;
BEGIN
  UPDATE pgconsent.change_counter SET last = last + 1 RETURNING last INTO number;
  UPDATE pgconsent.change SET seq = number, changed_at = clock_timestamp() WHERE xid = NEW.xid;
  PERFORM pg_notify('pgconsent_consent', number::text);
  IF number % 4096 = 0 THEN
    DELETE FROM pgconsent.change WHERE seq <= number - 1000000;
  END IF;
  RETURN NULL;
END
$body$;
DROP TRIGGER IF EXISTS number_change ON pgconsent.change;
CREATE CONSTRAINT TRIGGER number_change AFTER INSERT ON pgconsent.change
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pgconsent.number_change();
ALTER TABLE pgconsent.change ENABLE ALWAYS TRIGGER number_change;

-- The times of time-limited consent, by number of the pair; what the later array does not name is kept.
CREATE OR REPLACE FUNCTION pgconsent.place(numbers smallint[], times timestamptz[]) RETURNS timestamptz[]
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  result timestamptz[] := array_fill(NULL::timestamptz, ARRAY[(SELECT max(n) + 1 FROM unnest(numbers) n)]);
BEGIN
  FOR i IN 1 .. cardinality(numbers) LOOP
    result[numbers[i] + 1] := times[i];
  END LOOP;
  RETURN result;
END
$body$;

CREATE OR REPLACE FUNCTION pgconsent.merge(before timestamptz[], after timestamptz[]) RETURNS timestamptz[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
  IF after IS NULL THEN
    RETURN before;
  END IF;
  FOR i IN 1 .. coalesce(cardinality(after), 0) LOOP
    IF after[i] IS NOT NULL THEN
      before[i] := after[i];
    END IF;
  END LOOP;
  RETURN before;
END
$body$;

-- The bits of one word whose consent is yet to begin.
CREATE OR REPLACE FUNCTION pgconsent.not_yet(since timestamptz[], word integer, bits_per_word integer) RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce(bit_or(1::bigint << (n - 1) % bits_per_word), 0) FROM generate_subscripts(since, 1) n
        WHERE (n - 1) / bits_per_word = word AND since[n] > clock_timestamp());

-- Records what can be recorded, set by set: plans are made for the number of lines at hand, while a single event takes
-- the plan that is there. The rest comes back with reasons. Lines ascend.
CREATE OR REPLACE FUNCTION pgconsent.apply(input pgconsent.event_input[])
RETURNS TABLE (line bigint, reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $body$
DECLARE
  kind text;
  part pgconsent.event_input[];
BEGIN
  FOR kind IN SELECT DISTINCT i.subject_kind FROM unnest(input) i ORDER BY 1 LOOP
    part := ARRAY(SELECT i FROM unnest(input) i WHERE i.subject_kind IS NOT DISTINCT FROM kind ORDER BY i.line);
    IF EXISTS (SELECT FROM pgconsent.subject_kind k WHERE k.name = kind) THEN
      RETURN QUERY EXECUTE format('SELECT a.line, a.reason FROM pgconsent.%I($1) a', kind || '_apply') USING part;
    ELSE
      RETURN QUERY SELECT i.line, CASE WHEN coalesce(kind, '') = '' THEN 'the kind of subject is missing' ELSE format('unknown subject kind "%s"', kind) END
      FROM unnest(part) i;
    END IF;
  END LOOP;
END
$body$;

CREATE OR REPLACE FUNCTION pgconsent.record_id(subject_kind text, subject text, purpose text, category text)
RETURNS uuid LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN pg_catalog.md5(pg_catalog.concat_ws(E'\x1f', subject_kind, subject, coalesce(purpose, ''), coalesce(category, '')))::uuid;

CREATE OR REPLACE FUNCTION pgconsent.record(event pgconsent.event_input) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
@plain_text@ AS $body$
DECLARE
  problem text;
  type text;
BEGIN
  event.line := 1;
  event.actor := coalesce(event.actor, session_user::text);
  SELECT k.key_type INTO type FROM pgconsent.subject_kind k WHERE k.name = event.subject_kind;
  IF type IS NULL THEN
    RAISE EXCEPTION 'unknown subject kind "%"', event.subject_kind USING ERRCODE = '22023',
      HINT = 'Known: ' || coalesce((SELECT string_agg(k.name, ', ' ORDER BY k.name) FROM pgconsent.subject_kind k), 'none')
             || '. Kinds come from the rules with `pgconsent init`.';
  END IF;
  EXECUTE format('SELECT a.reason FROM pgconsent.%I($1) a', event.subject_kind || '_apply')
    INTO problem USING ARRAY[event];
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION '%', problem USING ERRCODE = '22023';
  END IF;
  EXECUTE format('SELECT c.subject::text FROM pgconsent.%I c WHERE c.subject = $1::%s', event.subject_kind || '_consent', type)
    INTO event.subject USING event.subject;
  RETURN pgconsent.record_id(event.subject_kind, event.subject, event.purpose, event.category);
END
$body$;

CREATE OR REPLACE FUNCTION pgconsent.give(
  subject_kind text, subject text, purpose text, category text DEFAULT NULL,
  valid_from timestamptz DEFAULT NULL, valid_until timestamptz DEFAULT NULL,
  occurred_at timestamptz DEFAULT NULL, method text DEFAULT NULL, evidence text DEFAULT NULL, actor text DEFAULT NULL,
  notice text DEFAULT NULL, notice_version text DEFAULT NULL, lawful_basis text DEFAULT NULL,
  controller text DEFAULT NULL, recipients text[] DEFAULT NULL, jurisdiction text DEFAULT NULL)
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN pgconsent.record(ROW(1, 'give', subject_kind, subject, purpose, category, occurred_at, valid_from, valid_until, lawful_basis,
  controller, recipients, notice, notice_version, jurisdiction, actor, method, evidence)::pgconsent.event_input);

-- Asked and not given; where consent was given before, it is withdrawn.
CREATE OR REPLACE FUNCTION pgconsent.refuse(
  subject_kind text, subject text, purpose text, category text DEFAULT NULL,
  occurred_at timestamptz DEFAULT NULL, method text DEFAULT NULL, evidence text DEFAULT NULL, actor text DEFAULT NULL,
  notice text DEFAULT NULL, notice_version text DEFAULT NULL, lawful_basis text DEFAULT NULL,
  controller text DEFAULT NULL, recipients text[] DEFAULT NULL, jurisdiction text DEFAULT NULL)
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN pgconsent.record(ROW(1, 'refuse', subject_kind, subject, purpose, category, occurred_at, NULL, NULL, lawful_basis,
  controller, recipients, notice, notice_version, jurisdiction, actor, method, evidence)::pgconsent.event_input);

CREATE OR REPLACE FUNCTION pgconsent.withdraw(
  subject_kind text, subject text, purpose text, category text DEFAULT NULL,
  occurred_at timestamptz DEFAULT NULL, method text DEFAULT NULL, evidence text DEFAULT NULL, actor text DEFAULT NULL,
  notice text DEFAULT NULL, notice_version text DEFAULT NULL, lawful_basis text DEFAULT NULL,
  controller text DEFAULT NULL, recipients text[] DEFAULT NULL, jurisdiction text DEFAULT NULL)
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN pgconsent.record(ROW(1, 'withdraw', subject_kind, subject, purpose, category, occurred_at, NULL, NULL, lawful_basis,
  controller, recipients, notice, notice_version, jurisdiction, actor, method, evidence)::pgconsent.event_input);

CREATE OR REPLACE FUNCTION pgconsent.object(
  subject_kind text, subject text, purpose text,
  occurred_at timestamptz DEFAULT NULL, method text DEFAULT NULL, evidence text DEFAULT NULL, actor text DEFAULT NULL,
  notice text DEFAULT NULL, notice_version text DEFAULT NULL, lawful_basis text DEFAULT NULL,
  controller text DEFAULT NULL, recipients text[] DEFAULT NULL, jurisdiction text DEFAULT NULL)
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN pgconsent.record(ROW(1, 'object', subject_kind, subject, purpose, NULL, occurred_at, NULL, NULL, lawful_basis,
  controller, recipients, notice, notice_version, jurisdiction, actor, method, evidence)::pgconsent.event_input);

CREATE OR REPLACE FUNCTION pgconsent.restrict(
  subject_kind text, subject text,
  occurred_at timestamptz DEFAULT NULL, method text DEFAULT NULL, evidence text DEFAULT NULL, actor text DEFAULT NULL,
  jurisdiction text DEFAULT NULL)
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN pgconsent.record(ROW(1, 'restrict', subject_kind, subject, NULL, NULL, occurred_at, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, jurisdiction, actor, method, evidence)::pgconsent.event_input);

-- Without a purpose it ends the restriction, with one the objection.
CREATE OR REPLACE FUNCTION pgconsent.lift(
  subject_kind text, subject text, purpose text DEFAULT NULL,
  occurred_at timestamptz DEFAULT NULL, method text DEFAULT NULL, evidence text DEFAULT NULL, actor text DEFAULT NULL,
  jurisdiction text DEFAULT NULL)
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN pgconsent.record(ROW(1, 'lift', subject_kind, subject, purpose, NULL, occurred_at, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, jurisdiction, actor, method, evidence)::pgconsent.event_input);
