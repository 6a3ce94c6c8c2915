CREATE ROLE app LOGIN;
CREATE ROLE pgconsent LOGIN;
CREATE TABLE people (id uuid PRIMARY KEY, name text, law text, objected boolean NOT NULL DEFAULT false,
                     frozen boolean NOT NULL DEFAULT false, wants_mail boolean, wants_news boolean);
CREATE TABLE staff (nick text PRIMARY KEY, name text);
CREATE TABLE staff_events (nick text, purpose text, what text, at timestamptz, till timestamptz);
CREATE TABLE tickets (id int PRIMARY KEY, person uuid, agent text, body text, made timestamptz, note text);
CREATE TABLE answers (id int PRIMARY KEY, ticket int REFERENCES tickets, body text);
CREATE TABLE lines (id int PRIMARY KEY, answer int REFERENCES answers, body text);
CREATE TABLE orders (person uuid, is_open boolean);
CREATE VIEW ticket_bodies AS SELECT id, person, agent, body FROM tickets;

INSERT INTO people SELECT md5('p' || i)::uuid, 'RAW person ' || i, (ARRAY['gdpr', 'ccpa', 'lgpd', NULL, 'pipl'])[i], i = 2,
  false, CASE i % 3 WHEN 1 THEN true WHEN 2 THEN false END, CASE i WHEN 5 THEN false END FROM generate_series(1, 5) i;
INSERT INTO staff SELECT 'n' || i, 'RAW staff ' || i FROM generate_series(1, 6) i;
INSERT INTO staff_events VALUES
  ('n1', 'mail', 'given', now() - interval '2 days', NULL),
  ('n2', 'mail', 'given', now() - interval '2 days', NULL), ('n2', 'mail', 'withdrawn', now() - interval '1 day', NULL),
  ('n3', 'mail', 'withdrawn', now() - interval '2 days', NULL), ('n3', 'mail', 'given', now() - interval '1 day', NULL),
  ('n4', 'mail', 'given', now() + interval '3 days', NULL),
  ('n5', 'mail', 'given', now() - interval '9 days', now() - interval '1 day'),
  ('n6', 'mail', 'given', now() - interval '2 days', NULL), ('n6', 'mail', 'given', now() + interval '3 days', NULL);
INSERT INTO orders VALUES (md5('p1')::uuid, true), (md5('p2')::uuid, false);
INSERT INTO tickets VALUES
  (1, md5('p1')::uuid, 'n1', 'RAW ticket 1', now() - interval '1 day', '7'),
  (2, md5('p2')::uuid, 'n1', 'RAW ticket 2', now() - interval '11 years', '7'),
  (3, NULL, 'n1', 'RAW ticket 3', now(), '7'),
  (4, md5('nobody')::uuid, 'n1', 'RAW ticket 4', NULL, '7'),
  (5, md5('p1')::uuid, NULL, 'RAW ticket 5', now(), '7'),
  (6, md5('p1')::uuid, 'n2', 'RAW ticket 6', now() - interval '9 years', '7');
INSERT INTO answers SELECT i, nullif(i, 7), 'RAW answer ' || i FROM generate_series(1, 7) i;
INSERT INTO lines SELECT i, nullif(i, 8), 'RAW line ' || i FROM generate_series(1, 8) i WHERE i <> 7;
INSERT INTO lines VALUES (7, 7, 'RAW line 7');
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
