//! How much waits for a worker.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The messages addressed to one worker's clients, counted at both ends.
#[derive(Debug, Default)]
pub(in crate::delivery) struct Queue {
    entered: AtomicUsize,
    left: AtomicUsize,
}

impl Queue {
    /// One is about to enter.
    pub(in crate::delivery) fn enter(&self) {
        self.entered.fetch_add(1, Ordering::AcqRel);
    }

    /// One is being handled.
    pub(in crate::delivery) fn leave(&self) {
        self.left.fetch_add(1, Ordering::AcqRel);
    }

    /// How many have entered since the start.
    pub(in crate::delivery) fn entered(&self) -> usize {
        self.entered.load(Ordering::Acquire)
    }

    /// How many of them have been handled.
    pub(in crate::delivery) fn left(&self) -> usize {
        self.left.load(Ordering::Acquire)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        // This end first: what enters in between must not make it negative.
        let left = self.left();
        self.entered().saturating_sub(left)
    }
}
