//! Sending: once, to all devices of both people, in one order.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::{to_conversation, to_user, writes};
use crate::support::{TestServer, field};

#[tokio::test]
async fn a_message_reaches_every_device_of_both_people() {
    let server = TestServer::start().await;
    let mut phone = server
        .connecting("taro", Role::User)
        .on_device("phone")
        .ready()
        .await;
    let mut desk = server
        .connecting("taro", Role::User)
        .on_device("desk")
        .ready()
        .await;
    let mut hana = server.otomo("hana").await;
    let mut command = to_user("hana", "m-1", "こんにちは");
    command["data"] = json!({"mood": "happy", "n": 1.50});
    let ack = phone.ask(command).await;
    assert_eq!(ack["type"], "message_send_ack", "{ack}");
    assert_eq!(
        (&ack["messageSeq"], &ack["clientMessageId"]),
        (&1.into(), &"m-1".into())
    );
    for client in [&mut phone, &mut desk, &mut hana] {
        let message = client.expect("new-message").await;
        assert_eq!(message["body"], "こんにちは");
        assert_eq!(message["data"], json!({"mood": "happy", "n": 1.50}));
        assert_eq!(message["senderId"], "taro");
        for same in [
            "messageId",
            "conversationId",
            "messageSeq",
            "clientMessageId",
            "createdAt",
        ] {
            assert_eq!(message[same], ack[same], "{same}");
        }
        assert_eq!((&message["seq"], &message["prev"]), (&1.into(), &0.into()));
    }
    // The answer, in the same conversation, whoever it is addressed to.
    let conversation = field(&ack, "conversationId");
    assert_eq!(writes(&mut hana, "taro", "m-1", "はい").await, conversation);
    assert_eq!(phone.expect("new-message").await["messageSeq"], 2);
    let ack = desk.ask(to_conversation(conversation, "m-2", "!")).await;
    assert_eq!(ack["messageSeq"], 3);
}

#[tokio::test]
async fn what_is_sent_twice_is_there_once() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let mut yuki = server.otomo("yuki").await;
    let first = taro.ask(to_user("hana", "m-1", "a")).await;
    let conversation = field(&first, "conversationId");
    for again in [
        to_user("hana", "m-1", "a"),
        to_conversation(conversation, "m-1", "a"),
    ] {
        let again = taro.ask(again).await;
        for same in [
            "type",
            "messageId",
            "conversationId",
            "messageSeq",
            "createdAt",
        ] {
            assert_eq!(again[same], first[same], "{same}");
        }
    }
    // Another text, other data, somebody else: another message.
    let mut with_data = to_user("hana", "m-1", "a");
    with_data["data"] = 1.into();
    for other in [
        to_user("hana", "m-1", "b"),
        with_data,
        to_user("yuki", "m-1", "a"),
    ] {
        taro.refused("CONFLICT", other).await;
    }
    hana.ask(to_user("taro", "m-1", "the id is hers")).await;
    let next = taro.ask(to_user("hana", "m-2", "b")).await;
    assert_eq!(next["messageSeq"], 3, "what was refused has left no gap");
    assert_eq!(hana.expect("new-message").await["messageSeq"], 1);
    assert_eq!(hana.expect("new-message").await["messageSeq"], 2);
    assert_eq!(hana.expect("new-message").await["messageSeq"], 3);
    yuki.expect_none("new-message").await;
}

#[tokio::test]
async fn a_stranger_learns_nothing_not_even_that_a_conversation_exists() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let mut mallory = server.user("mallory").await;
    let conversation = writes(&mut taro, "hana", "m-1", "a").await;
    let made_up = Uuid::new_v4().to_string();
    let read = |id: &str| json!({"type": "message-read", "conversationId": id, "messageSeq": 1});
    let mut said = Vec::new();
    for id in [conversation.as_str(), &made_up] {
        for command in [to_conversation(id, "x", "a"), read(id)] {
            let error = mallory.refused("CONVERSATION_NOT_FOUND", command).await;
            said.push((error["message"].clone(), error["context"].clone()));
        }
    }
    assert!(said.windows(2).all(|two| two[0] == two[1]), "{said:?}");
    hana.expect("new-message").await;
    hana.expect_none("new-message").await;
    mallory.expect_none("new-message").await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_and_leaves_nothing_behind() {
    let server = TestServer::start_with(&[("chat.max_body", "9")]).await;
    let mut taro = server.user("taro").await;
    let mut hana = server.otomo("hana").await;
    taro.refused("MESSAGE_EMPTY", to_user("hana", "m", ""))
        .await;
    taro.refused("MESSAGE_EMPTY", to_user("hana", "m", " \n"))
        .await;
    taro.refused("MESSAGE_TOO_LARGE", to_user("hana", "m", "あああa"))
        .await;
    let mut data = to_user("hana", "m", "a");
    data["data"] = json!([1, 2, 3, 4, 5]);
    taro.refused("MESSAGE_TOO_LARGE", data).await;
    taro.refused("NOT_FOUND", to_user("nobody", "m", "a")).await;
    taro.refused("BAD_REQUEST", to_user("taro", "m", "a")).await;
    taro.refused("BAD_REQUEST", to_user("hana", "", "a")).await;
    let mut both = to_user("hana", "m", "a");
    both["conversationId"] = Uuid::new_v4().to_string().into();
    taro.refused("BAD_REQUEST", both).await;
    let nowhere = json!({"type": "message_send", "clientMessageId": "m", "body": "a"});
    taro.refused("BAD_REQUEST", nowhere).await;
    let ack = taro.ask(to_user("hana", "m", "あああ")).await;
    assert_eq!(ack["messageSeq"], 1, "{ack}");
    hana.expect("new-message").await;
}

#[tokio::test]
async fn messages_of_one_connection_keep_their_order() {
    let server = TestServer::start_with(&[("limits.commands_per_second", "none")]).await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    for n in 0..200 {
        taro.send(to_user("hana", &format!("m-{n}"), &n.to_string()))
            .await;
    }
    for n in 0..200_u64 {
        let message = hana.expect("new-message").await;
        assert_eq!(message["body"], n.to_string());
        assert_eq!(
            (&message["seq"], &message["prev"]),
            (&(n + 1).into(), &n.into())
        );
    }
}
