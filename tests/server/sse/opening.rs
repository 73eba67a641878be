//! From the request to what is live.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::{Api, WITH_KEY},
    support::{Stream, TestServer, field},
};

fn types(events: &[serde_json::Value]) -> Vec<&str> {
    events.iter().map(|event| field(event, "type")).collect()
}

async fn up_to_ready(stream: &mut Stream) -> Vec<serde_json::Value> {
    stream
        .up_to("ready", |event| event["type"] == "ready")
        .await
}

#[tokio::test]
async fn a_stream_begins_in_the_order_of_the_protocol_and_names_its_events() {
    let server = TestServer::start().await;
    let mut taro = server.connecting("taro", Role::User).stream("/sse").await;
    assert_eq!(taro.header("content-type"), Some("text/event-stream"));
    assert_eq!(taro.header("cache-control"), Some("no-cache"));
    assert_eq!(taro.header("x-accel-buffering"), Some("no"));
    let told = up_to_ready(&mut taro).await;
    assert!(field(&told[0], "text").starts_with("retry: "), "{told:?}");
    assert_eq!(
        types(&told[1..]),
        [
            "connected",
            "otomo_status_snapshot",
            "call_snapshot",
            "unread_snapshot",
            "friend_status_snapshot",
            "ready"
        ]
    );
    for event in &told[1..] {
        assert_eq!(event["sse"]["event"], event["type"]);
    }
    let ready = told.last().unwrap();
    assert_eq!(ready["sse"]["id"], "0");
    server
        .metric("otomo_connections{transport=\"sse\"} 1")
        .await;
    let _hana = server.otomo("hana").await;
    taro.sees("hana", "online").await;
}

#[tokio::test]
async fn the_stream_of_chat_has_its_topic_and_no_names_unless_they_are_asked_for() {
    let server = TestServer::start().await;
    let path = "/api/chat/sse";
    let mut taro = server.connecting("taro", Role::User);
    taro = taro.token_in_query().asking("customerId=hana");
    let mut taro = taro.stream(path).await;
    let told = up_to_ready(&mut taro).await;
    assert_eq!(
        types(&told[1..]),
        [
            "connected",
            "unread_snapshot",
            "friend_status_snapshot",
            "ready"
        ]
    );
    assert!(told.iter().all(|event| event["sse"]["event"].is_null()));
    let named = server.connecting("taro", Role::User).asking("events=named");
    let mut named = named.stream(path).await;
    assert_eq!(named.expect("ready").await["sse"]["event"], "ready");
}

#[tokio::test]
async fn who_is_refused_gets_a_plain_answer() {
    let server = TestServer::start_with(&[("limits.connections_per_user", "1")]).await;
    let taro = || server.connecting("taro", Role::User);
    let forged = server.forged("taro", Role::User);
    let old = server.token_for("taro", Role::User, std::time::Duration::ZERO);
    for (connecting, status, code) in [
        (server.stranger(), 401, "UNAUTHORIZED"),
        (taro().with_token(&forged), 401, "UNAUTHORIZED"),
        (taro().with_token(&old), 401, "TOKEN_EXPIRED"),
        (
            taro().with_header("origin", "https://elsewhere.example"),
            403,
            "FORBIDDEN",
        ),
        (taro().asking("lastSeq=x"), 400, "BAD_REQUEST"),
        (taro().asking("events=loud"), 400, "BAD_REQUEST"),
        (taro().asking("topics=weather"), 400, "BAD_REQUEST"),
        (taro().asking("customerId="), 400, "BAD_REQUEST"),
    ] {
        let refused = connecting.try_stream("/sse").await.err().expect("refused");
        assert_eq!(refused.status, status, "{refused:?}");
        assert_eq!(refused.body["error"]["code"], code, "{refused:?}");
    }
    let _first = taro().listening().await;
    let refused = taro().try_stream("/sse").await.err().expect("refused");
    assert_eq!(refused.status, 429, "{refused:?}");
    assert!(refused.header("retry-after").is_some());
}

#[tokio::test]
async fn streams_count_among_the_connections_of_the_server_and_pages_of_ours_may_read_them() {
    let settings = [
        ("limits.connections", "1"),
        ("server.origins", "https://app.example"),
    ];
    let server = TestServer::start_with(&settings).await;
    let page = server.connecting("taro", Role::User);
    let page = page.with_header("origin", "https://app.example");
    let first = page.listening().await;
    let allowed = first.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://app.example"));
    let second = server.connecting("hana", Role::User).try_stream("/sse");
    let refused = second.await.err().expect("refused");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.header("retry-after").is_some());
    first.leave();
    server
        .metric("otomo_connections{transport=\"sse\"} 0")
        .await;
    server.connecting("hana", Role::User).listening().await;
}

#[tokio::test]
async fn a_stream_of_few_topics_carries_no_others_and_takes_part_in_what_it_asks_for() {
    let server = TestServer::start().await;
    let calls = server
        .connecting("hana", Role::Otomo)
        .asking("topics=calls");
    let mut hana = calls.listening().await;
    let mut taro = server.user("taro").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    taro.cancel(call).await;
    hana.expect("call_cancelled").await;
    let heard = json!(hana.everything()).to_string();
    assert!(!heard.contains("otomo_status"), "{heard}");
}

#[tokio::test]
async fn a_disabled_user_gets_a_status_and_no_stream() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let disabled = json!({"role": "user", "name": "taro", "disabled": true});
    let backend = Api::backend(&server);
    backend.put("/api/server/users/taro", disabled).await.ok();
    for path in ["/sse", "/api/chat/sse"] {
        let refused = server.connecting("taro", Role::User).try_stream(path).await;
        let refused = refused.err().expect("no stream");
        assert_eq!(
            (refused.status, &refused.body["error"]["code"]),
            (403, &"FORBIDDEN".into())
        );
    }
}
