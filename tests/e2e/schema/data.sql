-- Consent of customer i by i % 6: 0 none; 1 everything; 2 withdrawn; 3 expired; 4 contact only (twice); 5 not yet valid.
-- Customers 7 and 13 have an old expired record beside the valid one. Purpose `marketing`.
SET ROLE shop_owner;
INSERT INTO tenants VALUES (1, 'north'), (2, 'south'), (3, 'empty');
INSERT INTO customers (id, uid, tenant_id, email, full_name, phone, country, birth_date, tier, city, credit, score, tags,
                       profile, settings, address, nickname, photo, signup, last_login)
SELECT i, md5('u' || i)::uuid, CASE WHEN i % 7 <> 0 THEN 1 + i % 2 END,
  CASE WHEN i <> 19 THEN format('raw.c%s@RAW-%s.example.org', i, CASE WHEN i % 3 = 0 THEN 'alpha' ELSE 'beta' END) END,
  CASE WHEN i <> 20 THEN format('%s RAW-name-%s', (ARRAY['Ana','Bo','Éva','Dmitri','Zoë','李'])[1 + i % 6], i) END,
  format('+49-RAW-%s', 1000 + i), CASE i % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'I' END,
  make_date(1950 + i, 1 + i % 12, 1 + i % 28), (ARRAY['basic','silver','gold'])[1 + i % 3]::tier,
  (ARRAY['Paris','Rome','Oslo','Bern'])[1 + i % 4], i * 137.55 - 500, i * 7 - 20,
  ARRAY['RAW-tag-' || i, 'RAW-all'], jsonb_build_object('likes', 'RAW-like-' || i, 'n', i),
  json_build_object('theme', 'RAW-theme-' || i % 2), ROW('RAW street ' || i, '0000' || i % 10, i + 0.5)::contact_info,
  'RAW-nick-' || i, decode('524157' || lpad(to_hex(i), 4, '0'), 'hex'),
  '2019-03-17 10:20:30.456+00'::timestamptz + i * interval '41 days', '2024-02-29 12:34:56'::timestamp - i * interval '13 days'
FROM generate_series(1, 24) i;
ALTER TABLE customers ALTER COLUMN id RESTART WITH 1000;
INSERT INTO customers_vip (id, uid, tenant_id, email, full_name, phone, country, birth_date, tier, city, credit, score, vip_note, vip_level)
SELECT i, md5('u' || i)::uuid, 1, format('raw.vip%s@RAW-vip.example.org', i), 'Vip RAW-name-' || i, '+49-RAW-' || i, 'CH',
  make_date(1900 + i % 90, 2, 3), 'gold', 'Bern', i * 10, i, 'RAW vip note ' || i, i % 3
FROM generate_series(201, 204) i;

INSERT INTO contacts
SELECT i, nullif(1 + i % 13, 13), format('raw%s.RAW@mail-RAW.example.com', i), 'RAW-handle-' || i % 5,
  CASE WHEN i <> 9 THEN 'RAW-alias-' || i % 4 END, 'RAW remark ' || i, 'RAW' || i
FROM generate_series(1, 20) i;
INSERT INTO contacts VALUES (21, 1, 'not an address RAW', '', 'R', '', NULL), (22, 2, 'x@y', 'ab', '', 'abc', 'R'),
  (23, 3, NULL, NULL, NULL, NULL, NULL), (24, 6, '@RAW.', 'abcd', 'ü', 'abcde', ''), (25, NULL, 'raw@RAW.org', 'RAW-lost', 'RAW-lost', 'RAW', 'RAW');
INSERT INTO badges SELECT i, nullif(1 + i % 9, 9), 'RAW serial ' || i, 'RAW code ' || i % 5 FROM generate_series(1, 20) i;
INSERT INTO orders
SELECT i, CASE WHEN i = 39 THEN NULL WHEN i = 40 THEN 9999 ELSE 1 + i * 7 % 24 END, '2024-01-01'::timestamptz + i * interval '31 hours',
  (ARRAY['new','paid','sent','done'])[1 + i % 4], i * 19.99, format('RAW road %s', i), CASE WHEN i % 4 = 0 THEN 'RAW note ' || i END
FROM generate_series(1, 40) i;
INSERT INTO depots SELECT r, n, (r - 1) * 4 + n, 'Depot ' || r || n FROM generate_series(1, 3) r, generate_series(1, 4) n;
INSERT INTO pickups SELECT i, 1 + i % 3, 1 + i % 4, 'RAW door ' || i FROM generate_series(1, 12) i;
INSERT INTO pickups VALUES (13, 1, NULL, 'RAW door 13'), (14, NULL, 1, 'RAW door 14'), (15, NULL, NULL, 'RAW door 15');
INSERT INTO payments
SELECT i, CASE WHEN i > 48 THEN NULL ELSE 1 + i % 40 END, i * 10.5, 'RAW89370400440532' || 1000 + i, 'RAW payer ' || i % 9
FROM generate_series(1, 50) i;
INSERT INTO refunds SELECT i, CASE WHEN i = 12 THEN 999 ELSE i * 4 + i % 3 END, i, 'RAW reason ' || i FROM generate_series(1, 12) i;
INSERT INTO messages
SELECT i * 9, nullif(1 + i % 8, 5), 1 + i * 5 % 14, '2024-05-01'::timestamptz + i * interval '1 hour', 'RAW body ' || i
FROM generate_series(1, 30) i;
INSERT INTO messages VALUES (5, 1, 7, '2024-06-01', 'RAW both consent'), (105, 7, 13, '2024-06-02', 'RAW both consent too'), (106, 13, NULL, NULL, 'RAW half');
INSERT INTO threads SELECT i, nullif(i, 4), nullif(i + 6, 9), 'RAW topic ' || i FROM generate_series(1, 12) i;
INSERT INTO hr.employees
SELECT 'E' || i, 'RAW Name ' || i, format('raw.e%s@RAW.example.net', i), 30000 + i * 1111.11, 'RAW home ' || i,
  CASE WHEN i > 2 THEN 'E' || i / 2 END, 'desk ' || i, (ARRAY[true, false, NULL])[1 + i % 3], i % 2 = 0
FROM generate_series(1, 12) i;
INSERT INTO tickets SELECT i, 1 + i % 8, CASE WHEN i <> 5 THEN 'E' || 1 + i % 14 END, 'RAW question ' || i FROM generate_series(1, 20) i;
INSERT INTO members SELECT md5('m' || i)::uuid, 'RAW-member-' || i, 'RAW bio ' || i FROM generate_series(1, 8) i;
INSERT INTO member_consents SELECT md5('m' || i)::uuid, p, i % 2 = 1 FROM generate_series(1, 7) i, unnest(ARRAY['marketing', 'analytics']) p;
INSERT INTO documents SELECT i, CASE WHEN i <> 12 THEN md5('m' || 1 + i % 9)::uuid END, 'title ' || i, 'RAW document ' || i FROM generate_series(1, 12) i;
INSERT INTO "Weird Table" SELECT i, 'RAW select ' || i, 'RAW quote ' || i, 'RAW ünï ' || i, i * 2 FROM generate_series(1, 8) i;
INSERT INTO tenant_a.users SELECT i, 'RAW secret a' || i, 'label ' || i FROM generate_series(1, 6) i;
INSERT INTO tenant_b.users SELECT i, 'RAW secret b' || i, 'label ' || i FROM generate_series(1, 6) i;

INSERT INTO crm.consents
SELECT row_number() OVER (), i, 'marketing', c, CASE i % 6 WHEN 2 THEN 'withdrawn' ELSE 'given' END,
  CASE i % 6 WHEN 5 THEN now() + interval '1 year' ELSE now() - interval '2 years' END,
  CASE i % 6 WHEN 3 THEN now() - interval '1 day' WHEN 1 THEN NULL ELSE now() + interval '1 year' END
FROM (SELECT generate_series(1, 24) UNION ALL SELECT generate_series(201, 204)) t(i),
  unnest(ARRAY['contact', 'identity', 'content', 'profile', 'usage']) c
WHERE i % 6 IN (1, 2, 3, 5) OR i % 6 = 4 AND c = 'contact';
INSERT INTO crm.consents
SELECT 1000 + i, i, 'marketing', 'contact', 'given', now() - interval '9 days', now() + interval '9 days'
FROM generate_series(4, 22, 6) i;
INSERT INTO crm.consents
SELECT 2000 + i, i, 'marketing', 'identity', 'given', now() - interval '9 years', now() - interval '8 years' FROM unnest(ARRAY[7, 13]) i;
INSERT INTO crm.consents   -- withdrawn once, whenever that was
SELECT 2500 + i, i, 'marketing', 'contact', 'withdrawn', now() - interval '9 years', now() - interval '8 years' FROM unnest(ARRAY[19]) i;
INSERT INTO crm.consents VALUES (3000, 6, 'surveys', 'contact', 'given', now() - interval '1 day', NULL);

INSERT INTO products SELECT i, 'Product ' || i, i * 4.25, i * 3 % 11, ARRAY['t' || i % 3, 'all'],
  jsonb_build_object('color', (ARRAY['red','blue'])[1 + i % 2]) FROM generate_series(1, 12) i;
INSERT INTO order_items SELECT o, p, 1 + o % 3, p * 4.25 FROM generate_series(1, 40) o, generate_series(1, 12) p WHERE (o + p) % 5 = 0;
INSERT INTO scratch (k, v) SELECT 'k' || i, 'v' || i FROM generate_series(1, 5) i;
INSERT INTO sandbox.customers SELECT i, 'sandbox' || i || '@example.com', 'Nowhere' FROM generate_series(1, 3) i;
INSERT INTO archive.orders SELECT i, i, 'old' FROM generate_series(1, 4) i;
REFRESH MATERIALIZED VIEW mv_mail;
REFRESH MATERIALIZED VIEW mv_products;

INSERT INTO notes VALUES (2, 'a'), (3, 'b');
GRANT USAGE ON SCHEMA public, crm, hr, sandbox, archive, tenant_a, tenant_b TO app_users, pgconsent;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, hr, sandbox, archive, tenant_a, tenant_b TO app_users;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO app_users, pgconsent;
GRANT USAGE ON SCHEMA public, crm TO viewer;
GRANT SELECT ON v_contacts, v_gold, v_city, v_products, v_tenants, v_spenders TO viewer;
GRANT SELECT ON v_desk, v_totals, v_latest_order, v_distinct, v_keyless, v_buyers, v_usage TO viewer;
GRANT SELECT (key) ON v_renamed TO viewer;
GRANT SELECT ON crm.consents TO viewer;
REVOKE SELECT ON v_hidden FROM app_users;
GRANT SELECT ON hr.employees, member_consents TO pgconsent;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app_users;
GRANT CREATE ON SCHEMA sandbox TO app_users;
GRANT TRUNCATE ON scratch TO app_users;
RESET ROLE;
ANALYZE;
