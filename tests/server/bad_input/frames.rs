//! Bytes that are no message: they close the connection they came on, with the code of RFC 6455.

use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Bytes, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::Bystander;
use crate::support::TestServer;

fn part(opcode: Data, last: bool, bytes: &[u8]) -> Message {
    Message::Frame(Frame::message(
        Bytes::copy_from_slice(bytes),
        OpCode::Data(opcode),
        last,
    ))
}

#[tokio::test]
async fn a_message_may_be_64_kib_and_not_one_byte_more() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut bystander = Bystander::of(&server).await;
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
    taro.is_closed(1009).await;
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn a_message_that_says_it_is_too_large_is_refused_before_it_comes() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    // The header of a text of a gigabyte; nothing follows.
    taro.send_bytes(&[0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]);
    taro.is_closed(1009).await;
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_also_across_fragments() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.user("hana").await;
    let mut bystander = Bystander::of(&server).await;
    taro.send_message(part(Data::Text, true, b"{\"type\":\"\xff\"}"))
        .await;
    taro.is_closed(1007).await;
    let (head, tail) = "お".as_bytes().split_at(1);
    hana.send_message(part(Data::Text, false, head)).await;
    hana.send_message(part(Data::Continue, false, tail)).await;
    hana.send_message(part(Data::Continue, false, head)).await;
    hana.send_message(part(Data::Continue, true, b"x")).await;
    hana.is_closed(1007).await;
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn a_message_in_fragments_is_one_message() {
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
}

#[tokio::test]
async fn a_message_without_an_end_closes_by_its_parts_and_by_its_size() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.user("hana").await;
    let mut bystander = Bystander::of(&server).await;
    taro.send_message(part(Data::Text, false, b"")).await;
    for _ in 0..64 {
        taro.send_message(part(Data::Continue, false, b"")).await;
    }
    taro.is_closed(1009).await;
    hana.send_message(part(Data::Text, false, b"")).await;
    for _ in 0..3 {
        hana.send_message(part(Data::Continue, false, &[b' '; 30_000]))
            .await;
    }
    hana.is_closed(1009).await;
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn binary_is_not_taken() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut bystander = Bystander::of(&server).await;
    taro.send_message(Message::Binary(Bytes::from_static(b"{}")))
        .await;
    taro.is_closed(1003).await;
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn a_frame_against_the_protocol_closes() {
    let server = TestServer::start().await;
    let mut bystander = Bystander::of(&server).await;
    let broken: [(&str, &[u8]); 7] = [
        ("an unmasked text", &[0x81, 2, b'{', b'}']),
        ("a reserved bit", &[0xc1, 0x80, 0, 0, 0, 0]),
        ("a reserved opcode", &[0x83, 0x80, 0, 0, 0, 0]),
        ("a continuation of nothing", &[0x80, 0x80, 0, 0, 0, 0]),
        ("a ping in fragments", &[0x09, 0x80, 0, 0, 0, 0]),
        (
            "a text within a text",
            &[0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0],
        ),
        (
            "a goodbye with half a code",
            &[0x88, 0x81, 0, 0, 0, 0, 0x03],
        ),
    ];
    for (what, bytes) in broken {
        let mut taro = server.user(&what.replace(" ", "-")).await;
        taro.send_bytes(bytes);
        taro.is_closed(1002).await;
    }
    bystander.is_undisturbed().await;
}
