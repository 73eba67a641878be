//! Whether this node may act. On a database that others can serve too it is itself only as long as its lease runs: after
//! that another may have settled its affairs, and what it still believes is the past.
//!
//! The lease ends here by the monotonic clock, so a process that was frozen knows the moment it wakes, before anything in
//! it has run: a look is one load of an atomic and one of the clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// Whether this node may act. Clones share it. By default it may, for ever: nobody else can be in its place.
#[derive(Debug, Clone, Default)]
pub struct Standing(Option<Arc<Term>>);

#[derive(Debug)]
struct Term {
    began: Instant,
    /// Microseconds after the beginning.
    until: AtomicU64,
}

impl Standing {
    /// Of a node that may act only while it has been told so. It has not yet.
    pub fn limited() -> Self {
        Self(Some(Arc::new(Term {
            began: Instant::now(),
            until: AtomicU64::new(0),
        })))
    }

    /// Whether it may act right now.
    pub fn is_current(&self) -> bool {
        let Some(term) = &self.0 else { return true };
        micros(term.began.elapsed()) < term.until.load(Ordering::Acquire)
    }

    /// It may act until this much time after the beginning has passed; see [`Standing::elapsed`].
    pub fn set(&self, until: Duration) {
        if let Some(term) = &self.0 {
            term.until.store(micros(until), Ordering::Release);
        }
    }

    /// How long ago the beginning is, from which [`Standing::set`] counts.
    pub fn elapsed(&self) -> Duration {
        let term = self.0.as_ref();
        term.map_or(Duration::ZERO, |term| term.began.elapsed())
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_may_act_for_a_time_may_not_after_it() {
        assert!(Standing::default().is_current());
        let standing = Standing::limited();
        assert!(!standing.is_current(), "nobody has said so");
        standing.set(Duration::MAX);
        assert!(standing.clone().is_current());
        standing.set(standing.elapsed());
        assert!(!standing.is_current());
    }
}
