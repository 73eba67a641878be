//! What of the configuration can change while the server runs.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

/// A part of the configuration that another one may take the place of. Clones share it.
///
/// Reading takes no lock and a few nanoseconds, so it can be read for each message; what was read stays as it is for as long
/// as it is held.
#[derive(Debug, Clone)]
pub struct Changeable<T>(Arc<ArcSwap<T>>);

impl<T> Changeable<T> {
    /// What holds at the start.
    pub fn new(first: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(first)))
    }

    /// What is in force now.
    pub fn now(&self) -> Guard<Arc<T>> {
        self.0.load()
    }

    /// This is in force from now on.
    pub fn change(&self, to: T) {
        self.0.store(Arc::new(to));
    }
}
