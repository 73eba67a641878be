//! Which errands were run, for as long as they could be passed off as new ones.

use std::{collections::HashSet, mem, time::Duration};

use uuid::Uuid;

use super::errand::WINDOW;
use crate::kernel::time::Timestamp;

/// An errand is believed from `WINDOW` before its time to `WINDOW` after it.
const LIFE: Duration = Duration::from_secs(WINDOW.as_secs() * 2);

/// The errands of the last while, in two generations, so that forgetting costs nothing. Only those whose signature is right
/// come in here.
pub(super) struct Seen {
    newer: HashSet<Uuid>,
    older: HashSet<Uuid>,
    /// When the newer ones began.
    since: Timestamp,
}

impl Seen {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            newer: HashSet::new(),
            older: HashSet::new(),
            since: now,
        }
    }

    /// Notes an errand. Returns whether it is new.
    pub(super) fn is_new(&mut self, errand: Uuid, now: Timestamp) -> bool {
        if self.since.until(now) > LIFE {
            self.older = mem::take(&mut self.newer);
            self.since = now;
        }
        !self.older.contains(&errand) && self.newer.insert(errand)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_new_once_in_its_life_and_then_forgotten() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let (mut seen, errand) = (Seen::new(at(0)), Uuid::from_u128(1));
        assert!(seen.is_new(errand, at(19)));
        for now in [19, 21, 39] {
            assert!(!seen.is_new(errand, at(now)), "{now}");
        }
        for (at_second, other) in [(42, 2), (63, 3)] {
            assert!(seen.is_new(Uuid::from_u128(other), at(at_second)));
        }
        assert_eq!((seen.older.len(), seen.newer.len()), (1, 1));
    }
}
