//! Redis and PostgreSQL that go and come back: what works meanwhile, what is said of it, and that nobody has to be started again.

use std::time::Duration;

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use crate::{
    calls::{connected, talk, told},
    chat::writes,
    friends::{befriend, change_of},
    harness::{Cluster, statuses},
    support::{eventually, silence},
};

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_people_go_on_and_with_it_again_nothing_is_wrong() {
    let cluster = Cluster::start(2).await;
    befriend(cluster.node(0), "taro", "jiro").await;
    let mut taro = cluster.node(0).user("taro").await;
    let mut hana = cluster.node(0).otomo("hana").await;
    let mut jiro = cluster.node(1).user("jiro").await;
    let mut yuki = cluster.node(1).otomo("yuki").await;
    taro.sees("hana", "online").await;
    taro.sees("yuki", "online").await;
    assert_eq!(change_of(&mut taro, "jiro").await["status"], "online");
    taro.everything();

    cluster.redis().cut();
    for node in cluster.nodes() {
        eventually("readiness says what is missing", async || {
            let (status, said) = node.readiness().await;
            status == 200 && said["degraded"] == json!(["redis"])
        })
        .await;
    }
    // Calls of one node, and messages between nodes.
    let call = taro.request("hana").await;
    hana.rings(call).await;
    talk(&mut taro, &mut hana, call).await;
    writes(&mut taro, "jiro", "without").await;
    assert_eq!(jiro.expect("new-message").await["body"], "without");
    // Others find it at their next look.
    jiro.sees("hana", "busy").await;
    taro.hang_up(call).await;
    hana.expect("call_end").await;
    jiro.sees("hana", "online").await;
    silence(Duration::from_secs(5)).await;

    cluster.redis().heal();
    for node in cluster.nodes() {
        eventually("all is well again", async || {
            let (status, said) = node.readiness().await;
            status == 200 && said.get("degraded").is_none()
        })
        .await;
    }
    let call = taro.request("yuki").await;
    yuki.rings(call).await;
    talk(&mut taro, &mut yuki, call).await;
    writes(&mut jiro, "taro", "with").await;
    taro.until("the message", |it| it["body"] == "with").await;
    silence(Duration::from_secs(3)).await;
    taro.settled().await;
    // No wave: nobody who was there all the time was said to be gone.
    let gone = taro
        .heard("friend_status_changed")
        .or(taro.heard("user-offline"));
    assert_eq!(gone, None);
    for otomo in ["hana", "yuki"] {
        let seen = statuses(&mut taro, otomo);
        assert!(!seen.contains(&"offline".to_owned()), "{otomo}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_call_between_nodes_ends_for_both() {
    let cluster = Cluster::start(2).await;
    let (mut taro, mut hana, call) = connected(cluster.node(0), cluster.node(1)).await;
    cluster.redis().cut();
    for node in cluster.nodes() {
        eventually("readiness says what is missing", async || {
            node.readiness().await.1["degraded"] == json!(["redis"])
        })
        .await;
    }
    taro.hang_up(call).await;
    assert_eq!(
        told(&mut hana, "call_end", call).await["reason"],
        "user_end"
    );

    let call = taro.request("hana").await;
    told(&mut hana, "incoming_call", call).await;
    assert_eq!(hana.accept(call).await["type"], "call_accept_ack");
    told(&mut taro, "call_accepted", call).await;
    hana.hang_up(call).await;
    assert_eq!(
        told(&mut taro, "call_end", call).await["reason"],
        "otomo_end"
    );

    let call = taro.request("hana").await;
    told(&mut hana, "incoming_call", call).await;
    taro.send(json!({"type": "call_cancel", "callId": call}))
        .await;
    told(&mut hana, "call_cancelled", call).await;
    cluster.redis().heal();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_comes_back_empty_is_filled_again_without_a_wave() {
    let cluster = Cluster::start(2).await;
    befriend(cluster.node(0), "taro", "jiro").await;
    let mut taro = cluster.node(0).user("taro").await;
    let jiro = cluster.node(1).user("jiro").await;
    assert_eq!(change_of(&mut taro, "jiro").await["status"], "online");
    cluster.redis().restart_empty();
    eventually("redis knows who is online", async || {
        let said = cluster.redis().say("SMEMBERS online_users");
        said.contains("taro") && said.contains("jiro")
    })
    .await;
    silence(Duration::from_secs(3)).await;
    taro.expect_none("friend_status_changed").await;
    jiro.log_out().await;
    assert_eq!(change_of(&mut taro, "jiro").await["status"], "offline");
    let status = cluster.redis().say("HGET user:jiro:status status");
    assert!(status.contains("offline"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgresql_nothing_is_acknowledged_and_with_it_again_all_goes_on() {
    let cluster = Cluster::start_apart(2, &[]).await;
    let mut taro = cluster.node(0).user("taro").await;
    let mut hana = cluster.node(1).otomo("hana").await;
    writes(&mut taro, "hana", "before").await;
    hana.expect("new-message").await;
    cluster.postgres().stop();
    for node in cluster.nodes() {
        eventually("readiness says what is missing", async || {
            let (status, said) = node.readiness().await;
            status == 503
                && said["error"]["context"]["reasons"]
                    .to_string()
                    .contains("store")
        })
        .await;
    }
    let message = json!({
        "type": "message_send", "toUserId": "hana", "clientMessageId": "meanwhile", "body": "meanwhile",
    });
    taro.refused("UNAVAILABLE", message).await;
    let request = json!({"type": "call_request", "toUserId": "hana", "callId": Uuid::new_v4()});
    taro.refused("UNAVAILABLE", request).await;
    cluster.postgres().start();
    for node in cluster.nodes() {
        eventually("all is well again", async || {
            node.readiness().await.0 == 200
        })
        .await;
    }
    // Whoever was sent away comes back; who was not goes on.
    let mut taro = cluster
        .node(0)
        .comes_back("taro", Role::User, "phone")
        .await;
    let mut hana = cluster
        .node(1)
        .comes_back("hana", Role::Otomo, "phone")
        .await;
    let ack = writes(&mut taro, "hana", "meanwhile").await;
    assert_eq!(ack["messageSeq"], 2, "what was refused was not stored");
    hana.until("the message", |it| it["body"] == "meanwhile")
        .await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    talk(&mut taro, &mut hana, call).await;
}
