//! How far a node is with its drain: what whoever drains it writes down, and whoever waits for it reads.

use std::sync::{Mutex, PoisonError};

use crate::kernel::{names::named, time::Timestamp};

named! {
    /// What a node that drains waits for.
    #[schemars(rename = "DrainPhase")]
    pub enum Phase {
        /// Actions that the app's backend is to answer.
        Actions = "actions",
        /// Live calls that have people here.
        Calls = "calls",
        /// Clients that were told to go.
        Goodbyes = "goodbyes",
        /// Requests that are being answered, and what is still to be stored.
        End = "end",
    }
}

/// How far a node is with its drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it waits for.
    pub phase: Phase,
    /// When the drain began.
    pub started_at: Timestamp,
    /// When calls that go on are ended.
    pub limit_at: Timestamp,
}

/// The drain of one node: none, or how far it is.
#[derive(Debug, Default)]
pub struct Drain(Mutex<Option<Progress>>);

impl Drain {
    /// How far it is; `None` while the node serves.
    pub fn progress(&self) -> Option<Progress> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how far it is.
    pub fn report(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }
}
