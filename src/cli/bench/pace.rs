//! When the next update is due.

use std::time::{Duration, Instant};

/// How updates follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// As soon as one has reached everybody, the next.
    Closed,
    /// By the clock, however long they take.
    Open {
        /// Time from one to the next.
        interval: Duration,
        /// When the next is due.
        due: Instant,
    },
}

impl Pace {
    /// So many updates a second from now on.
    pub(super) fn open(per_second: u32, now: Instant) -> Self {
        Pace::Open {
            interval: Duration::from_secs(1) / per_second.max(1),
            due: now,
        }
    }

    /// Whether an update may go, and from when on it counts: one that goes late was waited for since it
    /// was due (else a server that stalls would be asked less, and look the better for it).
    pub(super) fn next(&mut self, now: Instant) -> Option<Instant> {
        match self {
            Pace::Closed => Some(now),
            Pace::Open { due, .. } if *due > now => None,
            Pace::Open { interval, due } => {
                let this = *due;
                *due += *interval;
                Some(this)
            }
        }
    }

    /// Time until the next update is due, if the clock decides.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        match self {
            Pace::Closed => None,
            Pace::Open { due, .. } => Some(due.saturating_duration_since(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_clock_nothing_is_early_and_what_is_late_is_not_forgotten() {
        let start = Instant::now();
        let tenth = Duration::from_millis(100);
        let mut pace = Pace::open(10, start);
        assert_eq!(pace.next(start), Some(start));
        assert_eq!(pace.next(start), None);
        assert_eq!(pace.pause(start), Some(tenth));
        let late = start + tenth * 3;
        assert_eq!(pace.pause(late), Some(Duration::ZERO));
        assert_eq!(pace.next(late), Some(start + tenth));
        assert_eq!(pace.next(late), Some(start + tenth * 2));
        assert_eq!(pace.next(late), Some(late));
        assert_eq!(pace.next(late), None);
    }

    #[test]
    fn without_a_clock_the_next_may_go_at_once() {
        let now = Instant::now();
        assert_eq!(Pace::Closed.next(now), Some(now));
        assert_eq!(Pace::Closed.pause(now), None);
    }
}
