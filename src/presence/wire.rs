//! From this room's words to the wire's.

use super::{
    Choice,
    board::Entry,
    fault::PresenceFault,
    rules::{Chosen, Published, Status},
};
use crate::kernel::time::Timestamp;
use crate::protocol::{
    command::ChosenStatus,
    error_code::ErrorCode,
    event::{OtomoEntry, OtomoStatus, OtomoStatusSetAck, OtomoStatusUpdate},
    fault::Fault,
};
use crate::store::StoreError;

impl From<Status> for OtomoStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Online => Self::Online,
            Status::Busy => Self::Busy,
            Status::Break => Self::Break,
            Status::Offline => Self::Offline,
        }
    }
}

impl From<ChosenStatus> for Chosen {
    fn from(chosen: ChosenStatus) -> Self {
        match chosen {
            ChosenStatus::Online => Self::Online,
            ChosenStatus::Break => Self::Break,
        }
    }
}

impl From<Chosen> for ChosenStatus {
    fn from(chosen: Chosen) -> Self {
        match chosen {
            Chosen::Online => Self::Online,
            Chosen::Break => Self::Break,
        }
    }
}

impl From<&Entry> for OtomoStatusUpdate {
    fn from(entry: &Entry) -> Self {
        let Published {
            status,
            version,
            changed_at,
        } = entry.published;
        Self {
            user_id: entry.otomo.clone(),
            status: status.into(),
            timestamp: changed_at.unix_seconds(),
            version,
        }
    }
}

impl From<&Entry> for OtomoEntry {
    fn from(entry: &Entry) -> Self {
        let Published {
            status,
            version,
            changed_at,
        } = entry.published;
        Self {
            user_id: entry.otomo.clone(),
            status: status.into(),
            timestamp: changed_at.unix_seconds(),
            version,
            name: Some(entry.name.clone()),
            avatar: entry.avatar.clone(),
        }
    }
}

impl From<Choice> for OtomoStatusSetAck {
    fn from(choice: Choice) -> Self {
        Self {
            status: choice.chosen.into(),
            shown: choice.shown.into(),
            until: choice.until.map(Timestamp::unix_seconds),
        }
    }
}

impl From<PresenceFault> for Fault {
    fn from(fault: PresenceFault) -> Self {
        let code = match &fault {
            PresenceFault::UnknownOtomo => ErrorCode::OtomoNotFound,
            PresenceFault::PastUntil(_) | PresenceFault::Busy(_) => ErrorCode::BadRequest,
            PresenceFault::Store(StoreError::Overloaded(_) | StoreError::Unavailable(..))
            | PresenceFault::Stopped => ErrorCode::Unavailable,
            PresenceFault::Store(_) => ErrorCode::InternalError,
        };
        Self::new(code, fault.to_string())
    }
}
