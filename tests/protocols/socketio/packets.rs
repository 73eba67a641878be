//! Packets of Socket.IO ("Exchange protocol", "Packet encoding").

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Poller, Socket};
use crate::{
    support::{Json, TestServer},
    tally,
};

#[tokio::test]
async fn connecting_is_answered_with_a_sid_or_with_why_not() {
    let server = TestServer::start().await;
    let token = server.token("taro", Role::User);
    let taken = [
        format!("40{}", json!({"token": token})),
        format!("40/,{}", json!({"token": token})),
        format!("40{}", json!({"token": token, "unknown": [1, {"a": null}]})),
        format!("40 {} ", json!({"token": token})),
    ];
    for packet in &taken {
        let mut socket = Socket::begin(&server).await;
        socket.say(packet).await;
        let connected = socket.next().await;
        let connected: Json =
            serde_json::from_str(connected.strip_prefix("40").expect(&connected)).unwrap();
        assert!(connected["sid"].is_string(), "{packet}: {connected}");
        socket.hears("ready").await;
    }
    let refused = [
        "40".to_owned(),
        "40{}".to_owned(),
        "40null".to_owned(),
        "40[]".to_owned(),
        "40\"token\"".to_owned(),
        "40{\"token\":7}".to_owned(),
        "40{\"token\":\"x\"}".to_owned(),
        "40{".to_owned(),
        format!("40{}", json!({"token": server.forged("taro", Role::User)})),
        format!("40{}", json!({"token": token, "lastSeq": "x"})),
    ];
    for packet in &refused {
        let mut socket = Socket::begin(&server).await;
        socket.say(packet).await;
        let error = socket.next().await;
        let error: Json = serde_json::from_str(error.strip_prefix("44").expect(&error)).unwrap();
        assert!(error["message"].is_string(), "{packet}: {error}");
        assert!(error["data"]["code"].is_string(), "{packet}: {error}");
    }
    tally::passed("Socket.IO 5: CONNECT", taken.len() + refused.len());
}

#[tokio::test]
async fn other_namespaces_are_refused_however_they_are_written() {
    let server = TestServer::start().await;
    let mut socket = Socket::begin(&server).await;
    let names = ["/random", "/admin", "/a/b", "/お", "/%2f", "//"];
    for name in names {
        let refused = format!(r#"44{name},{{"message":"Invalid namespace"}}"#);
        for packet in [
            format!("40{name},"),
            format!("40{name}"),
            format!("40{name},{{\"token\":\"x\"}}"),
        ] {
            socket.say(&packet).await;
            assert_eq!(socket.next().await, refused, "{packet}");
        }
    }
    socket
        .say(super::client::connect(&server, "taro", Role::User))
        .await;
    socket.hears("ready").await;
    tally::passed("Socket.IO 5: namespaces", 3 * names.len());
}

#[tokio::test]
async fn whatever_comes_before_connect_ends_the_session() {
    let server = TestServer::start().await;
    let packets = [
        r#"42["heartbeat"]"#,
        r#"421["heartbeat"]"#,
        r#"42/admin,["heartbeat"]"#,
        "41",
        "41/admin,",
        "431[]",
        "43/admin,1[]",
        "44{}",
    ];
    for packet in packets {
        let mut socket = Socket::begin(&server).await;
        socket.say(packet).await;
        assert_eq!(socket.rest().await, ["close 1002"], "{packet}");
        let mut poller = Poller::open(&server).await;
        assert_eq!(poller.post(packet).await.status, 400, "{packet}");
        assert_eq!(poller.rest().await, ["1"], "{packet}");
    }
    tally::passed("Socket.IO 5: what comes before CONNECT", 2 * packets.len());
}

#[tokio::test]
async fn an_event_is_acknowledged_by_its_own_id() {
    let server = TestServer::start().await;
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    let ids = [0, 1, 12, 999, u64::from(u32::MAX), (1 << 53) - 1];
    for id in ids {
        socket
            .say(format!(r#"42{id}["heartbeat",{{"requestId":"r"}}]"#))
            .await;
        let answer = socket.acknowledges(id).await;
        let arguments: Json =
            serde_json::from_str(answer.strip_prefix(&format!("43{id}")).unwrap()).unwrap();
        assert_eq!(arguments[0]["type"], "heartbeat_ack", "{answer}");
    }
    // A command that has no answer is acknowledged with nothing; one that is refused, with the error.
    let conversation = uuid::Uuid::new_v4();
    socket
        .say(format!(
            r#"421["typing-stop",{{"conversationId":"{conversation}"}}]"#
        ))
        .await;
    let typing = socket.acknowledges(1).await;
    assert!(
        typing == "431[]" || typing.contains("\"error\""),
        "{typing}"
    );
    socket.say(r#"422["no such command"]"#).await;
    assert!(socket.acknowledges(2).await.contains("UNKNOWN_TYPE"));
    // Without an id nothing is acknowledged: the answer is an event.
    socket.say(r#"42["heartbeat",{"requestId":"plain"}]"#).await;
    assert_eq!(socket.hears("heartbeat_ack").await["requestId"], "plain");
    tally::passed("Socket.IO 5: acknowledgements", ids.len() + 3);
}

#[tokio::test]
async fn acknowledgements_that_nobody_waits_for_are_passed_over() {
    let server = TestServer::start().await;
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    let packets = ["431[]", "43999[\"x\",{}]", "43/admin,1[]", "41/admin,"];
    for packet in packets {
        socket.say(packet).await;
    }
    socket.say(r#"461-7[{"_placeholder":true,"num":0}]"#).await;
    socket.send(Message::binary(vec![1])).await;
    socket.say(r#"421["heartbeat"]"#).await;
    socket.acknowledges(1).await;
    tally::passed(
        "Socket.IO 5: acknowledgements of nothing",
        packets.len() + 1,
    );
}

#[tokio::test]
async fn attachments_come_behind_their_event_and_nothing_between() {
    let server = TestServer::start().await;
    let event = r#"452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    let between = [r#"42["heartbeat"]"#, "431[]", event, "41"];
    for packet in between {
        let mut socket = Socket::ready(&server, "taro", Role::User).await;
        socket.say(event).await;
        socket.send(Message::binary(vec![1])).await;
        socket.say(packet).await;
        assert_eq!(socket.rest().await, ["41", "close 1002"], "{packet}");
    }
    // A ping of the server's between the two is answered as ever.
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    socket.say(event).await;
    socket.say("3").await;
    for byte in [1, 2] {
        socket.send(Message::binary(vec![byte])).await;
    }
    socket.say(r#"421["heartbeat"]"#).await;
    socket.acknowledges(1).await;
    tally::passed("Socket.IO 5: attachments", between.len() + 1);
}

#[tokio::test]
async fn what_only_a_server_says_ends_the_session() {
    let server = TestServer::start().await;
    let packets = [
        "44{\"message\":\"x\"}",
        "44",
        "47[]",
        "4x",
        "4-1",
        "42-1[\"x\"]",
        "45[\"x\"]",
        "451[\"x\"]",
        "46",
        "0{}",
        "5",
        "7",
    ];
    for packet in packets {
        let mut socket = Socket::ready(&server, "taro", Role::User).await;
        socket.say(packet).await;
        assert_eq!(socket.rest().await, ["41", "close 1002"], "{packet}");
    }
    tally::passed("Socket.IO 5: packets that no client sends", packets.len());
}
