//! The drain of a node: who asks for it, whether it has begun, how far it is. Whoever runs the node does it, for it concerns
//! all floors.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

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

/// When a drain began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// With this.
    Now,
    /// Before: somebody else has begun it.
    Before,
}

/// The drain of one node.
#[derive(Debug, Default)]
pub struct Drain {
    asked: Notify,
    begun: AtomicBool,
    progress: Mutex<Option<Progress>>,
}

impl Drain {
    /// Asks for it.
    pub fn ask(&self) {
        self.asked.notify_one();
    }

    /// Resolves when somebody has asked for it.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Begins it, or a stop without one.
    pub fn begin(&self) -> Begun {
        match self.begun.swap(true, Ordering::Relaxed) {
            false => Begun::Now,
            true => Begun::Before,
        }
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Nobody is waited for any more: what serves the node ends, part by part.
    pub fn end(&self) {
        if let Some(progress) = &mut *self.lock() {
            progress.phase = Phase::End;
        }
    }

    /// Whether nobody is waited for any more.
    pub fn is_ending(&self) -> bool {
        let progress = self.progress();
        self.has_begun() && progress.is_none_or(|it| it.phase == Phase::End)
    }

    /// How far it is; `None` while the node serves, and where it stops without waiting for anything.
    pub fn progress(&self) -> Option<Progress> {
        *self.lock()
    }

    /// Says how far it is. Once it is ending it stays so.
    pub fn report(&self, progress: Progress) {
        let mut told = self.lock();
        if told.is_none_or(|it| it.phase != Phase::End) {
            *told = Some(progress);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
