//! Who can be called, the same on every node, and never flickering.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    harness::{Cluster, Node, WITHIN_LEASE, statuses},
    support::{silence, within},
};

/// What a newcomer's list says of an otomo.
pub async fn listed(node: &Node, otomo: &str) -> String {
    let mut watcher = node.connecting("passer-by", Role::User).open().await;
    let snapshot = watcher.expect("otomo_status_snapshot").await;
    let entries = snapshot["otomos"].as_array().expect("a list");
    let entry = entries.iter().find(|entry| entry["userId"] == otomo);
    entry.map_or("unknown".into(), |entry| {
        entry["status"].as_str().expect("a status").to_owned()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_the_same_on_every_node() {
    let cluster = Cluster::start(3).await;
    let mut watchers = Vec::new();
    for node in cluster.nodes() {
        watchers.push(node.user(&format!("watcher-{}", node.name())).await);
    }
    let mut hana = cluster.node(0).otomo("hana").await;
    // Of updates that come fast only the last is told: each is waited for.
    for watcher in &mut watchers {
        watcher.sees("hana", "online").await;
    }
    for status in ["break", "online"] {
        let set = json!({"type": "otomo_status_set", "status": status});
        assert_eq!(hana.ask(set).await["type"], "otomo_status_set_ack");
        for watcher in &mut watchers {
            watcher.sees("hana", status).await;
        }
    }
    hana.log_out().await;
    for watcher in &mut watchers {
        watcher.sees("hana", "offline").await;
        watcher.settled().await;
        assert_eq!(statuses(watcher, "hana"), Vec::<String>::new());
    }
    for node in cluster.nodes() {
        assert_eq!(listed(node, "hana").await, "offline");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_otomo_with_devices_on_two_nodes_is_there_while_one_of_them_is() {
    let cluster = Cluster::start(3).await;
    let mut watcher = cluster.node(2).user("watcher").await;
    let phone = cluster.node(0).device("hana", Role::Otomo, "phone").await;
    watcher.sees("hana", "online").await;
    let desk = cluster.node(1).device("hana", Role::Otomo, "desk").await;
    phone.log_out().await;
    let tablet = cluster.node(2).device("hana", Role::Otomo, "tablet").await;
    desk.vanish().await;
    // Longer than the graces and a lease together: what is to be seen would be seen.
    silence(std::time::Duration::from_secs(4)).await;
    watcher.settled().await;
    assert_eq!(statuses(&mut watcher, "hana"), Vec::<String>::new());
    tablet.log_out().await;
    watcher.sees("hana", "offline").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_moves_to_another_node_does_not_flicker() {
    let cluster = Cluster::start(3).await;
    let mut watcher = cluster.node(2).user("watcher").await;
    let mut hana = cluster.node(0).device("hana", Role::Otomo, "phone").await;
    watcher.sees("hana", "online").await;
    for round in 1..6 {
        match round % 2 {
            0 => hana.reload().await,
            _ => hana.vanish().await,
        }
        hana = cluster
            .node(round % 3)
            .device("hana", Role::Otomo, "phone")
            .await;
    }
    silence(std::time::Duration::from_secs(3)).await;
    watcher.settled().await;
    assert_eq!(statuses(&mut watcher, "hana"), Vec::<String>::new());
    hana.vanish().await;
    watcher.sees("hana", "offline").await;
    within(WITHIN_LEASE, "hana is offline everywhere", async || {
        let mut offline = true;
        for node in cluster.nodes() {
            offline &= listed(node, "hana").await == "offline";
        }
        offline
    })
    .await;
}
