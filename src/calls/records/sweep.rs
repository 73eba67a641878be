//! What waits for somebody: calls whose time has come, and changes that nobody was told of.

use std::time::Duration;

use diesel::prelude::*;

use super::row::version;
use crate::{
    kernel::{ids::CallId, time::Timestamp},
    store::{
        Conn, StoreError, Tx, prepared, run,
        sql::schema::{call_events, calls},
    },
};

/// How long whoever stored a change has to tell of it before another does.
const SPEAK_WITHIN: Duration = Duration::from_secs(2);

/// People were told of the versions of a call up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The call.
    pub call: CallId,
    /// Counts only if they had been told up to here before: what came in between would be lost in silence.
    pub after: u64,
    /// Up to here they know now.
    pub up_to: u64,
}

/// Notes what people were told.
pub fn mark_spoken(tx: &mut Tx<'_>, mark: &Mark) -> Result<(), StoreError> {
    let up_to = version(mark.up_to);
    let gapless = calls::spoken_version
        .ge(version(mark.after))
        .and(calls::spoken_version.lt(up_to));
    let call = calls::table.find(mark.call.to_string()).filter(gapless);
    let noted = diesel::update(call).set(calls::spoken_version.eq(up_to));
    run!(tx, |c| prepared(noted).execute(c)).map(drop)
}

/// Calls whose time has come, the longest overdue first, at most `limit`.
pub fn due(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<CallId>, StoreError> {
    let ids = run!(conn, |c| calls::table
        .filter(calls::due_at.le(now.millis()))
        .order(calls::due_at)
        .limit(limit)
        .select(calls::id)
        .load::<String>(c))?;
    ids.iter().map(|id| call_id(id)).collect()
}

/// Calls whose last change people should have been told of by now, at most `limit`. One of a single person cannot be read, nor told.
pub fn unspoken(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<CallId>, StoreError> {
    let last_change = call_events::version.eq(calls::version);
    let ids = run!(conn, |c| calls::table
        .inner_join(call_events::table)
        .filter(calls::spoken_version.lt(calls::version))
        .filter(calls::caller_id.ne(calls::otomo_id))
        .filter(last_change.and(call_events::at.le((now - SPEAK_WITHIN).millis())))
        .limit(limit)
        .select(calls::id)
        .load::<String>(c))?;
    ids.iter().map(|id| call_id(id)).collect()
}

/// Whether people may not have been told of a call's last change.
pub fn is_unspoken(conn: &mut Conn, call: CallId) -> Result<bool, StoreError> {
    let trailing = calls::spoken_version
        .lt(calls::version)
        .and(calls::caller_id.ne(calls::otomo_id));
    let found = run!(conn, |c| calls::table
        .find(call.to_string())
        .filter(trailing)
        .select(calls::version)
        .get_result::<i64>(c)
        .optional())?;
    Ok(found.is_some())
}

fn call_id(stored: &str) -> Result<CallId, StoreError> {
    let parsed = stored.parse();
    parsed.map_err(|fault| StoreError::corrupt(format!("calls.id {stored:?}: {fault}")))
}
