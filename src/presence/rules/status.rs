//! The four statuses, and the order in which people see otomo.

use std::cmp::Reverse;

use crate::kernel::{names::named, time::Timestamp};

named! {
    /// An otomo's status (source document 000, section 4). Declared in list order: who can be called
    /// comes first.
    #[schemars(rename = "OtomoStatus")]
    pub enum Status {
        /// Ready for calls.
        Online = "online",
        /// In a call.
        Busy = "busy",
        /// Away for a while, by choice.
        Break = "break",
        /// Not there.
        Offline = "offline",
    }
}

/// Where somebody stands in lists for people: online, busy, break, offline; in each the most recent change first.
/// Equal ranks are told apart by user id, so that pages do not overlap.
pub type Rank = (Status, Reverse<Timestamp>);

/// The rank of somebody with this status since `changed_at`.
pub const fn list_order(status: Status, changed_at: Timestamp) -> Rank {
    (status, Reverse(changed_at))
}
