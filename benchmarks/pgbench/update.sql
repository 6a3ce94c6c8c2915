\set id random(1, 200000)
UPDATE notes SET body = 'Changed', label = 'changed' WHERE id = :id;
