ALTER TABLE nodes DROP COLUMN process;
ALTER TABLE nodes DROP COLUMN advertise;
ALTER TABLE nodes DROP COLUMN started_at;
ALTER TABLE nodes DROP COLUMN lease_until;
ALTER TABLE nodes DROP COLUMN epoch;
