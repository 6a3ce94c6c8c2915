\set id random(1, 1000000)
SELECT a, b, c, d FROM plain WHERE id = :id;
