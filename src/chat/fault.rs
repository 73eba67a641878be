//! Why a command or a question of the chat was refused.

use std::time::Duration;

use super::rules::MEMBERS_MAX;
use crate::{
    kernel::ids::UserId,
    protocol::{error_code::ErrorCode, fault::Fault},
    store::StoreError,
};

/// Why a command or a question of the chat was refused. Nothing has changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChatFault {
    // The asker is at fault.
    /// No such conversation, or not one of the asker's: they cannot tell which.
    #[error("you are in no conversation with this id")]
    ConversationNotFound,
    /// Nobody known by this id can be talked with.
    #[error("nobody is known by this id")]
    UserNotFound(UserId),
    /// Somebody wanted a conversation with themselves.
    #[error("a conversation is with somebody else")]
    WithOneself,
    /// Neither a conversation nor a person to send to, or both.
    #[error("say where the message goes: either conversationId or toUserId")]
    NoTarget,
    /// More people than a group may have.
    #[error("a group has at most {MEMBERS_MAX} members")]
    TooManyMembers,
    /// Members were to be changed in a conversation of two people.
    #[error("a conversation of two people has no other members; begin a group")]
    NotAGroup,
    /// Only the creator of a group may take others out of it.
    #[error("only the one who began the group takes others out of it")]
    NotCreator,
    /// A message without text.
    #[error("a message needs a text")]
    Empty,
    /// More than `chat.max_body`.
    #[error("{what} may have {max} bytes")]
    TooLarge {
        /// The part that is too large.
        what: &'static str,
        /// Bytes that it may have.
        max: usize,
    },
    /// The text has the character U+0000, which PostgreSQL cannot keep.
    #[error("a text cannot have the character U+0000")]
    ZeroCharacter,
    /// JSON that some clients could not read.
    #[error(
        "data must be JSON that every client can read: no half surrogate pairs, no numbers beyond a double"
    )]
    UnreadableData,
    /// The sender has used the `clientMessageId` for another message.
    #[error("another message of yours has this clientMessageId; make a new one for each message")]
    ClientMessageIdReused,
    /// More than `limits.messages_per_minute`; with how long to wait before the next.
    #[error("too many messages, new conversations and new members; fewer a minute are taken")]
    RateLimited(Duration),
    /// A message that does not exist yet was marked as read.
    #[error("the conversation ends before this messageSeq")]
    BeyondEnd {
        /// Its last message.
        last: u64,
    },

    // The surroundings are at fault: the same may work later.
    /// The store failed.
    #[error("the chat could not be stored")]
    Store(#[from] StoreError),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
}

impl From<ChatFault> for Fault {
    fn from(fault: ChatFault) -> Self {
        let code = match &fault {
            ChatFault::ConversationNotFound => ErrorCode::ConversationNotFound,
            ChatFault::UserNotFound(_) => ErrorCode::NotFound,
            ChatFault::WithOneself
            | ChatFault::NoTarget
            | ChatFault::ZeroCharacter
            | ChatFault::UnreadableData
            | ChatFault::TooManyMembers
            | ChatFault::BeyondEnd { .. } => ErrorCode::BadRequest,
            ChatFault::NotCreator => ErrorCode::Forbidden,
            ChatFault::Empty => ErrorCode::MessageEmpty,
            ChatFault::TooLarge { .. } => ErrorCode::MessageTooLarge,
            ChatFault::RateLimited(_) => ErrorCode::RateLimited,
            ChatFault::ClientMessageIdReused | ChatFault::NotAGroup => ErrorCode::Conflict,
            ChatFault::Store(StoreError::Overloaded(_) | StoreError::Unavailable(..))
            | ChatFault::Stopped => ErrorCode::Unavailable,
            ChatFault::Store(_) => ErrorCode::InternalError,
        };
        let told = Self::new(code, fault.to_string());
        match fault {
            ChatFault::UserNotFound(user) => told.about("userId", user.as_str()),
            ChatFault::TooLarge { max, .. } => told.about("max", max),
            ChatFault::BeyondEnd { last } => told.about("lastSeq", last),
            ChatFault::RateLimited(wait) => told.retry_after(wait),
            ChatFault::ConversationNotFound
            | ChatFault::WithOneself
            | ChatFault::NoTarget
            | ChatFault::ZeroCharacter
            | ChatFault::UnreadableData
            | ChatFault::TooManyMembers
            | ChatFault::NotAGroup
            | ChatFault::NotCreator
            | ChatFault::Empty
            | ChatFault::ClientMessageIdReused
            | ChatFault::Store(_)
            | ChatFault::Stopped => told,
        }
    }
}
