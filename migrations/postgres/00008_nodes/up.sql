-- When a running server last said that it runs: what it leaves behind at kill -9 ended then.
CREATE TABLE nodes (
    name TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    alive_at BIGINT NOT NULL
);

-- Where somebody is right now; NULL once they have gone.
ALTER TABLE last_seen ADD COLUMN node TEXT COLLATE "C";
