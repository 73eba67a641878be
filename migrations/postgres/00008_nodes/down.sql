ALTER TABLE last_seen DROP COLUMN node;
DROP TABLE nodes;
