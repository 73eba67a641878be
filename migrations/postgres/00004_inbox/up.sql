-- The body of a durable event, once for however many inboxes it is in.
CREATE TABLE events (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    topic TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX events_created_at ON events (created_at);

-- Where each user's stream ends and begins: `head` is the last seq given, `floor` the last one that was dropped.
-- Not tied to `users`: an event may wait for somebody who has never been here.
CREATE TABLE inbox_heads (
    user_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    head BIGINT NOT NULL,
    floor BIGINT NOT NULL,
    CHECK (floor BETWEEN 0 AND head)
);

-- The streams: for each user the seqs from floor + 1 to head, without a gap.
CREATE TABLE inbox (
    user_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL REFERENCES events (id),
    PRIMARY KEY (user_id, seq)
);
CREATE INDEX inbox_event_id ON inbox (event_id);
