//! The table `nodes`.

use std::time::Duration;

use diesel::prelude::*;

use super::rules::{self, Epoch};
use crate::{
    kernel::{ids::NodeId, time::Timestamp},
    store::{Conn, StoreError, Tx, run, sql::schema::nodes},
};

/// A node as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What decides.
    pub row: rules::Row,
    /// When this life of it began.
    pub started_at: Timestamp,
    /// Where other nodes reach it.
    pub advertise: Option<String>,
    /// Which process it is.
    pub process: Option<String>,
}

/// How a node presents itself.
#[derive(Debug, Clone)]
pub struct Presentation {
    /// Its name.
    pub name: NodeId,
    /// Where other nodes reach it.
    pub advertise: Option<String>,
    /// Which process it is.
    pub process: Option<String>,
}

/// A node; `None` if there never was one of that name.
pub fn find(conn: &mut Conn, name: &NodeId) -> Result<Option<Node>, StoreError> {
    let row: Option<Row> = run!(conn, |c| nodes::table
        .find(name.as_str())
        .select(Row::as_select())
        .get_result(c)
        .optional())?;
    row.map(Node::try_from).transpose()
}

/// Every node that there was, by name.
pub fn all(conn: &mut Conn) -> Result<Vec<Node>, StoreError> {
    let rows: Vec<Row> = run!(conn, |c| nodes::table
        .order(nodes::name)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Node::try_from).collect()
}

/// How many other nodes are alive.
pub fn others_alive(conn: &mut Conn, name: &NodeId, now: Timestamp) -> Result<i64, StoreError> {
    let others = nodes::table
        .filter(nodes::name.ne(name.as_str()))
        .filter(nodes::lease_until.gt(now.millis()));
    run!(conn, |c| others.count().get_result(c))
}

/// Begins a new life of a node in the place of `before`. Its last sign of life stays that of the life before: what that left
/// behind ended then. Returns whether nobody else was faster.
pub fn begin(
    tx: &mut Tx<'_>,
    node: &Presentation,
    before: Option<Epoch>,
    epoch: Epoch,
    lease: Duration,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let begun = (
        nodes::epoch.eq(epoch),
        nodes::lease_until.eq((now + lease).millis()),
        nodes::started_at.eq(now.millis()),
        nodes::advertise.eq(&node.advertise),
        nodes::process.eq(&node.process),
    );
    let name = node.name.as_str();
    let rows = match before {
        Some(before) => {
            let place = nodes::table.find(name).filter(nodes::epoch.eq(before));
            run!(tx, |c| diesel::update(place).set(begun).execute(c))?
        }
        None => run!(tx, |c| diesel::insert_into(nodes::table)
            .values((
                nodes::name.eq(name),
                nodes::alive_at.eq(now.millis()),
                begun
            ))
            .on_conflict_do_nothing()
            .execute(c))?,
    };
    Ok(rows == 1)
}

/// Renews a node's lease. Returns whether this life of it had one.
pub fn renew(
    tx: &mut Tx<'_>,
    name: &NodeId,
    epoch: Epoch,
    lease: Duration,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let own = nodes::table
        .find(name.as_str())
        .filter(nodes::epoch.eq(epoch))
        .filter(nodes::lease_until.is_not_null());
    let renewed = run!(tx, |c| diesel::update(own)
        .set((
            nodes::alive_at.eq(now.millis()),
            nodes::lease_until.eq((now + lease).millis()),
        ))
        .execute(c))?;
    Ok(renewed == 1)
}

/// Ends a life of a node in good order: there is nothing to settle.
pub fn leave(tx: &mut Tx<'_>, name: &NodeId, epoch: Epoch) -> Result<(), StoreError> {
    let now = tx.now().millis();
    let own = nodes::table
        .find(name.as_str())
        .filter(nodes::epoch.eq(epoch));
    run!(tx, |c| diesel::update(own)
        .set((nodes::alive_at.eq(now), nodes::lease_until.eq(None::<i64>)))
        .execute(c))?;
    Ok(())
}

/// Takes it upon the caller to settle what this life of a node left. Of all who try, one is told that it is theirs; who
/// rolls back has not taken it.
pub fn claim(tx: &mut Tx<'_>, name: &NodeId, epoch: Epoch) -> Result<bool, StoreError> {
    let dead = nodes::table
        .find(name.as_str())
        .filter(nodes::epoch.eq(epoch))
        .filter(nodes::lease_until.le(tx.now().millis()));
    let claimed = run!(tx, |c| diesel::update(dead)
        .set(nodes::lease_until.eq(None::<i64>))
        .execute(c))?;
    Ok(claimed == 1)
}

/// Ends the life of a node that is known to be over. Its last sign of life stays.
pub fn end(tx: &mut Tx<'_>, name: &NodeId) -> Result<(), StoreError> {
    let node = nodes::table.find(name.as_str());
    run!(tx, |c| diesel::update(node)
        .set(nodes::lease_until.eq(None::<i64>))
        .execute(c))?;
    Ok(())
}

/// A row of `nodes`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = nodes)]
struct Row {
    name: String,
    alive_at: i64,
    epoch: i64,
    lease_until: Option<i64>,
    started_at: i64,
    advertise: Option<String>,
    process: Option<String>,
}

impl TryFrom<Row> for Node {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let name = row
            .name
            .parse()
            .map_err(|fault| StoreError::corrupt(format!("nodes.name {:?}: {fault}", row.name)))?;
        Ok(Self {
            row: rules::Row {
                name,
                epoch: row.epoch,
                alive_at: Timestamp::from_millis(row.alive_at),
                lease_until: row.lease_until.map(Timestamp::from_millis),
            },
            started_at: Timestamp::from_millis(row.started_at),
            advertise: row.advertise,
            process: row.process,
        })
    }
}
