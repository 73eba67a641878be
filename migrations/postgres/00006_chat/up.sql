-- Conversations: of two people (one for each pair) or of a group.
CREATE TABLE conversations (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('direct', 'group')),
    title TEXT COLLATE "C",
    -- Direct: both user ids, the smaller one first, with a line feed between them, which no id has.
    pair TEXT COLLATE "C" UNIQUE,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    -- The last message: its place and its time. The messages are those from floor + 1 to last_seq, without a gap.
    last_seq BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    floor BIGINT NOT NULL,
    CHECK ((kind = 'direct') = (pair IS NOT NULL)),
    CHECK (floor BETWEEN 0 AND last_seq)
);
CREATE INDEX conversations_created_by ON conversations (created_by);

-- Who is in a conversation, and how far they have read it. Only members hear of it.
CREATE TABLE members (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    conversation_id TEXT COLLATE "C" NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    joined_at BIGINT NOT NULL,
    -- The last message that they have seen; it moves forward only.
    read_seq BIGINT NOT NULL,
    read_at BIGINT,
    PRIMARY KEY (user_id, conversation_id)
);
CREATE INDEX members_conversation_id ON members (conversation_id);

CREATE TABLE messages (
    conversation_id TEXT COLLATE "C" NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    sender_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    -- What the sender's client calls it: a repeat is known by it.
    client_message_id TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    -- JSON of the app.
    data TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
CREATE UNIQUE INDEX messages_client_message_id ON messages (sender_id, client_message_id);
CREATE INDEX messages_created_at ON messages (created_at);
