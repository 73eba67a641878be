//! Clients that break the protocol: their own session ends, with the reason, and nothing else changes.

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use tokio_tungstenite::tungstenite::Message;

use super::packets::{Answer, Poller, Socket, connect, event};
use crate::support::{Json, TestServer, found};

/// What is no packet, or none that may come now.
const MALFORMED: [&str; 17] = [
    "0",
    "2",
    "5",
    "9",
    "4",
    "49",
    "42",
    "42[\"",
    "42[]",
    "42[7]",
    "42{}",
    "44{}",
    "42/other,[\"heartbeat\"]",
    "40",
    "bAAAA",
    "451-[\"x\",{\"_placeholder\":true,\"num\":0}]\u{1e}42[\"heartbeat\"]",
    "451-[\"x\",{\"_placeholder\":true,\"num\":3}]\u{1e}bAAAA",
];

/// Asserts that a session ends for good with a code, as its client hears it over polling.
async fn ends(poller: &mut Poller, code: u16) {
    let rest = poller.rest().await;
    let mut events = rest.iter().filter_map(|packet| event(packet));
    let closing = events.find(|(name, _)| name == "closing");
    let (_, closing) = closing.expect("a goodbye");
    assert_eq!(closing["code"], code, "{rest:?}");
    assert_eq!(rest[rest.len() - 2..], ["41", "1"], "{rest:?}");
}

#[tokio::test]
async fn a_packet_that_breaks_the_protocol_ends_its_session() {
    let server = TestServer::start().await;
    let mut bystander = Poller::ready(&server, "yumi", Role::User).await;
    for packet in MALFORMED {
        let mut poller = Poller::ready(&server, "taro", Role::User).await;
        let answer = poller.post(packet).await;
        assert_eq!((answer.status, answer.code()), (400, Some(3)), "{packet:?}");
        ends(&mut poller, 1002).await;
        let mut socket = Socket::ready(&server, "taro", Role::User).await;
        for packet in packet.split('\u{1e}') {
            socket.say(packet).await;
        }
        assert_eq!(socket.rest().await, ["41", "close 1002"], "{packet:?}");
    }
    bystander.works().await;
}

#[tokio::test]
async fn what_is_too_large_ends_its_session() {
    let settings = [
        ("socketio.max_payload", "8KiB"),
        ("limits.message_size", "4KiB"),
        ("socketio.max_attachments", "2"),
        ("socketio.max_attachment_bytes", "1KiB"),
    ];
    let server = TestServer::start_with(&settings).await;
    let attachment = format!("b{}", "A".repeat(2_000));
    for (payload, status) in [
        (format!("42[\"x\",\"{}\"]", "x".repeat(9_000)), 413),
        (
            format!("42[\"x\",{{\"a\":\"{}\"}}]", "x".repeat(5_000)),
            400,
        ),
        ("453-[\"x\"]".to_owned(), 400),
        (
            format!("451-[\"x\",{{\"_placeholder\":true,\"num\":0}}]\u{1e}{attachment}"),
            400,
        ),
    ] {
        let mut poller = Poller::ready(&server, "taro", Role::User).await;
        assert_eq!(poller.post(payload.clone()).await.status, status);
        ends(&mut poller, 1009).await;
        let mut socket = Socket::ready(&server, "taro", Role::User).await;
        for packet in payload.split('\u{1e}') {
            socket.say(packet).await;
        }
        assert_eq!(socket.rest().await, ["41", "close 1009"]);
    }
}

#[tokio::test]
async fn a_payload_that_is_not_text_ends_its_session() {
    let server = TestServer::start().await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let answer = poller.post(&b"42[\"\xff\"]"[..]).await;
    assert_eq!((answer.status, answer.code()), (400, Some(3)));
    ends(&mut poller, 1007).await;
}

#[tokio::test]
async fn a_binary_frame_that_belongs_to_no_packet_ends_its_session() {
    let server = TestServer::start().await;
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    socket.send(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(socket.rest().await, ["41", "close 1002"]);
}

#[tokio::test]
async fn a_command_before_the_client_connects_ends_its_session_without_a_word() {
    let server = TestServer::start().await;
    let mut poller = Poller::open(&server).await;
    assert_eq!(poller.post(r#"42["heartbeat"]"#).await.status, 400);
    assert_eq!(poller.rest().await, ["1"]);
    let mut socket = Socket::begin(&server).await;
    socket.say(r#"42["heartbeat"]"#).await;
    assert_eq!(socket.rest().await, ["close 1002"]);
}

/// It was told that the server is not available, as if it should come back and do the same.
#[tokio::test]
async fn a_client_that_connects_twice_at_once_hears_that_the_fault_is_its_own() {
    let server = TestServer::start().await;
    let mut poller = Poller::open(&server).await;
    let twice = [(); 2].map(|()| connect(&server, "taro", Role::User));
    assert_eq!(poller.post(twice.join("\u{1e}")).await.status, 400);
    let rest = poller.rest().await;
    let error = rest.iter().find_map(|packet| packet.strip_prefix("44"));
    let error: Json = serde_json::from_str(error.expect("a refusal")).unwrap();
    assert_eq!(error["data"]["code"], "BAD_REQUEST");
    assert_eq!(error["data"]["closeCode"], 1002);
}

#[tokio::test]
async fn a_namespace_that_is_too_long_is_not_repeated_but_ends_its_session() {
    let server = TestServer::start().await;
    let namespace = |bytes: usize| format!("/{}", "x".repeat(bytes - 1));
    let (longest, too_long) = (namespace(64), namespace(65));
    let refused = format!(r#"44{longest},{{"message":"Invalid namespace"}}"#);
    let mut poller = Poller::open(&server).await;
    assert_eq!(poller.post(format!("40{longest},")).await.status, 200);
    assert_eq!(poller.next().await.unwrap(), refused);
    assert_eq!(poller.post(format!("40{too_long},")).await.status, 400);
    assert_eq!(poller.rest().await, ["1"]);
    let mut socket = Socket::begin(&server).await;
    socket.say(&format!("40{too_long},")).await;
    assert_eq!(socket.rest().await, ["close 1002"]);
}

#[tokio::test]
async fn a_client_that_does_not_connect_in_time_is_closed() {
    let server = TestServer::start_with(&[("server.handshake_timeout", "1s")]).await;
    let mut poller = Poller::open(&server).await;
    assert_eq!(poller.rest().await, ["1"]);
    let mut socket = Socket::begin(&server).await;
    assert_eq!(socket.rest().await, ["close 4001"]);
    server
        .metric("otomo_connections{transport=\"socketio\"} 0")
        .await;
}

#[tokio::test]
async fn faults_in_json_are_answered_and_too_many_end_the_session() {
    let server = TestServer::start_with(&[("limits.protocol_errors", "5")]).await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    for command in [
        r#"421["heartbeat",5]"#,
        r#"422["unknown",{}]"#,
        r#"423["otomo_status_set",{}]"#,
        "40/other,{}",
    ] {
        assert_eq!(poller.post(command).await.status, 200);
    }
    let mut codes = Vec::new();
    while codes.len() < 3 {
        let packet = poller.next().await.unwrap();
        if let Some(answer) = packet.strip_prefix("43") {
            let error: Json = serde_json::from_str(&answer[1..]).unwrap();
            codes.push(error[0]["code"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(codes, ["BAD_REQUEST", "UNKNOWN_TYPE", "BAD_REQUEST"]);
    poller.works().await;
    let bad = ["42[\"unknown\"]"; 2].join("\u{1e}");
    poller.post(bad).await;
    ends(&mut poller, 4004).await;
}

#[tokio::test]
async fn two_polls_at_once_end_their_session() {
    let server = TestServer::start().await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let first = tokio::spawn(super::packets::sent(poller.getting()));
    // Whichever comes second finds the other one waiting: with nothing to say, only that answers it.
    let mut answers = Vec::new();
    while answers
        .last()
        .is_none_or(|last: &Answer| last.status == 200)
    {
        answers.push(poller.get().await);
    }
    answers.push(first.await.unwrap());
    let refused = |answer: &Answer| (answer.status, answer.code()) == (400, Some(3));
    assert_eq!(
        answers.iter().filter(|it| refused(it)).count(),
        1,
        "{answers:?}"
    );
    let told: String = answers.into_iter().map(|answer| answer.text).collect();
    let told = told + &poller.rest().await.concat();
    assert!(told.contains(r#""code":1002"#), "{told}");
}

#[tokio::test]
async fn a_post_while_one_is_open_ends_their_session() {
    let server = TestServer::start().await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let url = poller.posting("").build().unwrap().url().clone();
    let mut open = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST {}?{} HTTP/1.1\r\nHost: {}\r\nContent-Length: 15\r\n\r\n42[",
        url.path(),
        url.query().unwrap(),
        server.address()
    );
    open.write_all(head.as_bytes()).await.unwrap();
    // Until that one has come in, another is alone.
    let second = found("another is refused", async || {
        let second = poller.post("3").await;
        (second.status != 200).then_some(second)
    })
    .await;
    assert_eq!((second.status, second.code()), (400, Some(3)), "{second:?}");
    ends(&mut poller, 1002).await;
}

#[tokio::test]
async fn after_a_goodbye_the_session_is_not_known() {
    let server = TestServer::start().await;
    let poller = Poller::ready(&server, "taro", Role::User).await;
    assert_eq!(poller.post("41").await.text, "ok");
    server
        .metric("otomo_connections{transport=\"socketio\"} 0")
        .await;
    for answer in [poller.get().await, poller.post("3").await] {
        assert_eq!((answer.status, answer.code()), (400, Some(1)));
    }
    let refused = Socket::open(&poller.socket_url()).await.err().unwrap();
    assert_eq!((refused.status, refused.code()), (400, Some(1)));
}

#[tokio::test]
async fn an_attachment_becomes_base64_and_is_refused_where_none_belongs() {
    let server = TestServer::start().await;
    let mut taro = Poller::ready(&server, "taro", Role::User).await;
    let mut yumi = Socket::ready(&server, "yumi", Role::User).await;
    let message = json!([
        "message_send",
        {"toUserId": "yumi", "clientMessageId": "m", "body": "b", "data": {"blob": {"_placeholder": true, "num": 0}}},
    ]);
    let payload = format!("451-7{message}\u{1e}bAP8e");
    assert_eq!(taro.post(payload).await.status, 200);
    assert_eq!(yumi.hears("new-message").await["data"]["blob"], "AP8e");
    let acknowledged = loop {
        let packet = taro.next().await.unwrap();
        if packet.starts_with("437[") {
            break packet;
        }
    };
    assert!(acknowledged.contains("message_send_ack"), "{acknowledged}");
}
