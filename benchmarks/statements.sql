-- What the analysis is measured on besides the test cases: one statement a line, as applications and ORMs send them.
SELECT 1
SELECT a, b, c, d FROM plain WHERE id = $1
SELECT count(*) FROM plain
SELECT p.a, q.b FROM plain p JOIN plain q ON p.id = q.id WHERE p.c LIKE 'x%' ORDER BY p.a LIMIT 20
UPDATE plain SET a = $1, b = $2 WHERE id = $3
INSERT INTO plain (id, a, b, c, d) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET a = excluded.a RETURNING id
DELETE FROM plain WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8)
BEGIN
COMMIT
SET application_name = 'shop'
SHOW transaction_isolation
SELECT id, email, full_name, phone, city FROM users WHERE id = $1
SELECT * FROM users WHERE email = $1
SELECT u.* FROM users u WHERE u.city = $1 ORDER BY u.id LIMIT 50 OFFSET 100
SELECT count(*) FROM users
SELECT city, count(*), min(email) FROM users GROUP BY city HAVING count(*) > 10 ORDER BY 2 DESC
SELECT DISTINCT ON (city) city, id, email FROM users ORDER BY city, created_at DESC
SELECT u.id, u.email, p.a FROM users u LEFT JOIN plain p ON p.id = u.id WHERE u.balance > 100 AND p.b IS NOT NULL
SELECT id FROM users WHERE id IN (SELECT id FROM plain WHERE d = 'city7') AND full_name ILIKE $1
SELECT id, email, rank() OVER (PARTITION BY city ORDER BY balance DESC) FROM users WHERE id BETWEEN $1 AND $2
WITH recent AS (SELECT id, email, created_at FROM users WHERE created_at > now() - interval '7 days') SELECT r.email, p.a FROM recent r JOIN plain p USING (id)
SELECT id, email FROM users WHERE city = 'city1' UNION ALL SELECT id, phone FROM users WHERE city = 'city2' ORDER BY 1
SELECT to_jsonb(u) FROM users u WHERE u.id = ANY ($1)
SELECT CASE WHEN u.balance > 0 THEN upper(u.full_name) ELSE coalesce(u.phone, 'none') END AS label FROM users AS u WHERE EXISTS (SELECT 1 FROM plain WHERE plain.id = u.id)
COPY (SELECT id, email, city FROM users WHERE id < 1000) TO STDOUT
SELECT "users"."id" AS t0_r0, "users"."email" AS t0_r1, "users"."full_name" AS t0_r2, "users"."phone" AS t0_r3, "users"."city" AS t0_r4, "users"."balance" AS t0_r5, "users"."created_at" AS t0_r6, "plain"."id" AS t1_r0, "plain"."a" AS t1_r1, "plain"."b" AS t1_r2 FROM "users" LEFT OUTER JOIN "plain" ON "plain"."id" = "users"."id" WHERE "users"."city" = $1 AND ("users"."balance" > $2 OR "plain"."c" IS NULL) ORDER BY "users"."created_at" DESC LIMIT $3
SELECT a.id, a.email, b.email AS referrer, c.full_name FROM users a JOIN users b ON b.id = a.id + 1 JOIN users c ON c.id = b.id + 1 WHERE a.city = b.city AND c.created_at > '2024-01-01'
SELECT extract(year FROM created_at) AS y, sum(balance) FILTER (WHERE city <> 'city1'), count(DISTINCT phone) FROM users GROUP BY GROUPING SETS ((1), ()) ORDER BY y
/*purpose='marketing',route='%2Fusers'*/ SELECT email FROM users WHERE id = 1
