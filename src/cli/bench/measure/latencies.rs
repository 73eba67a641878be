//! How long things took, all of them.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest that is told apart, in microseconds: a day. No run waits for longer.
const LONGEST: u64 = 24 * 60 * 60 * 1_000_000;

/// Counts latencies in microseconds, from one to a day, to three digits.
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    #[expect(clippy::expect_used, reason = "the bounds are constants that fit")]
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, 3);
        Self(histogram.expect("bounds of a histogram"))
    }
}

impl Latencies {
    /// One more.
    pub(crate) fn note(&mut self, latency: Duration) {
        self.note_many(latency, 1);
    }

    /// So many more that took the same.
    pub(crate) fn note_many(&mut self, latency: Duration, count: u64) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record_n(micros, count);
    }

    /// What this quantile of them, from 0 to 1, did not exceed, in milliseconds.
    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e3
    }

    pub(crate) fn histogram(&self) -> &Histogram<u64> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_minute_is_told_as_it_is() {
        let mut latencies = Latencies::default();
        latencies.note(Duration::from_secs(90));
        assert!((latencies.millis(1.0) - 90_000.0).abs() <= 90.0);
    }
}
