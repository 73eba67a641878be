//! A registry that is read and not written: Redis has no memory left, cannot save, or has become somebody's replica.
//!
//! It is heard all the same, so the link is up; but who comes and goes cannot be said, and what is read there is no longer so.
//! For who is online that is as if Redis were away.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use crate::{
    backplane::redis::commands::RedisFault,
    kernel::{logging::chain, metrics::Metrics, now_and_then::NowAndThen},
};

/// Whether the registry refuses what it is told.
pub(super) struct Refusal {
    is: AtomicBool,
    log: Mutex<NowAndThen>,
    metrics: Arc<Metrics>,
}

impl Refusal {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            is: AtomicBool::new(false),
            log: Mutex::default(),
            metrics,
        }
    }

    /// Whether it does, as far as this node has tried.
    pub(super) fn is(&self) -> bool {
        self.is.load(Ordering::Acquire)
    }

    /// It did. Returns whether that is new.
    pub(super) fn begin(&self, fault: &RedisFault) -> bool {
        self.metrics.backplane.refusals.inc();
        self.metrics.backplane.refuses.set(1);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = log.count(Instant::now()) {
            log::warn!(
                "Redis does not take who is online times={times} cause={}",
                chain(fault)
            );
        }
        !self.is.swap(true, Ordering::AcqRel)
    }

    /// It took everything. Returns whether that is new.
    pub(super) fn end(&self) -> bool {
        let ended = self.is.swap(false, Ordering::AcqRel);
        if ended {
            self.metrics.backplane.refuses.set(0);
            log::info!("Redis takes again who is online");
        }
        ended
    }
}
