//! What may not be in the tables of points: an account that holds something else than its transactions come to.
//!
//! The ledger is the truth: its rows are only added, each goes on where the one before it ended, and the database refuses
//! any other. An account is what they come to, kept so that nobody has to add them up; so of the two it is the account that is
//! wrong. But a ledger in which that chain is broken, or that ends before the account does, is nobody's to mend, and no account
//! is made to follow it: which points somebody had is then a question for people.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use crate::store::{
    Conn, StoreError, Tx,
    repair::{Breakage, Rule, Scene, execute, is_text, rows},
};

/// What holds of these tables.
pub const RULES: &[Rule] = &[
    Rule {
        name: "ledger",
        find: broken_chains,
    },
    Rule {
        name: "account",
        find: accounts,
    },
];

#[derive(QueryableByName)]
struct Break {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    ordinal: i64,
}

/// The lines that do not go on where the one before them ended, as the triggers of both databases ask it of each new row.
const BROKEN: &str = "FROM point_transactions AS line
    LEFT JOIN point_transactions AS prior ON prior.user_id = line.user_id AND prior.ordinal = line.ordinal - 1
    WHERE CAST(line.balance_after AS NUMERIC) - line.amount
        <> COALESCE(prior.balance_after, CASE line.ordinal WHEN 1 THEN 0 END, -1)";

fn broken_chains(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let readable = is_text(conn, "line.user_id");
    let question = format!(
        "SELECT line.user_id AS user_id, min(line.ordinal) AS ordinal {BROKEN} AND {readable}
         GROUP BY line.user_id ORDER BY line.user_id"
    );
    let broken = rows::<Break>(conn, &question, &[])?.into_iter();
    Ok(broken
        .map(|Break { user_id, ordinal }| {
            Breakage::left(
                format!("the ledger of {user_id}"),
                format!("does not go on from its transaction {} to {ordinal}", ordinal.saturating_sub(1)),
                "the ledger is the truth and is not changed: put a backup in its place, or make the difference good by a \
                 transaction of your backend",
            )
        })
        .collect())
}

/// An account, and the last of its transactions.
#[derive(QueryableByName)]
struct Account {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    balance: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_ordinal: Option<i64>,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    ordinal: i64,
    /// Whether its ledger is broken.
    #[diesel(sql_type = Bool)]
    is_broken: bool,
}

fn accounts(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let readable = is_text(conn, "known.user_id");
    let question = format!("SELECT known.user_id AS user_id, held.balance AS balance, held.last_ordinal AS last_ordinal,
            COALESCE(newest.balance_after, 0) AS total, COALESCE(newest.ordinal, 0) AS ordinal,
            broken.user_id IS NOT NULL AS is_broken
        FROM (SELECT user_id FROM point_accounts UNION SELECT user_id FROM point_transactions) AS known
        LEFT JOIN point_accounts AS held ON held.user_id = known.user_id
        LEFT JOIN point_transactions AS newest ON newest.user_id = known.user_id AND newest.ordinal =
            (SELECT max(ordinal) FROM point_transactions AS their WHERE their.user_id = known.user_id)
        LEFT JOIN (SELECT DISTINCT line.user_id AS user_id {BROKEN}) AS broken ON broken.user_id = known.user_id
        WHERE (held.user_id IS NULL OR held.balance <> COALESCE(newest.balance_after, 0)
            OR held.last_ordinal <> COALESCE(newest.ordinal, 0)) AND {readable}
        ORDER BY known.user_id");
    let wrong = rows::<Account>(conn, &question, &[])?.into_iter();
    Ok(wrong.map(wrong_account).collect())
}

fn wrong_account(account: Account) -> Breakage {
    let Account {
        user_id,
        balance,
        last_ordinal,
        total,
        ordinal,
        is_broken,
    } = account;
    let found = match balance.zip(last_ordinal) {
        Some((balance, last)) => format!(
            "holds {balance} points after transaction {last}, and the ledger comes to {total} after transaction {ordinal}"
        ),
        None => {
            format!("is not there, and the ledger comes to {total} after transaction {ordinal}")
        }
    };
    let subject = format!("the account of {user_id}");
    if is_broken || total < 0 {
        let todo = "no account is made to follow a ledger that is broken: what is said of that comes first";
        return Breakage::left(subject, found, todo);
    }
    // Lines that are lost would have changed the balance: where that is right, the number alone is wrong.
    if last_ordinal.is_some_and(|last| last > ordinal) && balance != Some(total) {
        return Breakage::left(
            subject,
            found,
            "the last transactions are lost: put a backup in the place of the database, or set the account to what the ledger \
             comes to by hand, with which whatever they took is given back",
        );
    }
    Breakage::mended(
        subject,
        found,
        format!("it holds {total} after transaction {ordinal}: the ledger is the truth"),
        move |tx| set_account(tx, &user_id, total, ordinal),
    )
}

fn set_account(tx: &mut Tx<'_>, user: &str, total: i64, ordinal: i64) -> Result<(), StoreError> {
    let now = tx.now().millis();
    let change = format!(
        "INSERT INTO point_accounts (user_id, balance, last_ordinal, updated_at) VALUES ($1, {total}, {ordinal}, {now})
         ON CONFLICT (user_id) DO UPDATE SET balance = {total}, last_ordinal = {ordinal}, updated_at = {now}"
    );
    execute(tx, &change, &[user]).map(drop)
}
