-- Who has points. An account comes into being with its first transaction, and need not be somebody in `users`.
CREATE TABLE point_accounts (
    user_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    -- The sum of the account's transactions. Up to what every JSON parser reads exactly (2^53 - 1).
    balance BIGINT NOT NULL,
    -- The last transaction. The transactions are those from 1 to here, without a gap.
    last_ordinal BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (balance BETWEEN 0 AND 9007199254740991)
);

-- What was granted and consumed. Rows are added only.
CREATE TABLE point_transactions (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES point_accounts (user_id),
    ordinal BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    -- What makes a repeat known, and a hash of what was asked for under it.
    key TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    -- JSON of the app: an object.
    metadata TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, ordinal),
    CHECK (amount <> 0),
    CHECK (balance_after BETWEEN 0 AND 9007199254740991)
);
CREATE UNIQUE INDEX point_transactions_key ON point_transactions (user_id, key);

-- The balance is the sum: each transaction goes on where the one before it ended, and none changes afterwards.
CREATE FUNCTION point_transactions_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.balance_after - NEW.amount <> COALESCE(
        (SELECT balance_after FROM point_transactions WHERE user_id = NEW.user_id AND ordinal = NEW.ordinal - 1),
        CASE NEW.ordinal WHEN 1 THEN 0 END,
        -1
    ) THEN
        RAISE EXCEPTION 'a point transaction does not go on where the one before it ended';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION point_transactions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a point transaction never %', TG_ARGV[0];
END $$;
CREATE TRIGGER point_transactions_chain BEFORE INSERT ON point_transactions
    FOR EACH ROW EXECUTE FUNCTION point_transactions_chain();
CREATE TRIGGER point_transactions_no_update BEFORE UPDATE ON point_transactions
    FOR EACH ROW EXECUTE FUNCTION point_transactions_stay('changes');
CREATE TRIGGER point_transactions_no_delete BEFORE DELETE ON point_transactions
    FOR EACH ROW EXECUTE FUNCTION point_transactions_stay('goes');
CREATE TRIGGER point_transactions_no_truncate BEFORE TRUNCATE ON point_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION point_transactions_stay('goes');

-- The daily recoveries, by local day: how far each has come through the accounts, in the order of their users.
CREATE TABLE point_recoveries (
    day TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    -- The last account that was looked at; NULL at the beginning.
    through TEXT COLLATE "C",
    finished_at BIGINT
);
