//! What came, and how long it took: over the run, and second by second.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::{Latencies, Progress};

/// How often a moment is noted, and shown.
const STEP: Duration = Duration::from_secs(1);

/// A count and its latencies since a beginning, whole and by the second.
pub(crate) struct Meter {
    unit: &'static str,
    connections: usize,
    progress: Progress,
    began: Instant,
    /// When it stopped counting, if it has.
    stopped: Option<Instant>,
    count: u64,
    latencies: Latencies,
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
            stopped: None,
            count: 0,
            latencies: Latencies::default(),
            noted: Noted { at: now, count: 0 },
            moments: Vec::new(),
        }
    }

    /// One more came, so long after it was due.
    pub(crate) fn came(&mut self, latency: Duration) {
        self.add(1);
        self.sample(latency);
    }

    /// So many more came, about whose latency nothing is said.
    pub(crate) fn add(&mut self, count: u64) {
        if self.stopped.is_none() {
            self.count += count;
        }
    }

    /// The latency of one that is counted apart; or how long one has been waited for that never came.
    pub(crate) fn sample(&mut self, latency: Duration) {
        self.latencies.note(latency);
    }

    /// The same of so many.
    pub(crate) fn sample_many(&mut self, latency: Duration, count: u64) {
        self.latencies.note_many(latency, count);
    }

    /// Notes those that were due then and have not come by now, with how long they have been waited for. Returns how many.
    pub(crate) fn missed(&mut self, dues: impl Iterator<Item = Instant>, now: Instant) -> u64 {
        let mut count = 0;
        for due in dues {
            self.sample(now.saturating_duration_since(due));
            count += 1;
        }
        count
    }

    /// Notes and shows how it goes, once a second: to be called whenever there is time.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.stopped.is_some() {
            return;
        }
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
        let latencies = [0.5, 0.99].map(|share| self.latencies.millis(share));
        let Self {
            connections, unit, ..
        } = *self;
        self.progress.show(connections, unit, &moment, latencies);
    }

    /// Counts no more. How long those take that are still to come is noted: a server that stalls at the end is not a fast one.
    pub(crate) fn stop(&mut self) {
        self.stopped = Some(Instant::now());
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

    /// How long it has counted.
    pub(crate) fn elapsed(&self) -> Duration {
        let end = self.stopped.unwrap_or_else(Instant::now);
        end.saturating_duration_since(self.began)
    }

    pub(crate) fn latencies(&self) -> &Histogram<u64> {
        self.latencies.histogram()
    }

    pub(crate) fn moments(&self) -> &[Moment] {
        &self.moments
    }
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

    #[test]
    fn what_comes_too_late_does_not_count_but_its_latency_does() {
        let mut meter = Meter::new("answers", 1, Progress::Silent);
        meter.came(Duration::from_millis(1));
        meter.stop();
        let took = meter.elapsed();
        meter.came(Duration::from_secs(2));
        meter.add(7);
        assert_eq!((meter.count(), meter.latencies().len()), (1, 2));
        assert!(meter.latencies().max() >= 2_000_000);
        assert_eq!(meter.elapsed(), took, "it counts no longer");
        meter.reset();
        meter.add(1);
        assert_eq!(meter.count(), 1, "it counts again");
    }
}
