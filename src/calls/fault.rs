//! Why something about a call was not done, for those who ask from within the server.

use super::{rules::refusal::Refusal, transactions::Unstored, wire};
use crate::{
    protocol::{error_code::ErrorCode, fault::Fault},
    store::StoreError,
};

/// Why something about a call was not done. Nothing has changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallsFault {
    // The asker is at fault.
    /// No call is known by this id.
    #[error("no call is known by this id")]
    Unknown,
    /// The call does not allow it.
    #[error(transparent)]
    Refused(Refusal),

    // The surroundings are at fault: the same may work later.
    /// Others changed the same call again and again.
    #[error("the call is changing too fast; try again")]
    Contended,
    /// The store failed.
    #[error("the call could not be stored")]
    Store(#[from] StoreError),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
}

impl From<Refusal> for CallsFault {
    /// An asker from within the server is not a participant of any call: to them it means that there is no such call.
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotParticipant => Self::Unknown,
            refusal => Self::Refused(refusal),
        }
    }
}

impl From<Unstored> for CallsFault {
    fn from(unstored: Unstored) -> Self {
        match unstored {
            Unstored::Outrun => Self::Contended,
            Unstored::Store(error) => Self::Store(error),
        }
    }
}

impl From<CallsFault> for Fault {
    fn from(fault: CallsFault) -> Self {
        let code = match &fault {
            CallsFault::Unknown => ErrorCode::NotFound,
            CallsFault::Refused(refusal) => return wire::refusal(refusal),
            CallsFault::Store(StoreError::Overloaded(_) | StoreError::Unavailable(..))
            | CallsFault::Contended
            | CallsFault::Stopped => ErrorCode::Unavailable,
            CallsFault::Store(_) => ErrorCode::InternalError,
        };
        Self::new(code, fault.to_string())
    }
}
