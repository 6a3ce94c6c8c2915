\set id random(1, 1000000)
SELECT id, email, full_name, phone, city FROM users WHERE id = :id;
