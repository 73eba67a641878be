ALTER TABLE last_seen ADD COLUMN node TEXT COLLATE "C";
UPDATE last_seen SET node = (SELECT min(node) FROM whereabouts WHERE whereabouts.user_id = last_seen.user_id);
DROP TABLE whereabouts;
