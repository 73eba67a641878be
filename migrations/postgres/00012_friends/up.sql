-- What two people are to each other, as each of them sees it: two rows, which are written and removed together.
CREATE TABLE friendships (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    other_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    -- The user has asked the other, was asked by them, or is their friend.
    standing TEXT COLLATE "C" NOT NULL CHECK (standing IN ('outgoing', 'incoming', 'friend')),
    since_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, other_id),
    CHECK (user_id <> other_id)
);
CREATE INDEX friendships_since_at ON friendships (user_id, since_at, other_id);
CREATE INDEX friendships_other_id ON friendships (other_id);
