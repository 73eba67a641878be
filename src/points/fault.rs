//! Why an order or a question about points was refused.

use super::rules::POINTS_MAX;
use crate::{
    protocol::{error_code::ErrorCode, fault::Fault},
    store::StoreError,
};

/// Why an order or a question about points was refused. No points have changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PointsFault {
    // The asker is at fault.
    /// A part of the order is not what it should be.
    #[error("{field} {why}")]
    Invalid {
        /// Which part, as it is named on the wire.
        field: &'static str,
        /// What it should be.
        why: String,
    },
    /// The key was used for another order of this user.
    #[error("this key was used for another order of this user; make a new one for each order")]
    KeyReused,
    /// There are not enough points.
    #[error("{required} points are needed and the balance is {balance}; grant the rest first")]
    Insufficient {
        /// What it costs.
        required: i64,
        /// What there is.
        balance: i64,
    },
    /// The account would have more points than it can hold.
    #[error(
        "an account holds at most {POINTS_MAX} points, and the balance is {balance}; grant less"
    )]
    Overflow {
        /// What there is.
        balance: i64,
    },

    // The surroundings are at fault: the same may work later.
    /// The store failed.
    #[error("the points could not be stored")]
    Store(#[from] StoreError),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
}

impl PointsFault {
    /// A part of an order is not what it should be.
    pub fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Invalid { field, why }
    }
}

impl From<PointsFault> for Fault {
    fn from(fault: PointsFault) -> Self {
        let code = match &fault {
            PointsFault::Invalid { .. } => ErrorCode::BadRequest,
            PointsFault::KeyReused | PointsFault::Overflow { .. } => ErrorCode::Conflict,
            PointsFault::Insufficient { .. } => ErrorCode::InsufficientPoints,
            PointsFault::Store(StoreError::Overloaded(_) | StoreError::Unavailable(..))
            | PointsFault::Stopped => ErrorCode::Unavailable,
            PointsFault::Store(_) => ErrorCode::InternalError,
        };
        let told = Self::new(code, fault.to_string());
        match fault {
            PointsFault::Invalid { field, .. } => told.about("field", field),
            PointsFault::Insufficient { required, balance } => {
                told.about("required", required).about("balance", balance)
            }
            PointsFault::Overflow { balance } => {
                told.about("balance", balance).about("max", POINTS_MAX)
            }
            PointsFault::KeyReused | PointsFault::Store(_) | PointsFault::Stopped => told,
        }
    }
}
