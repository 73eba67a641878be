//! Leases that nobody holds, and that nobody would let run out.

use std::{collections::BTreeSet, time::Duration};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Text},
};

use crate::{
    kernel::{
        ids::{DeviceId, NodeId, SessionId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, StoreError,
        repair::{Breakage, Scene, execute, rows},
    },
};

/// No connection counts for longer without being renewed, whatever is configured: twice the most that `presence.lease` and the
/// graces may be.
const LEASE_MAX: Duration = Duration::from_hours(2);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    session: String,
    #[diesel(sql_type = Text)]
    device: String,
    #[diesel(sql_type = Text)]
    otomo_id: String,
    #[diesel(sql_type = Text)]
    node: String,
    #[diesel(sql_type = BigInt)]
    expires_at: i64,
    #[diesel(sql_type = Bool)]
    known: bool,
}

#[derive(QueryableByName)]
struct Node {
    #[diesel(sql_type = Text)]
    name: String,
}

pub(super) fn find(conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let nodes = rows::<Node>(conn, "SELECT name FROM nodes", &[])?.into_iter();
    let nodes: BTreeSet<String> = nodes.map(|node| node.name).collect();
    let question = "SELECT session, device, otomo_id, node, expires_at,
            EXISTS (SELECT 1 FROM otomo WHERE otomo.user_id = leases.otomo_id) AS known
        FROM leases ORDER BY session";
    let policy = super::policy(scene.config);
    let now = scene.now;
    let mut found = Vec::new();
    for row in rows::<Row>(conn, question, &[])? {
        let Some(fault) = fault(&row, &nodes, now) else {
            continue;
        };
        let Row {
            session, otomo_id, ..
        } = row;
        let subject = format!("the connection {session} of {otomo_id}");
        let how = "it is over, and their status is settled";
        found.push(Breakage::mended(subject, fault, how, move |tx| {
            execute(tx, "DELETE FROM leases WHERE session = $1", &[&session])?;
            match otomo_id.parse() {
                Ok(otomo) => super::settle(tx, &otomo, &policy),
                Err(_) => Ok(()),
            }
        }));
    }
    Ok(found)
}

fn fault(row: &Row, nodes: &BTreeSet<String>, now: Timestamp) -> Option<String> {
    let readable = row.session.parse::<SessionId>().is_ok()
        && row.device.parse::<DeviceId>().is_ok()
        && row.node.parse::<NodeId>().is_ok()
        && row.otomo_id.parse::<UserId>().is_ok();
    if !readable {
        return Some("cannot be read".to_owned());
    }
    if !row.known {
        return Some("is somebody's who is no otomo".to_owned());
    }
    if !nodes.contains(&row.node) {
        return Some(format!("is to the node {}, which never was", row.node));
    }
    let expires_at = Timestamp::from_millis(row.expires_at);
    (expires_at > now + LEASE_MAX).then(|| {
        let hours = now.until(expires_at).as_secs() / 3_600;
        format!("counts for another {hours} h without being renewed")
    })
}
