//! Events of the chat (source document 002).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::kernel::ids::{ClientMessageId, ConversationId, MessageId, UserId};

/// `message_send_ack`: the message is stored.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageSendAck {
    /// The id that the client gave it.
    pub client_message_id: ClientMessageId,
    /// The id that the server gave it.
    pub message_id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its place in the conversation: 1 for the first, without a gap.
    pub message_seq: u64,
    /// When it was stored, in UNIX seconds.
    pub created_at: i64,
}

/// `new-message`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewMessage {
    /// Which message.
    pub message_id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its place in the conversation.
    pub message_seq: u64,
    /// Who wrote it.
    pub sender_id: UserId,
    /// The text.
    pub body: String,
    /// JSON that the app added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// The id that the sender's client gave it.
    pub client_message_id: ClientMessageId,
    /// When it was stored, in UNIX seconds.
    pub created_at: i64,
}

/// `message-read`: somebody has seen everything up to a message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageRead {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The last message that they have seen.
    pub message_seq: u64,
    /// The user.
    pub user_id: UserId,
    /// UNIX seconds.
    pub timestamp: i64,
}

/// `message_read_ack`: the cursor is stored.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageReadAck {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Where the cursor is now; further than was asked for if another device has seen more.
    pub message_seq: u64,
}

/// `typing-start`: another member is typing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingStart {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The user.
    pub user_id: UserId,
    /// Milliseconds until it ends by itself, unless there is another `typing-start`.
    pub expires_in_ms: u64,
}

/// `typing-stop`: they have stopped.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingStop {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The user.
    pub user_id: UserId,
}

/// `user-online`: a conversation partner has come online.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserOnline {
    /// The user.
    pub user_id: UserId,
    /// UNIX seconds.
    pub timestamp: i64,
}

/// `user-offline`: a conversation partner has gone offline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserOffline {
    /// The user.
    pub user_id: UserId,
    /// UNIX seconds.
    pub timestamp: i64,
    /// When they were last online, in UNIX seconds.
    pub last_seen: i64,
}

/// `unread_snapshot`: how far the user has read each conversation.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreadSnapshot {
    /// It contains the effect of the durable events up to this `seq`.
    pub as_of_seq: u64,
    /// The conversations with something unread or lately changed, the latest message first.
    pub conversations: Vec<UnreadConversation>,
}

/// One conversation in the snapshot.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreadConversation {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its last message.
    pub last_seq: u64,
    /// The last message that the user has seen.
    pub read_seq: u64,
    /// Messages after that.
    pub unread: u64,
}
