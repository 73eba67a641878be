-- Every call, live or ended. A row is changed only by who has its version; an ended one never again, but for what was said.
CREATE TABLE calls (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    caller_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    otomo_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    caller_device TEXT COLLATE "C" NOT NULL,
    otomo_device TEXT COLLATE "C",
    phase TEXT COLLATE "C" NOT NULL CHECK (phase IN ('requesting', 'ringing', 'connecting', 'connected', 'ended')),
    version BIGINT NOT NULL,
    -- The version that clients were told; while it trails, somebody still has to speak.
    spoken_version BIGINT NOT NULL,
    requested_at BIGINT NOT NULL,
    ring_deadline BIGINT,
    deadline BIGINT,
    accepted_at BIGINT,
    connected_at BIGINT,
    ended_at BIGINT,
    caller_lost_until BIGINT,
    otomo_lost_until BIGINT,
    media_lost_until BIGINT,
    caller_reported BOOLEAN NOT NULL,
    otomo_reported BOOLEAN NOT NULL,
    method TEXT COLLATE "C",
    outcome TEXT COLLATE "C" CHECK (outcome IN ('completed', 'rejected', 'cancelled', 'missed', 'failed')),
    reason TEXT COLLATE "C",
    ended_by TEXT COLLATE "C",
    -- The call into which this one was joined, when two people requested each other at once.
    joined_call_id TEXT COLLATE "C" REFERENCES calls (id) ON DELETE CASCADE,
    -- The earliest moment at which a sweeper has something to do.
    due_at BIGINT,
    -- Ended means: with an outcome, a reason and a time; and nothing else means it.
    CHECK ((phase = 'ended') = (ended_at IS NOT NULL)),
    CHECK ((phase = 'ended') = (outcome IS NOT NULL)),
    CHECK ((phase = 'ended') = (reason IS NOT NULL))
);
CREATE INDEX calls_due_at ON calls (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX calls_caller_id ON calls (caller_id, requested_at, id);
CREATE INDEX calls_otomo_id ON calls (otomo_id, requested_at, id);
CREATE INDEX calls_requested_at ON calls (requested_at, id);
CREATE INDEX calls_caller_ended_at ON calls (caller_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX calls_otomo_ended_at ON calls (otomo_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX calls_unspoken ON calls (id) WHERE spoken_version < version;
CREATE INDEX calls_joined_call_id ON calls (joined_call_id) WHERE joined_call_id IS NOT NULL;

-- Who is in a live call, in whatever role. The key is what forbids a second one.
CREATE TABLE live_participants (
    user_id TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES users (id),
    call_id TEXT COLLATE "C" NOT NULL REFERENCES calls (id) ON DELETE CASCADE
);
CREATE INDEX live_participants_call_id ON live_participants (call_id);

-- The timeline of a call: what happened, in the order of the versions that it made.
CREATE TABLE call_events (
    call_id TEXT COLLATE "C" NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C",
    detail TEXT COLLATE "C",
    PRIMARY KEY (call_id, version, event)
);
