-- When a running server last said that it runs: what it leaves behind at kill -9 ended then.
CREATE TABLE nodes (
    name TEXT PRIMARY KEY NOT NULL,
    alive_at BIGINT NOT NULL
) WITHOUT ROWID;

-- Where somebody is right now; NULL once they have gone.
ALTER TABLE last_seen ADD COLUMN node TEXT;
