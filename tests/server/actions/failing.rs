//! Backends that answer wrongly, late, too much or not at all.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    backend::{Backend, Behaviour, SECRET},
    look, server_of,
};
use crate::support::{Certificate, Process, TestServer};

/// Enough for a test to see the difference from a second.
const TIMEOUT: (&str, &str) = ("actions.timeout", "400ms");

const NEVER_PAUSED: (&str, &str) = ("actions.breaker_failures", "none");

fn head(lines: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n")
}

#[tokio::test]
async fn whatever_the_backend_does_wrong_the_client_gets_one_typed_answer_and_goes_on() {
    let backend = Backend::start().await;
    let server = server_of(&backend, &[TIMEOUT, NEVER_PAUSED]).await;
    let mut taro = server.user("taro").await;
    let answer = |status, body: &str| Behaviour::Answer(status, body.to_owned());
    let cases = [
        (Behaviour::Hold, "timeout"),
        (Behaviour::Stop("HTTP/1.1 200".to_owned()), "timeout"),
        (
            Behaviour::Stop(head("content-length: 100") + "{"),
            "timeout",
        ),
        (
            answer(500, r#"{"error":{"message":"secret trace"}}"#),
            "status",
        ),
        (answer(503, ""), "status"),
        (
            answer(401, r#"{"error":{"message":"who are you"}}"#),
            "status",
        ),
        (answer(404, "<h1>nothing here</h1>"), "status"),
        (answer(200, "<h1>hello</h1>"), "not_json"),
        (answer(200, r#"{"ok":true"#), "not_json"),
        (Behaviour::Flood { announced: true }, "too_large"),
        (Behaviour::Flood { announced: false }, "too_large"),
        (Behaviour::Cut(String::new()), "broken"),
        (Behaviour::Cut("HTTP/1.1 2".to_owned()), "broken"),
        // What has come is JSON, and still not what was sent.
        (Behaviour::Cut(head("content-length: 5") + "123"), "broken"),
        (Behaviour::Cut("nonsense\r\n\r\n".to_owned()), "broken"),
    ];
    for (behaviour, reason) in cases {
        let shown = format!("{behaviour:?}");
        backend.behave(behaviour);
        let began = Instant::now();
        let refused = taro.refused("ACTION_UNAVAILABLE", look()).await;
        let took = began.elapsed();
        assert_eq!(
            refused["context"],
            json!({"action": "game_action", "reason": reason}),
            "{shown}"
        );
        assert!(took < Duration::from_secs(5), "{shown}: {took:?}");
        assert!(!refused.to_string().contains("secret trace"), "{refused}");
        if reason == "timeout" {
            assert!(took >= Duration::from_millis(400), "{shown}: {took:?}");
        }
        let before = backend.count();
        backend.answer(200, "true");
        assert_eq!(taro.ask(look()).await["result"], true, "after {shown}");
        // Those that were held are answered into nothing; none was sent twice.
        assert_eq!(backend.count(), before + 1, "{shown}");
    }
}

#[tokio::test]
async fn an_answer_of_10_megabytes_is_not_read_to_its_end() {
    let backend = Backend::start().await;
    let server = server_of(&backend, &[NEVER_PAUSED]).await;
    let mut taro = server.user("taro").await;
    backend.behave(Behaviour::Flood { announced: false });
    taro.refused("ACTION_UNAVAILABLE", look()).await;
    backend.answer(200, "true");
    taro.ask(look()).await;
    let flooded = backend.flooded();
    assert!(flooded < 9 << 20, "{flooded} bytes were taken");
}

#[tokio::test]
async fn an_answer_may_be_as_large_as_configured() {
    let backend = Backend::start().await;
    let server = server_of(&backend, &[("actions.answer_size", "100"), NEVER_PAUSED]).await;
    let mut taro = server.user("taro").await;
    backend.answer(200, &format!("\"{}\"", "x".repeat(98)));
    assert_eq!(taro.ask(look()).await["result"], "x".repeat(98));
    backend.answer(200, &format!("\"{}\"", "x".repeat(99)));
    let refused = taro.refused("ACTION_UNAVAILABLE", look()).await;
    assert_eq!(refused["context"]["reason"], "too_large");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (backend, other) = (Backend::start().await, Backend::start().await);
    let server = server_of(&backend, &[NEVER_PAUSED]).await;
    let mut taro = server.user("taro").await;
    for status in [301, 302, 307, 308] {
        let location = format!("location: {}\r\ncontent-length: 0", other.url());
        let redirect = format!("HTTP/1.1 {status} Elsewhere\r\n{location}\r\n\r\n");
        backend.behave(Behaviour::Cut(redirect));
        let refused = taro.refused("ACTION_UNAVAILABLE", look()).await;
        assert_eq!(refused["context"]["reason"], "status");
    }
    assert_eq!((backend.count(), other.count()), (4, 0));
}

#[tokio::test]
async fn a_backend_that_is_not_there_or_cannot_prove_who_it_is_is_not_reached() {
    let certificate = Certificate::new();
    let stranger = TestServer::start_with(&certificate.settings()).await;
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    for url in [
        format!("http://{gone}/actions"),
        format!("https://{}/actions", stranger.address()),
        "http://nowhere.invalid/actions".to_owned(),
    ] {
        let settings = [
            ("actions.webhook_url", url.as_str()),
            ("actions.secret", SECRET),
        ];
        let server = TestServer::start_with(&settings).await;
        let mut taro = server.user("taro").await;
        let refused = taro.refused("ACTION_UNAVAILABLE", look()).await;
        assert_eq!(refused["context"]["reason"], "unreachable", "{url}");
    }
}

/// Goal: neither the secret nor what a client says of an action is in a log, however much is logged.
/// Method: the binary logs all it can while actions succeed, are refused, and fail.
#[tokio::test]
async fn secret_and_payload_stay_out_of_the_log() {
    let backend = Backend::start().await;
    let url = backend.url();
    let settings = [
        ("actions.webhook_url", url.as_str()),
        ("actions.secret", SECRET),
        ("actions.breaker_failures", "1"),
    ];
    let (server, log) = Process::start_logging(&settings, "trace").await;
    let mut taro = server
        .connecting("taro", otomo::kernel::identity::Role::User)
        .ready()
        .await;
    let whisper = json!({"type": "game_action", "word": "open-sesame"});
    assert_eq!(taro.ask(whisper.clone()).await["type"], "action_ack");
    backend.answer(500, "no");
    for reason in ["status", "paused"] {
        let refused = taro.refused("ACTION_UNAVAILABLE", whisper.clone()).await;
        assert_eq!(refused["context"]["reason"], reason);
    }
    let logged = std::fs::read_to_string(&log).expect("a log");
    for line in [
        "action failed action=game_action user=taro",
        "webhook fails and is left alone",
    ] {
        assert!(logged.contains(line), "{line}: {logged}");
    }
    for hidden in [SECRET, "open-sesame"] {
        assert!(!logged.contains(hidden), "{hidden} is in the log");
    }
}
