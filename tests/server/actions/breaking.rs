//! When the backend is asked less than clients would like: too many at once, and after it has failed.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;

use super::{
    backend::{Backend, Behaviour},
    look, server_of,
};
use crate::support::{Client, TestServer, silence};

/// What breaks after three failures, for so long.
fn breaker(pause: &'static str) -> [(&'static str, &'static str); 2] {
    [
        ("actions.breaker_failures", "3"),
        ("actions.breaker_pause", pause),
    ]
}

/// The reason for which an action fails.
async fn fails(client: &mut Client) -> String {
    let refused = client.refused("ACTION_UNAVAILABLE", look()).await;
    refused["context"]["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_so_many_actions_are_under_way_and_the_next_is_refused_at_once() {
    let backend = Backend::start().await;
    backend.behave(Behaviour::Hold);
    let bounds = [
        ("actions.concurrency", "3"),
        ("actions.concurrency_per_user", "2"),
    ];
    let server = server_of(&backend, &bounds).await;
    let mut taro = server.user("taro").await;
    let mut tablet = server.connecting("taro", Role::User).ready().await;
    let (mut jiro, mut hana) = (server.user("jiro").await, server.user("hana").await);
    for client in [&mut taro, &mut tablet, &mut jiro] {
        client.send(look()).await;
    }
    backend.received(3).await;
    let refused = hana.refused("UNAVAILABLE", look()).await;
    assert_eq!(refused["context"]["reason"], "busy");
    assert!(refused["context"]["retryAfterMs"].is_u64(), "{refused}");

    backend.answer(200, "1");
    for client in [&mut taro, &mut tablet, &mut jiro] {
        assert_eq!(client.expect("action_ack").await["result"], 1);
    }
    backend.behave(Behaviour::Hold);
    for client in [&mut taro, &mut tablet] {
        client.send(look()).await;
    }
    backend.received(5).await;
    for client in [&mut taro, &mut tablet] {
        let refused = client.refused("RATE_LIMITED", look()).await;
        assert_eq!(refused["context"]["reason"], "user_busy");
        assert!(refused["context"]["retryAfterMs"].is_u64(), "{refused}");
    }
    backend.answer(200, "2");
    assert_eq!(
        hana.ask(look()).await["result"],
        2,
        "others have their places"
    );
    for client in [&mut taro, &mut tablet] {
        client.expect("action_ack").await;
        assert_eq!(client.ask(look()).await["result"], 2, "places come back");
    }
    assert_eq!(backend.count(), 8, "what was refused was not asked");
}

/// Four people, on both workers.
async fn people(server: &TestServer) -> Vec<Client> {
    let mut people = Vec::new();
    for name in ["taro", "jiro", "hana", "yuki"] {
        people.push(server.user(name).await);
    }
    people
}

/// Goal: a backend that fails is left alone by everybody.
#[tokio::test]
async fn a_backend_that_fails_is_left_alone() {
    const PAUSE_MS: u64 = 60 * 60 * 1000;
    let backend = Backend::start().await;
    backend.answer(500, "");
    let server = server_of(&backend, &breaker("1h")).await;
    let mut clients = people(&server).await;
    for client in clients.iter_mut().take(3) {
        assert_eq!(fails(client).await, "status");
    }
    for client in &mut clients {
        let refused = client.refused("ACTION_UNAVAILABLE", look()).await;
        assert_eq!(refused["context"]["reason"], "paused");
        let wait = refused["context"]["retryAfterMs"].as_u64().unwrap();
        assert!((1..=PAUSE_MS).contains(&wait), "{wait}");
    }
    assert_eq!(backend.count(), 3, "nobody asked");
}

/// Goal: a backend that has failed is tried by one action after each pause, and is found again when it works.
#[tokio::test]
async fn a_backend_that_failed_is_tried_by_one_at_a_time_until_it_works_again() {
    const PAUSE: Duration = Duration::from_secs(1);
    let backend = Backend::start().await;
    backend.answer(500, "");
    let mut settings = breaker("1s").to_vec();
    // What is held is not a failure by itself.
    settings.push(("actions.timeout", "60s"));
    let server = server_of(&backend, &settings).await;
    let mut clients = people(&server).await;
    for client in clients.iter_mut().take(3) {
        assert_eq!(fails(client).await, "status");
    }

    // While one finds out, the others wait.
    silence(PAUSE).await;
    backend.behave(Behaviour::Hold);
    clients[0].send(look()).await;
    backend.received(4).await;
    assert_eq!(fails(&mut clients[1]).await, "paused");
    assert_eq!(backend.count(), 4);

    // It still fails, so it is left alone for another pause.
    let failed = Instant::now();
    backend.answer(500, "");
    let refused = clients[0].expect("error").await;
    assert_eq!(refused["context"]["reason"], "status");
    let reason = fails(&mut clients[1]).await;
    if failed.elapsed() < PAUSE {
        assert_eq!(reason, "paused");
    }

    silence(PAUSE).await;
    backend.answer(200, "true");
    for client in &mut clients {
        assert_eq!(client.ask(look()).await["result"], true);
    }
}

#[tokio::test]
async fn failures_count_in_a_row_only() {
    let backend = Backend::start().await;
    let server = server_of(&backend, &breaker("1h")).await;
    let mut taro = server.user("taro").await;
    for _ in 0..3 {
        for _ in 0..2 {
            backend.answer(500, "");
            assert_eq!(fails(&mut taro).await, "status");
        }
        backend.answer(200, "true");
        assert_eq!(taro.ask(look()).await["result"], true);
    }
    assert_eq!(backend.count(), 9);
}
