//! Events of the chat (source document 002).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::kernel::ids::{ClientMessageId, ConversationId, MessageId, UserId};

/// `message_send_ack`: the message is stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageSendAck {
    /// What the client called it.
    pub client_message_id: ClientMessageId,
    /// What it is called from now on.
    pub message_id: MessageId,
    /// Where it is.
    pub conversation_id: ConversationId,
    /// Its place there: 1 for the first, without a gap.
    pub message_seq: u64,
    /// UNIX seconds.
    pub created_at: i64,
}

/// `new-message`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewMessage {
    /// Which message.
    pub message_id: MessageId,
    /// Where it is.
    pub conversation_id: ConversationId,
    /// Its place there.
    pub message_seq: u64,
    /// Who wrote it.
    pub sender_id: UserId,
    /// The text.
    pub body: String,
    /// What the app added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// What the sender's client called it.
    pub client_message_id: ClientMessageId,
    /// UNIX seconds.
    pub created_at: i64,
}

/// `message-read`: somebody has seen everything up to a message.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageRead {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The last message that they have seen.
    pub message_seq: u64,
    /// Who.
    pub user_id: UserId,
    /// UNIX seconds.
    pub timestamp: i64,
}

/// `message_read_ack`: the cursor is stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageReadAck {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Where the cursor is now; further than was asked for if another device has seen more.
    pub message_seq: u64,
}

/// `typing-start`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypingStart {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
    /// After this time without another word they have stopped.
    pub expires_in_ms: u64,
}

/// `typing-stop`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypingStop {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
}

/// `user-online`: somebody whom the receiver talks with has come.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserOnline {
    /// Who.
    pub user_id: UserId,
    /// UNIX seconds.
    pub timestamp: i64,
}

/// `user-offline`: they have gone.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserOffline {
    /// Who.
    pub user_id: UserId,
    /// UNIX seconds.
    pub timestamp: i64,
    /// When they were last there, in UNIX seconds.
    pub last_seen: i64,
}

/// `unread_snapshot`: how far the user has read each conversation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadSnapshot {
    /// The durable events up to this `seq` are in it.
    pub as_of_seq: u64,
    /// The conversations with something unread or lately changed, the latest message first.
    pub conversations: Vec<UnreadConversation>,
}

/// One conversation in the snapshot.
#[derive(Debug, Clone, Serialize)]
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

/// `friend_status_snapshot`: who of the user's conversation partners is there.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FriendStatusSnapshot {
    /// Whether each of them is online.
    pub statuses: BTreeMap<UserId, bool>,
    /// When each of those who are not was last there, in UNIX seconds.
    pub last_seen: BTreeMap<UserId, i64>,
}
