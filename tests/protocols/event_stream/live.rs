//! Streams of a real server, by their bytes.

use std::time::Instant;

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{Event, Parser};
use crate::{
    http::wire::{Head, Wire},
    support::{Client, Json, PATIENCE, TestServer},
    tally,
};

/// A stream that is being read.
struct Listener {
    wire: Wire,
    head: Head,
    parser: Parser,
    events: Vec<Event>,
    /// All bytes of the stream.
    read: Vec<u8>,
}

impl Listener {
    /// Asks for a stream, with further lines in the request.
    async fn open(server: &TestServer, lines: &[u8]) -> Self {
        let token = server.token("taro", Role::User);
        let start =
            format!("GET /sse HTTP/1.1\r\nHost: otomo\r\nAuthorization: Bearer {token}\r\n");
        Self::ask(server, &[start.as_bytes(), lines, b"\r\n"].concat()).await
    }

    async fn ask(server: &TestServer, request: &[u8]) -> Self {
        let mut wire = Wire::to(server).await;
        wire.write(request).await;
        let head = wire.head().await.expect("an answer");
        Self {
            wire,
            head,
            parser: Parser::default(),
            events: Vec::new(),
            read: Vec::new(),
        }
    }

    /// Reads on until something holds.
    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            let bytes = self.wire.part(&self.head).await;
            // Comments come for as long as one listens.
            let bytes = bytes.filter(|_| began.elapsed() < PATIENCE);
            let bytes = bytes.unwrap_or_else(|| panic!("no {what}; {self:?}"));
            self.read.extend(&bytes);
            self.events.extend(self.parser.read(&bytes));
        }
    }

    async fn ready(&mut self) -> Event {
        self.until("ready", |it| it.find("ready").is_some()).await;
        self.find("ready").expect("it is there").clone()
    }

    fn find(&self, name: &str) -> Option<&Event> {
        self.events.iter().find(|event| event.name == name)
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?}\n{}",
            self.head,
            String::from_utf8_lossy(&self.read)
        )
    }
}

#[tokio::test]
async fn a_stream_is_text_in_utf8_that_no_cache_keeps_and_comments_keep_alive() {
    let often = [
        ("presence.ping_interval", "2s"),
        ("presence.pong_timeout", "2s"),
    ];
    let server = TestServer::start_with(&often).await;
    let mut taro = Listener::open(&server, b"Accept: text/event-stream\r\n").await;
    assert_eq!(taro.head.status, 200);
    assert_eq!(taro.head.get("content-type"), Some("text/event-stream"));
    assert_eq!(taro.head.get("cache-control"), Some("no-cache"));
    assert_eq!(taro.head.get("content-length"), None);
    assert_eq!(taro.head.get("content-encoding"), None);
    let ready = taro.ready().await;
    assert_eq!(ready.last_id, "0");
    let wait = taro
        .parser
        .retry
        .expect("how long to wait before coming back");
    assert!((500..=1_500).contains(&wait), "{wait} ms");
    // Text that is not ASCII, and a command that somebody else writes.
    let mut yumi = server.user("yumi").await;
    let body = "改行\r\n\u{feff}と\u{2028}";
    write(&mut yumi, body).await;
    taro.until("a message", |it| it.find("new-message").is_some())
        .await;
    let message = taro.find("new-message").unwrap();
    let data: Json = serde_json::from_str(&message.data).unwrap();
    assert_eq!((&data["body"], &*message.last_id), (&body.into(), "1"));
    taro.until("a comment", |it| it.parser.comments > 0).await;
    let text = std::str::from_utf8(&taro.read).expect("UTF-8");
    assert!(!text.starts_with('\u{feff}'), "{text}");
    assert!(!text.contains('\r'), "one kind of line end: {text}");
    tally::passed("HTML 9.2: a live stream", 1);
}

async fn write(writer: &mut Client, body: &str) {
    let message =
        json!({"type": "message_send", "toUserId": "taro", "clientMessageId": "m", "body": body});
    let told = writer.ask(message).await;
    assert_eq!(told["type"], "message_send_ack", "{told}");
}

/// Ids that clients come back with, and whether they are places in taro's stream, which has one event.
const IDS: [(&[u8], bool); 17] = [
    (b"", true),
    (b"0", true),
    (b"1", true),
    (b"2", false),
    (b"18446744073709551615", false),
    (b"18446744073709551616", false),
    (b"99999999999999999999999999999999999999999999", false),
    (b"-1", false),
    (b"1.0", false),
    (b"1e0", false),
    (b"0x1", false),
    (b"1 1", false),
    (b"1,1", false),
    (b"abc", false),
    ("お".as_bytes(), false),
    (b"\xff\xfe", false),
    (b"null", false),
];

#[tokio::test]
async fn whichever_id_a_client_comes_back_with_it_gets_a_stream() {
    let server = TestServer::start().await;
    let mut yumi = server.user("yumi").await;
    // Whoever has been here can be written to.
    server.user("taro").await.log_out().await;
    write(&mut yumi, "b").await;
    let long = "9".repeat(4_000);
    let ids = IDS.into_iter().chain([(long.as_bytes(), false)]);
    let mut cases = 0;
    for (id, known) in ids {
        let line = [b"Last-Event-ID: ", id, b"\r\n"].concat();
        let shown = String::from_utf8_lossy(id);
        let mut taro = Listener::open(&server, &line).await;
        assert_eq!(taro.head.status, 200, "{shown}");
        let ready = taro.ready().await;
        assert_eq!(ready.last_id, "1", "{shown}");
        assert_eq!(taro.find("resync").is_none(), known, "{shown}: {taro:?}");
        // Only who has missed it is told again.
        assert_eq!(
            taro.find("new-message").is_some(),
            id == b"0",
            "{shown}: {taro:?}"
        );
        cases += 1;
    }
    tally::passed("HTML 9.2.3: ids of clients that come back", cases);
}

/// Section 9.2.3: anything but a 200 of this type fails the connection, and the client does not come back by itself.
#[tokio::test]
async fn who_is_refused_is_not_told_to_come_back() {
    let server = TestServer::start().await;
    let forged = server.forged("taro", Role::User);
    let token = server.token("taro", Role::User);
    let requests = [
        ("GET /sse".to_owned(), String::new(), 401),
        (
            "GET /sse".to_owned(),
            format!("Authorization: Bearer {forged}\r\n"),
            401,
        ),
        (
            "GET /sse?events=loud".to_owned(),
            format!("Authorization: Bearer {token}\r\n"),
            400,
        ),
        (
            "GET /sse".to_owned(),
            format!("Authorization: Bearer {token}\r\nOrigin: https://elsewhere.example\r\n"),
            403,
        ),
        (
            "POST /sse".to_owned(),
            format!("Authorization: Bearer {token}\r\nContent-Length: 0\r\n"),
            405,
        ),
        (
            "GET /sse/more".to_owned(),
            format!("Authorization: Bearer {token}\r\n"),
            404,
        ),
    ];
    let cases = requests.len();
    for (start, lines, status) in requests {
        let request = format!("{start} HTTP/1.1\r\nHost: otomo\r\n{lines}\r\n");
        let refused = Listener::ask(&server, request.as_bytes()).await;
        assert_eq!(refused.head.status, status, "{request}");
        assert_eq!(
            refused.head.get("content-type"),
            Some("application/json"),
            "{request}"
        );
    }
    tally::passed("HTML 9.2.3: streams that are refused", cases);
}

/// The fault: it came in chunks, which HTTP/1.0 does not know (RFC 9112, section 6.1), and its client read their lengths as
/// lines of the stream.
#[tokio::test]
async fn a_stream_over_http_1_0_comes_without_chunks_and_ends_with_its_connection() {
    let server = TestServer::start_with(&[("sse.max_age", "400ms")]).await;
    let token = server.token("taro", Role::User);
    for line in ["", "Connection: keep-alive\r\n"] {
        let request = format!("GET /sse HTTP/1.0\r\nAuthorization: Bearer {token}\r\n{line}\r\n");
        let mut taro = Listener::ask(&server, request.as_bytes()).await;
        assert_eq!(taro.head.status, 200);
        assert_eq!(taro.head.get("transfer-encoding"), None, "{taro:?}");
        taro.until("closing", |it| it.find("closing").is_some())
            .await;
        assert_eq!(taro.wire.part(&taro.head).await, None);
        assert_eq!(taro.find("ready").map(|ready| &*ready.last_id), Some("0"));
    }
    tally::passed("RFC 9112 6.1: streams over HTTP/1.0", 2);
}
