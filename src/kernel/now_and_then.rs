//! What would be logged far too often: a full disk stays full for hours, and a stranger may write to a channel without end.
//! So the first time is logged at once, and after that every so often with the number of times since.

use std::time::{Duration, Instant};

/// Between two lines about it.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// One thing to log: when that was last done, and how often it has happened since.
#[derive(Debug, Default)]
pub struct NowAndThen {
    told_at: Option<Instant>,
    untold: u64,
}

impl NowAndThen {
    /// One that has not happened yet, as the default is; for statics.
    pub const fn new() -> Self {
        Self {
            told_at: None,
            untold: 0,
        }
    }

    /// It has happened once more. Returns how often since the last line, if it is time for another.
    pub fn count(&mut self, now: Instant) -> Option<u64> {
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
    fn a_thing_is_told_at_once_and_a_flood_of_it_every_so_often() {
        let (mut log, start) = (NowAndThen::default(), Instant::now());
        assert_eq!(log.count(start), Some(1));
        for _ in 0..1_000 {
            assert_eq!(log.count(start + TELL_EVERY / 2), None);
        }
        assert_eq!(log.count(start + TELL_EVERY), Some(1_001));
        assert_eq!(log.count(start + TELL_EVERY), None);
        assert_eq!(log.count(start + TELL_EVERY * 9), Some(2));
    }
}
