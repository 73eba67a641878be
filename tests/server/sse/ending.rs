//! How a stream ends, and who notices.

use std::time::Duration;

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::support::{Client, End, Process, TestServer, found, silence};

#[tokio::test]
async fn a_client_that_closes_its_connection_is_noticed_without_a_write() {
    let settings = [
        ("presence.reload_grace", "200ms"),
        ("presence.ping_interval", "1h"),
        ("presence.pong_timeout", "1h"),
    ];
    let server = TestServer::start_with(&settings).await;
    let mut taro = server.user("taro").await;
    let hana = server.connecting("hana", Role::Otomo).listening().await;
    taro.sees("hana", "online").await;
    hana.leave();
    taro.sees("hana", "offline").await;
    let hana = server.connecting("hana", Role::Otomo).listening().await;
    taro.sees("hana", "online").await;
    hana.vanish().await;
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn a_client_that_comes_back_within_the_grace_is_not_seen_to_leave() {
    let server = TestServer::start_with(&[("presence.reload_grace", "3s")]).await;
    let mut taro = server.user("taro").await;
    let hana = server.connecting("hana", Role::Otomo).listening().await;
    taro.sees("hana", "online").await;
    hana.leave();
    let _hana = server.connecting("hana", Role::Otomo).listening().await;
    server
        .metric("otomo_connections{transport=\"sse\"} 1")
        .await;
    taro.expect_none("otomo_status_update").await;
}

#[tokio::test]
async fn a_quiet_stream_beats_and_stays() {
    let times = [
        ("presence.ping_interval", "100ms"),
        ("presence.pong_timeout", "80ms"),
    ];
    let server = TestServer::start_with(&times).await;
    let mut taro = server.connecting("taro", Role::User).listening().await;
    for _ in 0..4 {
        let what = "a comment";
        taro.until(what, |event| event["text"] == ":").await;
    }
    let _hana = server.otomo("hana").await;
    taro.sees("hana", "online").await;
}

#[tokio::test]
async fn an_old_stream_says_goodbye_and_ends() {
    let server = TestServer::start_with(&[("sse.max_age", "400ms")]).await;
    let mut taro = server.connecting("taro", Role::User).listening().await;
    let closing = taro.expect("closing").await;
    assert_eq!(closing["code"], 4200);
    assert_eq!(closing["reconnect"], true);
    assert_eq!(taro.ended().await, End::Whole);
}

#[tokio::test]
async fn a_token_that_runs_out_ends_its_stream() {
    let settings = [
        ("auth.expiry_grace", "100ms"),
        ("auth.expiry_notice", "10s"),
        ("presence.ping_interval", "200ms"),
        ("presence.pong_timeout", "100ms"),
    ];
    let server = TestServer::start_with(&settings).await;
    let token = server.token_for("taro", Role::User, Duration::from_secs(2));
    let taro = server.connecting("taro", Role::User).with_token(&token);
    let mut taro = taro.listening().await;
    taro.expect("token_expiring").await;
    assert_eq!(taro.expect("closing").await["code"], 4202);
    assert_eq!(taro.ended().await, End::Whole);
}

#[tokio::test]
async fn a_draining_server_sends_its_streams_away() {
    let server = TestServer::start().await;
    let mut taro = server.connecting("taro", Role::User).listening().await;
    let drained = server.drain();
    assert_eq!(taro.expect("closing").await["code"], 4200);
    assert_eq!(taro.ended().await, End::Whole);
    drained.await.expect("no panic");
}

#[tokio::test]
async fn a_draining_server_refuses_new_streams_but_of_those_who_talk() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let mut jiro = server.connecting("jiro", Role::User).listening().await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    let drained = server.drain();
    let refused = found("a new stream is refused", async || {
        let attempt = server.connecting("mika", Role::User).try_stream("/sse");
        attempt.await.err()
    })
    .await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(refused.body["error"]["code"], "UNAVAILABLE");
    assert!(refused.header("retry-after").is_some());
    server.connecting("taro", Role::User).listening().await;
    assert!(
        jiro.heard("closing").is_none(),
        "there is nowhere else to go"
    );
    taro.hang_up(call).await;
    assert_eq!(jiro.expect("closing").await["code"], 4200);
    drained.await.expect("no panic");
}

/// Otomo who change their status, one after another, so many times in all: not faster than the store takes it.
async fn churn(otomo: &mut [Client], changes: usize) {
    for change in 0..changes {
        let round = change / otomo.len();
        let status = if round.is_multiple_of(2) {
            "break"
        } else {
            "online"
        };
        let place = change % otomo.len();
        let choice = json!({"type": "otomo_status_set", "status": status});
        otomo[place].send(choice).await;
        silence(Duration::from_millis(2)).await;
    }
    for otomo in otomo {
        otomo.settled().await;
        otomo.everything();
    }
}

const LOUD: [(&str, &str); 3] = [
    ("limits.commands_per_second", "none"),
    ("presence.ping_interval", "20s"),
    ("server.workers", "2"),
];

async fn crowd(server: &Process) -> Vec<Client> {
    let mut otomo = Vec::new();
    for number in 0..40 {
        let connecting = server.connecting(&format!("otomo-{number}"), Role::Otomo);
        otomo.push(connecting.asking("topics=calls").ready().await);
    }
    otomo
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_pauses_costs_no_memory_and_finds_the_newest_statuses() {
    let server = Process::start_with(&LOUD).await;
    let mut otomo = crowd(&server).await;
    let mut slow = server.connecting("slow", Role::User).listening().await;
    churn(&mut otomo, 400).await;
    slow.everything();
    slow.pause(true);
    churn(&mut otomo, 800).await;
    let before = server.resident_memory();
    churn(&mut otomo, 1_200).await;
    let growth = server.resident_memory().saturating_sub(before);
    assert!(growth < 2 << 20, "memory grew by {growth} bytes");
    for otomo in &mut otomo {
        for status in ["online", "break"] {
            let choice = json!({"type": "otomo_status_set", "status": status});
            otomo.ask(choice).await;
        }
    }
    slow.pause(false);
    let _last = server.otomo("last").await;
    let told = slow
        .up_to("the last", |event| event["userId"] == "last")
        .await;
    for otomo in &otomo {
        let mut updates = told.iter().rev();
        let newest = updates.find(|event| event["userId"] == otomo.user.as_str());
        assert_eq!(newest.unwrap()["status"], "break");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_never_reads_again_is_cut_off() {
    let settings = [&LOUD[..], &[("outbox.write_timeout", "1s")]].concat();
    let server = Process::start_with(&settings).await;
    let mut otomo = crowd(&server).await;
    let deaf = server.connecting("deaf", Role::User).listening().await;
    deaf.pause(true);
    let work = tokio::spawn(async move {
        churn(&mut otomo, 20_000).await;
        otomo
    });
    let closed = "otomo_closes_total{code=\"slow_consumer\"} 1";
    server.metric(closed).await;
    server
        .metric("otomo_connections{transport=\"sse\"} 0")
        .await;
    work.abort();
}
