CREATE ROLE pgconsent LOGIN;
CREATE ROLE support_app LOGIN;
CREATE ROLE crm LOGIN;
CREATE ROLE invoices LOGIN;
CREATE ROLE dba LOGIN;
CREATE TABLE customers (id int PRIMARY KEY, email text, full_name text, street text, birth_date date, tax_number text,
                        diagnosis text, notes text, city text);
CREATE TABLE consents (customer int, purpose text, given boolean);
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customers, total numeric, placed date, comment text);
CREATE TABLE suppliers (id int PRIMARY KEY, contact_person text);
INSERT INTO customers SELECT i, 'RAW' || i || '@example.org', 'RAW name ' || i, 'RAW street', '1980-01-01', 'RAW tax', 'RAW flu', 'RAW', 'Bonn'
  FROM generate_series(1, 20) i;
INSERT INTO consents SELECT i, 'marketing', i % 2 = 0 FROM generate_series(1, 20) i;
INSERT INTO orders SELECT i, i, i * 10, '2026-01-01', 'RAW' FROM generate_series(1, 20) i;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO support_app, crm, invoices, dba, pgconsent;
