//! Packets and payloads of Engine.IO ("Packet encoding", "HTTP long-polling", "WebSocket").

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Poller, SEPARATOR, Socket, sent};
use crate::{support::TestServer, tally};

#[tokio::test]
async fn what_is_no_payload_ends_its_session() {
    let server = TestServer::start().await;
    let ack = r#"421["heartbeat"]"#;
    let payloads = [
        String::new(),
        SEPARATOR.to_string(),
        format!("{SEPARATOR}{ack}"),
        format!("{ack}{SEPARATOR}"),
        format!("{ack}{SEPARATOR}{SEPARATOR}{ack}"),
        format!("{ack}\n{ack}"),
        "abc".to_owned(),
        "4abc".to_owned(),
        "\u{feff}3".to_owned(),
        " 3".to_owned(),
        "６".to_owned(),
        "bAA=A".to_owned(),
        "b\u{1}".to_owned(),
        "d=3".to_owned(),
    ];
    for payload in &payloads {
        let mut poller = Poller::ready(&server, "taro", Role::User).await;
        let answer = poller.post(payload.clone()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, Some(3)),
            "{payload:?}"
        );
        let rest = poller.rest().await;
        assert_eq!(rest[rest.len() - 1], "1", "{payload:?}: {rest:?}");
        if payload.contains(SEPARATOR) || payload.contains('\n') {
            continue;
        }
        let mut socket = Socket::ready(&server, "taro", Role::User).await;
        socket.say(payload).await;
        assert_eq!(socket.rest().await, ["41", "close 1002"], "{payload:?}");
    }
    tally::passed("Engine.IO 4: what is no payload", payloads.len());
}

#[tokio::test]
async fn what_means_nothing_is_passed_over() {
    let server = TestServer::start().await;
    let packets = ["3", "3probe", "3x", "6", "6x"];
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    for packet in packets {
        assert_eq!(poller.post(packet).await.text, "ok", "{packet}");
        socket.say(packet).await;
    }
    poller.works().await;
    socket.say(r#"421["heartbeat"]"#).await;
    socket.acknowledges(1).await;
    tally::passed("Engine.IO 4: packets that mean nothing", packets.len());
}

/// An event whose blob is base64 for whoever reads it, whichever way its bytes came.
#[tokio::test]
async fn binary_comes_in_either_shape() {
    let server = TestServer::start().await;
    let mut yumi = server.user("yumi").await;
    let message = |id: &str| {
        let blob = json!({"blob": {"_placeholder": true, "num": 0}});
        json!(["message_send", {"toUserId": "yumi", "clientMessageId": id, "body": "b", "data": blob}])
    };
    let poller = Poller::ready(&server, "taro", Role::User).await;
    let payload = format!("451-1{}{SEPARATOR}bAQIDBA==", message("polled"));
    assert_eq!(poller.post(payload).await.text, "ok");
    assert_eq!(yumi.expect("new-message").await["data"]["blob"], "AQIDBA==");
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    socket.say(format!("451-2{}", message("framed"))).await;
    socket.send(Message::binary(vec![1, 2, 3, 4])).await;
    socket.acknowledges(2).await;
    assert_eq!(yumi.expect("new-message").await["data"]["blob"], "AQIDBA==");
    tally::passed("Engine.IO 4: binary", 2);
}

#[tokio::test]
async fn a_close_ends_the_session_at_once() {
    let server = TestServer::start().await;
    let poller = Poller::ready(&server, "taro", Role::User).await;
    let waiting = tokio::spawn(sent(poller.getting()));
    server.metric("otomo_polls_total{method=\"post\"} 1").await;
    assert_eq!(poller.post("1").await.text, "ok");
    // The suite's own word for it is a noop; what a client must have is an answer.
    let let_go = waiting.await.unwrap();
    assert!(
        let_go.status == 200 || let_go.code() == Some(1),
        "{let_go:?}"
    );
    let after = [poller.get().await, poller.post("3").await];
    assert!(
        after
            .iter()
            .all(|answer| (answer.status, answer.code()) == (400, Some(1))),
        "{after:?}"
    );
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    socket.say("1").await;
    assert_eq!(socket.rest().await, ["close 1000"]);
    let mut early = Socket::begin(&server).await;
    early.say("1").await;
    assert_eq!(early.rest().await, ["close 1000"]);
    server
        .metric("otomo_connections{transport=\"socketio\"} 0")
        .await;
    tally::passed("Engine.IO 4: closes", 3);
}
