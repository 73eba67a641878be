//! The log of a database that does not write. Everybody who writes meets the same failure, and a full disk stays full
//! for hours: so it is told at once, and then every so often with the number of failures since.

use std::time::{Duration, Instant};

use super::StoreError;
use crate::kernel::logging::chain;

/// Between two lines about it.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Failures that were not told yet, and when some were last.
#[derive(Default)]
pub(super) struct FailureLog {
    told_at: Option<Instant>,
    untold: u64,
}

impl FailureLog {
    /// A transaction could not begin, or not be committed.
    pub(super) fn failed(&mut self, fault: &StoreError) {
        if let Some(failures) = self.count(Instant::now()) {
            log::error!("cannot write failures={failures} cause={}", chain(fault));
        }
    }

    /// Counts one failure. How many there are to tell of, if it is time to.
    fn count(&mut self, now: Instant) -> Option<u64> {
        self.untold += 1;
        let early = |told_at| now.duration_since(told_at) < TELL_EVERY;
        if self.told_at.is_some_and(early) {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_at_once_and_a_flood_of_them_every_so_often() {
        let (mut log, start) = (FailureLog::default(), Instant::now());
        assert_eq!(log.count(start), Some(1));
        for _ in 0..1_000 {
            assert_eq!(log.count(start + TELL_EVERY / 2), None);
        }
        assert_eq!(log.count(start + TELL_EVERY), Some(1_001));
        assert_eq!(log.count(start + TELL_EVERY), None);
        assert_eq!(log.count(start + TELL_EVERY * 9), Some(2));
    }
}
