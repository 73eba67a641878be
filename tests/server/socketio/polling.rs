//! Long polling: handshakes, and requests that come to any worker.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::packets::{Answer, Poller, Socket, connect, sent};
use crate::support::{Json, TestServer};

async fn ask(server: &TestServer, method: &str, query: &str) -> Answer {
    let url = format!("http://{}/socket.io/?{query}", server.address());
    let method = method.parse().expect("a method");
    sent(reqwest::Client::new().request(method, url)).await
}

#[tokio::test]
async fn a_session_begins_with_what_its_client_must_know() {
    let settings = [
        ("server.origins", "https://app.example"),
        ("socketio.ping_interval", "7s"),
        ("socketio.ping_timeout", "5s"),
        ("socketio.max_payload", "100KiB"),
    ];
    let server = TestServer::start_with(&settings).await;
    let url = format!(
        "http://{}/socket.io/?EIO=4&transport=polling",
        server.address()
    );
    let page = reqwest::Client::new()
        .get(url)
        .header("origin", "https://app.example");
    let answer = page.send().await.unwrap();
    let header = |name| {
        answer
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    assert_eq!(header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(header("cache-control"), Some("no-store"));
    assert_eq!(
        header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert_eq!(header("access-control-allow-credentials"), Some("true"));
    let text = answer.text().await.unwrap();
    let mut open: Json = serde_json::from_str(text.strip_prefix('0').unwrap()).unwrap();
    let sid = open["sid"].take();
    let (node, random) = sid.as_str().unwrap().rsplit_once('.').unwrap();
    assert_eq!((node, random.len()), ("otomo-1", 32));
    let expected = json!({
        "sid": null, "upgrades": ["websocket"], "pingInterval": 7000, "pingTimeout": 5000, "maxPayload": 102_400,
    });
    assert_eq!(open, expected);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_in_the_protocols_words() {
    let server = TestServer::start().await;
    let unknown = |code: u8, message: &str| json!({"code": code, "message": message});
    for (method, query, body) in [
        ("GET", "", unknown(0, "Transport unknown")),
        (
            "GET",
            "EIO=4&transport=carrier-pigeon",
            unknown(0, "Transport unknown"),
        ),
        (
            "GET",
            "EIO=4&transport=polling&sid=otomo-1.x",
            unknown(1, "Session ID unknown"),
        ),
        (
            "POST",
            "EIO=4&transport=polling&sid=otomo-1.x",
            unknown(1, "Session ID unknown"),
        ),
        (
            "POST",
            "EIO=4&transport=polling",
            unknown(2, "Bad handshake method"),
        ),
        (
            "GET",
            "EIO=4&transport=websocket",
            unknown(3, "Bad request"),
        ),
        (
            "GET",
            "EIO=4&transport=polling&j=0",
            unknown(3, "Bad request"),
        ),
        (
            "GET",
            "EIO=4&EIO=4&transport=polling",
            unknown(3, "Bad request"),
        ),
        (
            "GET",
            "EIO=3&transport=polling",
            unknown(5, "Unsupported protocol version"),
        ),
        (
            "GET",
            "transport=polling",
            unknown(5, "Unsupported protocol version"),
        ),
    ] {
        let answer = ask(&server, method, query).await;
        let told: Json = serde_json::from_str(&answer.text).unwrap();
        assert_eq!((answer.status, told), (400, body), "{method} {query}");
    }
    let bad = ask(&server, "GET", "EIO=4&transport=polling&lastSeq=x").await;
    assert_eq!((bad.status, bad.code()), (400, Some(3)));
}

#[tokio::test]
async fn pages_of_others_may_not_connect() {
    let server = TestServer::start().await;
    let url = format!(
        "http://{}/socket.io/?EIO=4&transport=polling",
        server.address()
    );
    let page = reqwest::Client::new()
        .get(url)
        .header("origin", "https://elsewhere.example");
    let refused = sent(page).await;
    assert_eq!((refused.status, refused.code()), (403, Some(4)));
    let handshake = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {}\r\nOrigin: https://elsewhere.example\r\n\
         Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address()
    );
    let refused = server.raw(&handshake).await;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert!(refused.contains(r#""code":4"#), "{refused}");
}

#[tokio::test]
async fn requests_of_one_session_may_come_to_any_worker() {
    let server = TestServer::start_with(&[("server.workers", "3")]).await;
    let mut taro = Poller::ready(&server, "taro", Role::User).await;
    server
        .metric("otomo_connections{transport=\"socketio\"} 1")
        .await;
    for number in 0..12 {
        let said = taro.post(format!(r#"42{number}["heartbeat"]"#)).await;
        assert_eq!(said.status, 200);
        let answer = taro.next().await.unwrap();
        assert!(answer.starts_with(&format!("43{number}[{{")), "{answer}");
    }
    let hana = server.otomo("hana").await;
    taro.hears("otomo_status_update").await;
    hana.log_out().await;
    taro.hears("otomo_status_update").await;
}

#[tokio::test]
async fn many_packets_fit_into_one_payload_and_are_answered_in_order() {
    let server = TestServer::start().await;
    let mut taro = Poller::ready(&server, "taro", Role::User).await;
    let unknown = uuid::Uuid::new_v4();
    let commands: Vec<String> = (0..40)
        .map(|number| match number % 3 {
            0 => format!(r#"42{number}["heartbeat"]"#),
            // Has no answer, and goes through the chat.
            1 => format!(r#"42{number}["typing-stop",{{"conversationId":"{unknown}"}}]"#),
            _ => "3".to_owned(),
        })
        .collect();
    assert_eq!(taro.post(commands.join("\u{1e}")).await.status, 200);
    let mut numbers = Vec::new();
    while numbers.len() < 27 {
        let packet = taro.next().await.unwrap();
        let number = packet
            .strip_prefix("43")
            .unwrap()
            .split('[')
            .next()
            .unwrap();
        numbers.push(number.parse::<u32>().unwrap());
    }
    numbers.sort_unstable();
    let expected: Vec<u32> = (0..40).filter(|number| number % 3 != 2).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn a_full_or_draining_server_refuses_sessions_for_a_while() {
    let server = TestServer::start_with(&[("limits.connections", "1")]).await;
    let socket = Socket::begin(&server).await;
    let refused = ask(&server, "GET", "EIO=4&transport=polling").await;
    assert_eq!(refused.status, 503, "{refused:?}");
    drop(socket);
    server
        .metric("otomo_connections{transport=\"socketio\"} 0")
        .await;
    Poller::open(&server).await;
}

#[tokio::test]
async fn a_refused_client_is_told_in_the_librarys_shape_and_its_session_ends() {
    let server = TestServer::start().await;
    for (auth, code, close) in [
        (
            format!("40{}", json!({"token": server.forged("taro", Role::User)})),
            "UNAUTHORIZED",
            4001,
        ),
        ("40".to_owned(), "UNAUTHORIZED", 4001),
        (
            format!(
                "40{}",
                json!({"token": server.token_for("taro", Role::User, std::time::Duration::ZERO)})
            ),
            "TOKEN_EXPIRED",
            4202,
        ),
    ] {
        let mut poller = Poller::open(&server).await;
        assert_eq!(poller.post(auth.clone()).await.status, 200);
        let rest = poller.rest().await;
        let error: Json = serde_json::from_str(rest[0].strip_prefix("44").unwrap()).unwrap();
        assert_eq!(
            (&error["data"]["code"], &error["data"]["closeCode"]),
            (&code.into(), &close.into())
        );
        assert_eq!(rest[1..], ["1"]);
        let mut socket = Socket::begin(&server).await;
        socket.say(auth).await;
        let rest = socket.rest().await;
        assert!(rest[0].starts_with("44{"), "{rest:?}");
        assert_eq!(rest[1], format!("close {close}"));
    }
}

/// The fault: if the poll was there first, the refusal ended the session before the post had its answer. The post failed, and
/// the library told its app of that instead of the refusal.
#[tokio::test]
async fn whoever_polls_before_being_refused_has_both_requests_answered() {
    let server = TestServer::start().await;
    let poller = Poller::open(&server).await;
    let poll = tokio::spawn(sent(poller.getting()));
    server.metric("otomo_polls_total{method=\"get\"} 1").await;
    let forged = json!({"token": server.forged("taro", Role::User)});
    let posted = poller.post(format!("40{forged}")).await;
    assert_eq!((posted.status, &*posted.text), (200, "ok"));
    let told: Vec<String> = poll.await.unwrap().packets().collect();
    assert!(told[0].starts_with("44{"), "{told:?}");
    assert_eq!(told[1..], ["1"]);
}

#[tokio::test]
async fn other_namespaces_are_refused_and_nothing_else_changes() {
    let server = TestServer::start().await;
    let mut poller = Poller::open(&server).await;
    poller.post("40/admin,{}").await;
    let refused = r#"44/admin,{"message":"Invalid namespace"}"#;
    assert_eq!(poller.next().await.unwrap(), refused);
    poller.post(connect(&server, "taro", Role::User)).await;
    assert!(poller.next().await.unwrap().starts_with(r#"40{"sid":"#));
    poller.hears("ready").await;
    poller.works().await;
}

#[tokio::test]
async fn what_a_client_has_not_polled_waits_in_its_inbox_and_not_in_memory() {
    const SOFT_LIMIT: usize = 16 * 1024;
    let server = TestServer::start_with(&[("outbox.soft_limit", "16KiB")]).await;
    let mut yumi = server.user("yumi").await;
    let mut taro = Poller::ready(&server, "taro", Role::User).await;
    let text = "x".repeat(2_000);
    for number in 0..100 {
        yumi.ask(json!({
            "type": "message_send", "toUserId": "taro", "clientMessageId": number.to_string(), "body": text,
        }))
        .await;
    }
    let page = server.metrics().await;
    let waiting = page
        .lines()
        .find_map(|line| line.strip_prefix("otomo_outbox_bytes "));
    let waiting: usize = waiting.unwrap().parse().unwrap();
    assert!((1..SOFT_LIMIT).contains(&waiting), "{waiting} bytes wait");
    for seq in 1..=100 {
        assert_eq!(taro.hears("new-message").await["seq"], seq);
    }
}
