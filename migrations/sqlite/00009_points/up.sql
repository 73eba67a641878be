-- Who has points. An account comes into being with its first transaction, and need not be somebody in `users`.
CREATE TABLE point_accounts (
    user_id TEXT PRIMARY KEY NOT NULL,
    -- The sum of the account's transactions. Up to what every JSON parser reads exactly (2^53 - 1).
    balance BIGINT NOT NULL,
    -- The last transaction. The transactions are those from 1 to here, without a gap.
    last_ordinal BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (balance BETWEEN 0 AND 9007199254740991)
) WITHOUT ROWID;

-- What was granted and consumed. Rows are added only.
CREATE TABLE point_transactions (
    user_id TEXT NOT NULL REFERENCES point_accounts (user_id),
    ordinal BIGINT NOT NULL,
    id TEXT NOT NULL,
    -- What makes a repeat known, and a hash of what was asked for under it.
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    amount BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    type TEXT NOT NULL,
    description TEXT NOT NULL,
    action TEXT NOT NULL,
    -- JSON of the app: an object.
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, ordinal),
    CHECK (amount <> 0),
    CHECK (balance_after BETWEEN 0 AND 9007199254740991)
) WITHOUT ROWID;
CREATE UNIQUE INDEX point_transactions_key ON point_transactions (user_id, key);

-- The balance is the sum: each transaction goes on where the one before it ended, and none changes afterwards.
CREATE TRIGGER point_transactions_chain BEFORE INSERT ON point_transactions
WHEN NEW.balance_after - NEW.amount <> COALESCE(
    (SELECT balance_after FROM point_transactions WHERE user_id = NEW.user_id AND ordinal = NEW.ordinal - 1),
    CASE NEW.ordinal WHEN 1 THEN 0 END,
    -1
)
BEGIN
    SELECT RAISE(ABORT, 'a point transaction does not go on where the one before it ended');
END;
CREATE TRIGGER point_transactions_no_update BEFORE UPDATE ON point_transactions
BEGIN
    SELECT RAISE(ABORT, 'a point transaction never changes');
END;
CREATE TRIGGER point_transactions_no_delete BEFORE DELETE ON point_transactions
BEGIN
    SELECT RAISE(ABORT, 'a point transaction never goes');
END;

-- The daily recoveries, by local day: how far each has come through the accounts, in the order of their users.
CREATE TABLE point_recoveries (
    day TEXT PRIMARY KEY NOT NULL,
    -- The last account that was looked at; NULL at the beginning.
    through TEXT,
    finished_at BIGINT
) WITHOUT ROWID;
