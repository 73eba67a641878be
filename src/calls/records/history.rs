//! Calls as their people look back on them: the newest first.
//!
//! A person's calls are those that they made and those that they got, two indexes; so each page is the head of two lists
//! that are merged. Of a call that was refused before it rang its otomo has never heard, and does not here either.

use std::{cmp::Reverse, collections::HashSet};

use diesel::prelude::*;

use super::row::Row;
use crate::{
    calls::rules::call::{Call, Side},
    kernel::{
        ids::{CallId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, StoreError, prepared, readable, readable_page, rounded, run,
        sql::schema::{calls, live_participants},
    },
};

/// The version of a call that was over the moment it was stored ([`Call::ended_at_once`]).
const ENDED_AT_ONCE: i64 = 1;

/// A place in a person's history: after this call come older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When the call was requested.
    pub requested_at: Timestamp,
    /// Which of those of that moment.
    pub call: CallId,
}

impl From<&Call> for Place {
    fn from(call: &Call) -> Self {
        Self {
            requested_at: call.requested_at,
            call: call.id,
        }
    }
}

/// The calls of a person that come after a place, the newest first, at most `limit`.
pub fn page(
    conn: &mut Conn,
    user: &UserId,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<Call>, StoreError> {
    let mut calls = Vec::new();
    for side in Side::ALL {
        let of_side: Vec<Call> = readable_page(limit, |rows, passed| {
            run!(conn, |c| {
                let theirs = calls::table.into_boxed();
                let theirs = match side {
                    Side::Caller => theirs.filter(calls::caller_id.eq(user.as_str())),
                    Side::Otomo => theirs.filter(calls::otomo_id.eq(user.as_str())).filter(
                        calls::version
                            .gt(ENDED_AT_ONCE)
                            .or(calls::ended_at.is_null()),
                    ),
                };
                let theirs = match after {
                    Some(place) => {
                        theirs.filter(before(place.requested_at.millis(), place.call.to_string()))
                    }
                    None => theirs,
                };
                theirs
                    .order((calls::requested_at.desc(), calls::id.desc()))
                    .limit(rows)
                    .offset(passed)
                    .select(Row::as_select())
                    .load::<Row>(c)
            })
        })?;
        calls.extend(of_side);
    }
    Ok(newest(calls, |call| Place::from(call), limit))
}

/// Everybody's calls that come after a place, the newest first, at most `limit`.
pub fn all(conn: &mut Conn, after: Option<Place>, limit: u32) -> Result<Vec<Call>, StoreError> {
    readable_page(limit, |rows, passed| {
        run!(conn, |c| {
            let all = calls::table.into_boxed();
            let all = match after {
                Some(place) => {
                    all.filter(before(place.requested_at.millis(), place.call.to_string()))
                }
                None => all,
            };
            all.order((calls::requested_at.desc(), calls::id.desc()))
                .limit(rows)
                .offset(passed)
                .select(Row::as_select())
                .load::<Row>(c)
        })
    })
}

/// What is older than the call of a [`Place`]. That it is not younger follows from the rest, and is what the index is entered
/// by: a page costs the same however far back it is.
#[diesel::dsl::auto_type(no_type_alias)]
fn before(requested_at: i64, call: String) -> _ {
    let not_later = calls::requested_at.le(requested_at);
    let earlier = calls::requested_at.lt(requested_at);
    let same_moment = calls::requested_at.eq(requested_at);
    not_later.and(earlier.or(same_moment.and(calls::id.lt(call))))
}

/// The calls of a person that ended at `since` or later, the last one first, at most `limit`.
pub fn ended_since(
    conn: &mut Conn,
    user: &UserId,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Call>, StoreError> {
    let mut calls = Vec::new();
    for side in Side::ALL {
        let rows: Vec<Row> = run!(conn, |c| {
            let theirs = calls::table.into_boxed();
            let theirs = match side {
                Side::Caller => theirs.filter(calls::caller_id.eq(user.as_str())),
                Side::Otomo => theirs
                    .filter(calls::otomo_id.eq(user.as_str()))
                    .filter(calls::version.gt(ENDED_AT_ONCE)),
            };
            theirs
                .filter(calls::ended_at.ge(since.millis()))
                .order(calls::ended_at.desc())
                .limit(i64::from(limit))
                .select(Row::as_select())
                .load(c)
        })?;
        calls.extend(readable(rows.into_iter().map(Call::try_from))?);
    }
    Ok(newest(
        calls,
        |call| call.ended().map(|ended| ended.at),
        limit,
    ))
}

/// Everybody's calls that are over, were requested at `requested_since` or later, and ended at `ended_since` or later. One that
/// cannot be read keeps nobody from the others: it is a repair that tells of it.
pub fn over_since(
    conn: &mut Conn,
    requested_since: Timestamp,
    ended_since: Timestamp,
) -> Result<Vec<Call>, StoreError> {
    let rows: Vec<Row> = run!(conn, |c| calls::table
        .filter(calls::requested_at.ge(requested_since.millis()))
        .filter(calls::ended_at.ge(ended_since.millis()))
        .order((calls::requested_at, calls::id))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.iter().filter_map(|row| row.call().ok()).collect())
}

/// Those of some people who are in a live call, or in one that ended at `since` or later.
pub fn with_calls(
    conn: &mut Conn,
    of: &[&UserId],
    since: Timestamp,
) -> Result<HashSet<UserId>, StoreError> {
    let ids = rounded(of.iter().map(|user| user.as_str()).collect());
    let live = live_participants::table
        .filter(live_participants::user_id.eq_any(ids.as_slice()))
        .select(live_participants::user_id);
    let mut found = run!(conn, |c| prepared(live).load::<String>(c))?;
    let recent = calls::ended_at.ge(since.millis());
    let callers = calls::table
        .filter(calls::caller_id.eq_any(ids.as_slice()))
        .filter(recent)
        .select(calls::caller_id)
        .distinct();
    found.extend(run!(conn, |c| prepared(callers).load::<String>(c))?);
    let otomo = calls::table
        .filter(calls::otomo_id.eq_any(ids.as_slice()))
        .filter(recent)
        .select(calls::otomo_id)
        .distinct();
    found.extend(run!(conn, |c| prepared(otomo).load::<String>(c))?);
    let user = |id: String| {
        let corrupt = |fault| StoreError::corrupt(format!("user {id:?} of a call: {fault}"));
        id.parse().map_err(corrupt)
    };
    found.into_iter().map(user).collect()
}

/// Whether a person may know of a call: one of its people, and not an otomo whom it never reached.
pub fn knows(user: &UserId, call: &Call) -> bool {
    match call.side(user) {
        Some(Side::Caller) => true,
        Some(Side::Otomo) => !call.ended_at_once(),
        None => false,
    }
}

/// The head of two lists in one.
fn newest<K: Ord>(mut calls: Vec<Call>, key: impl Fn(&Call) -> K, limit: u32) -> Vec<Call> {
    calls.sort_by_key(|call| Reverse(key(call)));
    calls.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    calls
}
