//! Points over nodes: what one grants, all have, and no order is done twice.

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Api, Reply, send},
    harness::{Cluster, Node},
};

/// Orders a change of somebody's points, on a node.
pub async fn order(node: &Node, what: &str, user: &str, amount: i64, key: &str) -> Reply {
    let path = format!("/api/server/points/{user}/{what}");
    let request = Api::backend(node).request(Method::POST, &path);
    let order = json!({"amount": amount, "transaction_type": "test"});
    send(request.header("Idempotency-Key", key).json(&order)).await
}

/// The points of somebody, as a node knows them.
pub async fn balance(node: &Node, user: &str) -> i64 {
    let api = Api::of(node, user, Role::User);
    let points = api.get("/api/points").await.ok();
    points["balance"].as_i64().expect("a balance")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_grants_is_seen_and_heard_on_all() {
    let cluster = Cluster::start(3).await;
    let mut phone = cluster.node(1).user("taro").await;
    let mut desk = cluster.node(2).user("taro").await;
    let granted = order(cluster.node(0), "grant", "taro", 500, "k-1").await;
    granted.ok();
    for client in [&mut phone, &mut desk] {
        assert_eq!(client.expect("sp_update").await["current_sp"], 500);
    }
    let again = order(cluster.node(1), "grant", "taro", 500, "k-1").await;
    assert_eq!(again.ok()["balance_after"], 500, "a repeat has no effect");
    for node in cluster.nodes() {
        assert_eq!(balance(node, "taro").await, 500);
    }
    for client in [&mut phone, &mut desk] {
        client.expect_none("sp_update").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_on_all_nodes_at_once_never_take_more_than_there_is() {
    let cluster = Cluster::start(3).await;
    order(cluster.node(0), "grant", "taro", 1_000, "start")
        .await
        .ok();
    let mut taro = cluster.node(0).user("taro").await;
    let orders = (0..60).map(|number| {
        let node = cluster.node(number % 3);
        // Each key comes to two nodes.
        let key = format!("k-{}", number / 2);
        async move { order(node, "consume", "taro", 60, &key).await }
    });
    let replies = futures_util::future::join_all(orders).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    let refused = replies.iter().filter(|reply| reply.status == 409).count();
    assert_eq!(done + refused, 60, "{replies:?}");
    for node in cluster.nodes() {
        assert_eq!(balance(node, "taro").await, 1_000 - 16 * 60);
    }
    let api = Api::of(cluster.node(1), "taro", Role::User);
    let list = api.whole_list("/api/points/transactions", 50).await;
    assert_eq!(list.len(), 17);
    for place in 0..16 {
        let update = taro.expect("sp_update").await;
        assert_eq!(update["current_sp"], 1_000 - (place + 1) * 60, "in order");
    }
}
