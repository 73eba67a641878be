//! Why something in the chat was not done.

use std::time::Duration;

use super::rules::MEMBERS_MAX;
use crate::{
    kernel::ids::UserId,
    protocol::{error_code::ErrorCode, fault::Fault},
    store::StoreError,
};

/// Why something in the chat was not done. Nothing has changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChatFault {
    // The asker is at fault.
    /// No such conversation, or not one of the asker's: they cannot tell which.
    #[error("you are in no conversation with this id")]
    ConversationNotFound,
    /// Nobody with whom one could talk.
    #[error("nobody is known by this id")]
    UserNotFound(UserId),
    /// A person is no partner of themselves.
    #[error("a conversation is with somebody else")]
    WithOneself,
    /// Neither a conversation nor a person to send to, or both.
    #[error("say where the message goes: either conversationId or toUserId")]
    NoTarget,
    /// More people than a group may have.
    #[error("a group has at most {MEMBERS_MAX} members")]
    TooManyMembers,
    /// A conversation of two people stays one.
    #[error("a conversation of two people has no other members; begin a group")]
    NoGroup,
    /// Only they themselves, or whoever began the group, may end somebody's part in it.
    #[error("only the one who began the group takes others out of it")]
    NotYours,
    /// Nothing that could be read.
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
    /// The sender has used the id for another message.
    #[error("another message of yours has this clientMessageId; make a new one for each message")]
    OtherMessage,
    /// More than `limits.messages_per_minute`; with how long until the next is worth trying.
    #[error("too many messages; send fewer a minute")]
    RateLimited(Duration),
    /// A message that does not exist yet was said to be read.
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
            | ChatFault::TooManyMembers
            | ChatFault::BeyondEnd { .. } => ErrorCode::BadRequest,
            ChatFault::NotYours => ErrorCode::Forbidden,
            ChatFault::Empty => ErrorCode::MessageEmpty,
            ChatFault::TooLarge { .. } => ErrorCode::MessageTooLarge,
            ChatFault::RateLimited(_) => ErrorCode::RateLimited,
            ChatFault::OtherMessage | ChatFault::NoGroup => ErrorCode::Conflict,
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
            | ChatFault::TooManyMembers
            | ChatFault::NoGroup
            | ChatFault::NotYours
            | ChatFault::Empty
            | ChatFault::OtherMessage
            | ChatFault::Store(_)
            | ChatFault::Stopped => told,
        }
    }
}
