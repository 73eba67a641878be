//! The tables `point_accounts` and `point_transactions`. [`recoveries`]: how far a day's recovery has come.

pub mod recoveries;

use std::fmt::Display;

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::order::{Key, Purpose, Transaction};
use crate::{
    kernel::{ids::UserId, time::Timestamp},
    store::{
        Conn, Lossy, StoreError, Tx, prepared, readable, readable_page, run, run_locked,
        sql::schema::{point_accounts, point_transactions},
    },
};

/// What an account holds. One that does not exist holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// The points.
    pub balance: i64,
    /// The place of its last transaction.
    pub last_ordinal: i64,
    /// When that was; `None` before the first.
    pub updated_at: Option<Timestamp>,
}

/// The columns of an account.
const ACCOUNT: (
    point_accounts::balance,
    point_accounts::last_ordinal,
    point_accounts::updated_at,
) = (
    point_accounts::balance,
    point_accounts::last_ordinal,
    point_accounts::updated_at,
);

/// An account.
pub fn account(conn: &mut Conn, user: &UserId) -> Result<Account, StoreError> {
    let row = run!(conn, |c| point_accounts::table
        .find(user.as_str())
        .select(ACCOUNT)
        .get_result(c)
        .optional())?;
    Ok(row.map(account_of).unwrap_or_default())
}

/// An account whose balance is to be moved: nobody else moves it before the transaction ends. Of two who make the first
/// transaction of an account, the second one finds its place taken.
pub fn account_to_move(tx: &mut Tx<'_>, user: &UserId) -> Result<Account, StoreError> {
    let account = point_accounts::table.find(user.as_str()).select(ACCOUNT);
    let row = run_locked!(tx, |c| account => get_result(c).optional())?;
    Ok(row.map(account_of).unwrap_or_default())
}

/// An account, from its columns.
fn account_of((balance, last_ordinal, updated_at): (i64, i64, i64)) -> Account {
    Account {
        balance,
        last_ordinal,
        updated_at: Some(Timestamp::from_millis(updated_at)),
    }
}

/// Stores a transaction, and the balance that it leads to. The account comes into being with the first.
pub fn insert(
    tx: &mut Tx<'_>,
    key: &Key,
    digest: &str,
    transaction: &Transaction,
) -> Result<(), StoreError> {
    let ordinal = column(transaction.ordinal);
    put_account(tx, transaction, ordinal)?;
    let purpose = &transaction.purpose;
    let row = (
        point_transactions::user_id.eq(transaction.user.as_str()),
        point_transactions::ordinal.eq(ordinal),
        point_transactions::id.eq(transaction.id.to_string()),
        point_transactions::key.eq(key.as_str()),
        point_transactions::digest.eq(digest),
        point_transactions::amount.eq(transaction.amount),
        point_transactions::balance_after.eq(transaction.balance_after),
        point_transactions::type_.eq(&purpose.transaction_type),
        point_transactions::description.eq(&purpose.description),
        point_transactions::action.eq(&purpose.action),
        point_transactions::metadata.eq(json!(purpose.metadata).to_string()),
        point_transactions::created_at.eq(transaction.created_at.millis()),
    );
    run!(tx, |c| diesel::insert_into(point_transactions::table)
        .values(row)
        .execute(c))
    .map(drop)
}

fn put_account(tx: &mut Tx<'_>, transaction: &Transaction, ordinal: i64) -> Result<(), StoreError> {
    let now = (
        point_accounts::balance.eq(transaction.balance_after),
        point_accounts::last_ordinal.eq(ordinal),
        point_accounts::updated_at.eq(transaction.created_at.millis()),
    );
    let row = (point_accounts::user_id.eq(transaction.user.as_str()), now);
    let put = diesel::insert_into(point_accounts::table)
        .values(row)
        .on_conflict(point_accounts::user_id)
        .do_update()
        .set(now);
    run!(tx, |c| prepared(put).execute(c)).map(drop)
}

/// The transaction with this key, and the digest of what was asked for.
pub fn find(
    conn: &mut Conn,
    user: &UserId,
    key: &Key,
) -> Result<Option<(Transaction, String)>, StoreError> {
    let with_key = point_transactions::user_id
        .eq(user.as_str())
        .and(point_transactions::key.eq(key.as_str()));
    let row: Option<(Row, Lossy)> = run!(conn, |c| point_transactions::table
        .filter(with_key)
        .select((Row::as_select(), point_transactions::digest))
        .get_result(c)
        .optional())?;
    row.map(|(row, digest)| Ok((row.try_into()?, digest.into())))
        .transpose()
}

/// A part of a user's transactions, the newest first: those before the place `before`, at most `limit`.
pub fn list(
    conn: &mut Conn,
    user: &UserId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<Transaction>, StoreError> {
    let earlier = before.map_or(i64::MAX, column);
    let theirs = point_transactions::user_id.eq(user.as_str());
    readable_page(limit, |rows, passed| {
        run!(conn, |c| point_transactions::table
            .filter(theirs.and(point_transactions::ordinal.lt(earlier)))
            .order(point_transactions::ordinal.desc())
            .limit(rows)
            .offset(passed)
            .select(Row::as_select())
            .load::<Row>(c))
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = point_transactions)]
struct Row {
    #[diesel(deserialize_as = Lossy)]
    user_id: String,
    ordinal: i64,
    #[diesel(deserialize_as = Lossy)]
    id: String,
    amount: i64,
    balance_after: i64,
    #[diesel(deserialize_as = Lossy)]
    type_: String,
    #[diesel(deserialize_as = Lossy)]
    description: String,
    #[diesel(deserialize_as = Lossy)]
    action: String,
    #[diesel(deserialize_as = Lossy)]
    metadata: String,
    created_at: i64,
}

impl TryFrom<Row> for Transaction {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        // What the app says beside it may be damaged: it is told without that.
        let metadata = serde_json::from_str::<Map<String, Value>>(&row.metadata);
        let metadata = readable([metadata.map_err(corrupt("metadata"))])?.pop();
        Ok(Self {
            id: row.id.parse().map_err(corrupt("id"))?,
            user: row.user_id.parse().map_err(corrupt("user_id"))?,
            ordinal: u64::try_from(row.ordinal).map_err(corrupt("ordinal"))?,
            amount: row.amount,
            balance_after: row.balance_after,
            purpose: Purpose {
                transaction_type: row.type_,
                description: row.description,
                action: row.action,
                metadata: metadata.unwrap_or_default(),
            },
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

fn corrupt<F: Display>(column: &'static str) -> impl FnOnce(F) -> StoreError {
    move |fault| StoreError::corrupt(format!("point_transactions.{column}: {fault}"))
}

/// A place for the database. One beyond its range is beyond every list too.
fn column(ordinal: u64) -> i64 {
    i64::try_from(ordinal).unwrap_or(i64::MAX)
}
