//! The tables `otomo` and `leases`, and what is read of others.
//!
//! Whoever changes a fact calls [`settle`] in the same transaction: it reads the facts back, lets the rules decide, and stores
//! the status with its version if it differs. Calls do so in transactions of their own ([`calling`]). The otomo's row stands
//! for all facts about them: it is locked before any is read that decides on a change.
//!
//! - [`leases`]: the connections. [`listing`]: the otomo as people see them.
//! - [`calling`]: what calls need of presence inside their transactions.

pub mod calling;
pub mod leases;
pub mod listing;

use diesel::{dsl::exists, prelude::*};

use super::rules::{
    self, Explanation, Lease, LiveCall, Policy, Published, Readiness, Settled, Standing,
    StatusChange, Stored,
};
use crate::{
    kernel::{
        ids::{CallId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, Lossy, StoreError, Tx, lock, prepared, run, run_locked,
        sql::schema::{calls, live_participants, otomo as table},
    },
};

/// What is stored of an otomo; `None` for a user who is not one.
pub fn find(conn: &mut Conn, otomo: &UserId) -> Result<Option<Standing>, StoreError> {
    let row: Option<Row> = run!(conn, |c| table::table
        .find(otomo.as_str())
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    row.map(Standing::try_from).transpose()
}

/// The same, for one whose facts are to be changed: nobody else changes their facts before the transaction ends.
pub fn find_to_change(tx: &mut Tx<'_>, otomo: &UserId) -> Result<Option<Standing>, StoreError> {
    let row: Option<Row> = run_locked!(tx, |c| table::table
        .find(otomo.as_str())
        .select(Row::as_select()) => get_result(c).optional())?;
    row.map(Standing::try_from).transpose()
}

/// The same, and a new otomo's where nothing is stored: first heard of now, and offline. Of two who store the same new otomo
/// the second one finds it taken.
pub fn find_or_new(tx: &mut Tx<'_>, otomo: &UserId) -> Result<Standing, StoreError> {
    if let Some(stored) = find_to_change(tx, otomo)? {
        return Ok(stored);
    }
    let new = Standing::new(otomo.clone(), tx.now());
    let row = Row::from(&new);
    run!(tx, |c| diesel::insert_into(table::table)
        .values((&row, table::free_at.eq(0)))
        .execute(c))?;
    Ok(new)
}

/// Keeps others from changing the facts about these people before the transaction ends, as far as they are otomo. Whoever
/// changes facts about several does this first, so that nobody waits for one while they have another.
pub fn lock_all(tx: &mut Tx<'_>, people: &[&UserId]) -> Result<(), StoreError> {
    let people: Vec<&str> = people.iter().map(|user| user.as_str()).collect();
    let rows = table::table.filter(table::user_id.eq_any(people));
    lock!(tx, rows.order(table::user_id).select(table::user_id))
}

/// Compares the facts with what people were told, and stores the status if it differs. The change is to be told once
/// the transaction is committed. A user who is not an otomo has no status: nothing happens.
pub fn settle(
    tx: &mut Tx<'_>,
    otomo: &UserId,
    policy: &Policy,
) -> Result<Option<StatusChange>, StoreError> {
    let Some(stored) = find_to_change(tx, otomo)? else {
        return Ok(None);
    };
    let leases = leases::of(tx, otomo)?;
    let settled = settle_known(tx, &stored, stored.clone(), &leases, policy)?;
    Ok(settled.change)
}

/// The same where the caller has read the facts already, has `changed` what they stand for, and knows which `leases` there
/// are now. Stores what differs from what is `stored`.
pub fn settle_known(
    tx: &mut Tx<'_>,
    stored: &Standing,
    changed: Standing,
    leases: &[Lease],
    policy: &Policy,
) -> Result<Settled, StoreError> {
    let call = live_call(tx, &stored.otomo)?.map(|(_, phase)| phase);
    let settled = rules::settle(changed, leases, call, policy, tx.now());
    if settled.standing != *stored {
        save(tx, &settled.standing)?;
    }
    Ok(settled)
}

/// Every fact about an otomo, and what follows from them `now`; `None` for a user who is not one.
pub fn why(
    conn: &mut Conn,
    otomo: &UserId,
    policy: &Policy,
    now: Timestamp,
) -> Result<Option<Explanation>, StoreError> {
    let Some(standing) = find(conn, otomo)? else {
        return Ok(None);
    };
    // Held by one that is over they have none that could be read.
    let call = match live_call(conn, otomo) {
        Err(StoreError::Corrupt(..)) => None,
        read => read?,
    };
    let held = call.is_none() && is_held(conn, otomo)?;
    let stored = Stored {
        standing,
        leases: leases::of(conn, otomo)?,
        call,
        held,
        free_at: free_at(conn, otomo)?,
    };
    Ok(Some(rules::why(stored, policy, now)))
}

/// Whether a person is taken by a call, whatever has become of it.
fn is_held(conn: &mut Conn, user: &UserId) -> Result<bool, StoreError> {
    let held = exists(live_participants::table.find(user.as_str()));
    run!(conn, |c| diesel::select(held).get_result(c))
}

/// The end of an otomo's last wrap-up; long ago for one who never had any.
pub fn free_at(conn: &mut Conn, otomo: &UserId) -> Result<Timestamp, StoreError> {
    let free_at = run!(conn, |c| table::table
        .find(otomo.as_str())
        .select(table::free_at)
        .get_result::<i64>(c)
        .optional())?;
    Ok(Timestamp::from_millis(free_at.unwrap_or_default()))
}

/// Otomo whose break is over, at most `limit`.
pub fn breaks_over(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<UserId>, StoreError> {
    let now = tx.now().millis();
    let ids: Vec<String> = run!(tx, |c| table::table
        .filter(table::chosen_until.le(now))
        .select(table::user_id)
        .limit(limit)
        .load(c))?;
    ids.iter().map(|id| user_id(id)).collect()
}

/// When the next break is over.
pub fn next_break_end(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    // The condition says nothing about the answer: it lets the index be used that has those rows alone.
    let first: Option<i64> = run!(conn, |c| table::table
        .filter(table::chosen_until.is_not_null())
        .select(diesel::dsl::min(table::chosen_until))
        .get_result(c))?;
    Ok(first.map(Timestamp::from_millis))
}

/// The live call of a person, in whatever role.
pub fn live_call(conn: &mut Conn, user: &UserId) -> Result<Option<(CallId, LiveCall)>, StoreError> {
    let row: Option<(String, String)> = run!(conn, |c| live_participants::table
        .find(user.as_str())
        .inner_join(calls::table)
        .select((calls::id, calls::phase))
        .get_result(c)
        .optional())?;
    row.map(|(id, phase)| {
        let corrupt = |fault: &dyn std::fmt::Display| {
            StoreError::corrupt(format!("the live call {id} of {user}: {fault}"))
        };
        let call: CallId = id.parse().map_err(|fault| corrupt(&fault))?;
        let phase: LiveCall = phase.parse().map_err(|fault| corrupt(&fault))?;
        Ok((call, phase))
    })
    .transpose()
}

/// Stores a standing whole. The end of a wrap-up is not part of it and stays.
pub fn save(tx: &mut Tx<'_>, standing: &Standing) -> Result<(), StoreError> {
    let row = Row::from(standing);
    let saved = diesel::insert_into(table::table)
        .values((&row, table::free_at.eq(0)))
        .on_conflict(table::user_id)
        .do_update()
        .set(&row);
    // An absent time is written as NULL, so the statement is always the same.
    run!(tx, |c| prepared(saved).execute(c))?;
    Ok(())
}

fn user_id(stored: &str) -> Result<UserId, StoreError> {
    let parsed = stored.parse();
    parsed.map_err(|fault| StoreError::corrupt(format!("the user id {stored:?}: {fault}")))
}

/// A row of `otomo`, without the end of the wrap-up.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = table, primary_key(user_id))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    #[diesel(deserialize_as = Lossy)]
    user_id: String,
    #[diesel(deserialize_as = Lossy)]
    status: String,
    version: i64,
    changed_at: i64,
    #[diesel(deserialize_as = Lossy)]
    chosen: String,
    #[diesel(deserialize_as = Lossy)]
    chosen_cause: String,
    chosen_until: Option<i64>,
    missed: i64,
}

impl From<&Standing> for Row {
    fn from(standing: &Standing) -> Self {
        let Standing {
            otomo,
            published,
            readiness,
        } = standing;
        Self {
            user_id: otomo.to_string(),
            status: published.status.to_string(),
            // Counted up from 0, one for each change.
            version: i64::try_from(published.version).unwrap_or(i64::MAX),
            changed_at: published.changed_at.millis(),
            chosen: readiness.chosen.to_string(),
            chosen_cause: readiness.cause.to_string(),
            chosen_until: readiness.until.map(Timestamp::millis),
            missed: readiness.missed.into(),
        }
    }
}

impl TryFrom<Row> for Standing {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column, fault: &dyn std::fmt::Display| {
            StoreError::corrupt(format!("otomo.{column} of {}: {fault}", row.user_id))
        };
        let published = Published {
            status: row
                .status
                .parse()
                .map_err(|fault| corrupt("status", &fault))?,
            version: row
                .version
                .try_into()
                .map_err(|fault| corrupt("version", &fault))?,
            changed_at: Timestamp::from_millis(row.changed_at),
        };
        let readiness = Readiness {
            chosen: row
                .chosen
                .parse()
                .map_err(|fault| corrupt("chosen", &fault))?,
            cause: row
                .chosen_cause
                .parse()
                .map_err(|fault| corrupt("chosen_cause", &fault))?,
            until: row.chosen_until.map(Timestamp::from_millis),
            missed: row
                .missed
                .try_into()
                .map_err(|fault| corrupt("missed", &fault))?,
        };
        Ok(Self {
            otomo: user_id(&row.user_id)?,
            published,
            readiness,
        })
    }
}
