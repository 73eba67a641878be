//! The table `leases`: the connections of otomo.

use std::time::Duration;

use diesel::{
    dsl::{exists, not},
    prelude::*,
    sql_types::Bool,
};

use super::{lock_all, user_id};
use crate::{
    kernel::{
        ids::{NodeId, SessionId, UserId},
        time::Timestamp,
    },
    presence::rules::{Lease, Status},
    store::{
        Conn, StoreError, Tx, prepared, run,
        sql::schema::{leases, nodes, otomo},
    },
};

/// Whether other nodes serve the same database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbours {
    /// This one is alone: what another has left, it has left for good.
    None,
    /// There may be others.
    Some,
}

/// All leases of an otomo, also those that have run out and were not swept yet.
pub fn of(conn: &mut Conn, otomo: &UserId) -> Result<Vec<Lease>, StoreError> {
    let rows: Vec<Row> = run!(conn, |c| leases::table
        .filter(leases::otomo_id.eq(otomo.as_str()))
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Lease::try_from).collect()
}

/// The lease of a session, and whose it is.
pub fn find(conn: &mut Conn, session: SessionId) -> Result<Option<(UserId, Lease)>, StoreError> {
    let row: Option<Row> = run!(conn, |c| leases::table
        .find(session.to_string())
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    row.map(|row| Ok((user_id(&row.otomo_id)?, Lease::try_from(row)?)))
        .transpose()
}

/// Stores a new lease. The otomo's row must be there.
pub fn insert(tx: &mut Tx<'_>, otomo: &UserId, lease: &Lease) -> Result<(), StoreError> {
    let row = Row::new(otomo, lease);
    run!(tx, |c| diesel::insert_into(leases::table)
        .values(&row)
        .execute(c))?;
    Ok(())
}

/// Lets a session's lease run out at `until`, unrenewed.
pub fn let_run_out(
    tx: &mut Tx<'_>,
    session: SessionId,
    until: Timestamp,
) -> Result<(), StoreError> {
    let run_out = diesel::update(leases::table.find(session.to_string())).set((
        leases::expires_at.eq(until.millis()),
        leases::leaving.eq(true),
    ));
    run!(tx, |c| prepared(run_out).execute(c))?;
    Ok(())
}

/// Ends a lease at once.
pub fn end(tx: &mut Tx<'_>, session: SessionId) -> Result<(), StoreError> {
    let lease = leases::table.find(session.to_string());
    run!(tx, |c| prepared(diesel::delete(lease)).execute(c))?;
    Ok(())
}

/// Ends all leases of an otomo at once.
pub fn end_all(tx: &mut Tx<'_>, otomo: &UserId) -> Result<(), StoreError> {
    let of_otomo = leases::otomo_id.eq(otomo.as_str());
    run!(tx, |c| diesel::delete(leases::table.filter(of_otomo))
        .execute(c))?;
    Ok(())
}

/// Renews, in one statement, the leases of a node's connected sessions for another `term`. Those that were renewed within
/// the last third of it are left alone. Returns the otomo of whom something else may be known than their lease says (each as
/// often as that is so): it had run out although the session is there, because the process, or the store, stood still for
/// longer than a term; or a node whose clock was ahead has taken it for run out.
pub fn renew(tx: &mut Tx<'_>, node: &NodeId, term: Duration) -> Result<Vec<UserId>, StoreError> {
    let now = tx.now();
    let stale = (now + term - term / 3).millis();
    let own = leases::node
        .eq(node.as_str())
        .and(leases::leaving.eq(false));
    let run_out = leases::expires_at.le(now.millis());
    let taken_for_gone = otomo::status.eq(Status::Offline.to_string());
    let due = own.and(leases::expires_at.lt(stale));
    let doubtful: Vec<String> = run!(tx, |c| leases::table
        .inner_join(otomo::table)
        .filter(due.and(run_out.or(taken_for_gone.clone())))
        .select(leases::otomo_id)
        .load(c))?;
    run!(tx, |c| diesel::update(leases::table.filter(due))
        .set(leases::expires_at.eq((now + term).millis()))
        .execute(c))?;
    doubtful.iter().map(|id| user_id(id)).collect()
}

/// Lets every lease that `node` left behind run out at `until`, or later if it was promised more: the node has started again,
/// and its sessions are gone.
pub fn hold(tx: &mut Tx<'_>, node: &NodeId, until: Timestamp) -> Result<usize, StoreError> {
    let enough = leases::leaving.and(leases::expires_at.gt(until.millis()));
    let short = leases::node.eq(node.as_str()).and(not(enough));
    let held = (
        leases::expires_at.eq(until.millis()),
        leases::leaving.eq(true),
    );
    run!(tx, |c| diesel::update(leases::table.filter(short))
        .set(held)
        .execute(c))
}

/// Deletes at most `limit` leases that have run out, and says whose they were. Not those whose node has renewed them
/// meanwhile.
///
/// Where there are other nodes, a lease of theirs that no session has left is theirs to renew for as long as they have their
/// place: after an outage of the store each node comes to it in its turn, and whoever came first would take the connections
/// of all others for gone, which are there and would have no lease any more. A node that has died loses its place first.
pub fn expire(
    tx: &mut Tx<'_>,
    limit: i64,
    neighbours: Neighbours,
) -> Result<Vec<UserId>, StoreError> {
    let run_out = leases::expires_at.le(tx.now().millis());
    let in_place = nodes::table
        .filter(nodes::name.eq(leases::node))
        .filter(nodes::lease_until.is_not_null());
    let abandoned = leases::leaving
        .or((neighbours == Neighbours::None).into_sql::<Bool>())
        .or(not(exists(in_place)));
    let over = run_out.and(abandoned);
    let rows: Vec<(String, String)> = run!(tx, |c| leases::table
        .filter(over)
        .select((leases::session, leases::otomo_id))
        .limit(limit)
        .load(c))?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let (sessions, otomo): (Vec<String>, Vec<String>) = rows.into_iter().unzip();
    let otomo: Vec<UserId> = otomo
        .iter()
        .map(|id| user_id(id))
        .collect::<Result<_, _>>()?;
    lock_all(tx, &otomo.iter().collect::<Vec<_>>())?;
    let ended = leases::table.filter(leases::session.eq_any(&sessions));
    run!(tx, |c| diesel::delete(ended.filter(over)).execute(c))?;
    Ok(otomo)
}

/// When the next grace is over, of whatever node. The lease of a node that died is found without this, by the next sweep.
pub fn next_grace_end(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let first: Option<i64> = run!(conn, |c| leases::table
        .filter(leases::leaving)
        .select(diesel::dsl::min(leases::expires_at))
        .get_result(c))?;
    Ok(first.map(Timestamp::from_millis))
}

/// A row of `leases`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = leases)]
struct Row {
    session: String,
    otomo_id: String,
    device: String,
    node: String,
    expires_at: i64,
    leaving: bool,
}

impl Row {
    fn new(otomo: &UserId, lease: &Lease) -> Self {
        Self {
            session: lease.session.to_string(),
            otomo_id: otomo.to_string(),
            device: lease.device.to_string(),
            node: lease.node.to_string(),
            expires_at: lease.expires_at.millis(),
            leaving: lease.leaving,
        }
    }
}

impl TryFrom<Row> for Lease {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column, fault: &dyn std::fmt::Display| {
            StoreError::corrupt(format!("leases.{column} of {}: {fault}", row.session))
        };
        Ok(Self {
            session: row
                .session
                .parse()
                .map_err(|fault| corrupt("session", &fault))?,
            device: row
                .device
                .parse()
                .map_err(|fault| corrupt("device", &fault))?,
            node: row.node.parse().map_err(|fault| corrupt("node", &fault))?,
            expires_at: Timestamp::from_millis(row.expires_at),
            leaving: row.leaving,
        })
    }
}
