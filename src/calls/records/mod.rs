//! The tables `calls`, `live_participants` and `call_events`.
//!
//! A row of `calls` is changed only by who has its version, so of two nodes that change the same call one is told that
//! it was too late; the key of `live_participants` says the same of two calls with one person. What is written here is
//! written in the transaction of a command (`transactions`), which has locked the rows of both people first, as far as they
//! are otomo. So there are two guards: commands wait for each other at the lock, and the version refuses whoever did
//! not wait, as where a called person is no longer known as an otomo.
//!
//! - `row`: a call as a row. [`timeline`]: what happened in it.
//! - [`facts`]: what decides on a request. [`sweep`]: what waits for somebody to act or to speak.
//! - [`history`]: calls that are over, for their people. [`broken`]: rows that no command would have left.

pub mod broken;
pub mod facts;
pub mod history;
mod row;
pub mod sweep;
pub mod timeline;

use diesel::{
    dsl::{count_star, exists, select},
    prelude::*,
};

use self::row::{Changes, Row, version};
use super::rules::call::{Call, PhaseName, Side};
use crate::{
    kernel::ids::{CallId, UserId},
    store::{
        Conn, StoreError, Tx, prepared, readable, run,
        sql::schema::{calls, live_participants},
    },
};

/// What became of a change that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is stored.
    Updated,
    /// Somebody else has changed the call since it was read. Nothing is stored.
    Stale,
    /// There is no such call.
    Missing,
}

/// A call, live or ended.
pub fn find(conn: &mut Conn, call: CallId) -> Result<Option<Call>, StoreError> {
    let row: Option<Row> = run!(conn, |c| calls::table
        .find(call.to_string())
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    row.map(Call::try_from).transpose()
}

/// Some calls, live or ended; those that there are and can be read.
pub fn find_many(conn: &mut Conn, wanted: &[CallId]) -> Result<Vec<Call>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = wanted.iter().map(CallId::to_string).collect();
    let rows: Vec<Row> = run!(conn, |c| calls::table
        .filter(calls::id.eq_any(&ids))
        .select(Row::as_select())
        .load(c))?;
    readable(rows.into_iter().map(Call::try_from))
}

/// The two people of a call. They never change.
pub fn people(conn: &mut Conn, call: CallId) -> Result<Option<[UserId; 2]>, StoreError> {
    let row = run!(conn, |c| calls::table
        .find(call.to_string())
        .select((calls::caller_id, calls::otomo_id))
        .get_result::<(String, String)>(c)
        .optional())?;
    let person = |stored: String| {
        let parsed = stored.parse();
        parsed.map_err(|fault| StoreError::corrupt(format!("a person of the call {call}: {fault}")))
    };
    row.map(|(caller, otomo)| Ok([person(caller)?, person(otomo)?]))
        .transpose()
}

/// Stores a new call. Nobody has been told of it.
///
/// # Errors
/// [`StoreError::Conflict`] if the id is taken.
pub fn insert(tx: &mut Tx<'_>, call: &Call) -> Result<(), StoreError> {
    let row = Row::from(call);
    run!(tx, |c| diesel::insert_into(calls::table)
        .values((&row, calls::spoken_version.eq(0)))
        .execute(c))?;
    Ok(())
}

/// Stores the next version of a call, if the version before it is the one that is stored.
pub fn update(tx: &mut Tx<'_>, call: &Call) -> Result<Saved, StoreError> {
    let changes = Changes::from(Row::from(call));
    let id = call.id.to_string();
    let before = calls::version.eq(version(call.version) - 1);
    let updated = diesel::update(calls::table.find(&id).filter(before)).set(changes);
    let updated = run!(tx, |c| prepared(updated).execute(c))?;
    if updated == 1 {
        return Ok(Saved::Updated);
    }
    let known = run!(tx, |c| calls::table
        .find(&id)
        .select(calls::version)
        .get_result::<i64>(c)
        .optional())?;
    Ok(match known {
        Some(_) => Saved::Stale,
        None => Saved::Missing,
    })
}

/// Takes both people for a live call.
///
/// # Errors
/// [`StoreError::Conflict`] if one of them is in another.
pub fn reserve(tx: &mut Tx<'_>, call: &Call) -> Result<(), StoreError> {
    let id = call.id.to_string();
    for side in Side::ALL {
        let participant = (
            live_participants::user_id.eq(call.person(*side).as_str()),
            live_participants::call_id.eq(&id),
        );
        run!(tx, |c| diesel::insert_into(live_participants::table)
            .values(participant)
            .execute(c))?;
    }
    Ok(())
}

/// Lets both people of a call go.
pub fn release(tx: &mut Tx<'_>, call: CallId) -> Result<(), StoreError> {
    let of_call = live_participants::call_id.eq(call.to_string());
    run!(tx, |c| diesel::delete(
        live_participants::table.filter(of_call)
    )
    .execute(c))?;
    Ok(())
}

/// The live call of a person, in whatever role.
pub fn live_of(conn: &mut Conn, user: &UserId) -> Result<Option<Call>, StoreError> {
    let row: Option<Row> = run!(conn, |c| live_participants::table
        .find(user.as_str())
        .inner_join(calls::table)
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    row.map(Call::try_from).transpose()
}

/// Every live call, the oldest first.
pub fn live(conn: &mut Conn) -> Result<Vec<Call>, StoreError> {
    let taken = live_participants::table.select(live_participants::call_id);
    let rows: Vec<Row> = run!(conn, |c| calls::table
        .filter(calls::id.eq_any(taken))
        .order((calls::requested_at, calls::id))
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Call::try_from).collect()
}

/// Whether a call goes on that is charged by the minute.
pub fn any_is_charged(conn: &mut Conn) -> Result<bool, StoreError> {
    let taken = live_participants::table.select(live_participants::call_id);
    let charged = calls::price
        .is_not_null()
        .and(calls::connected_at.is_not_null());
    let talked = calls::table.filter(calls::id.eq_any(taken)).filter(charged);
    run!(conn, |c| select(exists(talked)).get_result(c))
}

/// How many live calls are in which phase. A phase without calls is not among them.
pub fn count_live(conn: &mut Conn) -> Result<Vec<(PhaseName, u64)>, StoreError> {
    let taken = live_participants::table.select(live_participants::call_id);
    let rows = run!(conn, |c| calls::table
        .filter(calls::id.eq_any(taken))
        .group_by(calls::phase)
        .select((calls::phase, count_star()))
        .load::<(String, i64)>(c))?;
    let counts = rows.into_iter().map(|(phase, count)| {
        let phase = phase
            .parse()
            .map_err(|fault| StoreError::corrupt(format!("calls.phase: {fault}")))?;
        Ok((phase, u64::try_from(count).unwrap_or(0)))
    });
    counts.collect()
}
