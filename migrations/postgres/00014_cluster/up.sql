-- The nodes that serve this database. Each life of one has an epoch of its own, and what it writes is refused once the
-- row has another, or no lease.
ALTER TABLE nodes ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
-- Until when it counts as alive without another sign of life. NULL: it has left, or another node has settled its affairs.
ALTER TABLE nodes ADD COLUMN lease_until BIGINT;
ALTER TABLE nodes ADD COLUMN started_at BIGINT NOT NULL DEFAULT 0;
-- Where other nodes reach it.
ALTER TABLE nodes ADD COLUMN advertise TEXT COLLATE "C";
-- Which process it is, for the next one of that name to see whether it has ended.
ALTER TABLE nodes ADD COLUMN process TEXT COLLATE "C";
