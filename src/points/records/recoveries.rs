//! The table `point_recoveries`: how far the recovery of each local day has come.

use diesel::prelude::*;
use jiff::civil::Date;

use super::Account;
use crate::{
    kernel::{ids::UserId, time::Timestamp},
    store::{
        Conn, StoreError, Tx, run, run_locked,
        sql::schema::{point_accounts, point_recoveries},
    },
};

/// How far a day's recovery has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The last account that was looked at, in the order of their users; `None` before the first.
    pub through: Option<UserId>,
    /// Whether all were.
    pub finished: bool,
}

/// How far a day's recovery has come.
pub fn progress(conn: &mut Conn, day: Date) -> Result<Progress, StoreError> {
    let row = run!(conn, |c| point_recoveries::table
        .find(day.to_string())
        .select((point_recoveries::through, point_recoveries::finished_at))
        .get_result::<(Option<String>, Option<i64>)>(c)
        .optional())?;
    let Some((through, finished_at)) = row else {
        return Ok(Progress::default());
    };
    Ok(Progress {
        through: through.map(user).transpose()?,
        finished: finished_at.is_some(),
    })
}

/// Notes how far a day's recovery has come.
pub fn put(tx: &mut Tx<'_>, day: Date, progress: &Progress) -> Result<(), StoreError> {
    let finished_at = progress.finished.then(|| tx.now().millis());
    let now = (
        point_recoveries::through.eq(progress.through.as_ref().map(UserId::as_str)),
        point_recoveries::finished_at.eq(finished_at),
    );
    let put = diesel::insert_into(point_recoveries::table)
        .values((point_recoveries::day.eq(day.to_string()), now))
        .on_conflict(point_recoveries::day)
        .do_update()
        .set(now);
    run!(tx, |c| put.execute(c)).map(drop)
}

/// The next accounts after one, in the order of their users, at most `limit`. Their balances are to be moved: nobody else
/// moves them before the transaction ends.
pub fn accounts_to_move(
    tx: &mut Tx<'_>,
    after: Option<&UserId>,
    limit: u32,
) -> Result<Vec<(UserId, Account)>, StoreError> {
    // No user id is empty, so all come after this.
    let after = after.map_or("", UserId::as_str);
    let next = point_accounts::table
        .filter(point_accounts::user_id.gt(after))
        .order(point_accounts::user_id)
        .limit(i64::from(limit))
        .select((
            point_accounts::user_id,
            point_accounts::balance,
            point_accounts::last_ordinal,
            point_accounts::updated_at,
        ));
    let rows = run_locked!(tx, |c| next => load::<(String, i64, i64, i64)>(c))?;
    let account = |(id, balance, last_ordinal, updated_at)| {
        let account = Account {
            balance,
            last_ordinal,
            updated_at: Some(Timestamp::from_millis(updated_at)),
        };
        Ok((user(id)?, account))
    };
    rows.into_iter().map(account).collect()
}

fn user(column: String) -> Result<UserId, StoreError> {
    column
        .parse()
        .map_err(|fault| StoreError::corrupt(format!("point_recoveries user {column:?}: {fault}")))
}
