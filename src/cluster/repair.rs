//! What may not be in the table `nodes`; and who serves a database, which nobody may while it is repaired.

use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};

use crate::{
    kernel::{ids::NodeId, time::Timestamp},
    store::{
        Conn, StoreError,
        repair::{Breakage, Rule, Scene, execute, rows},
    },
};

/// No lease is given for longer, whatever is configured: twice the most that `cluster.lease` may be.
const LEASE_MAX: Duration = Duration::from_mins(10);

/// What holds of this table.
pub const RULES: &[Rule] = &[
    Rule {
        name: "node-name",
        find: nameless,
    },
    Rule {
        name: "node-lease",
        find: endless,
    },
];

/// A node that may be running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub node: String,
    /// Until when it counts as alive without another sign of life.
    pub until: Timestamp,
}

/// The nodes that hold a lease `now`. One that reaches further than any lease is given for is not held by anybody.
///
/// # Errors
/// Those of the database.
pub fn holders(conn: &mut Conn, now: Timestamp) -> Result<Vec<Holder>, StoreError> {
    let (from, to) = (now.millis(), (now + LEASE_MAX).millis());
    let question = format!(
        "SELECT name, lease_until FROM nodes WHERE lease_until > {from} AND lease_until <= {to} ORDER BY name"
    );
    let held = rows::<Lease>(conn, &question, &[])?.into_iter();
    Ok(held
        .map(|it| Holder {
            node: it.name,
            until: Timestamp::from_millis(it.lease_until),
        })
        .collect())
}

#[derive(QueryableByName)]
struct Lease {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    lease_until: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A name that no node can have keeps all others from joining. Who is said to be on it is found by rules of their own.
fn nameless(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let named = rows::<Name>(conn, "SELECT name FROM nodes ORDER BY name", &[])?.into_iter();
    let nameless = named.filter(|it| it.name.parse::<NodeId>().is_err());
    Ok(nameless
        .map(|Name { name }| {
            Breakage::mended(
                format!("the node {name:?}"),
                "has a name that none can have",
                "it is not there: whatever it left is settled as that of a node that never was",
                move |tx| execute(tx, "DELETE FROM nodes WHERE name = $1", &[&name]).map(drop),
            )
        })
        .collect())
}

/// A clock that was once set wrong: until then nobody takes that node for dead, nor settles what it left.
fn endless(conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let (now, most) = (scene.now.millis(), (scene.now + LEASE_MAX).millis());
    let question =
        format!("SELECT name, lease_until FROM nodes WHERE lease_until > {most} ORDER BY name");
    let endless = rows::<Lease>(conn, &question, &[])?.into_iter();
    Ok(endless
        .map(|Lease { name, lease_until }| {
            let hours = (lease_until - now) / 3_600_000;
            Breakage::mended(
                format!("the node {name}"),
                format!("holds a lease for another {hours} h, longer than any is given for"),
                "it has run out, so that what the node left is settled",
                move |tx| {
                    let over = tx.now().millis();
                    let change = format!("UPDATE nodes SET lease_until = {over} WHERE name = $1");
                    execute(tx, &change, &[&name]).map(drop)
                },
            )
        })
        .collect())
}
