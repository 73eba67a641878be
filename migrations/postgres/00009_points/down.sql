DROP TABLE point_recoveries;
DROP TABLE point_transactions;
DROP TABLE point_accounts;
DROP FUNCTION point_transactions_chain;
DROP FUNCTION point_transactions_stay;
