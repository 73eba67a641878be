//! What nodes tell each other of calls: that one has a new version. Whoever hears it reads the call.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::rules::call::{Call, Side};
use crate::{
    backplane::{Backplane, Channel, Echo, Subject},
    kernel::ids::CallId,
};

/// A call has a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hint {
    pub(super) call: CallId,
    pub(super) version: u64,
}

impl Hint {
    /// What a message says; `None` if it cannot be read.
    pub(super) fn decode(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

/// Tells the nodes where a call's people are that it was changed here.
pub(super) fn tell(backplane: &Backplane, call: &Call) {
    let hint = Hint {
        call: call.id,
        version: call.version,
    };
    // Nothing in it can fail to be written.
    let body: Bytes = serde_json::to_vec(&hint).unwrap_or_default().into();
    for side in Side::ALL {
        let channel = Channel::User(call.person(*side).clone());
        backplane.tell(&channel, Subject::Calls, body.clone(), Echo::Skip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_what_is_heard() {
        let hint = Hint {
            call: CallId::new(),
            version: 3,
        };
        let body = serde_json::to_vec(&hint).unwrap();
        assert_eq!(Hint::decode(&body), Some(hint));
        assert_eq!(Hint::decode(b"something else"), None);
    }
}
