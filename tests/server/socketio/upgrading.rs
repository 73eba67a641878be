//! From long polling to a WebSocket, in the middle of whatever there is.

use otomo::kernel::identity::Role;

use super::packets::{Poller, Socket, connect, event, sent};
use crate::support::{Client, TestServer};

/// Brings a session's WebSocket up to the point where it may take over.
async fn probe(poller: &Poller) -> Socket {
    let mut socket = Socket::open(&poller.socket_url())
        .await
        .expect("a WebSocket");
    socket.say("2probe").await;
    assert_eq!(socket.next().await, "3probe");
    socket
}

async fn write(writer: &mut Client, numbers: std::ops::Range<u32>) {
    for number in numbers {
        writer
            .ask(serde_json::json!({
                "type": "message_send", "toUserId": "taro", "clientMessageId": number.to_string(), "body": number.to_string(),
            }))
            .await;
    }
}

fn bodies(packets: impl IntoIterator<Item = String>) -> Vec<u32> {
    let events = packets.into_iter().filter_map(|packet| event(&packet));
    let messages = events.filter(|(name, _)| name == "new-message");
    messages
        .map(|(_, message)| message["body"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn what_was_said_before_during_and_after_an_upgrade_comes_once_and_in_order() {
    // Each round comes to other workers.
    for round in 0..6 {
        let server = TestServer::start().await;
        let mut writer = server.user("yumi").await;
        let mut poller = Poller::ready(&server, "taro", Role::User).await;
        let mut heard = Vec::new();
        write(&mut writer, 0..5).await;
        while heard.len() < 3 {
            heard.extend(bodies(poller.next().await));
        }
        let mut socket = probe(&poller).await;
        write(&mut writer, 5..10).await;
        // What the last poll brings counts as delivered.
        heard.extend(bodies(poller.at_hand()));
        loop {
            let answer = poller.get().await;
            if answer.text == "6" {
                break;
            }
            heard.extend(bodies(answer.packets()));
        }
        socket.say("5").await;
        write(&mut writer, 10..15).await;
        while heard.len() < 15 {
            heard.extend(bodies([socket.next().await]));
        }
        assert_eq!(heard, (0..15).collect::<Vec<_>>(), "round {round}");
        socket.say(r#"429["heartbeat"]"#).await;
        socket.acknowledges(9).await;
        server
            .metric("otomo_upgrades_total{outcome=\"done\"} 1")
            .await;
        server
            .metric("otomo_connections{transport=\"socketio\"} 1")
            .await;
    }
}

#[tokio::test]
async fn a_poll_that_waits_is_let_go_when_a_websocket_probes_and_answered_at_once_from_then_on() {
    let server = TestServer::start().await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    poller.works().await;
    let waiting = tokio::spawn(sent(poller.getting()));
    let mut socket = probe(&poller).await;
    assert_eq!(waiting.await.unwrap().text, "6");
    assert_eq!(poller.get().await.text, "6");
    socket.say("5").await;
    socket.say(r#"42["heartbeat"]"#).await;
    socket.hears("heartbeat_ack").await;
    for answer in [poller.get().await, poller.post("3").await] {
        assert_eq!((answer.status, answer.code()), (400, Some(3)), "{answer:?}");
    }
}

#[tokio::test]
async fn a_client_may_upgrade_before_it_connects() {
    let server = TestServer::start().await;
    let poller = Poller::open(&server).await;
    let mut socket = probe(&poller).await;
    socket.say("5").await;
    socket.say(connect(&server, "taro", Role::User)).await;
    assert!(socket.next().await.starts_with(r#"40{"sid":"#));
    socket.hears("ready").await;
}

#[tokio::test]
async fn an_upgrade_that_is_abandoned_half_way_leaves_polling_as_it_was() {
    let server = TestServer::start_with(&[("server.handshake_timeout", "1s")]).await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    drop(Socket::open(&poller.socket_url()).await.unwrap());
    poller.works().await;
    let abandoned = |count| server.metric_of_upgrades(count);
    abandoned(1).await;
    drop(probe(&poller).await);
    abandoned(2).await;
    poller.works().await;
    for (count, wrong) in (3..).zip(["5", "2", "42[\"heartbeat\"]"]) {
        let mut socket = Socket::open(&poller.socket_url()).await.unwrap();
        socket.say(wrong).await;
        assert!(!socket.next().await.starts_with('4'));
        // It ends before there is room for the next one.
        abandoned(count).await;
    }
    poller.works().await;
    // One that says nothing more has a while.
    let mut socket = probe(&poller).await;
    abandoned(6).await;
    assert!(!socket.next().await.starts_with('4'));
    poller.works().await;
    let mut socket = probe(&poller).await;
    socket.say("5").await;
    socket.say(r#"42["heartbeat"]"#).await;
    socket.hears("heartbeat_ack").await;
}

#[tokio::test]
async fn a_websocket_that_asks_again_whether_it_works_is_not_answered_again() {
    let server = TestServer::start().await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let mut socket = probe(&poller).await;
    socket.say("2probe").await;
    assert_ne!(socket.next().await, "3probe");
    server.metric_of_upgrades(1).await;
    poller.works().await;
}

impl TestServer {
    async fn metric_of_upgrades(&self, abandoned: u32) {
        let line = format!("otomo_upgrades_total{{outcome=\"abandoned\"}} {abandoned}");
        self.metric(&line).await;
    }
}

#[tokio::test]
async fn a_session_has_one_websocket() {
    let server = TestServer::start().await;
    let poller = Poller::ready(&server, "taro", Role::User).await;
    let mut socket = probe(&poller).await;
    let second = Socket::open(&poller.socket_url()).await.err().unwrap();
    assert_eq!((second.status, second.code()), (400, Some(3)));
    socket.say("5").await;
    socket.say(r#"42["heartbeat"]"#).await;
    socket.hears("heartbeat_ack").await;
    let third = Socket::open(&poller.socket_url()).await.err().unwrap();
    assert_eq!((third.status, third.code()), (400, Some(3)));
}

#[tokio::test]
async fn a_session_that_began_on_a_websocket_knows_no_other_requests() {
    let server = TestServer::start().await;
    let address = server.address();
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let mut socket = Socket::open(&url).await.unwrap();
    let open: crate::support::Json =
        serde_json::from_str(socket.next().await.strip_prefix('0').unwrap()).unwrap();
    assert_eq!(open["upgrades"], serde_json::json!([]));
    let sid = open["sid"].as_str().unwrap();
    let second = Socket::open(&format!("{url}&sid={sid}"))
        .await
        .err()
        .unwrap();
    assert_eq!((second.status, second.code()), (400, Some(3)));
    let polling = format!("http://{address}/socket.io/?EIO=4&transport=polling&sid={sid}");
    let answer = sent(reqwest::Client::new().get(polling)).await;
    assert_eq!((answer.status, answer.code()), (400, Some(3)));
    socket.say(connect(&server, "taro", Role::User)).await;
    socket.hears("ready").await;
}
