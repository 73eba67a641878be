//! Nodes that are frozen for longer than their lease and go on: others have taken them for dead, so they do nothing before
//! they have joined again.

use diesel::connection::SimpleConnection as _;
use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    calls::{connected, entry, ringing, told},
    chat::writes,
    harness::{Cluster, LEASE, statuses},
    presence::listed,
    support::{End, eventually, silence},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_wakes_after_its_lease_sends_its_people_away_and_joins_again() {
    let cluster = Cluster::start(3).await;
    let mut watcher = cluster.node(1).user("watcher").await;
    let mut hana = cluster.node(0).otomo("hana").await;
    watcher.sees("hana", "online").await;
    cluster.node(0).freeze();
    watcher.sees("hana", "offline").await;
    cluster.node(0).thaw();
    assert_eq!(hana.ended().await, End::Closed(4200), "come back now");
    let mut hana = cluster
        .node(0)
        .comes_back("hana", Role::Otomo, "phone")
        .await;
    watcher.sees("hana", "online").await;
    let call = watcher.request("hana").await;
    hana.rings(call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_frozen_node_had_in_hand_is_not_done_behind_everybodys_back() {
    let cluster = Cluster::start(3).await;
    let (mut taro, mut hana, call) = ringing(cluster.node(0), cluster.node(1)).await;
    cluster.node(1).freeze();
    // On its way to the frozen node while the others find out that she is gone.
    hana.send(json!({"type": "call_accept", "callId": call, "requestId": "late"}))
        .await;
    let rejected = taro.expect("call_rejected").await;
    silence(LEASE * 2).await;
    cluster.node(1).thaw();
    assert_eq!(hana.ended().await, End::Closed(4200));
    let answer = hana.heard("call_accept_ack");
    assert_eq!(answer, None, "after {rejected}");
    taro.expect_none("call_accepted").await;
    let entry = entry(cluster.node(2), "taro", call).await;
    assert_ne!(entry["outcome"], "completed", "{entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_frozen_node_is_ended_once_by_others() {
    let cluster = Cluster::start(3).await;
    let (mut taro, mut hana, call) = connected(cluster.node(0), cluster.node(1)).await;
    cluster.node(1).freeze();
    let end = told(&mut taro, "call_end", call).await;
    assert_eq!(end["reason"], "disconnect");
    cluster.node(1).thaw();
    assert_eq!(hana.ended().await, End::Closed(4200));
    let mut hana = cluster
        .node(1)
        .comes_back("hana", Role::Otomo, "phone")
        .await;
    let snapshot = hana.expect("call_snapshot").await;
    assert_eq!(snapshot["call"], json!(null));
    let call = taro.request("hana").await;
    hana.rings(call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_freeze_is_no_death() {
    let cluster =
        Cluster::start_with(2, &[("cluster.lease", "6s"), ("presence.lease", "6s")]).await;
    let mut watcher = cluster.node(1).user("watcher").await;
    let mut hana = cluster.node(0).otomo("hana").await;
    watcher.sees("hana", "online").await;
    watcher.settled().await;
    watcher.everything();
    cluster.node(0).freeze();
    silence(std::time::Duration::from_secs(1)).await;
    cluster.node(0).thaw();
    hana.settled().await;
    silence(std::time::Duration::from_secs(7)).await;
    watcher.settled().await;
    assert_eq!(statuses(&mut watcher, "hana"), Vec::<String>::new());
    eventually("hana is online", async || {
        listed(cluster.node(1), "hana").await == "online"
    })
    .await;
}

/// Found by `chaos`: others ended the lease of a connection whose node was alive and only could not write, and nobody gave it
/// back.
#[tokio::test(flavor = "multi_thread")]
async fn an_otomo_is_there_although_her_node_waited_to_write_for_longer_than_a_lease() {
    let cluster = Cluster::start(2).await;
    let mut taro = cluster.node(1).user("taro").await;
    let _hana = cluster.node(1).otomo("hana").await;
    let _jiro = cluster.node(0).user("jiro").await;
    taro.sees("hana", "online").await;
    writes(&mut taro, "jiro", "before").await;
    // Somebody keeps the end of jiro's stream to themselves: what is written to him waits, and what comes after that on his
    // writer's node. The node's own lease goes on.
    let mut database = cluster.postgres().connect();
    let hold = "BEGIN; SELECT head FROM inbox_heads WHERE user_id = 'jiro' FOR UPDATE";
    database.batch_execute(hold).unwrap();
    let message = json!({
        "type": "message_send", "toUserId": "jiro", "clientMessageId": "waits", "body": "waits", "requestId": "waits",
    });
    taro.send(message).await;
    silence(LEASE * 2).await;
    database.batch_execute("COMMIT").unwrap();
    let ack = taro.until("the message is stored", |it| it["requestId"] == "waits");
    assert_eq!(ack.await["type"], "message_send_ack");
    // As often as each node looks.
    for _ in 0..3 {
        silence(LEASE).await;
        for node in cluster.nodes() {
            assert_eq!(listed(node, "hana").await, "online", "{}", node.name());
        }
    }
}
