//! Typing: announced to the others while it lasts, and ended by the server.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::{to_conversation, writes};
use crate::support::{Client, Json, PATIENCE, TestServer, eventually, silence};

const QUICK: [(&str, &str); 2] = [
    ("chat.typing_expire", "800ms"),
    ("chat.typing_resend", "500ms"),
];

async fn types(client: &mut Client, conversation: &str) {
    client
        .send(json!({"type": "typing-start", "conversationId": conversation}))
        .await;
}

fn of(event: &Json) -> (&Json, &Json) {
    (&event["userId"], &event["conversationId"])
}

#[tokio::test]
async fn the_others_hear_of_it_until_it_is_over() {
    let server = TestServer::start_with(&QUICK).await;
    let mut taro = server.connecting("taro", Role::User).open().await;
    let typing = taro.expect("connected").await["typing"].clone();
    assert_eq!(typing, json!({"resendMs": 500, "expireMs": 800}));
    taro.expect("ready").await;
    let (mut hana, mut jiro) = (server.user("hana").await, server.user("jiro").await);
    let id = writes(&mut taro, "hana", "m-1", "a").await;
    let expected = (&json!("taro"), &json!(id));
    types(&mut taro, &id).await;
    let started = hana.expect("typing-start").await;
    assert_eq!(
        (of(&started), &started["expiresInMs"]),
        (expected, &800.into())
    );
    // They were told a moment ago: not again.
    types(&mut taro, &id).await;
    taro.settled().await;
    // Nobody types on: the server ends it.
    assert_eq!(of(&hana.expect("typing-stop").await), expected);
    hana.expect_none("typing-start").await;

    for how in ["stop", "send", "vanish"] {
        types(&mut taro, &id).await;
        hana.expect("typing-start").await;
        match how {
            "stop" => {
                taro.send(json!({"type": "typing-stop", "conversationId": id}))
                    .await
            }
            "send" => drop(taro.ask(to_conversation(&id, "m-2", "b")).await),
            _ => {
                taro.expect_none("typing-start").await;
                taro.vanish().await;
                assert_eq!(of(&hana.expect("typing-stop").await), expected);
                break;
            }
        }
        assert_eq!(of(&hana.expect("typing-stop").await), expected);
    }
    // Each ended once, and there is nothing left to end.
    silence(Duration::from_secs(1)).await;
    hana.expect_none("typing-stop").await;
    jiro.expect_none("typing-start").await;
}

#[tokio::test]
async fn typing_that_is_never_stopped_ends_each_time() {
    let settings = [QUICK[0], QUICK[1], ("limits.commands_per_second", "none")];
    let server = TestServer::start_with(&settings).await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    let id = writes(&mut taro, "hana", "m-1", "a").await;
    let expected = (&json!("taro"), &json!(id));
    for _ in 0..3 {
        // On a machine that is busy a word may be over before it is told.
        eventually("she hears that he types", async || {
            types(&mut taro, &id).await;
            taro.settled().await;
            hana.heard("typing-start").is_some()
        })
        .await;
        assert_eq!(of(&hana.expect("typing-start").await), expected);
        assert_eq!(of(&hana.expect("typing-stop").await), expected);
        hana.everything();
    }
}

#[tokio::test]
async fn typing_without_an_end_is_told_at_its_pace_and_stops_once() {
    let settings = [
        ("chat.typing_expire", "2s"),
        ("chat.typing_resend", "100ms"),
        ("limits.commands_per_second", "none"),
    ];
    let server = TestServer::start_with(&settings).await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    let id = writes(&mut taro, "hana", "m-1", "a").await;
    let (began, mut told) = (Instant::now(), 0);
    while told < 6 {
        assert!(began.elapsed() < PATIENCE, "told {told} times");
        types(&mut taro, &id).await;
        taro.settled().await;
        for event in hana.everything() {
            assert_ne!(event["type"], "typing-stop");
            told += u128::from(event["type"] == "typing-start");
        }
    }
    let pauses = began.elapsed().as_millis() / 100;
    assert!(pauses + 1 >= told, "{told} times in {pauses} pauses");
    hana.expect("typing-stop").await;
    hana.expect_none("typing-stop").await;
}

#[tokio::test]
async fn a_stranger_types_to_nobody() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    let mut mallory = server.user("mallory").await;
    let id = writes(&mut taro, "hana", "m-1", "a").await;
    for conversation in [id, Uuid::new_v4().to_string()] {
        let start = json!({"type": "typing-start", "conversationId": conversation});
        for _ in 0..2 {
            mallory
                .refused("CONVERSATION_NOT_FOUND", start.clone())
                .await;
        }
        mallory
            .send(json!({"type": "typing-stop", "conversationId": conversation}))
            .await;
    }
    mallory.settled().await;
    hana.expect_none("typing-start").await;
    hana.expect_none("typing-stop").await;
}
