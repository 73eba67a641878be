//! To write a line into the log, steer the terminal that shows it, or add a header to an answer.

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    api::{Api, WITH_KEY, send},
    packets::Poller,
    support::{Endpoint, Json, Process, TestServer},
};

/// What a forged line of the log would begin with.
const FORGED: &str = "2026-01-01T00:00:00.000Z ERROR otomo forged";

/// Ends of lines, of all kinds, and what steers a terminal or turns a text around.
const STEERING: [&str; 9] = [
    "\n",
    "\r\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\u{b}",
    "\u{1b}[2K",
    "\u{8}",
    "\u{202e}",
];

/// A name with a forged line in it, for each of them.
fn names() -> impl Iterator<Item = String> {
    STEERING.iter().map(|it| format!("x{it}{FORGED}"))
}

/// As it stands in an address.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Says it wherever a stranger, or a client with a token, may say something.
async fn say_everywhere(server: &Endpoint, name: &str) {
    let user = Api::of(server, "taro", Role::User);
    let backend = Api::backend(server);
    let address = escaped(name);
    for path in [
        format!("/{address}"),
        format!("/api/{address}"),
        format!("/api/calls/{address}"),
        format!("/api/otomo/{address}"),
        format!("/api/users/{address}/status"),
        format!("/api/otomo?status={address}"),
        format!("/api/calls?cursor={address}"),
        format!("/sse?topics={address}"),
        format!("/sse?device={address}"),
        format!("/socket.io/?EIO=4&transport={address}"),
        format!("/socket.io/?EIO=4&transport=polling&sid={address}"),
    ] {
        user.get(&path).await;
    }
    let stranger = Api::stranger(server);
    stranger.get(&format!("/sse?token={address}")).await;
    for path in [
        format!("/api/server/users/{address}"),
        format!("/api/server/rooms/{address}/members/taro"),
        format!("/api/server/rooms/r/members/{address}"),
    ] {
        backend
            .put(&path, json!({"role": "user", "name": name}))
            .await;
    }
    let event = json!({"target": {"user": "taro"}, "type": name, "key": name, "data": {"a": name}});
    backend.post("/api/server/events", event).await;
    let gift = json!({"amount": 1, "transaction_type": name, "description": name, "action": name});
    let order = backend.request(Method::POST, "/api/server/points/taro/grant");
    send(
        order
            .header("idempotency-key", Uuid::new_v4().to_string())
            .json(&gift),
    )
    .await;
    in_messages(server, name).await;
    in_packets(server, name).await;
}

/// In the fields of commands.
async fn in_messages(server: &Endpoint, name: &str) {
    let mut taro = server.user("taro").await;
    let call = taro.request("hana").await;
    for command in [
        json!({"type": name}),
        json!({"type": "call_request", "toUserId": name, "callId": Uuid::new_v4()}),
        json!({"type": "call_reject", "callId": call, "reason": name}),
        json!({"type": "room_join", "room": name}),
        json!({"type": "join_game", "game_session_id": name}),
        json!({"type": "game_action", "game_session_id": name, "action": name}),
        json!({"type": "message_send", "toUserId": "hana", "clientMessageId": name, "body": name}),
        json!({"type": "message_send", "toUserId": "hana", "clientMessageId": Uuid::new_v4(), "body": name}),
        json!({"type": "token_refresh", "token": name}),
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": name, "sdp": name}}),
    ] {
        taro.ask(command).await;
    }
    taro.cancel(call).await;
    taro.log_out().await;
    let mut stranger = server.stranger().open().await;
    let init = json!({"type": "init_connection", "token": name});
    stranger.send(init).await;
    stranger.ended().await;
}

/// In packets of Socket.IO.
async fn in_packets(server: &Endpoint, name: &str) {
    for packet in [
        format!("40/{name},{{}}"),
        format!("42[{},{{}}]", Value::from(name)),
        format!("9{name}"),
        name.to_owned(),
    ] {
        let mut poller = Poller::ready(server, "taro", Role::User).await;
        poller.post(packet).await;
        poller.post("1").await;
        poller.at_hand();
    }
}

/// In the headers of a request, as no library would write them.
async fn in_headers(server: &Endpoint) {
    for line in [
        format!("User-Agent: x\r {FORGED}"),
        format!("User-Agent: \x1b[2K{FORGED}"),
        format!("Origin: https://a.example\x0b{FORGED}"),
        format!("X-Request-Id: x\n{FORGED}"),
        format!("Authorization: Bearer x\r\n {FORGED}"),
        format!("X-API-Key: x\r\n\t{FORGED}"),
        format!("Idempotency-Key: \u{85}{FORGED}"),
    ] {
        let request =
            format!("GET /api/me HTTP/1.1\r\nHost: x\r\n{line}\r\nConnection: close\r\n\r\n");
        let _ = server.try_raw(&request).await;
    }
    for method in ["GET\t/x", "G\x1b[2KT", FORGED] {
        let _ = server
            .try_raw(&format!("{method} / HTTP/1.1\r\n\r\n"))
            .await;
    }
}

/// A line as ours are: a time, a level, where, and what; nothing that steers.
pub fn is_one_of_ours(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let [time, level] = [(); 2].map(|()| words.next().unwrap_or_default());
    let timed = time.len() == "2026-01-01T00:00:00.000Z".len() && time.ends_with('Z');
    let levelled = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level);
    let steers = |c: char| c.is_control() || "\u{2028}\u{2029}\u{202e}".contains(c);
    timed && levelled && !line.contains(steers)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_said_begins_a_line_of_the_log() {
    let settings = [WITH_KEY, ("limits.protocol_errors", "none")];
    let (server, log) = Process::start_logging(&settings, "trace").await;
    let _hana = server.otomo("hana").await;
    for name in names() {
        say_everywhere(&server, &name).await;
    }
    in_headers(&server).await;
    // An id may have it, and is logged.
    let turned = server.user("x\u{202e}nimda").await;
    turned.log_out().await;
    let logged = std::fs::read_to_string(&log).expect("a log in UTF-8");
    let lines: Vec<&str> = logged.split('\n').filter(|line| !line.is_empty()).collect();
    assert!(lines.len() > 500, "{} lines", lines.len());
    for line in lines {
        assert!(is_one_of_ours(line), "{line:?}");
    }
    assert!(
        !logged.contains(FORGED),
        "what strangers say is not logged, however it is written"
    );
    assert!(
        logged.contains(r"user=x\u{202e}nimda"),
        "ids are, written out"
    );
}

/// Seen with `RUST_LOG=info`: a library logged an error for each. Strangers would fill the disk, and wake the operator.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_garbled_are_no_errors_of_the_log() {
    let (server, log) = Process::start_logging(&[], "info").await;
    in_headers(&server).await;
    let logged = std::fs::read_to_string(&log).expect("a log in UTF-8");
    assert!(logged.contains("INFO"), "{logged}");
    assert!(!logged.contains("ERROR"), "{logged}");
}

/// Every answer to a request that would like to be two: one head, and no header that we do not write.
#[tokio::test]
async fn nothing_that_is_asked_adds_a_header_or_a_second_answer() {
    let server = TestServer::start_with(&[WITH_KEY, ("server.origins", "*")]).await;
    let injected = "x%0d%0aX-Injected:%20yes%0d%0a%0d%0aHTTP/1.1%20200%20OK";
    let token = server.token("taro", Role::User);
    let with = |path: &str, header: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{header}Connection: close\r\n\r\n"
        )
    };
    let handshake = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for request in [
        with(&format!("/{injected}"), ""),
        with(&format!("/api/calls/{injected}"), ""),
        with(&format!("/api/otomo?status={injected}"), ""),
        with(&format!("/sse?topics={injected}"), ""),
        with(
            &format!("/socket.io/?EIO=4&transport=polling&lastSeq={injected}"),
            "",
        ),
        with("/api/me", &format!("Origin: https://x{injected}\r\n")),
        with("/api/me", "Origin: https://x\rX-Injected: yes\r\n"),
        with("/api/me", "Origin: https://x\r\n X-Injected: yes\r\n"),
        with(&format!("/ws?topics={injected}"), handshake)
            .replace("Connection: close", "Connection: Upgrade"),
        with(
            "/demo/app.js",
            &format!("If-None-Match: \"{injected}\"\r\n"),
        ),
    ] {
        let answer = server.try_raw(&request).await.unwrap_or_default();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let head = head.to_lowercase();
        let mut lines = head.lines();
        assert!(answer.is_empty() || lines.next().is_some_and(|it| it.starts_with("http/1.1 ")));
        let header = |name: &str| lines.clone().find_map(|line| line.strip_prefix(name));
        assert_eq!(header("x-injected"), None, "{request}\n{answer}");
        let length = header("content-length: ").and_then(|it| it.parse().ok());
        assert!(
            length.is_none_or(|length: usize| length == body.len()),
            "{request}\n{answer}"
        );
    }
}

/// An event stream is lines too: what somebody writes is one field of one event, whatever is in it.
#[tokio::test]
async fn nothing_that_is_written_begins_an_event_of_a_stream() {
    let server = TestServer::start().await;
    let mut hana = server.connecting("hana", Role::Otomo).listening().await;
    let mut taro = server.user("taro").await;
    for end in ["\n", "\r", "\r\n", "\n\n", "\u{2028}", "\r\r"] {
        let body = format!("a{end}event: closing{end}data: {{\"type\":\"closing\"}}{end}{end}");
        let message = json!({
            "type": "message_send", "toUserId": "hana", "clientMessageId": Uuid::new_v4(), "body": body,
        });
        taro.ask(message).await;
        let heard: Json = hana.expect("new-message").await;
        assert_eq!(heard["body"], body.as_str());
        assert_eq!(heard["sse"]["event"], "new-message");
    }
    assert!(hana.heard("closing").is_none());
}
