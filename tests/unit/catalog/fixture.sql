-- One of everything that a catalog may hold.
CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION tablefunc;
CREATE ROLE staff;
CREATE ROLE clerk IN ROLE staff;
CREATE SCHEMA "Odd ""Schema";
CREATE COLLATION "Odd ""Schema".loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE public.mood AS ENUM ('sad', 'ok');
CREATE TYPE "Odd ""Schema"."Pair" AS (a int, b json);
CREATE TABLE public.pairs OF "Odd ""Schema"."Pair";
CREATE DOMAIN public.postcode AS varchar(10) CHECK (VALUE ~ '^[0-9]+$');
CREATE DOMAIN public.document AS json;
CREATE TYPE public.span AS RANGE (subtype = float8);

CREATE TABLE public.users (
  id bigserial PRIMARY KEY, email text NOT NULL, nick varchar(50), code char(4), anychar bpchar, amount numeric(10,2),
  born date, seen timestamptz(3), plain timestamp(0), at time(2) with time zone, lasted interval day to second(3),
  lasts interval, bits bit(5), varbits varbit(7), tags varchar(20)[], nums numeric(8,3)[], stamps timestamp(3)[],
  spans interval(2)[], doc json, docs json[], bin jsonb, place point, ref regclass, kind "char", who name,
  m public.mood, ms public.mood[], pc public.postcode, dc public.document, pair "Odd ""Schema"."Pair", sp public.span,
  sm public.span_multirange, ci public.citext, x xml, v oidvector, u uuid, flag boolean, small int2, dbl float8,
  lower_email text GENERATED ALWAYS AS (lower(email)) STORED, loose text COLLATE "Odd ""Schema".loose,
  posix text COLLATE "POSIX", gone int, UNIQUE (email) INCLUDE (born), UNIQUE (nick, code) DEFERRABLE,
  UNIQUE NULLS NOT DISTINCT (u));
ALTER TABLE public.users DROP COLUMN gone;
CREATE UNIQUE INDEX ON public.users (amount) WHERE flag;
CREATE UNIQUE INDEX ON public.users (lower(nick));
CREATE UNIQUE INDEX ON public.users (nick text_pattern_ops);
CREATE UNIQUE INDEX ON public.users (loose COLLATE "C");
CREATE TABLE public.orders (id int PRIMARY KEY, user_id bigint REFERENCES public.users ON UPDATE CASCADE ON DELETE SET NULL,
  note public.postcode DEFAULT '1', UNIQUE (id, user_id));
CREATE TABLE public.items (order_id int, user_id bigint, n int,
  FOREIGN KEY (user_id, order_id) REFERENCES public.orders (user_id, id) DEFERRABLE);

CREATE TABLE public.events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE public.events_2020 PARTITION OF public.events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE public.people (name text);
CREATE TABLE public.employees (salary numeric) INHERITS (public.people);

CREATE FUNCTION public.tax(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT $1 * 0.2';
CREATE TABLE public.taxed (a numeric, b numeric GENERATED ALWAYS AS (public.tax(a)) STORED);
CREATE FUNCTION public.peek(int, public.mood[], "Odd ""Schema"."Pair", timestamptz) RETURNS text LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = public SET work_mem = '1MB' AS $$ BEGIN RETURN (SELECT email FROM users LIMIT 1); END $$;
CREATE FUNCTION public.atomic(i bigint DEFAULT nextval('users_id_seq')) RETURNS text STABLE
  BEGIN ATOMIC SELECT email FROM public.users WHERE id = i; END;
CREATE FUNCTION "Odd ""Schema"."Fn"() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE public.proc() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
CREATE FUNCTION public.on_order() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION public.add_tax(numeric, numeric) RETURNS numeric LANGUAGE sql AS 'SELECT $1 + public.tax($2)';
CREATE AGGREGATE public.sum_tax(numeric) (SFUNC = public.add_tax, STYPE = numeric, INITCOND = 0);
CREATE FUNCTION public.checked(text) RETURNS boolean LANGUAGE sql AS 'SELECT $1 <> ''''';
CREATE DOMAIN public.checked_text AS text CHECK (public.checked(VALUE));
CREATE TABLE public.defaults (a text DEFAULT query_to_xml('SELECT 1', true, true, '')::text, b public.checked_text,
  c int CHECK (public.tax(c) > 0));
CREATE FUNCTION public.mood_text(public.mood) RETURNS varchar LANGUAGE sql AS 'SELECT ''x''::varchar';
CREATE CAST (public.mood AS varchar) WITH FUNCTION public.mood_text(public.mood) AS ASSIGNMENT;
CREATE FUNCTION public.like_mood(public.mood, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR public.=~ (LEFTARG = public.mood, RIGHTARG = text, FUNCTION = public.like_mood, RESTRICT = eqsel);

CREATE TRIGGER t1 BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION public.on_order('fx', 'hoök', '', '1p0');
CREATE TRIGGER t2 BEFORE UPDATE ON public.items FOR EACH ROW EXECUTE FUNCTION public.on_order();
ALTER TABLE public.items DISABLE TRIGGER t2;
ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;

CREATE VIEW public.v_users AS SELECT u.id, lower(u.email) AS email, date '2020-02-01' AS d, interval '-1 day 02:00' AS i
  FROM public.users u;
CREATE VIEW public.v_secure WITH (security_barrier) AS SELECT id FROM public.users;
CREATE VIEW public.v_invoker WITH (security_invoker = on, security_barrier = false) AS SELECT id FROM public.orders;
CREATE VIEW "Odd ""Schema"."V" AS SELECT * FROM public.v_users;
CREATE VIEW public.v_function AS SELECT public.peek(1, NULL, NULL, now());
CREATE VIEW public.v_stats AS SELECT tablename, most_common_vals::text FROM pg_catalog.pg_stats;
CREATE VIEW public.v_xml AS SELECT query_to_xml('SELECT 1', true, true, '');
CREATE VIEW public.v_pure AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW public.mv AS SELECT id, email FROM public.users;
CREATE RULE also AS ON INSERT TO public.people DO ALSO INSERT INTO public.orders (id) SELECT 1 FROM public.users;
CREATE SEQUENCE public.counter;
CREATE UNLOGGED TABLE public.scratch (a int);
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE public.remote (a int) SERVER nowhere;

-- Objects that catch names looked up by search path.
CREATE SCHEMA evil;
CREATE FUNCTION evil.wrong(oid, oid) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.wrong);
CREATE OPERATOR evil.<> (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.wrong);
CREATE OPERATOR evil.>= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.wrong);
CREATE FUNCTION evil.wrong("char", "char") RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = "char", RIGHTARG = "char", FUNCTION = evil.wrong);
CREATE OPERATOR evil.<> (LEFTARG = "char", RIGHTARG = "char", FUNCTION = evil.wrong);
CREATE FUNCTION evil.wrong(name, name) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.wrong);
CREATE FUNCTION evil.wrong(int2, int4) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR evil.> (LEFTARG = int2, RIGHTARG = int4, FUNCTION = evil.wrong);
CREATE FUNCTION evil.wrong(int4, int4) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = int4, RIGHTARG = int4, FUNCTION = evil.wrong);
CREATE OPERATOR evil.< (LEFTARG = int4, RIGHTARG = int4, FUNCTION = evil.wrong);
CREATE FUNCTION evil.wrong(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.wrong);
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION evil.pg_get_viewdef(oid) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION evil.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT NULL WHERE false';
CREATE TABLE evil.pg_class (oid oid);
CREATE TABLE evil.users (id int);
CREATE DOMAIN evil.oid AS int;
CREATE DOMAIN evil.text AS varchar;
CREATE DOMAIN evil.name AS varchar;
