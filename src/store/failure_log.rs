//! The log of a database that does not write: everybody who writes meets the same failure.

use std::time::Instant;

use super::StoreError;
use crate::kernel::{logging::chain, now_and_then::NowAndThen};

/// Failures that were not told yet, and when some were last.
#[derive(Default)]
pub(super) struct FailureLog(NowAndThen);

impl FailureLog {
    /// A transaction could not begin, or not be committed.
    pub(super) fn failed(&mut self, fault: &StoreError) {
        if let Some(failures) = self.0.count(Instant::now()) {
            log::error!("cannot write failures={failures} cause={}", chain(fault));
        }
    }
}
