//! When the next is due.

use std::time::{Duration, Instant};

/// How things follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// As soon as one is done, the next.
    Closed,
    /// By the clock, however long they take.
    Open {
        began: Instant,
        per_second: f64,
        /// How many have been due.
        count: u64,
    },
}

impl Pace {
    /// So many a second from now on.
    pub(crate) fn open(per_second: f64, now: Instant) -> Self {
        Pace::Open {
            began: now,
            per_second,
            count: 0,
        }
    }

    /// By the clock where a rate is given.
    pub(crate) fn of(rate: Option<u32>, now: Instant) -> Self {
        rate.map_or(Self::Closed, |rate| Self::open(f64::from(rate.max(1)), now))
    }

    /// Whether one may go, and from when on it counts: one that goes late was waited for since it
    /// was due (else a server that stalls would be asked less, and look the better for it).
    pub(crate) fn next(&mut self, now: Instant) -> Option<Instant> {
        let due = self.due(now);
        if due > now {
            return None;
        }
        if let Self::Open { count, .. } = self {
            *count += 1;
        }
        Some(due)
    }

    /// All that have been due by now and have not gone. Without a clock nothing is ever due.
    pub(crate) fn overdue(&mut self, now: Instant) -> impl Iterator<Item = Instant> {
        std::iter::from_fn(move || match self {
            Self::Closed => None,
            Self::Open { .. } => self.next(now),
        })
    }

    /// Time until the next is due, if the clock decides.
    pub(crate) fn pause(&self, now: Instant) -> Option<Duration> {
        match self {
            Self::Closed => None,
            Self::Open { .. } => Some(self.due(now).saturating_duration_since(now)),
        }
    }

    /// When the next is due. Reckoned from the beginning each time, so that no error adds up.
    fn due(&self, now: Instant) -> Instant {
        match self {
            Self::Closed => now,
            Self::Open {
                began,
                per_second,
                count,
            } => *began + Duration::from_secs_f64(*count as f64 / per_second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::measure::{Meter, Progress};

    #[test]
    fn by_the_clock_nothing_is_early_and_what_is_late_is_not_forgotten() {
        let start = Instant::now();
        let tenth = Duration::from_millis(100);
        let mut pace = Pace::open(10.0, start);
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
    fn what_was_due_and_did_not_go_is_told_once() {
        let start = Instant::now();
        let tenth = Duration::from_millis(100);
        let mut pace = Pace::open(10.0, start);
        assert_eq!(pace.next(start), Some(start));
        let overdue: Vec<_> = pace.overdue(start + tenth * 2).collect();
        assert_eq!(overdue, [start + tenth, start + tenth * 2]);
        assert_eq!(pace.overdue(start + tenth * 2).count(), 0);
        assert_eq!(Pace::Closed.overdue(start).count(), 0);
    }

    #[test]
    fn without_a_clock_the_next_may_go_at_once() {
        let now = Instant::now();
        assert_eq!(Pace::Closed.next(now), Some(now));
        assert_eq!(Pace::Closed.pause(now), None);
    }

    /// A server that answers in a millisecond, but in the fourth second not at all. Whoever waits for each answer before
    /// they ask again sees one slow answer; whoever asks by the clock sees the second as its users would.
    #[test]
    fn a_server_that_stalls_is_charged_for_all_that_was_due_meanwhile() {
        let millis = Duration::from_millis;
        let start = Instant::now();
        let stall = start + millis(3_000)..start + millis(4_000);
        let answered = |asked: Instant| match stall.contains(&asked) {
            true => stall.end + millis(1),
            false => asked + millis(1),
        };
        let end = start + millis(10_000);
        let run = |mut pace: Pace| {
            let mut meter = Meter::new("answers", 1, Progress::Silent);
            let mut now = start;
            while now < end {
                match pace.next(now) {
                    // One connection: the next question goes when this one is answered.
                    Some(due) => {
                        now = answered(now);
                        meter.came(now - due);
                    }
                    None => now += pace.pause(now).unwrap(),
                }
            }
            meter.latencies().value_at_quantile(0.99) / 1_000
        };
        assert_eq!(run(Pace::Closed), 1, "the stall is not seen");
        let seen = run(Pace::open(100.0, start));
        assert!((800..=1_001).contains(&seen), "{seen}");
    }
}
