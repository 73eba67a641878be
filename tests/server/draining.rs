//! A server that is told to stop while many people are there, and is started again: calls go on until the limit, people come
//! back over the time they were told, and nobody is ever seen offline. Settings are shrunk; the long form has
//! `OTOMO_DRAIN_PEOPLE=5000 OTOMO_DRAIN_CALLS=50 OTOMO_DRAIN_SCALE=5`.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    support::{
        Crowd, Happening, PATIENCE, Process, TestServer, eventually,
        leaving::{
            Size, came_back_over, gather, hang_up_half, nobody_was_offline, talk_until_the_limit,
        },
        silence, steady_port,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_cuts_no_call_and_shows_nobody_offline() {
    let size = Size::asked();
    let (listen, limit, spread, grace) = (
        format!("127.0.0.1:{}", steady_port()),
        format!("{}ms", size.limit.as_millis()),
        format!("{}ms", size.spread.as_millis()),
        format!("{}ms", size.grace.as_millis()),
    );
    // The grace of a restart is over before the last ones are back, were their own time not counted beside it.
    let settings = [
        ("server.listen", listen.as_str()),
        ("server.drain_limit", &limit),
        ("server.drain_spread", &spread),
        ("presence.leave_grace", &*grace),
        ("presence.restart_grace", &grace),
        ("limits.handshakes_per_address", "none"),
    ];
    let (mut server, log) = Process::start_logging(&settings, "info").await;
    let (crowd, calls) = gather(&size, &[&server]).await;
    nobody_was_offline(&crowd);
    let (begun, root) = (Instant::now(), Api::of(&server, "root", Role::Admin));
    server.terminate();
    let talking = hang_up_half(&crowd, &calls);
    // Nobody has anywhere else to go, so everybody stays as long as somebody talks.
    let over = |crowd: &Crowd| {
        crowd.count(|it| matches!(it, Happening::Ended(_))) == 2 * size.calls - talking
    };
    crowd.until("some hang up", PATIENCE, over).await;
    assert_eq!(crowd.here(), size.people);
    let drain = root.get("/admin/api/drain").await.ok();
    assert_eq!(
        (&drain["draining"], &drain["phase"]),
        (&json!(true), &json!("calls"))
    );
    assert_eq!(
        (&drain["connections"], &drain["liveCalls"]),
        (&json!(size.people), &json!(talking / 2))
    );
    let left = drain["remainingMs"].as_u64().expect("a number");
    assert!((1..=size.limit.as_millis()).contains(&left.into()));
    talk_until_the_limit(&size, &crowd, &calls, (talking, begun)).await;
    assert!(server.ended().await, "it ends well");
    let down = Instant::now();
    let server = server.restart().await;
    let up = down.elapsed();
    let back = |crowd: &Crowd| crowd.here() == size.people;
    crowd.until("all are back", size.patience(), back).await;
    let served = |it: &Happening| matches!(it, Happening::Ready(at) if *at == server.address());
    assert!(crowd.count(served) >= size.people);
    println!(
        "{} people; down for {up:?}, all back after {:?}",
        size.people,
        down.elapsed()
    );
    came_back_over(&size, &crowd, (size.people, begun..Instant::now()));
    // Whoever had not come back would be shown as offline by then.
    silence((size.spread + size.grace + Duration::from_secs(1)).saturating_sub(down.elapsed()))
        .await;
    nobody_was_offline(&crowd);
    let mut late = server.user("late").await;
    let snapshot = late.expect("otomo_status_snapshot").await;
    let otomo = snapshot["otomos"].as_array().expect("a list");
    assert!(
        otomo.iter().all(|it| it["status"] == "online"),
        "{snapshot}"
    );
    told_how_it_goes(&std::fs::read_to_string(log).expect("a log"), &size);
}

/// The log says what the drain waits for, and how each phase went.
fn told_how_it_goes(log: &str, size: &Size) {
    let line = |what: &str| {
        let found = log.lines().find(|line| line.contains(what));
        found.unwrap_or_else(|| panic!("no line with {what:?}"))
    };
    let all = format!("connections={} calls=", size.people);
    assert!(line("drain begins").contains(&all));
    let waits = line("drain waits phase=calls");
    assert!(
        waits.contains(&format!("connections={}", size.people)),
        "{waits}"
    );
    for phase in ["actions", "calls", "goodbyes"] {
        line(&format!("drain has waited phase={phase}"));
    }
    assert!(
        line("drain has waited phase=calls").contains("left_ms=0"),
        "until the limit"
    );
    assert!(line("drain has waited phase=goodbyes").contains("connections=0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_stops_at_once() {
    let settings = [("server.drain_limit", "1h")];
    let (mut server, log) = Process::start_logging(&settings, "info").await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    server.terminate();
    let root = Api::of(&server, "root", Role::Admin);
    eventually("it waits for calls", async || {
        root.get("/admin/api/drain").await.ok()["phase"] == "calls"
    })
    .await;
    assert!(taro.heard("closing").is_none(), "the call goes on");
    server.terminate();
    let closing = taro.expect("closing").await;
    assert_eq!(
        (&closing["code"], &closing["reconnect"]),
        (&json!(1001), &json!(true))
    );
    assert!(server.ended().await, "at once");
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(log.contains("asked to stop a second time"), "{log}");
}

#[tokio::test]
async fn streams_are_told_when_to_come_back_in_their_own_words() {
    let server = TestServer::start_with(&[("server.drain_spread", "1m")]).await;
    let mut streams = Vec::new();
    for name in ["ann", "ben", "cat"] {
        streams.push(server.connecting(name, Role::User).listening().await);
    }
    let drained = server.drain();
    let mut waits = Vec::new();
    for mut stream in streams {
        let closing = stream.expect("closing").await;
        let wait = closing["retryAfterMs"].as_u64().expect("a number");
        assert_eq!(closing["sse"]["retry"], wait.to_string(), "{closing}");
        waits.push(wait);
    }
    assert!(waits.iter().all(|wait| *wait <= 60_000), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > 1_000), "{waits:?}");
    drained.await.expect("no panic");
}
