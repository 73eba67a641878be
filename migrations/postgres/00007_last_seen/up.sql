-- When somebody was last there, stored each time they go.
CREATE TABLE last_seen (
    user_id TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL
);
