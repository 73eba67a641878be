//! When users last came or went (the table `last_seen`).

use diesel::prelude::*;

use crate::{
    cluster::alive,
    kernel::{
        ids::{NodeId, UserId},
        time::Timestamp,
    },
    store::{Conn, StoreError, Tx, run, sql::schema::last_seen},
};

/// When a user last came or went, if they ever did.
pub fn find(conn: &mut Conn, of: &UserId) -> Result<Option<Timestamp>, StoreError> {
    let at = run!(conn, |c| last_seen::table
        .find(of.as_str())
        .select(last_seen::at)
        .get_result::<i64>(c)
        .optional())?;
    Ok(at.map(Timestamp::from_millis))
}

/// A user comes online.
pub fn arrive(tx: &mut Tx<'_>, who: &UserId, node: &NodeId) -> Result<(), StoreError> {
    put(tx, who, Some(node))
}

/// A user goes offline.
pub fn leave(tx: &mut Tx<'_>, who: &UserId) -> Result<(), StoreError> {
    put(tx, who, None)
}

/// Marks the users who were online when a server was killed as gone, at the last moment at which it is known to have run.
/// Returns how many they are.
pub fn settle(tx: &mut Tx<'_>, node: &NodeId) -> Result<usize, StoreError> {
    let there = last_seen::table.filter(last_seen::node.eq(node.as_str()));
    if let Some(alive_at) = alive::last(tx, node)?.map(Timestamp::millis) {
        let earlier = there.filter(last_seen::at.lt(alive_at));
        run!(tx, |c| diesel::update(earlier)
            .set(last_seen::at.eq(alive_at))
            .execute(c))?;
    }
    let nowhere = last_seen::node.eq(None::<String>);
    run!(tx, |c| diesel::update(there).set(nowhere).execute(c))
}

fn put(tx: &mut Tx<'_>, who: &UserId, node: Option<&NodeId>) -> Result<(), StoreError> {
    let now = (
        last_seen::at.eq(tx.now().millis()),
        last_seen::node.eq(node.map(NodeId::as_str)),
    );
    run!(tx, |c| diesel::insert_into(last_seen::table)
        .values((last_seen::user_id.eq(who.as_str()), now))
        .on_conflict(last_seen::user_id)
        .do_update()
        .set(now)
        .execute(c))
    .map(drop)
}
