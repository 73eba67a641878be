//! Too much, and without an end.

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Bytes, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::Bystander;
use crate::support::{Client, End, Endpoint, Json, Process, TestServer};

#[tokio::test]
async fn a_flood_of_commands_is_held_back_and_who_does_not_stop_is_closed() {
    let limits = [("limits.commands_per_second", "5"), ("limits.burst", "10")];
    let server = TestServer::start_with(&limits).await;
    let mut taro = server.user("taro").await;
    let mut bystander = Bystander::of(&server).await;
    for _ in 0..15 {
        taro.send(json!({"type": "heartbeat", "requestId": "mine"}))
            .await;
    }
    let error = taro.expect("error").await;
    assert_eq!(
        (&error["code"], &error["requestId"]),
        (&json!("RATE_LIMITED"), &json!("mine"))
    );
    let wait = error["context"]["retryAfterMs"].as_u64();
    assert!(wait.is_some_and(|wait| wait <= 1_000), "{error}");
    for _ in 0..100 {
        taro.send(json!({"type": "heartbeat"})).await;
    }
    taro.is_closed(4102).await;
    bystander.is_undisturbed().await;
}

/// Text messages as they are on the wire, with a mask that changes nothing.
fn framed(texts: &[&str]) -> Vec<u8> {
    let frame = |text: &&str| {
        assert!(text.len() < 126, "a length that fits one byte");
        let head = [0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
        [head.as_slice(), text.as_bytes()].concat()
    };
    texts.iter().flat_map(frame).collect()
}

#[tokio::test]
async fn what_a_burst_has_earned_is_answered_before_the_goodbye() {
    let limits = [("limits.commands_per_second", "5"), ("limits.burst", "60")];
    let server = TestServer::start_with(&limits).await;
    // (what is sent at once, how it is closed, how many acknowledgements and errors it gets before that, at least)
    let bursts = [
        ([r#"{"type":"heartbeat"}"#; 150], 4102, 60, 20),
        ([r#"{"type":"heartbeat"#; 150], 4004, 0, 20),
    ];
    for (burst, code, acks, errors) in bursts {
        let mut taro = server.user("taro").await;
        taro.everything();
        taro.send_bytes(&framed(&burst));
        let goodbye = |event: &Json| event["type"] == "closing";
        let heard = taro.up_to("the goodbye", goodbye).await;
        let count = |name: &str| heard.iter().filter(|event| event["type"] == name).count();
        assert!(
            count("heartbeat_ack") >= acks && count("error") >= errors,
            "{} acknowledgements, {} errors",
            count("heartbeat_ack"),
            count("error")
        );
        assert_eq!(heard.last().unwrap()["code"], code);
        assert_eq!(taro.ended().await, End::Closed(code));
    }
}

/// How much the server may grow over a round of floods.
const GROWTH_MAX: u64 = 2 * 1024 * 1024;

/// Rounds in which it is looked at: an allocator takes memory in steps, what is kept of a flood is kept of
/// every flood.
const ROUNDS: usize = 4;

/// What one flood sends; many times what the server may keep of it.
const FLOOD: usize = 8 * 1024 * 1024;

/// How much of it goes into one frame.
const CHUNK: usize = 16 * 1024;

fn part(opcode: Data, bytes: Bytes) -> Message {
    Message::Frame(Frame::message(bytes, OpCode::Data(opcode), false))
}

/// A message in ever more fragments, also after it has been refused.
async fn endless_fragments(mut client: Client) {
    let chunk = Bytes::from(vec![b' '; CHUNK]);
    client.send_message(part(Data::Text, chunk.clone())).await;
    for _ in 0..FLOOD / CHUNK {
        client
            .send_message(part(Data::Continue, chunk.clone()))
            .await;
    }
    client.is_closed(1009).await;
}

/// One message that never ends, also after it has been refused.
async fn endless_message(mut client: Client) {
    client.send_bytes(&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    let chunk = Bytes::from(vec![b' '; CHUNK]);
    for _ in 0..FLOOD / CHUNK {
        client.send_message(Message::Binary(chunk.clone())).await;
    }
    client.is_closed(1009).await;
}

/// Pings, each of which is owed an answer, also after the connection has been closed for them.
async fn pings(mut client: Client) {
    let payload = Bytes::from(vec![b'x'; 125]);
    for _ in 0..FLOOD / 8 / payload.len() {
        client.send_message(Message::Ping(payload.clone())).await;
    }
    client.is_closed(4102).await;
}

/// Answers to pings that nobody has sent.
async fn pongs(mut client: Client) {
    for _ in 0..1_000 {
        client.send_message(Message::Pong(Bytes::new())).await;
    }
    client.is_closed(4102).await;
}

/// Faulty messages, each of which is owed an error.
async fn faults(mut client: Client) {
    let text = format!(r#"{{"type":"{}"}}"#, "x".repeat(60_000));
    for _ in 0..FLOOD / text.len() {
        client.send_text(text.clone()).await;
    }
    client.is_closed(4004).await;
}

/// The head of a request that never ends.
async fn endless_head(endpoint: &Endpoint) {
    let head = format!("GET /ws HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(FLOOD));
    // It is cut off while it still sends.
    let _ = endpoint.try_raw(&head).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_without_an_end_costs_no_memory_and_disturbs_nobody() {
    let server = Process::start_with(&[("outbox.write_timeout", "5s")]).await;
    let mut bystander = Bystander::of(&server).await;
    let flooder = || server.connecting("taro", Role::User).ready();
    let mut growth = u64::MAX;
    for _ in 0..ROUNDS {
        let before = server.resident_memory();
        endless_fragments(flooder().await).await;
        endless_message(flooder().await).await;
        pings(flooder().await).await;
        pongs(flooder().await).await;
        faults(flooder().await).await;
        endless_head(&server).await;
        bystander.is_undisturbed().await;
        growth = growth.min(server.resident_memory().saturating_sub(before));
    }
    assert!(
        growth < GROWTH_MAX,
        "every round of floods leaves {growth} bytes"
    );
}

#[tokio::test]
async fn who_pings_and_does_not_read_is_closed_as_slow() {
    let settings = [
        ("outbox.write_timeout", "1s"),
        ("limits.commands_per_second", "none"),
    ];
    let server = TestServer::start_with(&settings).await;
    let mut bystander = Bystander::of(&server).await;
    let deaf = server.connecting("taro", Role::User);
    let mut deaf = deaf.reading_on_request().await;
    let closed = server.metric("otomo_closes_total{code=\"slow_consumer\"} 1");
    let pinging = async {
        loop {
            deaf.ping().await;
        }
    };
    tokio::select! {
        () = closed => {}
        () = pinging => {}
    }
    bystander.is_undisturbed().await;
}
