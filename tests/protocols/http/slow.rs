//! Clients that take their time (a "slow loris"): each holds a connection and no more, and that for a limited time. How long the
//! first head and a body may take, and a body of which nothing more comes, is in `tests/server/bad_input` and `tests/rest/slow`.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;

use super::{ALIVE, Wire};
use crate::{
    support::{PATIENCE, TestServer, silence},
    tally,
};

/// Between two bytes: often enough that no limit on silence would be met.
const DRIP: Duration = Duration::from_millis(50);

/// Limits of a second; it may be half a second late.
const LIMITS: [(&str, &str); 2] = [
    ("server.handshake_timeout", "1s"),
    ("server.keep_alive", "1s"),
];

/// Says bytes one by one, with pauses, until the server hangs up. Its answers, and how long it took.
async fn drips(mut wire: Wire, bytes: impl Iterator<Item = u8>) -> (Vec<u16>, Duration) {
    let began = Instant::now();
    for byte in bytes {
        assert!(began.elapsed() < PATIENCE, "it is still listened to");
        if !wire.write([byte]).await {
            break;
        }
        silence(DRIP).await;
    }
    (wire.statuses().await, began.elapsed())
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_has_its_time() {
    let server = TestServer::start_with(&LIMITS).await;
    let endless = "GET / HTTP/1.1\r\nHost: x\r\nX: "
        .bytes()
        .chain(std::iter::repeat(b'x'));
    let (answers, took) = drips(Wire::to(&server).await, endless).await;
    assert!(answers.is_empty() || answers == [408], "{answers:?}");
    assert!(took >= Duration::from_millis(500), "{took:?}");
    tally::passed("RFC 9112: a slow head", 1);
}

/// The fault: only the first head on a connection had a time, so that whoever had one request answered could hold the connection
/// for as long as they liked.
#[tokio::test]
async fn the_head_of_a_further_request_has_its_time_too() {
    let server = TestServer::start_with(&LIMITS).await;
    let begun = |said: &'static str| {
        let server = &server;
        async move {
            let mut wire = Wire::to(server).await;
            wire.write(format!("{ALIVE}{said}")).await;
            assert_eq!(wire.answer().await.unwrap().head.status, 200);
            wire
        }
    };
    // Byte by byte; a part of it, and then nothing; a part of it together with the first.
    let endless = || {
        "GET / HTTP/1.1\r\nHost: x\r\nX: "
            .bytes()
            .chain(std::iter::repeat(b'x'))
    };
    let (answers, _) = drips(begun("").await, endless()).await;
    assert!(answers.is_empty() || answers == [408], "{answers:?}");
    let (answers, _) = drips(begun("GET / HT").await, std::iter::empty()).await;
    assert!(answers.is_empty() || answers == [408], "{answers:?}");
    let mut wire = begun("").await;
    wire.write("GET / HT").await;
    let answers = wire.statuses().await;
    assert!(answers.is_empty() || answers == [408], "{answers:?}");
    tally::passed("RFC 9112: slow heads of further requests", 3);
}

/// The limit is one on quiet between requests, not on how long a connection lives or an answer takes.
#[tokio::test]
async fn who_goes_on_asking_is_served_on_the_same_connection() {
    let server = TestServer::start_with(&LIMITS).await;
    let mut wire = Wire::to(&server).await;
    let began = Instant::now();
    let mut answered = 0;
    while began.elapsed() < Duration::from_secs(4) {
        wire.write(ALIVE).await;
        assert_eq!(wire.answer().await.expect("an answer").head.status, 200);
        answered += 1;
        silence(Duration::from_millis(400)).await;
    }
    assert!(answered >= 5, "{answered}");
    // An answer that takes longer than all limits together.
    let token = server.token("taro", Role::User);
    let mut wire = Wire::to(&server).await;
    wire.write(format!(
        "GET /sse HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    ))
    .await;
    let head = wire.head().await.unwrap();
    silence(Duration::from_secs(4)).await;
    let hana = server.otomo("hana").await;
    let mut told = String::new();
    while !told.contains("\"hana\"") {
        let part = wire.part(&head).await.expect("a stream that goes on");
        told += &String::from_utf8_lossy(&part);
    }
    drop(hana);
    tally::passed("RFC 9112 9.3: connections that are kept", 2);
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_has_its_time() {
    let server = TestServer::start_with(&LIMITS).await;
    let token = server.token("hana", Role::Otomo);
    let head = |lines: &str| {
        format!(
            "PUT /api/otomo/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{lines}\r\n\r\n"
        )
    };
    let spaces = std::iter::repeat(b' ');
    let mut sized = Wire::to(&server).await;
    sized.write(head("Content-Length: 60000")).await;
    let (answers, _) = drips(sized, spaces).await;
    assert_eq!(answers, [400]);
    let mut chunked = Wire::to(&server).await;
    chunked.write(head("Transfer-Encoding: chunked")).await;
    let (answers, _) = drips(chunked, b"1\r\n \r\n".iter().copied().cycle()).await;
    assert_eq!(answers, [400]);
    tally::passed("RFC 9112: slow bodies", 2);
}

/// The fault: what was to be written waited without an end, and the connection with it.
#[tokio::test]
async fn answers_that_nobody_reads_do_not_hold_their_connection_for_ever() {
    let server =
        TestServer::start_with(&[LIMITS[0], LIMITS[1], ("outbox.write_timeout", "1s")]).await;
    let mut wire = Wire::to(&server).await;
    // More than the kernel keeps for who does not read: 10 KB each.
    let file = "GET /client/src/otomo.js HTTP/1.1\r\nHost: x\r\n\r\n";
    wire.write(file.repeat(1_500)).await;
    let began = Instant::now();
    while wire.write("G").await {
        assert!(began.elapsed() < PATIENCE, "it is still waited for");
        silence(DRIP).await;
    }
    tally::passed("RFC 9112: answers that nobody reads", 1);
}

/// The fault: once a connection waited for its next request, nothing was looked at before that wait was over.
#[tokio::test]
async fn answers_that_nobody_reads_are_not_waited_for_as_long_as_a_further_request() {
    let settings = [("server.keep_alive", "5m"), ("outbox.write_timeout", "1s")];
    let server = TestServer::start_with(&settings).await;
    let mut wire = Wire::to(&server).await;
    wire.write(ALIVE).await;
    assert_eq!(wire.answer().await.unwrap().head.status, 200);
    // The time for that answer is over: from now on the next request is waited for.
    silence(Duration::from_millis(1_500)).await;
    wire.write("GET /client/src/otomo.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_500))
        .await;
    let began = Instant::now();
    while wire.write("G").await {
        assert!(began.elapsed() < PATIENCE, "it is still waited for");
        silence(DRIP).await;
    }
    tally::passed("RFC 9112: answers that nobody reads", 1);
}
