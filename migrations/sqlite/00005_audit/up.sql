-- What admins did.
CREATE TABLE audit (
    id TEXT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT,
    -- How it came out: done, or the code of an error. NULL: the server stopped before that was known.
    outcome TEXT
) WITHOUT ROWID;
