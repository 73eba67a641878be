//! Why presence did not do what it was asked.

use super::rules::{Busy, PastUntil};
use crate::store::StoreError;

/// Why presence did not do what it was asked. Nothing has changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PresenceFault {
    // The asker is at fault.
    /// No otomo is known by this id.
    #[error("no otomo is known by this id")]
    UnknownOtomo,
    /// The break was to end in the past.
    #[error(transparent)]
    PastUntil(#[from] PastUntil),
    /// Nobody can be made busy.
    #[error(transparent)]
    Busy(#[from] Busy),

    // The surroundings are at fault: the same may work later.
    /// The store did not store it.
    #[error("the status could not be stored")]
    Store(#[source] StoreError),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
}

impl From<StoreError> for PresenceFault {
    /// All that this room's rows refer to is the otomo they are about.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Reference(_) => Self::UnknownOtomo,
            error => Self::Store(error),
        }
    }
}
