-- What a call costs, as it was at the request: points for each minute, and how long a minute is, in milliseconds. Both NULL for
-- a call that is free.
ALTER TABLE calls ADD COLUMN price BIGINT CHECK (price > 0);
ALTER TABLE calls ADD COLUMN minute BIGINT CHECK (minute > 0 AND (minute IS NULL) = (price IS NULL));
-- How many charges were made. Each is a transaction of the caller with the key call:<id>:<number>.
ALTER TABLE calls ADD COLUMN charges BIGINT NOT NULL DEFAULT 0 CHECK (charges = 0 OR charges > 0 AND connected_at IS NOT NULL);
-- After a start of the server, until somebody is back: the last moment at which the call is known to have gone on.
ALTER TABLE calls ADD COLUMN unseen_since BIGINT;
