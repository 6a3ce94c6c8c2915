-- Turns a copy of the raw database into T' for the purpose in setting oracle.purpose ('' for none), as superuser.
-- An independent statement of what the rules mean: plain SQL, row by row, no shared code with the proxy.
CREATE SCHEMA oracle;
CREATE TABLE oracle.basis (purpose text, category text, how text);
INSERT INTO oracle.basis VALUES
  ('service', 'contact', 'declared'), ('service', 'identity', 'declared'), ('service', 'content', 'declared'),
  ('service', 'financial', 'declared'), ('service', 'usage', 'declared'),
  ('marketing', 'contact', 'consent'), ('marketing', 'identity', 'consent'), ('marketing', 'content', 'consent'),
  ('marketing', 'profile', 'consent'), ('marketing', 'usage', 'consent'),
  ('analytics', 'usage', 'declared'), ('analytics', 'profile', 'consent'),
  ('directory', 'identity', 'consent'), ('directory', 'contact', 'consent'), ('directory', 'financial', 'consent');

CREATE FUNCTION oracle.how(c text) RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT (SELECT b.how FROM oracle.basis b WHERE b.purpose = current_setting('oracle.purpose') AND b.category = c) $$;
-- The kinds of subject: is there one, and does the purpose rest on a basis that holds for it?
CREATE FUNCTION oracle.holds(present boolean, c text, consented boolean) RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT present AND coalesce(CASE oracle.how(c) WHEN 'declared' THEN true WHEN 'consent' THEN consented END, false) $$;
CREATE FUNCTION oracle.customer(k bigint, c text) RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT oracle.holds(k IS NOT NULL, c, EXISTS (SELECT FROM crm.consents r WHERE r.customer_id = k AND r.purpose = current_setting('oracle.purpose')
       AND r.category = c AND r.status = 'given' AND r.given_at <= now() AND (r.expires_at IS NULL OR now() < r.expires_at))
     AND NOT EXISTS (SELECT FROM crm.consents r WHERE r.customer_id = k AND r.purpose = current_setting('oracle.purpose')
       AND r.category = c AND r.status <> 'given')) $$;
CREATE FUNCTION oracle.employee(k text, c text) RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT oracle.holds(k IS NOT NULL, c, (SELECT CASE current_setting('oracle.purpose') WHEN 'directory' THEN e.show_in_directory WHEN 'marketing'
       THEN e.newsletter END FROM hr.employees e WHERE e.emp_no = k)) $$;
CREATE FUNCTION oracle.member(k uuid, c text) RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT oracle.holds(k IS NOT NULL, c, EXISTS (SELECT FROM member_consents r WHERE r.member_id = k AND r.purpose = current_setting('oracle.purpose') AND r.ok)) $$;
CREATE FUNCTION oracle.clear(c text, basis_holds boolean) RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT coalesce(basis_holds, false) $$;

-- The masks.
CREATE FUNCTION oracle.partial(v text, p int, pad text, s int) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE WHEN length(v) <= p + s THEN left(pad, 9999) ELSE substr(v, 1, p) || pad || substr(v, length(v) - s + 1) END
     WHERE v IS NOT NULL $$;
CREATE FUNCTION oracle.email(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
  DECLARE m text[] := regexp_match(v, '^([^@])[^@]*@([^@.])[^@]*\.([^@.]+)$');
  BEGIN
    IF v IS NULL THEN RETURN NULL; END IF;
    RETURN CASE WHEN m IS NULL THEN '***' ELSE m[1] || '***@' || m[2] || '***.' || m[3] END;
  END $$;

SET session_replication_role = replica;
UPDATE customers SET
  email     = CASE WHEN oracle.clear('contact', oracle.customer(id, 'contact')) THEN email END,
  full_name = CASE WHEN oracle.clear('identity', oracle.customer(id, 'identity')) THEN full_name ELSE oracle.partial(full_name, 1, '***', 0) END,
  phone     = CASE WHEN oracle.clear('contact', oracle.customer(id, 'contact')) THEN phone ELSE oracle.partial(phone, 3, '****', 2) END,
  country   = CASE WHEN oracle.clear('contact', oracle.customer(id, 'contact')) THEN country END,
  birth_date = CASE WHEN oracle.clear('identity', oracle.customer(id, 'identity')) THEN birth_date ELSE make_date(extract(year FROM birth_date)::int, 1, 1) END,
  credit    = CASE WHEN oracle.clear('financial', oracle.customer(id, 'financial')) THEN credit ELSE round(credit / 100) * 100 END,
  score     = CASE WHEN oracle.clear('financial', oracle.customer(id, 'financial')) THEN score ELSE (floor(score::numeric / 10) * 10)::int END,
  tags      = CASE WHEN oracle.clear('profile', oracle.customer(id, 'profile')) THEN tags END,
  profile   = CASE WHEN oracle.clear('profile', oracle.customer(id, 'profile')) THEN profile END,
  settings  = CASE WHEN oracle.clear('profile', oracle.customer(id, 'profile')) THEN settings END,
  address   = CASE WHEN oracle.clear('contact', oracle.customer(id, 'contact')) THEN address END,
  nickname  = CASE WHEN oracle.clear('identity', oracle.customer(id, 'identity')) THEN nickname WHEN nickname IS NOT NULL THEN 'friend' END,
  photo     = CASE WHEN oracle.clear('profile', oracle.customer(id, 'profile')) THEN photo END,
  signup    = CASE WHEN oracle.clear('usage', oracle.customer(id, 'usage')) THEN signup ELSE date_trunc('month', signup, 'UTC') END,
  last_login = CASE WHEN oracle.clear('usage', oracle.customer(id, 'usage')) THEN last_login ELSE date_trunc('year', last_login) END;
-- email_domain follows email by its generation expression, and both are of category contact with a NULL mask.
UPDATE customers_vip SET vip_note = NULL, vip_level = NULL;      -- no rule names them
UPDATE contacts SET
  mail   = CASE WHEN oracle.clear('contact', oracle.customer(customer_id, 'contact')) THEN mail ELSE oracle.email(mail) END,
  handle = CASE WHEN oracle.clear('contact', oracle.customer(customer_id, 'contact')) THEN handle ELSE oracle.partial(handle, 2, '--', 2) END,
  alias  = CASE WHEN oracle.clear('identity', oracle.customer(customer_id, 'identity')) THEN alias WHEN alias IS NOT NULL THEN '[withheld]' END,
  remark = CASE WHEN oracle.clear('content', oracle.customer(customer_id, 'content')) THEN remark ELSE oracle.partial(remark, 0, '', 3) END,
  code   = CASE WHEN oracle.clear('content', oracle.customer(customer_id, 'content')) THEN code END;
UPDATE badges SET   -- a pseudonym is keyed: no case compares this column for masked rows
  serial = CASE WHEN oracle.clear('contact', oracle.customer(customer_id, 'contact')) THEN serial ELSE encode(digest(serial, 'sha256'), 'hex') END;
UPDATE orders SET
  ship_to = CASE WHEN oracle.clear('contact', oracle.customer(customer_id, 'contact')) THEN ship_to END,
  note    = CASE WHEN oracle.clear('content', oracle.customer(customer_id, 'content')) THEN note WHEN note IS NOT NULL THEN '[withheld]' END;
UPDATE payments p SET
  iban       = CASE WHEN oracle.clear('contact', oracle.customer(s.k, 'contact')) THEN iban ELSE oracle.partial(iban, 2, '****', 2) END,
  payer_name = CASE WHEN oracle.clear('identity', oracle.customer(s.k, 'identity')) THEN payer_name END
  FROM (SELECT i.id, (SELECT o.customer_id FROM orders o WHERE o.id = i.order_id) AS k FROM payments i) s WHERE s.id = p.id;
UPDATE refunds r SET reason = CASE WHEN oracle.clear('content', oracle.customer((SELECT o.customer_id FROM payments p JOIN orders o
  ON o.id = p.order_id WHERE p.id = r.payment_id), 'content')) THEN reason END;
UPDATE pickups p SET door = CASE WHEN oracle.clear('contact', oracle.customer((SELECT d.customer_id FROM depots d
  WHERE (d.region, d.no) = (p.region, p.depot_no)), 'contact')) THEN door END;
UPDATE messages SET body = CASE WHEN oracle.clear('content', oracle.customer(sender_id, 'content') AND oracle.customer(recipient_id, 'content'))
  THEN body WHEN body IS NOT NULL THEN '[withheld]' END;
UPDATE threads SET topic = CASE WHEN oracle.clear('content', oracle.customer(a_id, 'content') OR oracle.customer(b_id, 'content')) THEN topic END;
UPDATE tickets SET question = CASE WHEN oracle.clear('contact', oracle.customer(customer_id, 'contact') AND oracle.employee(agent_no, 'contact')) THEN question END;
UPDATE hr.employees SET
  name       = CASE WHEN oracle.clear('identity', oracle.employee(emp_no, 'identity')) THEN name ELSE oracle.partial(name, 5, '.', 0) END,
  work_email = CASE WHEN oracle.clear('contact', oracle.employee(emp_no, 'contact')) THEN work_email ELSE oracle.email(work_email) END,
  salary     = CASE WHEN oracle.clear('financial', oracle.employee(emp_no, 'financial')) THEN salary END,
  home       = NULL;
UPDATE members SET
  handle = CASE WHEN oracle.clear('identity', oracle.member(id, 'identity')) THEN handle END,
  bio    = CASE WHEN oracle.clear('profile', oracle.member(id, 'profile')) THEN bio END;
DELETE FROM documents WHERE NOT oracle.clear('profile', oracle.member(owner_id, 'profile'));
UPDATE "Weird Table" SET
  "select" = CASE WHEN oracle.clear('content', oracle.customer("Key", 'content')) THEN "select" END,
  "a""b"   = CASE WHEN oracle.clear('contact', oracle.customer("Key", 'contact')) THEN "a""b" WHEN "a""b" IS NOT NULL THEN 'it''s' END,
  "Ünï cödé" = CASE WHEN oracle.clear('identity', oracle.customer("Key", 'identity')) THEN "Ünï cödé" END;
UPDATE tenant_a.users SET secret = CASE WHEN oracle.clear('contact', oracle.customer(id, 'contact')) THEN secret END;
UPDATE tenant_b.users SET secret = CASE WHEN oracle.clear('contact', oracle.customer(id, 'contact')) THEN secret END;
RESET session_replication_role;
DROP SCHEMA oracle CASCADE;
