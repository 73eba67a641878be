//! Whether a client is still there.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::packets::{Poller, Socket};
use crate::support::{PATIENCE, TestServer, silence};

const INTERVAL: Duration = Duration::from_millis(300);

const QUICK: [(&str, &str); 3] = [
    ("socketio.ping_interval", "300ms"),
    ("socketio.ping_timeout", "400ms"),
    ("presence.leave_grace", "10ms"),
];

#[tokio::test]
async fn a_client_is_pinged_in_each_interval_however_much_it_says() {
    let server = TestServer::start_with(&QUICK).await;
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    let began = Instant::now();
    let mut pings = 0;
    while pings < 4 {
        assert!(began.elapsed() < PATIENCE, "{pings} pings");
        // As often as it may.
        silence(Duration::from_millis(25)).await;
        socket.say(r#"421["heartbeat"]"#).await;
        loop {
            match &*socket.next().await {
                "2" => {
                    pings += 1;
                    socket.say("3").await;
                }
                packet if packet.starts_with("431[") => break,
                packet => assert!(packet.starts_with('4'), "{packet}"),
            }
        }
    }
    assert!(began.elapsed() >= INTERVAL * 2, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_client_that_does_not_answer_a_ping_is_gone() {
    let server = TestServer::start_with(&QUICK).await;
    let mut taro = server.user("taro").await;
    let mut socket = Socket::ready(&server, "hana", Role::Otomo).await;
    taro.sees("hana", "online").await;
    let closing = socket.hears("closing").await;
    assert_eq!(closing["code"], 4201);
    // The connection just ends: the library comes back by itself.
    assert_eq!(socket.next().await, "close 4201");
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn a_client_that_polls_and_does_not_answer_a_ping_is_gone_too() {
    let server = TestServer::start_with(&QUICK).await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let rest = poller.rest().await;
    assert!(rest.contains(&"2".to_owned()), "{rest:?}");
    let last = rest.last().unwrap();
    assert!(last.contains(r#""code":4201"#), "{rest:?}");
}

#[tokio::test]
async fn a_client_that_does_not_poll_is_gone() {
    let server = TestServer::start_with(&QUICK).await;
    let mut taro = server.user("taro").await;
    let _poller = Poller::ready(&server, "hana", Role::Otomo).await;
    taro.sees("hana", "online").await;
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn a_client_that_polls_and_answers_stays() {
    let server = TestServer::start_with(&QUICK).await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let mut pings = 0;
    while pings < 4 {
        if poller.next().await.unwrap() == "2" {
            pings += 1;
            assert_eq!(poller.post("3").await.status, 200);
        }
    }
    poller.works().await;
}

/// The server asks for it, so it takes nothing of what a client may ask.
#[tokio::test]
async fn a_pong_that_a_ping_asks_for_costs_nothing() {
    let least = [
        ("limits.commands_per_second", "1"),
        ("limits.burst", "1"),
        ("limits.protocol_errors", "1"),
    ];
    let server = TestServer::start_with(&[&QUICK[..], &least].concat()).await;
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    for _ in 0..5 {
        let mut packet = socket.next().await;
        while packet.starts_with('4') {
            packet = socket.next().await;
        }
        assert_eq!(packet, "2");
        socket.say("3").await;
    }
    socket.say(r#"421["heartbeat"]"#).await;
    let mut answer = socket.next().await;
    while answer == "2" {
        socket.say("3").await;
        answer = socket.next().await;
    }
    assert!(answer.contains("heartbeat_ack"), "{answer}");
}

/// Nobody asks for them, and each has to be looked at.
#[tokio::test]
async fn who_sends_pings_or_pongs_without_an_end_is_closed() {
    let server = TestServer::start().await;
    for one in [Message::Ping(Bytes::new()), Message::text("3")] {
        let mut socket = Socket::ready(&server, "taro", Role::User).await;
        for _ in 0..1_000 {
            socket.send(one.clone()).await;
        }
        let mut last = socket.next().await;
        while last.contains("Pong") || last.starts_with('4') || last == "2" {
            last = socket.next().await;
        }
        assert_eq!(last, "close 4102", "{one:?}");
    }
}
