//! From the handshake to `ready`, and to the end.

use std::time::Duration;

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio_tungstenite::tungstenite::http::StatusCode;

use crate::support::{Client, End, TestServer, field};

fn types(events: &[serde_json::Value]) -> Vec<&str> {
    events.iter().map(|event| field(event, "type")).collect()
}

#[tokio::test]
async fn a_client_gets_connected_then_the_snapshots_then_ready() {
    let server = TestServer::start().await;
    let mut taro = server.connecting("taro", Role::User).open().await;
    let told = taro.up_to("ready", |event| event["type"] == "ready").await;
    assert_eq!(
        types(&told),
        [
            "connected",
            "otomo_status_snapshot",
            "call_snapshot",
            "unread_snapshot",
            "friend_status_snapshot",
            "ready"
        ]
    );
    let connected = &told[0];
    assert_eq!(connected["userId"], "taro");
    assert_eq!(connected["role"], "user");
    assert_eq!(connected["resumed"], false);
    assert_eq!(connected["heartbeat"]["intervalMs"], 25_000);
    assert_eq!(connected["limits"]["messageSize"], 65_536);
}

#[tokio::test]
async fn a_token_is_taken_from_every_place_that_is_named() {
    let server = TestServer::start().await;
    let token = server.token("taro", Role::User);
    server.connecting("taro", Role::User).ready().await;
    server
        .connecting("taro", Role::User)
        .token_in_query()
        .ready()
        .await;
    let protocols = format!("bearer, {token}");
    let (mut client, response) = server
        .stranger()
        .with_header("sec-websocket-protocol", protocols)
        .try_open()
        .await
        .expect("the handshake succeeds");
    assert_eq!(response.headers()["sec-websocket-protocol"], "bearer");
    client.expect("ready").await;
    let mut late = server.stranger().open().await;
    late.send(json!({"type": "init_connection", "token": token, "topics": "calls"}))
        .await;
    late.expect("ready").await;
    assert!(
        !types(&late.everything()).contains(&"otomo_status_snapshot"),
        "only calls were asked for"
    );
}

/// Goal: whoever has missed something is ready at once, however much their snapshots are. Method: these leave no room in the
/// outbox, so that what was missed is read once they are written; and nothing else comes that would have them written.
#[tokio::test]
async fn who_has_missed_something_is_ready_at_once_where_the_snapshots_fill_the_outbox() {
    let small_and_quiet = [
        ("outbox.soft_limit", "1KiB"),
        ("presence.ping_interval", "10m"),
    ];
    let server = TestServer::start_with(&small_and_quiet).await;
    server.user("taro").await.log_out().await;
    for otomo in ["hana", "mika", "rin", "yuki", "saki", "nana"] {
        let mut otomo = server.otomo(otomo).await;
        let sent = json!({"type": "message_send", "toUserId": "taro", "clientMessageId": "1", "body": "hi"});
        otomo.ask(sent).await;
        otomo.log_out().await;
    }
    let token = server.token("taro", Role::User);
    let mut taro = server.stranger().open().await;
    taro.send(json!({"type": "init_connection", "token": token, "lastSeq": 0}))
        .await;
    assert_eq!(taro.expect("new-message").await["seq"], 1);
    taro.expect("ready").await;
}

#[tokio::test]
async fn a_page_of_ours_may_bring_its_token_in_a_cookie() {
    let server = TestServer::start_with(&[
        ("auth.cookie", "session"),
        ("server.origins", "https://app.example.com"),
    ])
    .await;
    let cookie = format!("theme=dark; session={}", server.token("taro", Role::User));
    let page = |origin: &str| {
        let stranger = server.stranger().with_header("cookie", cookie.clone());
        stranger.with_header("origin", origin)
    };
    page("https://app.example.com").ready().await;
    let mut foreign = page("https://evil.example").open().await;
    assert_eq!(foreign.ended().await, End::Closed(4002));
    let mut pageless = server
        .stranger()
        .with_header("cookie", cookie.clone())
        .open()
        .await;
    pageless
        .refused("UNAUTHORIZED", json!({"type": "heartbeat"}))
        .await;
    let ours = format!("http://{}/api/me", server.address());
    let ask = |site: &str| {
        let me = reqwest::Client::new().get(&ours).header("cookie", &cookie);
        me.header("sec-fetch-site", site).send()
    };
    assert_eq!(ask("same-origin").await.unwrap().status(), 200);
    assert_eq!(ask("cross-site").await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_quiet_client_that_answers_pings_stays() {
    let times = [
        ("presence.ping_interval", "300ms"),
        ("presence.pong_timeout", "300ms"),
    ];
    let server = TestServer::start_with(&times).await;
    let mut taro = server.user("taro").await;
    crate::support::silence(Duration::from_millis(1_500)).await;
    taro.settled().await;
}

#[tokio::test]
async fn a_heartbeat_is_answered_with_its_request_id() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let answer = taro.ask(json!({"type": "heartbeat"})).await;
    assert_eq!(answer["type"], "heartbeat_ack");
    assert!(answer["timestamp"].is_i64());
}

#[tokio::test]
async fn other_paths_and_other_versions_are_refused_with_a_status() {
    let server = TestServer::start().await;
    let elsewhere = |path: &str, version: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: {version}\r\n\r\n"
        )
    };
    let answer = async |request: String| server.raw(&request).await;
    assert!(
        answer(elsewhere("/elsewhere", "13"))
            .await
            .starts_with("HTTP/1.1 404")
    );
    let old = answer(elsewhere("/ws", "8")).await;
    assert!(
        old.starts_with("HTTP/1.1 426") && old.contains("sec-websocket-version: 13"),
        "{old}"
    );
    assert!(old.contains(r#""code":"UPGRADE_REQUIRED""#), "{old}");
    let post = elsewhere("/ws", "13").replace("GET", "POST");
    let post = answer(post).await;
    assert!(post.starts_with("HTTP/1.1 405"), "{post}");
    assert!(post.contains(r#""code":"METHOD_NOT_ALLOWED""#), "{post}");
    let bad = answer(elsewhere("/ws?lastSeq=x", "13")).await;
    assert!(
        bad.starts_with("HTTP/1.1 400") && bad.contains("lastSeq must be a whole number"),
        "{bad}"
    );
    let ancient = answer(elsewhere("/ws", "13").replace("HTTP/1.1", "HTTP/1.0")).await;
    assert!(
        ancient.starts_with("HTTP/1.0 400") && ancient.contains("HTTP/1.1"),
        "{ancient}"
    );
}

#[tokio::test]
async fn a_handshake_of_which_a_header_is_missing_is_told_which() {
    let server = TestServer::start().await;
    let whole = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let answer = async |request: String| server.raw(&request).await;
    // What a proxy leaves of it that does not know of WebSockets, and a request that never asked.
    let hop_by_hop = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    for (lost, instead) in [
        (hop_by_hop, "Connection: close\r\n"),
        ("Upgrade: websocket\r\n", ""),
        ("Connection: Upgrade\r\n", "Connection: close\r\n"),
    ] {
        let said = answer(whole.replace(lost, instead)).await;
        assert!(said.starts_with("HTTP/1.1 426"), "{lost}: {said}");
        assert!(said.contains(r#""code":"UPGRADE_REQUIRED""#), "{said}");
        assert!(said.contains("upgrade: websocket"), "{said}");
        assert!(said.contains("a proxy must pass both on"), "{said}");
    }
    let keyless = whole.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "");
    let keyless = answer(keyless).await;
    assert!(keyless.starts_with("HTTP/1.1 400"), "{keyless}");
    assert!(
        keyless.contains("the header Sec-WebSocket-Key is missing"),
        "{keyless}"
    );
}

#[tokio::test]
async fn a_full_server_says_when_to_come_back() {
    let server = TestServer::start_with(&[("limits.connections", "1")]).await;
    let _first: Client = server.user("taro").await;
    let refused = server
        .connecting("hana", Role::User)
        .try_open()
        .await
        .err()
        .expect("refused");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_client_that_asks_for_nothing_is_closed_where_it_is_configured() {
    let server = TestServer::start_with(&[
        ("limits.idle_timeout", "1500ms"),
        ("presence.ping_interval", "500ms"),
        ("presence.pong_timeout", "500ms"),
    ])
    .await;
    let mut taro = server.user("taro").await;
    taro.settled().await;
    assert_eq!(taro.ended().await, End::Closed(1000));
}

#[tokio::test]
async fn a_token_that_runs_out_is_told_and_closes_unless_it_is_refreshed() {
    let settings = [
        ("auth.expiry_notice", "30s"),
        ("auth.expiry_grace", "500ms"),
    ];
    let server = TestServer::start_with(&settings).await;
    let short = server.token_for("taro", Role::User, Duration::from_secs(2));
    let mut late = server
        .connecting("taro", Role::User)
        .with_token(&short)
        .ready()
        .await;
    let mut prompt = server
        .connecting("taro", Role::User)
        .with_token(&short)
        .ready()
        .await;
    prompt.expect("token_expiring").await;
    let token = server.token("taro", Role::User);
    let ack = prompt
        .ask(json!({"type": "token_refresh", "token": token}))
        .await;
    assert!(ack["expiresAt"].is_i64(), "{ack}");
    assert_eq!(late.ended().await, End::Closed(4202));
    prompt.settled().await;
}

#[tokio::test]
async fn connections_of_one_user_have_a_limit_and_a_policy() {
    let server = TestServer::start_with(&[("limits.connections_per_user", "2")]).await;
    let _first = server.user("taro").await;
    let _second = server.user("taro").await;
    let mut third = server.connecting("taro", Role::User).open().await;
    assert_eq!(third.ended().await, End::Closed(4101));
    let server = TestServer::start_with(&[("limits.connection_policy", "takeover")]).await;
    let mut old = server.user("taro").await;
    let mut new = server.user("taro").await;
    assert_eq!(old.ended().await, End::Closed(4005));
    new.settled().await;
    let server = TestServer::start_with(&[("limits.connection_policy", "reject")]).await;
    let mut old = server.user("taro").await;
    let mut new = server.connecting("taro", Role::User).open().await;
    assert_eq!(new.ended().await, End::Closed(4101));
    old.settled().await;
}
