\set id random(1, 1000000)
INSERT INTO notes (user_id, body, label) VALUES (:id, 'A note', 'new');
