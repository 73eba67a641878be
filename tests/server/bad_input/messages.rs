//! Text that is no command.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::Bystander;
use crate::support::{TestServer, field};

#[tokio::test]
async fn faulty_json_is_answered_and_the_connection_stays() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut bystander = Bystander::of(&server).await;
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"type":"heartbeat","x":{open}{close}}}"#)
    };
    let faulty = [
        ("", "BAD_REQUEST"),
        ("{", "BAD_REQUEST"),
        ("[]", "BAD_REQUEST"),
        ("\"x\"", "BAD_REQUEST"),
        (r#"{"type":"heartbeat"} {}"#, "BAD_REQUEST"),
        (r#"{"no":"type"}"#, "BAD_REQUEST"),
        (r#"{"type":7}"#, "BAD_REQUEST"),
        (r#"{"type":"fly"}"#, "UNKNOWN_TYPE"),
        (r#"{"type":"heartbeat","requestId":7}"#, "BAD_REQUEST"),
        (r#"{"type":"call_request"}"#, "BAD_REQUEST"),
        (
            r#"{"type":"call_request","toUserId":7,"callId":"x"}"#,
            "BAD_REQUEST",
        ),
        (r#"{"type":"call_accept","callId":"7"}"#, "BAD_REQUEST"),
        (&nested(32), "BAD_REQUEST"),
        (&nested(9_000), "BAD_REQUEST"),
    ];
    for (text, code) in faulty {
        taro.send_text(text).await;
        let error = taro.expect("error").await;
        assert_eq!(error["code"], code, "{text}");
        assert!(field(&error, "message").len() > 10, "{error}");
    }
    taro.settled().await;
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn a_fault_carries_the_request_id_and_says_which_field_it_is_about() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let error = taro
        .refused("BAD_REQUEST", json!({"type": "call_request"}))
        .await;
    assert!(field(&error, "message").contains("toUserId"), "{error}");
    taro.refused("UNKNOWN_TYPE", json!({"type": "fly"})).await;
}

#[tokio::test]
async fn a_faulty_command_changes_nothing() {
    let server = TestServer::start().await;
    let mut hana = server.otomo("hana").await;
    let mut bystander = Bystander::of(&server).await;
    for faulty in [
        json!({"type": "otomo_status_set"}),
        json!({"type": "otomo_status_set", "status": "offline"}),
        json!({"type": "otomo_status_set", "status": ["break"]}),
        json!({"type": "otomo_status_set", "status": "break", "until": "tomorrow"}),
        json!({"type": "otomo_status_set", "status": "break", "until": 1}),
    ] {
        hana.refused("BAD_REQUEST", faulty).await;
    }
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn twenty_faulty_messages_are_forgiven_and_the_next_closes() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut bystander = Bystander::of(&server).await;
    for _ in 0..20 {
        taro.send_text("{").await;
    }
    taro.settled().await;
    taro.send_text("{").await;
    taro.is_closed(4004).await;
    bystander.is_undisturbed().await;
    // Only that connection is at an end, not the person.
    server.connecting("taro", Role::User).ready().await;
}
