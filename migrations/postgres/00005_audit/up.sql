-- What admins did.
CREATE TABLE audit (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C",
    -- How it came out: done, or the code of an error. NULL: the server stopped before that was known.
    outcome TEXT COLLATE "C"
);
