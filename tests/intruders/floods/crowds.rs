//! Many who come and do not say who they are, or stay without a word.

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::Bystander;
use crate::{
    api::Api,
    packets::Poller,
    support::{Client, Json, TestServer, field},
};

/// Time from the first byte until somebody has said who they are, short enough for a test.
const SOON: (&str, &str) = ("server.handshake_timeout", "1s");

#[tokio::test]
async fn half_requests_without_number_leave_room_for_others_and_end() {
    let server = TestServer::start_with(&[SOON]).await;
    let mut bystander = Bystander::of(&server).await;
    let begun = [
        "",
        "G",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: webso",
        "POST /api/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
        "GET /sse HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    ];
    let mut crowd = Vec::new();
    for n in 0..300 {
        let mut stream = TcpStream::connect(server.address()).await.expect("room");
        stream
            .write_all(begun[n % begun.len()].as_bytes())
            .await
            .expect("room");
        crowd.push(stream);
    }
    bystander.is_served().await;
    for stream in &mut crowd {
        is_ended(stream).await;
    }
    bystander.is_served().await;
}

/// Waits until the server has ended a connection; what it says before that does not matter.
async fn is_ended(stream: &mut TcpStream) {
    use tokio::io::AsyncReadExt as _;
    let mut said = Vec::new();
    let ended = tokio::time::timeout(crate::support::PATIENCE, stream.read_to_end(&mut said));
    // An end or a reset: either is one.
    let _ = ended.await.expect("it ends in time");
}

#[tokio::test]
async fn polling_sessions_of_nobody_are_counted_and_end() {
    let settings = [SOON, ("limits.connections", "40")];
    let server = TestServer::start_with(&settings).await;
    let mut taro = server.user("taro").await;
    let url = format!(
        "http://{}/socket.io/?EIO=4&transport=polling",
        server.address()
    );
    let mut statuses = Vec::new();
    for _ in 0..60 {
        let opened = reqwest::get(&url).await.expect("an answer");
        statuses.push(opened.status().as_u16());
    }
    assert!(statuses.contains(&503), "there is a limit: {statuses:?}");
    assert!(
        statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
    taro.settled().await;
    // Nobody has said who they are: their places are free again.
    server
        .metric("otomo_connections{transport=\"socketio\"} 0")
        .await;
    let mut yumi = Poller::ready(&server, "yumi", Role::User).await;
    assert_eq!(yumi.post(r#"42["heartbeat",{}]"#).await.status, 200);
    yumi.hears("heartbeat_ack").await;
}

/// Conversations and members are told to everybody concerned, so they count among the messages.
#[tokio::test]
async fn groups_are_not_begun_without_number() {
    // One more every thirty seconds.
    let server = TestServer::start_with(&[("limits.messages_per_minute", "2")]).await;
    let mut bystander = Bystander::of(&server).await;
    let taro = Api::of(&server, "taro", Role::User);
    let begin = async |wanted: Json| taro.post("/api/conversations", wanted).await;
    let direct = json!({"kind": "direct", "userId": "bystander"});
    let known = begin(direct.clone()).await.ok();
    let mut groups = Vec::new();
    for _ in 0..15 {
        let reply = begin(json!({"kind": "group", "members": ["bystander"]})).await;
        match reply.status {
            200 => groups.push(field(&reply.json, "conversationId").to_owned()),
            _ => drop(reply.refused(429, "RATE_LIMITED")),
        }
    }
    assert!((1..=3).contains(&groups.len()), "{} groups", groups.len());
    // Nobody is taken in and out of a group for everybody in it to hear of.
    let member = format!("/api/conversations/{}/members/bystander", groups[0]);
    let mut refused = 0;
    for _ in 0..5 {
        let added = taro.put(&member, json!({})).await;
        if added.status == 429 {
            let wait = added.refused(429, "RATE_LIMITED")["context"]["retryAfterMs"].clone();
            assert!(wait.as_u64().is_some_and(|wait| wait <= 30_000), "{wait}");
            refused += 1;
        }
    }
    assert!(refused >= 3, "{refused} refused");
    // What there is already is found.
    assert_eq!(begin(direct).await.ok(), known);
    bystander.is_served().await;
}

/// Whoever takes all connections that one user may have takes them from nobody else.
#[tokio::test]
async fn one_user_cannot_have_the_connections_of_all() {
    let settings = [("limits.connections_per_user", "5")];
    let server = TestServer::start_with(&settings).await;
    let mut bystander = Bystander::of(&server).await;
    let mut own: Vec<Client> = Vec::new();
    for _ in 0..20 {
        own.push(server.connecting("taro", Role::User).open().await);
    }
    let (mut served, mut refused) = (0, 0);
    for client in &mut own {
        let decided = |event: &Json| event["type"] == "ready" || event["type"] == "closing";
        match client.until("a decision", decided).await["type"].as_str() {
            Some("ready") => served += 1,
            _ => refused += 1,
        }
    }
    assert_eq!((served, refused), (5, 15));
    bystander.is_served().await;
}
