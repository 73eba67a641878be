//! Connections on which nothing comes any more, and no end either.

use otomo::kernel::identity::Role;

use super::Bystander;
use crate::support::{TestServer, Tunnel, field};

/// Pings soon, and graces that run out in a test.
const SOON: [(&str, &str); 4] = [
    ("presence.ping_interval", "500ms"),
    ("presence.pong_timeout", "500ms"),
    ("presence.leave_grace", "200ms"),
    ("calls.loss_grace", "200ms"),
];

#[tokio::test]
async fn a_peer_that_vanishes_without_a_word_is_closed_for_want_of_a_pong() {
    let server = TestServer::start_with(&SOON).await;
    let tunnel = Tunnel::to(server.address()).await;
    let taro = server.connecting("taro", Role::User).through(&tunnel);
    let mut taro = taro.ready().await;
    let mut bystander = Bystander::of(&server).await;
    tunnel.block();
    server
        .metric("otomo_closes_total{code=\"no_pong\"} 1")
        .await;
    bystander.is_undisturbed().await;
    // It was said, should they ever be able to read it.
    tunnel.unblock();
    taro.is_closed(4201).await;
}

#[tokio::test]
async fn who_vanishes_in_a_call_without_a_word_is_missed_and_then_given_up() {
    let server = TestServer::start_with(&SOON).await;
    let tunnel = Tunnel::to(server.address()).await;
    let mut hana = server.otomo("hana").await;
    let taro = server.connecting("taro", Role::User).through(&tunnel);
    let mut taro = taro.ready().await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    hana.sees("hana", "busy").await;
    tunnel.block();
    hana.expect("call_peer_reconnecting").await;
    let end = hana.expect("call_end").await;
    assert_eq!(field(&end, "reason"), "disconnect");
    hana.sees("hana", "online").await;
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_ended() {
    let server = TestServer::start_with(&[("server.handshake_timeout", "1s")]).await;
    let mut bystander = Bystander::of(&server).await;
    let silent = server.raw("").await;
    assert!(
        silent.is_empty() || silent.starts_with("HTTP/1.1 408"),
        "{silent}"
    );
    let half = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Up";
    let answer = server.raw(half).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn who_does_not_say_who_they_are_in_time_is_closed() {
    let server = TestServer::start_with(&[("server.handshake_timeout", "1s")]).await;
    let mut bystander = Bystander::of(&server).await;
    let mut stranger = server.stranger().open().await;
    let closing = stranger.until("closing", |event| event["type"] == "closing");
    let closing = closing.await;
    assert_eq!(closing["code"], 4001);
    assert_eq!(closing["reconnect"], false);
    // A stranger who does not even answer the goodbye is cut off.
    let tunnel = Tunnel::to(server.address()).await;
    let _stuck = server.stranger().through(&tunnel).open().await;
    tunnel.block();
    server
        .metric("otomo_connections{transport=\"websocket\"} 1")
        .await;
    bystander.is_undisturbed().await;
}
