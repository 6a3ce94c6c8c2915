CREATE ROLE crm LOGIN;
CREATE ROLE helpdesk LOGIN;
CREATE ROLE dba LOGIN;
CREATE ROLE pgconsent LOGIN;
CREATE TABLE customers (id int PRIMARY KEY, email text, full_name text, iban text NOT NULL, city text);
CREATE TABLE consents (customer_id int, status text);
CREATE TABLE members (id uuid PRIMARY KEY, nick text, wants_mail boolean);
CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL REFERENCES customers, note text);
CREATE TABLE messages (id int PRIMARY KEY, sender int NOT NULL, recipient int NOT NULL, body text);
CREATE TABLE shops ("place, name" text PRIMARY KEY, owner text);
CREATE TABLE articles (id int, title text);

INSERT INTO customers SELECT i, CASE WHEN i % 7 <> 0 THEN 'RAW.mail' || i || '@example.org' END, 'RAW Name ' || i,
  'RAW-DE' || i, 'City ' || i % 10 FROM generate_series(1, 200) i;
INSERT INTO consents SELECT i, CASE WHEN i % 3 = 0 THEN 'given' ELSE 'withdrawn' END FROM generate_series(1, 200) i WHERE i % 4 <> 1;
INSERT INTO members SELECT md5('m' || i)::uuid, 'RAW nick ' || i, i % 2 = 0 FROM generate_series(1, 30) i;
INSERT INTO orders SELECT i, i % 50 + 1, 'RAW note ' || i FROM generate_series(1, 100) i;
INSERT INTO messages SELECT i, i, i + 100, 'RAW body ' || i FROM generate_series(1, 40) i;
INSERT INTO shops SELECT E'a\tb,"c"\\' || i, 'RAW owner ' || i FROM generate_series(1, 5) i;
CREATE FUNCTION fails(int) RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'RAWXY'; END$$;
CREATE FUNCTION mail_of(int) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN RETURN (SELECT email FROM customers WHERE id = $1); END$$;
CREATE FUNCTION first_mail() RETURNS text LANGUAGE sql AS $$SELECT mail_of(1)$$;
CREATE FUNCTION twice(int) RETURNS int LANGUAGE plpgsql AS $$BEGIN EXECUTE 'SELECT 1'; RETURN 2 * $1; END$$;
CREATE VIEW mails AS SELECT n, mail_of(n) AS mail FROM generate_series(1, 3) n;
CREATE FUNCTION note_mail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN new.title = mail_of(new.id); RETURN new; END$$;
CREATE TABLE letters (id int, title text);
CREATE TRIGGER note_mail BEFORE INSERT ON letters FOR EACH ROW EXECUTE FUNCTION note_mail();
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO crm, helpdesk, dba, pgconsent;
