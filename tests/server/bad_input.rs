//! Bad input gets a code and a sentence, and disturbs nothing else (RULES 8).

use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Bytes, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::support::{End, TestServer};

#[tokio::test]
async fn faulty_json_is_answered_and_the_connection_stays() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    for (text, code) in [
        ("{", "BAD_REQUEST"),
        ("[]", "BAD_REQUEST"),
        ("\"x\"", "BAD_REQUEST"),
        (r#"{"no":"type"}"#, "BAD_REQUEST"),
        (r#"{"type":"fly"}"#, "UNKNOWN_TYPE"),
        (r#"{"type":"call_request"}"#, "BAD_REQUEST"),
        (
            r#"{"type":"call_request","toUserId":7,"callId":"x"}"#,
            "BAD_REQUEST",
        ),
        (
            &format!(
                r#"{{"type":"heartbeat","x":{}{}}}"#,
                "[".repeat(9_000),
                "]".repeat(9_000)
            ),
            "BAD_REQUEST",
        ),
    ] {
        taro.send_text(text).await;
        let error = taro.expect("error").await;
        assert_eq!(error["code"], code, "{text}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.len() > 10),
            "{error}"
        );
    }
    taro.settled().await;
}

#[tokio::test]
async fn twenty_faulty_messages_are_forgiven_and_the_next_closes() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    for _ in 0..21 {
        taro.send_text("{").await;
    }
    let closing = taro.expect("closing").await;
    assert_eq!(closing["code"], 4004);
    assert_eq!(taro.ended().await, End::Closed(4004));
}

#[tokio::test]
async fn a_message_may_be_64_kib_and_not_one_byte_more() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let sized = |size: usize| {
        let frame = r#"{"type":"heartbeat","requestId":"big","x":""}"#;
        frame.replace(
            r#""x":"""#,
            &format!(r#""x":"{}""#, "x".repeat(size - frame.len())),
        )
    };
    taro.send_text(sized(65_536)).await;
    taro.until("an answer", |event| event["requestId"] == "big")
        .await;
    taro.send_text(sized(65_537)).await;
    assert_eq!(taro.expect("closing").await["code"], 1009);
    assert_eq!(taro.ended().await, End::Closed(1009));
}

fn part(opcode: Data, last: bool, bytes: &[u8]) -> Message {
    Message::Frame(Frame::message(
        Bytes::copy_from_slice(bytes),
        OpCode::Data(opcode),
        last,
    ))
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_also_across_fragments() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    taro.send_message(part(Data::Text, true, b"{\"type\":\"\xff\"}"))
        .await;
    assert_eq!(taro.expect("closing").await["code"], 1007);
    let mut hana = server.user("hana").await;
    let (head, tail) = "お".as_bytes().split_at(1);
    hana.send_message(part(Data::Text, false, head)).await;
    hana.send_message(part(Data::Continue, false, tail)).await;
    hana.send_message(part(Data::Continue, false, head)).await;
    hana.send_message(part(Data::Continue, true, b"x")).await;
    assert_eq!(hana.ended().await, End::Closed(1007));
}

#[tokio::test]
async fn a_message_in_fragments_is_one_message_and_endless_ones_close() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let whole = json!({"type": "heartbeat", "requestId": "お"}).to_string();
    let (head, tail) = whole.as_bytes().split_at(whole.find('お').unwrap() + 1);
    taro.send_message(part(Data::Text, false, head)).await;
    taro.send_message(Message::Ping(Bytes::from_static(b"between")))
        .await;
    taro.send_message(part(Data::Continue, true, tail)).await;
    taro.until("an answer", |event| event["requestId"] == "お")
        .await;
    taro.send_message(part(Data::Text, false, b"")).await;
    for _ in 0..100 {
        taro.send_message(part(Data::Continue, false, b"")).await;
    }
    assert_eq!(taro.ended().await, End::Closed(1009));
}

#[tokio::test]
async fn binary_closes_with_1003_and_a_broken_frame_with_1002() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    taro.send_message(Message::Binary(Bytes::from_static(b"x")))
        .await;
    assert_eq!(taro.ended().await, End::Closed(1003));
    let mut hana = server.user("hana").await;
    hana.send_message(part(Data::Continue, true, b"not begun"))
        .await;
    assert_eq!(hana.ended().await, End::Closed(1002));
}

#[tokio::test]
async fn text_before_a_token_is_answered_with_unauthorized() {
    let server = TestServer::start().await;
    let mut stranger = server.stranger().open().await;
    stranger
        .refused("UNAUTHORIZED", json!({"type": "heartbeat"}))
        .await;
    stranger
        .refused(
            "UNAUTHORIZED",
            json!({"type": "otomo_status_set", "status": "break"}),
        )
        .await;
}

#[tokio::test]
async fn a_flood_of_commands_is_held_back_and_told_when_to_try_again() {
    let limits = [("limits.commands_per_second", "5"), ("limits.burst", "10")];
    let server = TestServer::start_with(&limits).await;
    let mut taro = server.user("taro").await;
    for _ in 0..15 {
        taro.send(json!({"type": "heartbeat"})).await;
    }
    let error = taro.expect("error").await;
    assert_eq!(error["code"], "RATE_LIMITED");
    assert!(
        error["context"]["retryAfterMs"]
            .as_u64()
            .is_some_and(|wait| wait <= 1_000),
        "{error}"
    );
}
