-- The data behind every end-to-end bar: 1 M users, 1.5 M consent records, 1 M rows that no rule protects.
-- Every second user has given consent for marketing, in user_consents and in the flag column alike.
CREATE TABLE users (
  id bigint PRIMARY KEY,
  email text UNIQUE,
  full_name text,
  phone text,
  city text,
  balance numeric,
  created_at timestamptz DEFAULT now(),
  marketing_opt_in boolean NOT NULL
);
INSERT INTO users
SELECT i, 'user' || i || '@example.com', 'Name ' || i, '+1-555-' || i, 'city' || (i % 1000), i * 0.01, now(), i % 2 = 1
FROM generate_series(1, 1000000) i;

CREATE TABLE user_consents (
  user_id bigint,
  purpose text,
  status text NOT NULL DEFAULT 'given',
  given_at timestamptz DEFAULT now() - interval '1 day',
  expires_at timestamptz,
  PRIMARY KEY (user_id, purpose)
);
INSERT INTO user_consents (user_id, purpose)
SELECT i, p FROM generate_series(1, 1000000) i, unnest(ARRAY['marketing', 'support']) p WHERE i % 2 = 1 OR p = 'support';

CREATE TABLE plain (id bigint PRIMARY KEY, a text, b text, c text, d text);
INSERT INTO plain SELECT id, email, full_name, phone, city FROM users;

CREATE ROLE app LOGIN;
CREATE ROLE control LOGIN;
GRANT SELECT ON users, user_consents, plain TO app, control;

VACUUM (FREEZE, ANALYZE);
