//! The chat, as its people see it.

mod chaos;
mod crash;
mod crowd;
mod last_seen;
mod limits;
mod online;
mod reading;
mod resuming;
mod retention;
mod sending;
mod typing;

use serde_json::json;

use crate::support::{Client, Json, field};

/// A message to a person.
pub fn to_user(user: &str, id: &str, body: &str) -> Json {
    json!({"type": "message_send", "toUserId": user, "clientMessageId": id, "body": body})
}

/// A message to a conversation.
pub fn to_conversation(conversation: &str, id: &str, body: &str) -> Json {
    json!({
        "type": "message_send", "conversationId": conversation, "clientMessageId": id, "body": body,
    })
}

/// Sends to a person; returns the conversation.
pub async fn writes(client: &mut Client, user: &str, id: &str, body: &str) -> String {
    let ack = client.ask(to_user(user, id, body)).await;
    assert_eq!(ack["type"], "message_send_ack", "{ack}");
    field(&ack, "conversationId").to_owned()
}

/// Says that the messages up to `seq` are seen; returns the answer.
pub async fn reads(client: &mut Client, conversation: &str, seq: u64) -> Json {
    client
        .ask(json!({"type": "message-read", "conversationId": conversation, "messageSeq": seq}))
        .await
}
