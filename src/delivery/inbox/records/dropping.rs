//! Drops the beginnings of streams: the floor moves up, and what is above it stays without a gap.

use std::collections::BTreeMap;

use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{column, extent, user};
use crate::{
    kernel::{ids::UserId, time::Timestamp},
    store::{
        Conn, StoreError, Tx, lock, run,
        sql::schema::{events, inbox, inbox_heads},
    },
};

/// Streams that one read looks at: a few milliseconds' worth.
const LOOK_STREAMS: i64 = 10_000;

/// Drops up to `limit` rows of events stored before `before`, oldest first, and says how many; 0
/// when none is left.
pub fn drop_aged(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
    let aged = run!(tx, |c| inbox::table
        .inner_join(events::table)
        .filter(events::created_at.lt(before.millis()))
        .order(events::created_at)
        .limit(i64::from(limit))
        .select((inbox::user_id, inbox::seq))
        .load::<(String, i64)>(c))?;
    // What goes is always the beginning of a stream, also if the clock was once set back and a
    // younger event came before.
    let mut ends = BTreeMap::new();
    for (user, seq) in aged {
        let end = ends.entry(user).or_insert(seq);
        *end = seq.max(*end);
    }
    let mut dropped = 0;
    for (user, end) in ends {
        dropped += drop_beginning(tx, &user, end, limit.saturating_sub(dropped))?;
    }
    Ok(dropped)
}

/// Of the next so many streams after `after`, the users whose hold more than `keep` events; and after whom to go on, if there
/// are further ones. All of them at once would be a read as long as there are users.
pub fn overfull(
    conn: &mut Conn,
    keep: u32,
    after: &str,
) -> Result<(Vec<UserId>, Option<String>), StoreError> {
    let next = inbox_heads::user_id.gt(after);
    let end = run!(conn, |c| inbox_heads::table
        .filter(next)
        .order(inbox_heads::user_id)
        .limit(1)
        .offset(LOOK_STREAMS - 1)
        .select(inbox_heads::user_id)
        .get_result::<String>(c)
        .optional())?;
    let users = run!(conn, |c| {
        let theirs = inbox_heads::table
            .filter(next)
            .filter((inbox_heads::head - inbox_heads::floor).gt(i64::from(keep)))
            .select(inbox_heads::user_id)
            .into_boxed();
        match &end {
            Some(end) => theirs.filter(inbox_heads::user_id.le(end)),
            None => theirs,
        }
        .load::<String>(c)
    })?;
    let users = users.into_iter().map(user).collect::<Result<_, _>>()?;
    Ok((users, end))
}

/// Drops up to `limit` rows of what `user`'s stream holds beyond its newest `keep` events, and says how many;
/// 0 when it holds no more than that.
pub fn drop_overfull(
    tx: &mut Tx<'_>,
    user: &UserId,
    keep: u32,
    limit: u32,
) -> Result<u32, StoreError> {
    let head = column(extent(tx, user)?.head);
    drop_beginning(tx, user.as_str(), head - i64::from(keep), limit)
}

/// Drops up to `limit` rows of a stream, from its first on, at most up to `end`; the floor moves
/// with them, and bodies that are in no stream any more go.
fn drop_beginning(tx: &mut Tx<'_>, user: &str, end: i64, limit: u32) -> Result<u32, StoreError> {
    // The floor is moved by one at a time, and of two who drop an event from the last two streams the second one drops its
    // body.
    lock!(
        tx,
        inbox_heads::table.find(user).select(inbox_heads::user_id)
    )?;
    let rows = run!(tx, |c| inbox::table
        .filter(inbox::user_id.eq(user).and(inbox::seq.le(end)))
        .order(inbox::seq)
        .limit(i64::from(limit))
        .select((inbox::seq, inbox::event_id))
        .load::<(i64, String)>(c))?;
    let Some((floor, _)) = rows.last().cloned() else {
        return Ok(0);
    };
    let ids: Vec<&String> = rows.iter().map(|(_, id)| id).collect();
    let bodies = events::table.filter(events::id.eq_any(&ids));
    lock!(tx, bodies.order(events::id).select(events::id))?;
    let gone = inbox::user_id.eq(user).and(inbox::seq.le(floor));
    run!(tx, |c| diesel::delete(inbox::table.filter(gone)).execute(c))?;
    run!(tx, |c| diesel::update(inbox_heads::table.find(user))
        .set(inbox_heads::floor.eq(floor))
        .execute(c))?;
    let unread = not(exists(inbox::table.filter(inbox::event_id.eq(events::id))));
    let bodies = events::table.filter(events::id.eq_any(&ids));
    run!(tx, |c| diesel::delete(bodies.filter(unread)).execute(c))?;
    Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
}
