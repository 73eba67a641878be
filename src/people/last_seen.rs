//! When users last came or went (the table `last_seen`), and on which nodes they are now (`whereabouts`).
//!
//! Somebody may be on several nodes: who leaves one is still on the others, and if such a node dies, they were last seen at
//! its last sign of life.
//!
//! Two writes must not wait for each other. So each touches `last_seen` before `whereabouts`, and of `last_seen` one user
//! after the other in the order of their ids.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::{dsl::case_when, prelude::*, upsert::excluded};

use crate::{
    cluster::alive,
    kernel::{
        ids::{NodeId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, StoreError, Tx, lock, prepared, rounded, run,
        sql::schema::{last_seen, whereabouts},
    },
};

/// Users in one statement: each takes one of its parameters.
const TOGETHER: usize = 500;

/// When a user last came or went, if they ever did.
pub fn find(conn: &mut Conn, of: &UserId) -> Result<Option<Timestamp>, StoreError> {
    let at = run!(conn, |c| last_seen::table
        .find(of.as_str())
        .select(last_seen::at)
        .get_result::<i64>(c)
        .optional())?;
    Ok(at.map(Timestamp::from_millis))
}

/// When those of some users last came or went who ever did.
pub fn find_many(conn: &mut Conn, of: &[UserId]) -> Result<HashMap<UserId, Timestamp>, StoreError> {
    let mut found = HashMap::new();
    for some in of.chunks(TOGETHER) {
        let ids = rounded(some.iter().map(UserId::as_str).collect());
        let seen = last_seen::table
            .filter(last_seen::user_id.eq_any(ids.as_slice()))
            .select((last_seen::user_id, last_seen::at));
        found.extend(run!(conn, |c| prepared(seen).load::<(String, i64)>(c))?);
    }
    let seen = |user: &UserId| {
        let at = *found.get(user.as_str())?;
        Some((user.clone(), Timestamp::from_millis(at)))
    };
    Ok(of.iter().filter_map(seen).collect())
}

/// Those of some users who are on any node.
pub fn anywhere(conn: &mut Conn, of: &[UserId]) -> Result<HashSet<UserId>, StoreError> {
    let mut found = HashSet::new();
    for some in of.chunks(TOGETHER) {
        let ids: Vec<&str> = some.iter().map(UserId::as_str).collect();
        let there = run!(conn, |c| whereabouts::table
            .filter(whereabouts::user_id.eq_any(ids.as_slice()))
            .select(whereabouts::user_id)
            .load::<String>(c))?;
        found.extend(there);
    }
    let of = of.iter().filter(|user| found.contains(user.as_str()));
    Ok(of.cloned().collect())
}

/// Users come to a node, and others leave it, each at a time; nobody is in both lists.
pub fn store(
    tx: &mut Tx<'_>,
    came: &BTreeMap<UserId, Timestamp>,
    went: &BTreeMap<UserId, Timestamp>,
    node: &NodeId,
) -> Result<(), StoreError> {
    // All of them in one order: two nodes of which one sees somebody come and the other sees them go would else wait for
    // each other.
    see(tx, &came.iter().chain(went).collect())?;
    let (came, went): (Vec<_>, Vec<_>) = (came.keys().collect(), went.keys().collect());
    for some in came.chunks(TOGETHER) {
        let there = some.iter().map(|user| {
            (
                whereabouts::user_id.eq(user.as_str()),
                whereabouts::node.eq(node.as_str()),
            )
        });
        let there: Vec<_> = there.collect();
        run!(tx, |c| diesel::insert_into(whereabouts::table)
            .values(there.as_slice())
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    for some in went.chunks(TOGETHER) {
        let ids: Vec<&str> = some.iter().map(|user| user.as_str()).collect();
        let there = whereabouts::table
            .filter(whereabouts::node.eq(node.as_str()))
            .filter(whereabouts::user_id.eq_any(ids.as_slice()));
        run!(tx, |c| diesel::delete(there).execute(c))?;
    }
    Ok(())
}

/// Marks the users who were on a node when it died as gone from it, at the last moment at which it is known to have run.
/// Returns how many they are. To be called by whoever settles what the node has left behind: in the transaction that does so,
/// before the node's row goes.
pub fn settle(tx: &mut Tx<'_>, node: &NodeId) -> Result<usize, StoreError> {
    let now = tx.now();
    if let Some(alive_at) = alive::last(tx, node, now)?.map(Timestamp::millis) {
        let there = whereabouts::table
            .filter(whereabouts::node.eq(node.as_str()))
            .select(whereabouts::user_id);
        let seen = last_seen::table.filter(last_seen::user_id.eq_any(there));
        lock!(
            tx,
            seen.order(last_seen::user_id).select(last_seen::user_id)
        )?;
        let earlier = seen.filter(last_seen::at.lt(alive_at));
        run!(tx, |c| diesel::update(earlier)
            .set(last_seen::at.eq(alive_at))
            .execute(c))?;
    }
    let there = whereabouts::table.filter(whereabouts::node.eq(node.as_str()));
    run!(tx, |c| diesel::delete(there).execute(c))
}

/// The same for some users, in the order of their ids.
pub fn settle_some(
    tx: &mut Tx<'_>,
    users: &BTreeSet<UserId>,
    node: &NodeId,
) -> Result<(), StoreError> {
    let now = tx.now();
    let alive_at = alive::last(tx, node, now)?.map(Timestamp::millis);
    for who in users {
        let there = whereabouts::table.find((who.as_str(), node.as_str()));
        let is_there = run!(tx, |c| there.count().get_result::<i64>(c))? > 0;
        if let Some(alive_at) = alive_at.filter(|_| is_there) {
            let earlier = last_seen::table
                .find(who.as_str())
                .filter(last_seen::at.lt(alive_at));
            run!(tx, |c| diesel::update(earlier)
                .set(last_seen::at.eq(alive_at))
                .execute(c))?;
        }
        run!(tx, |c| diesel::delete(there).execute(c))?;
    }
    Ok(())
}

/// Users were seen, each at a time: never earlier than is stored, for another node may have seen them later.
fn see(tx: &mut Tx<'_>, who: &BTreeMap<&UserId, &Timestamp>) -> Result<(), StoreError> {
    let is_later = last_seen::at.lt(excluded(last_seen::at));
    let later = case_when(is_later, excluded(last_seen::at)).otherwise(last_seen::at);
    let who: Vec<_> = who.iter().collect();
    for some in who.chunks(TOGETHER) {
        let seen = some.iter().map(|(user, at)| {
            (
                last_seen::user_id.eq(user.as_str()),
                last_seen::at.eq(at.millis()),
            )
        });
        let seen: Vec<_> = seen.collect();
        run!(tx, |c| diesel::insert_into(last_seen::table)
            .values(seen.as_slice())
            .on_conflict(last_seen::user_id)
            .do_update()
            .set(last_seen::at.eq(later))
            .execute(c))?;
    }
    Ok(())
}
