DROP TABLE leases;
DROP TABLE otomo;
