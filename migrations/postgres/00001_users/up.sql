-- Everybody the server knows: set up by a backend, or from the claims of their token.
CREATE TABLE users (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('user', 'otomo', 'admin', 'service')),
    name TEXT COLLATE "C" NOT NULL,
    avatar TEXT COLLATE "C",
    price_per_minute BIGINT CHECK (price_per_minute >= 0),
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
