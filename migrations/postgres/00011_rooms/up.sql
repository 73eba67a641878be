-- Whom backends let into a room. Not tied to `users`: somebody may be let in who has never been here.
CREATE TABLE room_members (
    room TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    granted_at BIGINT NOT NULL,
    -- From then on the grant is worth nothing; NULL: it has no end.
    expires_at BIGINT,
    PRIMARY KEY (room, user_id)
);
CREATE INDEX room_members_expires_at ON room_members (expires_at) WHERE expires_at IS NOT NULL;

-- The newest state of each key in a room: what somebody who joins is told first.
CREATE TABLE room_states (
    room TEXT COLLATE "C" NOT NULL,
    -- The event's type and its key, with a line feed between them, which neither has.
    key TEXT COLLATE "C" NOT NULL,
    -- How large the body is; before it, so that summing does not read it.
    bytes BIGINT NOT NULL,
    -- The whole message as JSON.
    body TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (room, key)
);
CREATE INDEX room_states_expires_at ON room_states (expires_at);

-- What backends published with a key of their own: a repeat has no second effect.
CREATE TABLE publications (
    key TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    -- Which request it was. One that is run again after its first run was stored finds itself by this.
    request TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of the event.
    digest TEXT COLLATE "C" NOT NULL,
    stored BIGINT NOT NULL,
    published_at BIGINT NOT NULL
);
CREATE INDEX publications_published_at ON publications (published_at);
