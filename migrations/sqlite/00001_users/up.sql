-- Everybody the server knows: set up by a backend, or from the claims of their token.
CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'otomo', 'admin', 'service')),
    name TEXT NOT NULL,
    avatar TEXT,
    price_per_minute BIGINT CHECK (price_per_minute >= 0),
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
