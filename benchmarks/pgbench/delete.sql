\set id random(2000000, 900000000)
INSERT INTO notes (id, user_id, body, label) VALUES (:id, 1, 'A note', 'new') ON CONFLICT DO NOTHING;
DELETE FROM notes WHERE id = :id AND body <> 'never';
