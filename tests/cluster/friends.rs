//! Friends who come and go on different nodes (source document 004): each change is told once, and only changes.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    harness::{Cluster, Node},
    support::{Client, Json, silence},
};

/// Makes friends of two people.
pub async fn befriend(node: &Node, one: &str, other: &str) {
    for (who, whom) in [(one, other), (other, one)] {
        let api = Api::of(node, who, Role::User);
        // Both have to be known.
        Api::of(node, whom, Role::User).get("/api/me").await.ok();
        api.put(&format!("/api/friends/{whom}"), json!({}))
            .await
            .ok();
    }
}

/// The next change that somebody is told of a friend.
pub async fn change_of(client: &mut Client, friend: &str) -> Json {
    client
        .until(format!("a change of {friend}"), |it| {
            it["type"] == "friend_status_changed" && it["user_id"] == friend
        })
        .await
}

/// Whether a node's REST says that a friend is online.
pub async fn is_online(node: &Node, who: &str, friend: &str) -> bool {
    let api = Api::of(node, who, Role::User);
    let statuses = api.get("/api/friends/online-status").await.ok();
    statuses["data"]["statuses"][friend] == true
}

#[tokio::test(flavor = "multi_thread")]
async fn friends_on_other_nodes_hear_of_each_change_once() {
    let cluster = Cluster::start(3).await;
    befriend(cluster.node(0), "taro", "hana").await;
    let mut taro = cluster.node(0).user("taro").await;
    let mut tablet = cluster.node(2).user("taro").await;
    let mut jiro = cluster.node(2).user("jiro").await;
    let phone = cluster.node(1).device("hana", Role::User, "phone").await;
    for client in [&mut taro, &mut tablet] {
        let change = change_of(client, "hana").await;
        assert_eq!(change["status"], "online");
        let millis = change["timestamp"].as_i64().unwrap();
        assert!(millis > 1_000_000_000_000, "milliseconds: {change}");
    }
    for node in cluster.nodes() {
        assert!(is_online(node, "taro", "hana").await, "{}", node.name());
    }
    // A second device elsewhere, and the end of the first, are no changes.
    let desk = cluster.node(2).device("hana", Role::User, "desk").await;
    phone.log_out().await;
    silence(std::time::Duration::from_secs(3)).await;
    for client in [&mut taro, &mut tablet] {
        client.expect_none("friend_status_changed").await;
        client.expect_none("user-offline").await;
    }
    desk.log_out().await;
    for client in [&mut taro, &mut tablet] {
        assert_eq!(change_of(client, "hana").await["status"], "offline");
        client.expect_none("friend_status_changed").await;
    }
    for node in cluster.nodes() {
        assert!(!is_online(node, "taro", "hana").await, "{}", node.name());
    }
    jiro.expect_none("friend_status_changed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomers_snapshot_knows_who_is_where() {
    let cluster = Cluster::start(2).await;
    befriend(cluster.node(0), "taro", "hana").await;
    befriend(cluster.node(0), "taro", "jiro").await;
    let _hana = cluster.node(1).user("hana").await;
    let mut taro = cluster.node(0).connecting("taro", Role::User).open().await;
    let snapshot = taro.expect("friend_status_snapshot").await;
    assert_eq!(snapshot["statuses"], json!({"hana": true, "jiro": false}));
}
