//! After a dead spot a client gets what it missed, once and in order.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use otomo::kernel::identity::Role;
use serde_json::{Value, json};

use super::{reads, to_user, writes};
use crate::support::{Client, Process, TestServer, eventually, field};

#[tokio::test]
async fn who_was_away_gets_what_they_missed() {
    let server = TestServer::start_with(&[("limits.commands_per_second", "none")]).await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    writes(&mut taro, "hana", "m-1", "1").await;
    let last = hana.expect("new-message").await["seq"].as_u64().unwrap();
    hana.vanish().await;
    for n in 2..=300 {
        taro.ask(to_user("hana", &format!("m-{n}"), &n.to_string()))
            .await;
    }
    let mut hana = server
        .connecting("hana", Role::User)
        .with_last_seq(last)
        .open()
        .await;
    assert_eq!(hana.expect("connected").await["resumed"], true);
    let snapshot = hana.expect("unread_snapshot").await;
    assert_eq!(snapshot["conversations"][0]["unread"], 300);
    let told = hana.up_to("ready", |event| event["type"] == "ready").await;
    let messages: Vec<_> = told
        .iter()
        .filter(|it| it["type"] == "new-message")
        .collect();
    assert_eq!(messages.len(), 299);
    for (message, n) in messages.iter().zip(2_u64..) {
        assert_eq!(field(message, "body"), n.to_string());
        assert_eq!(message["messageSeq"], n);
        assert_eq!(
            (&message["seq"], &message["prev"]),
            (&n.into(), &(n - 1).into())
        );
    }
    writes(&mut taro, "hana", "live", "live").await;
    assert_eq!(hana.expect("new-message").await["messageSeq"], 301);
}

#[tokio::test]
async fn who_does_not_listen_to_the_chat_hears_nothing_of_it() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server
        .connecting("hana", Role::User)
        .asking("topics=calls")
        .ready()
        .await;
    let conversation = writes(&mut taro, "hana", "m-1", "a").await;
    reads(&mut hana, &conversation, 1).await;
    for name in ["unread_snapshot", "new-message", "message-read"] {
        hana.expect_none(name).await;
    }
    taro.expect("message-read").await;
}

/// A page of the inbox could hold more bytes than an outbox may, and a client that had paused was closed as too slow while it
/// read all the time.
#[tokio::test]
async fn a_client_that_paused_reads_on_however_large_what_it_missed_is() {
    let server = TestServer::start_with(&[("limits.commands_per_second", "none")]).await;
    let mut hana = server.connecting("hana", Role::User).listening().await;
    let mut taro = server.user("taro").await;
    let messages = 400;
    hana.pause(true);
    writes_much(&mut taro, "hana", messages).await;
    hana.pause(false);
    for n in 1..=messages {
        let message = hana.expect("new-message").await;
        assert_eq!(message["messageSeq"], n);
    }
    assert!(hana.heard("closing").is_none());
}

/// Goal: a client that has been ready for long is told in its turn of what is lost, and not before what comes first. Method: it
/// pauses, and one of the last that it has yet to read is damaged. What was lost may have been a message, so it is told anew how
/// many it has not read.
#[tokio::test]
async fn what_is_lost_while_a_client_pauses_is_told_between_what_it_reads() {
    let server = TestServer::start_with(&[("limits.commands_per_second", "none")]).await;
    let mut hana = server.connecting("hana", Role::User).listening().await;
    let first = hana.expect("unread_snapshot").await;
    assert_eq!(first["conversations"], json!([]));
    let mut taro = server.user("taro").await;
    let messages = 400;
    hana.pause(true);
    writes_much(&mut taro, "hana", messages).await;
    let damage = "PRAGMA busy_timeout = 5000;
        UPDATE events SET body = '[]' WHERE id = (SELECT event_id FROM inbox WHERE user_id = 'hana' AND seq = 390);";
    server.database().batch_execute(damage).unwrap();
    hana.pause(false);

    let is_last = |event: &Value| event["seq"] == messages && event["prev"].is_u64();
    let heard = hana.up_to("the last message", is_last).await;
    let stream = heard.iter().filter(|it| it["seq"].is_u64());
    let stream: Vec<_> = stream.map(|it| (it["type"].as_str(), &it["seq"])).collect();
    let lost = stream.iter().position(|it| it.0 == Some("resync")).unwrap();
    assert_eq!(stream[lost].1, 390);
    assert_eq!(
        (stream[lost - 1].1, stream[lost + 1].1),
        (&json!(389), &json!(391))
    );
    let is_fresh = |event: &Value| {
        event["type"] == "unread_snapshot" && event["conversations"][0]["unread"] == messages
    };
    if !heard.iter().any(is_fresh) {
        hana.until("a fresh snapshot", is_fresh).await;
    }
    assert!(hana.heard("closing").is_none());
}

/// Writes so many messages, of which a few fill an outbox.
async fn writes_much(from: &mut Client, to: &str, messages: u64) {
    let large = "x".repeat(8_000);
    for n in 0..messages {
        let mut message = to_user(to, &format!("m-{n}"), &large);
        message["data"] = json!({ "large": large });
        let ack = from.ask(message).await;
        assert_eq!(ack["type"], "message_send_ack", "{ack}");
    }
}

/// The fault: each event that came meanwhile began tries of its own, and all of them went on.
#[tokio::test]
async fn a_stream_that_cannot_be_read_is_tried_once_a_second_whatever_comes_meanwhile() {
    let settings = [("limits.commands_per_second", "none")];
    let (server, log) = Process::start_logging(&settings, "warn").await;
    let mut taro = server.connecting("taro", Role::User).ready().await;
    let mut hana = server.connecting("hana", Role::User).ready().await;
    writes(&mut taro, "hana", "m-1", "1").await;
    let last = hana.expect("new-message").await["seq"].as_u64().unwrap();
    hana.vanish().await;
    writes(&mut taro, "hana", "m-2", "2").await;
    // What cannot be read of an event is passed over: here the question itself fails.
    let unreadable = "PRAGMA busy_timeout = 5000;
        ALTER TABLE inbox RENAME TO written;
        CREATE VIEW inbox AS SELECT user_id, event_id,
            CASE user_id WHEN 'hana' THEN abs(-9223372036854775807 - 1) ELSE seq END AS seq FROM written;
        CREATE TRIGGER writing INSTEAD OF INSERT ON inbox BEGIN
            INSERT INTO written (user_id, seq, event_id) VALUES (NEW.user_id, NEW.seq, NEW.event_id);
        END;";
    server.database().batch_execute(unreadable).unwrap();

    let hana = server
        .connecting("hana", Role::User)
        .with_last_seq(last)
        .open()
        .await;
    let tries = || {
        let logged = std::fs::read_to_string(&log).unwrap();
        logged.matches("inbox could not be read").count()
    };
    eventually("it was tried", async || tries() > 0).await;
    for n in 3..40 {
        writes(&mut taro, "hana", &format!("m-{n}"), "more").await;
    }
    let (before, began) = (tries(), Instant::now());
    eventually("it was tried again", async || tries() >= before + 4).await;
    assert!(began.elapsed() >= Duration::from_secs(2));
    drop(hana);
}
