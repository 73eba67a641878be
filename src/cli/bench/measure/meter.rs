//! What came, and how long it took: over the run, and second by second.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::Progress;

/// How often a moment is noted, and shown.
const STEP: Duration = Duration::from_secs(1);

/// Counts.
pub(crate) struct Meter {
    unit: &'static str,
    connections: usize,
    progress: Progress,
    began: Instant,
    count: u64,
    /// Microseconds, from one to a minute, to three digits.
    latencies: Histogram<u64>,
    noted: Noted,
    moments: Vec<Moment>,
}

/// The last moment.
struct Noted {
    at: Instant,
    count: u64,
}

/// How it went in one second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    /// Seconds since the beginning.
    pub(crate) at: f64,
    /// How many came, per second.
    pub(crate) rate: f64,
}

impl Meter {
    /// Nothing yet. `unit` is what is counted, like `deliveries`.
    pub(crate) fn new(unit: &'static str, connections: usize, progress: Progress) -> Self {
        let now = Instant::now();
        Self {
            unit,
            connections,
            progress,
            began: now,
            count: 0,
            latencies: histogram(),
            noted: Noted { at: now, count: 0 },
            moments: Vec::new(),
        }
    }

    /// One more came, so long after it was due.
    pub(crate) fn came(&mut self, latency: Duration) {
        self.count += 1;
        self.sample(latency);
    }

    /// So many more came, about whose latency nothing is said.
    pub(crate) fn add(&mut self, count: u64) {
        self.count += count;
    }

    /// The latency of one that is counted apart.
    pub(crate) fn sample(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latencies.saturating_record(micros);
    }

    /// Notes and shows how it goes, once a second: to be called whenever there is time.
    pub(crate) fn tick(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.noted.at);
        if passed < STEP {
            return;
        }
        let came = self.count - self.noted.count;
        let moment = Moment {
            at: now.duration_since(self.began).as_secs_f64(),
            rate: came as f64 / passed.as_secs_f64(),
        };
        self.moments.push(moment);
        self.noted = Noted {
            at: now,
            count: self.count,
        };
        let latencies = [0.5, 0.99].map(|share| millis(self.latencies.value_at_quantile(share)));
        let Self {
            connections, unit, ..
        } = *self;
        self.progress.show(connections, unit, &moment, latencies);
    }

    /// Starts counting from zero, now: what came before was warming up.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.unit, self.connections, self.progress);
    }

    pub(crate) fn unit(&self) -> &'static str {
        self.unit
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Since when it counts.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn latencies(&self) -> &Histogram<u64> {
        &self.latencies
    }

    pub(crate) fn moments(&self) -> &[Moment] {
        &self.moments
    }
}

/// Microseconds in milliseconds.
fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

#[expect(clippy::expect_used, reason = "the bounds are constants that fit")]
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds of a histogram")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_noted_with_what_came_in_them() {
        let mut meter = Meter::new("answers", 1, Progress::Silent);
        let began = meter.began;
        for _ in 0..30 {
            meter.came(Duration::from_millis(2));
        }
        meter.tick(began + STEP / 2);
        assert!(meter.moments().is_empty(), "the second is not over");
        meter.tick(began + STEP * 2);
        meter.came(Duration::from_millis(50));
        meter.tick(began + STEP * 3);
        let moments: Vec<_> = meter.moments().iter().map(|it| (it.at, it.rate)).collect();
        assert_eq!(moments, [(2.0, 15.0), (3.0, 1.0)]);
        assert_eq!(meter.count(), 31);
    }

    #[test]
    fn what_came_while_warming_up_is_forgotten() {
        let mut meter = Meter::new("answers", 1, Progress::Silent);
        meter.came(Duration::from_secs(9));
        meter.reset();
        meter.add(3);
        assert_eq!((meter.count(), meter.latencies().len()), (3, 0));
    }
}
