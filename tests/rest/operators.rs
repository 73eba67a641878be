//! Health, and where the metrics are.

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Api, send},
    support::{Json, Process, Redis, TestServer, eventually, field, found},
};

#[tokio::test]
async fn a_node_is_alive_and_ready_and_counts() {
    let server = TestServer::start().await;
    let _taro = server.user("taro").await;
    let operator = Api::stranger(&server);
    assert_eq!(
        operator.get("/health/live").await.ok(),
        json!({"live": true})
    );
    assert_eq!(
        operator.get("/health/ready").await.ok(),
        json!({"ready": true})
    );
    let metrics = operator.get("/metrics").await;
    assert!(
        metrics
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert!(
        metrics.text.contains("otomo_messages_out_total"),
        "{}",
        metrics.text
    );
    assert!(metrics.text.ends_with("# EOF\n"));
}

/// How many jobs the store's writer has done.
async fn writes(operator: &Api) -> f64 {
    let metrics = operator.get("/metrics").await.text;
    let mut lines = metrics.lines();
    let sum = lines.find_map(|line| line.strip_prefix("otomo_commit_jobs_sum "));
    sum.expect("jobs are counted").parse().expect("a number")
}

#[tokio::test]
async fn a_hundred_who_ask_at_once_whether_a_node_is_ready_do_not_write_each() {
    let server = TestServer::start().await;
    let operator = Api::stranger(&server);
    let before = writes(&operator).await;
    let asked = (0..100).map(|_| operator.get("/health/ready"));
    for reply in futures_util::future::join_all(asked).await {
        assert_eq!(reply.ok(), json!({"ready": true}));
    }
    let made = writes(&operator).await - before;
    // One, another for each second that a slow machine takes, and the few of a server that has just begun.
    assert!((1.0..20.0).contains(&made), "{made} writes");
}

#[tokio::test]
async fn a_node_that_drains_is_alive_and_not_ready() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    // The call goes on, and with it the node.
    let drained = server.drain();
    let operator = Api::stranger(&server);
    until_unready(&operator, "draining").await;
    assert_eq!(operator.get("/health/live").await.status, 200);
    taro.of_call("call_end_request", call).await;
    drained.await.unwrap();
}

/// Asks until the node is not ready, for this reason alone.
async fn until_unready(operator: &Api, reason: &str) {
    let unready = found("the node is not ready", async || {
        let reply = operator.get("/health/ready").await;
        (reply.status != 200).then_some(reply)
    })
    .await;
    assert_eq!(unready.header("retry-after"), "1");
    let error = unready.refused(503, "UNAVAILABLE");
    assert_eq!(error["context"]["reasons"], json!([reason]));
}

/// Asks until the node is ready and says this.
async fn until_ready(operator: &Api, expected: Json) {
    eventually(&format!("it says {expected}"), async || {
        operator.get("/health/ready").await.json == expected
    })
    .await;
}

#[tokio::test]
async fn a_node_without_its_redis_is_ready_and_says_what_it_lacks() {
    let mut redis = Redis::start();
    redis.stop();
    let url = redis.url();
    let server = TestServer::start_with(&[("redis.url", &url), ("cluster.node", "n1")]).await;
    let operator = Api::stranger(&server);
    let degraded = json!({"ready": true, "degraded": ["redis"]});
    until_ready(&operator, degraded.clone()).await;
    let mut taro = server.user("taro").await;
    redis.restart();
    until_ready(&operator, json!({"ready": true})).await;
    redis.stop();
    until_ready(&operator, degraded).await;
    // People are served all the same.
    let mut hana = server.otomo("hana").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
}

#[tokio::test]
async fn a_node_whose_redis_refuses_writes_is_ready_and_says_what_it_lacks() {
    let redis = Redis::start();
    let settings = [
        ("redis.url", &*redis.url()),
        ("cluster.node", "n1"),
        ("cluster.lease", "600ms"),
    ];
    let server = TestServer::start_with(&settings).await;
    let operator = Api::stranger(&server);
    until_ready(&operator, json!({"ready": true})).await;
    redis.say("CONFIG SET maxmemory 1");
    until_ready(&operator, json!({"ready": true, "degraded": ["friends"]})).await;
    let metrics = operator.get("/metrics").await.text;
    assert!(metrics.contains("otomo_redis_refuses 1"), "{metrics}");
    redis.say("CONFIG SET maxmemory 0");
    until_ready(&operator, json!({"ready": true})).await;
}

#[tokio::test]
async fn a_load_balancer_may_ask_without_reading() {
    let server = TestServer::start().await;
    let operator = Api::stranger(&server);
    for path in ["/health/live", "/health/ready"] {
        let reply = send(operator.request(Method::HEAD, path)).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""));
    }
}

/// What it would write goes with the process. Seen: all was green, and after a restart whatever was acknowledged was gone.
#[tokio::test]
async fn a_node_whose_database_is_not_where_it_was_acknowledges_nothing() {
    let server = Process::start_with(&[]).await;
    let (_hana, mut taro) = (server.user("hana").await, server.user("taro").await);
    let message = |id: &str| json!({"type": "message_send", "toUserId": "hana", "clientMessageId": id, "body": "もしもし"});
    let file = server.database_file();
    let (aside, other) = (file.with_extension("aside"), file.with_extension("other"));
    std::fs::write(&other, "").unwrap();
    let operator = Api::stranger(&server);
    for another_is_put_there in [false, true] {
        std::fs::rename(&file, &aside).unwrap();
        if another_is_put_there {
            std::fs::rename(&other, &file).unwrap();
        }
        until_unready(&operator, "store").await;
        taro.refused("UNAVAILABLE", message("lost")).await;
        // Nor is an empty one made in its place.
        assert_eq!(file.exists(), another_is_put_there);
        std::fs::rename(&aside, &file).unwrap();
        until_ready(&operator, json!({"ready": true})).await;
    }
    let answer = taro.ask(message("kept")).await;
    assert_eq!(answer["type"], "message_send_ack", "{answer}");
}

/// What was acknowledged lately is there and nowhere else. From reading: it was written on to, and gone with the process.
#[tokio::test]
async fn a_node_whose_log_is_deleted_acknowledges_nothing_and_saves_what_it_has() {
    let mut server = Process::start_with(&[]).await;
    let (_hana, mut taro) = (server.user("hana").await, server.user("taro").await);
    let message = |id: &str| json!({"type": "message_send", "toUserId": "hana", "clientMessageId": id, "body": "もしもし"});
    let answer = taro.ask(message("kept")).await;
    let conversation = field(&answer, "conversationId").to_owned();
    std::fs::remove_file(server.database_file().with_extension("db-wal")).unwrap();
    until_unready(&Api::stranger(&server), "store").await;
    taro.refused("UNAVAILABLE", message("lost")).await;
    drop(taro);
    server.terminate();
    assert!(server.ended().await);
    let server = server.restart().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let kept = Api::of(&server, "taro", Role::User)
        .whole_list(&path, 100)
        .await;
    let ids: Vec<&str> = kept.iter().map(|it| field(it, "clientMessageId")).collect();
    assert_eq!(ids, ["kept"]);
}
