//! Commands of the chat (source document 002).

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::kernel::{
    ids::{ClientMessageId, ConversationId, UserId},
    whole::whole,
};

/// `message_send`: to a conversation, or to a person, with whom a direct conversation begins if there is none.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageSend {
    /// The conversation; either this or the person.
    pub conversation_id: Option<ConversationId>,
    /// The person; either this or the conversation.
    pub to_user_id: Option<UserId>,
    /// Chosen by the client, so that a repeat after a lost answer is recognised.
    pub client_message_id: ClientMessageId,
    /// The text.
    pub body: String,
    /// Any JSON that the app adds, passed on as it is.
    pub data: Option<Box<RawValue>>,
}

/// `message-read`: the sender has seen everything up to a message.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageRead {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The last message that was seen.
    #[serde(deserialize_with = "whole")]
    pub message_seq: u64,
}

/// `typing-start` and `typing-stop`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    /// The conversation.
    pub conversation_id: ConversationId,
}
