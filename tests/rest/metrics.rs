//! That what happens is counted: each metric is made to move by what it is about.

use std::time::Instant;

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Api, WITH_KEY, send},
    stalled::Stalled,
    support::{Client, End, Endpoint, PATIENCE, TestServer},
};

/// The value of a series; 0 before it has been counted.
async fn value(server: &Endpoint, series: &str) -> f64 {
    let page = Api::stranger(server).get("/metrics").await.text;
    let found = page.lines().find_map(|line| {
        let value = line.strip_prefix(series)?.strip_prefix(' ')?;
        Some(value.parse().expect("a number"))
    });
    found.unwrap_or(0.0)
}

/// Waits until a series is counted as it should be: some things are counted a moment after they are seen.
async fn counts(server: &Endpoint, series: &str, holds: impl Fn(f64) -> bool) {
    let began = Instant::now();
    loop {
        let counted = value(server, series).await;
        if holds(counted) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{series} {counted}");
    }
}

/// A call that hana accepts.
async fn accepted(taro: &mut Client, hana: &mut Client) -> uuid::Uuid {
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    taro.expect("signaling_start").await;
    call
}

#[tokio::test]
async fn connections_and_messages_are_counted_by_what_they_are() {
    let server = TestServer::start().await;
    let (mut taro, hana) = (server.user("taro").await, server.otomo("hana").await);
    let connections = r#"otomo_connections{transport="websocket"}"#;
    counts(&server, connections, |count| count == 2.0).await;
    counts(&server, r#"otomo_otomo{status="online"}"#, |count| {
        count == 1.0
    })
    .await;
    taro.ask(json!({"type": "heartbeat"})).await;
    taro.refused("UNKNOWN_TYPE", json!({"type": "nonsense"}))
        .await;
    for (series, expected) in [
        (r#"otomo_messages_in_total{type="heartbeat"}"#, 1.0),
        (r#"otomo_messages_in_total{type="unknown"}"#, 1.0),
        (r#"otomo_messages_out_total{type="heartbeat_ack"}"#, 1.0),
        (r#"otomo_messages_out_total{type="error"}"#, 1.0),
        (r#"otomo_messages_out_total{type="connected"}"#, 2.0),
        (r#"otomo_messages_out_total{type="ready"}"#, 2.0),
    ] {
        assert_eq!(value(&server, series).await, expected, "{series}");
    }
    let closes = r#"otomo_closes_total{code="client"}"#;
    hana.log_out().await;
    counts(&server, closes, |count| count == 1.0).await;
    taro.vanish().await;
    counts(&server, closes, |count| count == 2.0).await;
    let mut forger = server
        .connecting("eve", Role::User)
        .with_token("x")
        .open()
        .await;
    assert_eq!(forger.ended().await, End::Closed(4001));
    let refused = r#"otomo_closes_total{code="bad_token"}"#;
    counts(&server, refused, |count| count == 1.0).await;
    assert_eq!(value(&server, closes).await, 2.0);
    counts(&server, connections, |count| count == 0.0).await;
}

#[tokio::test]
async fn a_handshake_that_is_refused_is_counted_by_its_reason() {
    let server = TestServer::start_with(&[("limits.connections", "1")]).await;
    let _taro = server.user("taro").await;
    let refused = server.connecting("jiro", Role::User).try_open().await;
    assert_eq!(refused.err().unwrap().status(), 503);
    let full = r#"otomo_handshakes_refused_total{reason="full"}"#;
    assert_eq!(value(&server, full).await, 1.0);
}

#[tokio::test]
async fn calls_and_what_is_stored_of_them_are_counted() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let call = accepted(&mut taro, &mut hana).await;
    assert_eq!(value(&server, "otomo_call_setup_seconds_count").await, 0.0);
    taro.report_media(call).await;
    hana.report_media(call).await;
    taro.expect("call_connected").await;
    taro.hang_up(call).await;
    let failed = accepted(&mut taro, &mut hana).await;
    taro.hang_up(failed).await;
    let cancelled = taro.request("hana").await;
    taro.cancel(cancelled).await;
    for (series, expected) in [
        ("otomo_call_setup_seconds_count", 1.0),
        (r#"otomo_calls_ended_total{outcome="completed"}"#, 1.0),
        (r#"otomo_calls_ended_total{outcome="failed"}"#, 1.0),
        (r#"otomo_calls_ended_total{outcome="cancelled"}"#, 1.0),
        (r#"otomo_messages_in_total{type="call_request"}"#, 3.0),
        (r#"otomo_messages_out_total{type="incoming_call"}"#, 3.0),
    ] {
        assert_eq!(value(&server, series).await, expected, "{series}");
    }
    let commits = value(&server, "otomo_commit_seconds_count").await;
    let jobs = value(&server, "otomo_commit_jobs_sum").await;
    assert!(
        commits >= 3.0 && jobs >= commits,
        "{commits} commits of {jobs} jobs"
    );
    assert_eq!(value(&server, "otomo_store_queue").await, 0.0);
}

#[tokio::test]
async fn orders_and_events_of_points_are_counted() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    for (path, key, amount) in [
        ("grant", "gift", 5),
        ("grant", "gift", 5),
        ("grant", "gift", 6),
        ("consume", "k", 9),
        ("consume", "k", 9),
    ] {
        let request = backend.request(Method::POST, &format!("/api/server/points/taro/{path}"));
        let body = json!({"amount": amount, "transaction_type": "test"});
        send(request.header("Idempotency-Key", key).json(&body)).await;
    }
    for (series, expected) in [
        (r#"otomo_point_orders_total{outcome="applied"}"#, 1.0),
        (r#"otomo_point_orders_total{outcome="repeated"}"#, 1.0),
        (r#"otomo_point_orders_total{outcome="refused"}"#, 1.0),
        (r#"otomo_point_orders_total{outcome="insufficient"}"#, 2.0),
        (r#"otomo_point_events_total{type="sp_update"}"#, 1.0),
        (r#"otomo_point_events_total{type="sp_insufficient"}"#, 1.0),
        ("otomo_point_events_undelivered_total", 0.0),
    ] {
        assert_eq!(value(&server, series).await, expected, "{series}");
    }
}

#[tokio::test]
async fn what_is_told_to_all_is_timed_and_counted_and_so_is_what_leaves_together() {
    // So long that both updates are in it.
    let server = TestServer::start_with(&[("outbox.join_delay", "500ms")]).await;
    let mut taro = server.user("taro").await;
    let (mut hana, mut yuki) = (server.otomo("hana").await, server.otomo("yuki").await);
    taro.sees("yuki", "online").await;
    let joins = value(&server, "otomo_joins_total").await;
    let told = r#"otomo_messages_out_total{type="broadcast"}"#;
    let before = value(&server, told).await;
    let on_break = json!({"type": "otomo_status_set", "status": "break"});
    hana.send(on_break.clone()).await;
    yuki.send(on_break).await;
    taro.sees("hana", "break").await;
    taro.sees("yuki", "break").await;
    counts(&server, "otomo_joins_total", |count| count > joins).await;
    counts(&server, told, |count| count > before).await;
    counts(&server, "otomo_broadcast_seconds_count", |count| {
        count > 0.0
    })
    .await;
}

/// Goal: what waits for a client that does not read is in the gauge, and leaves it with the client; a state that
/// finds an older one waiting is counted as spared.
/// Method: offers to an otomo who has stopped reading fill what the kernel keeps for her.
#[tokio::test]
async fn what_waits_for_a_client_that_does_not_read_is_counted() {
    let server = TestServer::start_with(&[("outbox.hard_limit", "16MiB")]).await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let yuki = Stalled::in_a_call_of(&mut taro, &server).await;
    let waits = async || value(&server, "otomo_outbox_bytes").await > 0.0;
    yuki.is_flooded_until(&mut taro, "something waits for her", waits)
        .await;
    for status in ["break", "online", "break"] {
        hana.send(json!({"type": "otomo_status_set", "status": status}))
            .await;
        taro.sees("hana", status).await;
    }
    let spared = r#"otomo_drops_total{reason="replaced"}"#;
    counts(&server, spared, |count| count >= 1.0).await;
    drop(yuki);
    counts(&server, "otomo_outbox_bytes", |bytes| bytes == 0.0).await;
}

/// The fault: what was replayed was taken off the gauge without having been added.
#[tokio::test]
async fn a_replay_leaves_nothing_in_the_bytes_that_wait() {
    let server = TestServer::start().await;
    let (taro, mut yuki) = (server.user("taro").await, server.user("yuki").await);
    drop(taro);
    for number in 0..3 {
        yuki.ask(json!({
            "type": "message_send", "toUserId": "taro", "clientMessageId": number.to_string(), "body": "hello",
        }))
        .await;
    }
    let taro = server.connecting("taro", Role::User).with_last_seq(0);
    let mut taro = taro.open().await;
    for seq in 1..=3 {
        assert_eq!(taro.expect("new-message").await["seq"], seq);
    }
    taro.expect("ready").await;
    counts(&server, "otomo_outbox_bytes", |bytes| bytes == 0.0).await;
}

#[tokio::test]
async fn actions_are_counted_by_what_came_of_them_and_timed_if_the_backend_was_asked() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/actions", listener.local_addr().unwrap());
    // Nobody listens there any more.
    drop(listener);
    let server = TestServer::start_with(&[
        ("actions.webhook_url", &url),
        ("actions.secret", "the secret of the app's own webhook"),
        ("actions.breaker_failures", "2"),
    ])
    .await;
    let mut taro = server.user("taro").await;
    assert_eq!(value(&server, "otomo_actions_breaker").await, 0.0);
    for _ in 0..3 {
        taro.refused("ACTION_UNAVAILABLE", json!({"type": "game_action"}))
            .await;
    }
    for (series, expected) in [
        (r#"otomo_messages_in_total{type="game_action"}"#, 3.0),
        (r#"otomo_actions_total{outcome="unreachable"}"#, 2.0),
        (r#"otomo_actions_total{outcome="paused"}"#, 1.0),
        ("otomo_action_seconds_count", 2.0),
        ("otomo_actions_breaker", 2.0),
    ] {
        assert_eq!(value(&server, series).await, expected, "{series}");
    }
}
