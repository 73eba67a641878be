//! Signs of life of nodes (the table `nodes`): what a node leaves behind at `kill -9` ended when it last ran.
//!
//! One that is yet to come is of a clock that was wrong, and says nothing: nobody pays for a time in which nothing ran.

use diesel::prelude::*;

use crate::{
    kernel::{ids::NodeId, time::Timestamp},
    store::{Conn, StoreError, Tx, run, sql::schema::nodes},
};

/// A node is alive. One that is kept says so with its lease ([`renew`](super::records::renew)); this is for tests of what a node
/// left behind.
pub fn record(tx: &mut Tx<'_>, node: &NodeId) -> Result<(), StoreError> {
    let at = nodes::alive_at.eq(tx.now().millis());
    run!(tx, |c| diesel::insert_into(nodes::table)
        .values((nodes::name.eq(node.as_str()), at))
        .on_conflict(nodes::name)
        .do_update()
        .set(at)
        .execute(c))
    .map(drop)
}

/// When a node last said that it is alive, if it ever did by `now`.
pub fn last(
    conn: &mut Conn,
    node: &NodeId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let at = run!(conn, |c| nodes::table
        .find(node.as_str())
        .filter(nodes::alive_at.le(now.millis()))
        .select(nodes::alive_at)
        .get_result::<i64>(c)
        .optional())?;
    Ok(at.map(Timestamp::from_millis))
}

/// When any node last said that it is alive, if one ever did by `now`.
pub fn latest(conn: &mut Conn, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> = run!(conn, |c| nodes::table
        .filter(nodes::alive_at.le(now.millis()))
        .select(diesel::dsl::max(nodes::alive_at))
        .get_result(c))?;
    Ok(at.map(Timestamp::from_millis))
}
