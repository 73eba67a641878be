DROP TABLE point_recoveries;
DROP TABLE point_transactions;
DROP TABLE point_accounts;
