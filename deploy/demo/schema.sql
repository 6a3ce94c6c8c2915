-- The demo's shop: 100 000 customers, 200 000 orders and payments, 100 000 messages, and who consented to what.
CREATE ROLE pgconsent LOGIN PASSWORD 'demo';
CREATE ROLE support_app LOGIN PASSWORD 'demo';
CREATE ROLE newsletter_app LOGIN PASSWORD 'demo';

CREATE TABLE customers (
  id          bigint PRIMARY KEY,
  full_name   varchar(60) NOT NULL,
  email       varchar(80) NOT NULL UNIQUE,
  phone       varchar(20),
  birth_date  date,
  national_id text,
  city        text NOT NULL
);
CREATE TABLE consents (
  customer_id bigint REFERENCES customers,
  purpose     text,
  status      text NOT NULL,
  given_at    timestamptz NOT NULL,
  expires_at  timestamptz,
  PRIMARY KEY (customer_id, purpose)
);
CREATE TABLE orders (
  id          bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  placed_on   date NOT NULL,
  total       numeric(10,2) NOT NULL,
  ship_to     text
);
CREATE TABLE payments (
  id       bigint PRIMARY KEY,
  order_id bigint NOT NULL REFERENCES orders,
  amount   numeric(10,2) NOT NULL,
  iban     varchar(34)
);
CREATE TABLE messages (
  id           bigint PRIMARY KEY,
  sender_id    bigint NOT NULL REFERENCES customers,
  recipient_id bigint NOT NULL REFERENCES customers,
  body         text
);

INSERT INTO customers
SELECT i, first || ' ' || last, lower(first || '.' || last) || '.' || i || '@example.org', '+49 30 ' || 1000000 + i,
  date '1945-01-01' + (i * 7919 % 21000)::int, 'ID-' || upper(substr(md5(i::text), 1, 8)),
  (ARRAY['Berlin','Lyon','Porto','Graz','Gdansk','Malmo','Turin'])[1 + i % 7]
FROM generate_series(1, 100000) i,
  LATERAL (SELECT (ARRAY['Ada','Bruno','Clara','Dario','Elif','Fritz','Greta','Hugo','Ines','Jonas','Klara'])[1 + i % 11] AS first,
                  (ARRAY['Abel','Brandt','Costa','Dupont','Eriksen','Ferrari','Gruber','Horvat','Ivanova','Jensen','Kaya','Lopez','Moreau'])[1 + i % 13] AS last) n;
-- Of three customers one has consented to the newsletter, one has withdrawn, one was never asked.
INSERT INTO consents
SELECT i, 'marketing', CASE i % 3 WHEN 1 THEN 'given' ELSE 'withdrawn' END, now() - interval '200 days', now() + interval '2 years'
FROM generate_series(1, 100000) i WHERE i % 3 <> 0;
INSERT INTO orders
SELECT i, 1 + i * 13 % 100000, date '2024-01-01' + (i % 600)::int, 5 + i * 37 % 40000 / 100.0, i % 180 || ' Station Road, ' || i % 90000 + 10000
FROM generate_series(1, 200000) i;
INSERT INTO payments SELECT i, i, 5 + i * 37 % 40000 / 100.0, 'DE' || 10 + i % 90 || '37040044' || lpad(i::text, 10, '0') FROM generate_series(1, 200000) i;
INSERT INTO messages
SELECT i, 1 + i * 7 % 100000, 1 + i * 11 % 100000, 'Is your bicycle no. ' || i || ' still for sale?' FROM generate_series(1, 100000) i;
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON payments (order_id);

GRANT SELECT ON ALL TABLES IN SCHEMA public TO support_app, newsletter_app;
GRANT SELECT ON consents TO pgconsent;
VACUUM ANALYZE;
