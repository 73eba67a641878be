-- What is known of an otomo's presence. `status` is computed from the leases, the choice and the live call, and stored
-- with a version so that every node tells of a change once.
CREATE TABLE otomo (
    user_id TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES users (id),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('online', 'busy', 'break', 'offline')),
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    chosen TEXT COLLATE "C" NOT NULL CHECK (chosen IN ('online', 'break')),
    chosen_cause TEXT COLLATE "C" NOT NULL,
    chosen_until BIGINT,
    -- Rings in a row without an answer.
    missed BIGINT NOT NULL,
    -- End of the wrap-up after the last call.
    free_at BIGINT NOT NULL
);
CREATE INDEX otomo_changed_at ON otomo (changed_at);
CREATE INDEX otomo_chosen_until ON otomo (chosen_until) WHERE chosen_until IS NOT NULL;

-- One connected session of an otomo, good until `expires_at` and renewed by its node. `leaving`: in its grace, not renewed.
CREATE TABLE leases (
    session TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    -- A device that returns ends its own grace, and no other.
    device TEXT COLLATE "C" NOT NULL,
    otomo_id TEXT COLLATE "C" NOT NULL REFERENCES otomo (user_id),
    node TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    leaving BOOLEAN NOT NULL
);
CREATE INDEX leases_otomo_id ON leases (otomo_id);
CREATE INDEX leases_expires_at ON leases (expires_at);
-- The next grace to end is looked for often, among many leases that are renewed.
CREATE INDEX leases_leaving ON leases (expires_at) WHERE leaving;
