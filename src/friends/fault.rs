//! Why a request about friends was refused.

use std::{num::NonZeroU32, time::Duration};

use super::rules::{Refusal, Side};
use crate::{
    kernel::ids::UserId,
    protocol::{error_code::ErrorCode, fault::Fault},
    store::StoreError,
};

/// Why a request about friends was refused. Nothing has changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FriendsFault {
    // The asker is at fault.
    /// Nobody known by this id can be asked, or nobody whose status the asker may see.
    #[error("nobody is known by this id")]
    UserNotFound(UserId),
    /// Somebody asked themselves.
    #[error("a friend is somebody else")]
    Oneself,
    /// As many friends as `friends.max_friends`.
    #[error("{} as many friends as one may have ({max})", have(*.side))]
    TooManyFriends {
        /// Whose.
        side: Side,
        /// How many.
        max: NonZeroU32,
    },
    /// As many open requests as `friends.max_requests`.
    #[error("{} as many open requests as one may have ({max})", have(*.side))]
    TooManyRequests {
        /// Whose.
        side: Side,
        /// How many.
        max: NonZeroU32,
    },
    /// More than `limits.friend_requests_per_minute`; with how long to wait before the next.
    #[error("too many requests; ask fewer people a minute")]
    RateLimited(Duration),

    // The surroundings are at fault: the same may work later.
    /// The store failed.
    #[error("friends could not be stored")]
    Store(#[from] StoreError),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
}

fn have(side: Side) -> &'static str {
    match side {
        Side::Own => "you have",
        Side::Theirs => "they have",
    }
}

impl From<Refusal> for FriendsFault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Friends(side, max) => Self::TooManyFriends { side, max },
            Refusal::Requests(side, max) => Self::TooManyRequests { side, max },
        }
    }
}

impl From<FriendsFault> for Fault {
    fn from(fault: FriendsFault) -> Self {
        let code = match &fault {
            FriendsFault::UserNotFound(_) => ErrorCode::NotFound,
            FriendsFault::Oneself => ErrorCode::BadRequest,
            FriendsFault::TooManyFriends { .. } | FriendsFault::TooManyRequests { .. } => {
                ErrorCode::Conflict
            }
            FriendsFault::RateLimited(_) => ErrorCode::RateLimited,
            FriendsFault::Store(StoreError::Overloaded(_) | StoreError::Unavailable(..))
            | FriendsFault::Stopped => ErrorCode::Unavailable,
            FriendsFault::Store(_) => ErrorCode::InternalError,
        };
        let told = Self::new(code, fault.to_string());
        match fault {
            FriendsFault::UserNotFound(user) => told.about("userId", user.as_str()),
            FriendsFault::TooManyFriends { max, .. }
            | FriendsFault::TooManyRequests { max, .. } => told.about("max", max.get()),
            FriendsFault::RateLimited(wait) => told.retry_after(wait),
            FriendsFault::Oneself | FriendsFault::Store(_) | FriendsFault::Stopped => told,
        }
    }
}
