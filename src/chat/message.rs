//! A message: as somebody wants to send it, and as it is kept.

use serde_json::value::RawValue;

use crate::kernel::{
    ids::{ClientMessageId, ConversationId, MessageId, UserId},
    time::Timestamp,
};

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a conversation.
    Conversation(ConversationId),
    /// To a person, with whom a direct conversation begins if there is none.
    User(UserId),
}

/// A message that is to be sent.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where it goes.
    pub target: Target,
    /// Chosen by the sender's client: the same id twice is the same message.
    pub client_message_id: ClientMessageId,
    /// The text.
    pub body: String,
    /// JSON that the app adds.
    pub data: Option<Box<RawValue>>,
}

/// A message that is stored. It never changes.
#[derive(Debug, Clone)]
pub struct Message {
    /// Which one it is.
    pub id: MessageId,
    /// Where it is.
    pub conversation: ConversationId,
    /// Its place there: 1 for the first, without a gap.
    pub seq: u64,
    /// Who wrote it.
    pub sender: UserId,
    /// Chosen by the sender's client.
    pub client_message_id: ClientMessageId,
    /// The text.
    pub body: String,
    /// JSON that the app added.
    pub data: Option<Box<RawValue>>,
    /// When it was stored.
    pub created_at: Timestamp,
}

impl Message {
    /// Whether it has the content of a draft.
    pub fn matches(&self, draft: &Draft) -> bool {
        let text = |data: &Option<Box<RawValue>>| data.as_ref().map(|data| data.get().to_owned());
        self.body == draft.body && text(&self.data) == text(&draft.data)
    }
}

/// What became of a draft.
#[derive(Debug, Clone)]
pub enum Sent {
    /// It is stored now, and the members were told.
    Now(Message),
    /// An earlier attempt had stored it.
    Before(Message),
}

impl Sent {
    /// The message.
    pub fn message(&self) -> &Message {
        match self {
            Self::Now(message) | Self::Before(message) => message,
        }
    }
}
