//! What was said to several, and has not been heard by all of them.

use std::{collections::VecDeque, time::Instant};

use crate::cli::bench::measure::Meter;

/// Messages of one stream, which come to each who hears them in the order of their numbers.
#[derive(Debug)]
pub(crate) struct Unheard {
    /// The number of the first that somebody has not heard.
    first: u64,
    /// From that one on: when each was due, and how many have not heard it.
    open: VecDeque<(Instant, usize)>,
}

impl Unheard {
    /// Nothing yet: the first message will have this number.
    pub(crate) fn from(first: u64) -> Self {
        Self {
            first,
            open: VecDeque::new(),
        }
    }

    /// The number of the next message.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.open.len() as u64
    }

    /// The next message is said to so many, and was due then.
    pub(crate) fn said(&mut self, due: Instant, hearers: usize) {
        self.open.push_back((due, hearers));
        self.forget_heard();
    }

    /// One of them has heard a message, or never will. Returns whether that was still to come.
    pub(crate) fn heard(&mut self, number: u64) -> bool {
        let at = number.checked_sub(self.first);
        let at = at.and_then(|at| usize::try_from(at).ok());
        let Some((_, missing)) = at.and_then(|at| self.open.get_mut(at)) else {
            return false;
        };
        let was_to_come = *missing > 0;
        *missing = missing.saturating_sub(1);
        self.forget_heard();
        was_to_come
    }

    /// Notes for each who has not heard a message how long it has been waited for, and returns how many that are.
    pub(crate) fn give_up(&self, meter: &mut Meter, now: Instant) -> u64 {
        let mut count = 0;
        for (due, missing) in &self.open {
            let missing = *missing as u64;
            meter.sample_many(now.saturating_duration_since(*due), missing);
            count += missing;
        }
        count
    }

    fn forget_heard(&mut self) {
        while self
            .open
            .pop_front_if(|(_, missing)| *missing == 0)
            .is_some()
        {
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::bench::measure::Progress;

    #[test]
    fn what_somebody_has_not_heard_counts_with_its_age_for_each_of_them() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut unheard = Unheard::from(1);
        for number in 0..3 {
            unheard.said(start + second * number, 2);
        }
        assert_eq!(unheard.next(), 4);
        for number in [1, 2, 1] {
            assert!(unheard.heard(number));
        }
        assert!(!unheard.heard(1), "both have heard it");
        assert!(!unheard.heard(4), "it was never said");
        let mut meter = Meter::new("deliveries", 0, Progress::Silent);
        assert_eq!(unheard.give_up(&mut meter, start + second * 5), 3);
        let of = |seconds: u64| {
            let latencies = meter.latencies();
            latencies.count_between(seconds * 990_000, seconds * 1_010_000)
        };
        assert_eq!((of(5), of(4), of(3)), (0, 1, 2));
        assert_eq!(meter.count(), 0);
    }
}
