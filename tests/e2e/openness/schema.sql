CREATE ROLE pgconsent LOGIN CREATEROLE;
CREATE ROLE crm LOGIN;
CREATE ROLE lab LOGIN;
CREATE ROLE dba LOGIN;
CREATE TABLE customers (id bigint PRIMARY KEY, email text, phone text, name text, birth date, allergies text, dna text,
                        made timestamptz NOT NULL, law text);
CREATE TABLE visitors (id uuid PRIMARY KEY, email text, wants_mail boolean, wants_news boolean, objected boolean NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, ship_to text, made timestamptz NOT NULL);
CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, iban text, amount numeric, score int,
                       made timestamptz NOT NULL);
CREATE TABLE messages (id bigint, day date NOT NULL, sender_id int NOT NULL, recipient_id int, body text) PARTITION BY RANGE (day);
CREATE TABLE messages_2024 PARTITION OF messages FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE messages_2025 PARTITION OF messages FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE messages_rest PARTITION OF messages DEFAULT;
CREATE TABLE notes (id int PRIMARY KEY, customer_id bigint NOT NULL, title text, body text, day date, made timestamptz);
CREATE TABLE old_notes (extra text) INHERITS (notes);
CREATE TABLE logs (id int PRIMARY KEY, line text, email text, at timestamptz, made timestamptz);
CREATE TABLE labels (id int PRIMARY KEY, customer_id bigint NOT NULL, label text);
CREATE SCHEMA hr;
CREATE TABLE hr.employees (nick varchar(8) PRIMARY KEY, mail text, hired date, desk text, remark text, made timestamptz);
CREATE TABLE hr.consents (nick varchar(8), purpose text, what text, at timestamptz, since timestamptz, till timestamptz);
CREATE TABLE hr.shifts (id int PRIMARY KEY, nick varchar(8), deputy varchar(8), remark text);
ALTER TABLE visitors ADD made timestamptz;
CREATE FUNCTION total(bigint) RETURNS numeric LANGUAGE sql AS 'SELECT sum(amount) FROM public.payments WHERE order_id = $1';

INSERT INTO customers SELECT i, 'c' || i || '@example.com', '+4912345' || i, 'Customer ' || i, date '1970-05-05' + i,
  'nuts ' || i, 'GATTACA' || i, now() - interval '1 year', (ARRAY['gdpr', 'ccpa', 'lgpd', 'pipl'])[i % 4 + 1] FROM generate_series(1, 12) i;
INSERT INTO visitors SELECT md5('v' || i)::uuid, 'v' || i || '@example.com', i = 1, CASE i WHEN 2 THEN false END, i = 3, now()
  FROM generate_series(1, 3) i;
INSERT INTO orders SELECT i, (i + 1) / 2, 'Street ' || i, now() - i * interval '3 years' FROM generate_series(1, 10) i;
INSERT INTO orders VALUES (11, NULL, 'Street of nobody', now());
INSERT INTO payments SELECT i, i, 'DE00' || i || '77', 100 * i + 5, i * 7, now() - i * interval '3 years' FROM generate_series(1, 11) i;
INSERT INTO messages SELECT i, date '2024-06-01' + i * 200, i % 3 + 1, i % 4 + 1, 'message ' || i FROM generate_series(1, 8) i;
INSERT INTO messages VALUES (9, '2024-02-02', 77, 1, 'from an orphan');
INSERT INTO notes SELECT i, i % 3 + 1, 'title ' || i, 'note ' || i, '2024-01-01', now() FROM generate_series(1, 6) i;
INSERT INTO old_notes SELECT i, 1, 'old ' || i, 'old note ' || i, '2020-01-01', now(), 'extra ' || i FROM generate_series(11, 12) i;
INSERT INTO labels VALUES (1, 9, 'RAW 77'), (2, 10, '7');
INSERT INTO logs VALUES (1, 'line', 'c1@example.com', now(), now());
INSERT INTO hr.employees SELECT 'e' || i, 'e' || i || '@example.com', '2020-02-03', 'desk ' || i, 'remark', now() FROM generate_series(1, 6) i;
INSERT INTO hr.employees VALUES ('12345678', 'cut@example.com', '2020-02-03', 'desk', 'remark', now());
INSERT INTO hr.consents SELECT nick, 'marketing', what, now() - at * interval '1 day', now() - since * interval '1 day', now() - till * interval '1 day'
  FROM (VALUES ('e1', 'given', 2, 2, NULL), ('e1', 'withdrawn', 1, NULL, NULL), ('e2', 'given', 9, 9, 1), ('e3', 'given', 2, 2, NULL),
               ('e4', 'given', 2, -1, NULL), ('e5', 'given', 2, NULL, NULL)) v (nick, what, at, since, till);
INSERT INTO hr.consents VALUES ('e3', 'research', 'objected', now()), ('e4', 'support', 'frozen', now());
INSERT INTO hr.shifts VALUES (1, 'e1', 'e2', 'early'), (2, 'e3', NULL, 'late'), (3, 'e2', 'e1', 'night');
GRANT USAGE ON SCHEMA hr TO crm, lab, dba, pgconsent;
GRANT SELECT ON ALL TABLES IN SCHEMA public, hr TO crm, lab, dba, pgconsent;
GRANT CREATE ON DATABASE openness TO pgconsent;
