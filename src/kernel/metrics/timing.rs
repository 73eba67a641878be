//! A histogram of spans of time that can be read, and not only be printed for Prometheus: admins see its quantiles.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, TypedMetric, histogram::exponential_buckets},
};

/// A histogram of spans of time. Clones count into the same one.
#[derive(Clone, Debug)]
pub struct Timing(Arc<Buckets>);

#[derive(Debug)]
struct Buckets {
    /// Up to how many seconds each bucket reaches; the last one to infinity.
    bounds: Box<[f64]>,
    counts: Box<[AtomicU64]>,
    /// Of all spans, in nanoseconds: enough for five hundred years of them.
    sum: AtomicU64,
}

/// What a [`Timing`] has counted since the start. Two of them tell what was counted between.
#[derive(Debug, Clone, PartialEq)]
pub struct TimingCounts {
    /// Up to how many seconds each bucket reaches, and how many spans were in it and in none before it. The last one reaches
    /// to infinity.
    pub buckets: Vec<(f64, u64)>,
    /// Of all spans.
    pub sum: Duration,
}

impl Timing {
    /// Buckets of seconds that double from `first` on, and one for what is longer.
    pub(super) fn new(first: f64, buckets: u16) -> Self {
        let bounds = exponential_buckets(first, 2.0, buckets).chain([f64::INFINITY]);
        let bounds: Box<[f64]> = bounds.collect();
        Self(Arc::new(Buckets {
            counts: bounds.iter().map(|_| AtomicU64::new(0)).collect(),
            bounds,
            sum: AtomicU64::new(0),
        }))
    }

    /// Notes that it took `span`, this time.
    pub fn took(&self, span: Duration) {
        let Buckets {
            bounds,
            counts,
            sum,
        } = &*self.0;
        let seconds = span.as_secs_f64();
        let place = bounds.partition_point(|bound| *bound < seconds);
        if let Some(count) = counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
            let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
            sum.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    /// What was counted. A span that is noted meanwhile may be in the buckets and not yet in the sum.
    pub fn counts(&self) -> TimingCounts {
        let counts = self.0.counts.iter().map(|it| it.load(Ordering::Relaxed));
        TimingCounts {
            buckets: self.0.bounds.iter().copied().zip(counts).collect(),
            sum: Duration::from_nanos(self.0.sum.load(Ordering::Relaxed)),
        }
    }
}

impl TimingCounts {
    /// How many spans.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// Adds what another one with the same buckets has counted.
    pub fn add(&mut self, other: &Self) {
        for ((_, count), (_, more)) in self.buckets.iter_mut().zip(&other.buckets) {
            *count += more;
        }
        self.sum += other.sum;
    }
}

impl TypedMetric for Timing {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Timing {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let counts = self.counts();
        let (sum, count) = (counts.sum.as_secs_f64(), counts.count());
        // The encoder adds the buckets up by itself.
        encoder.encode_histogram::<NoLabelSet>(sum, count, &counts.buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(spans: &[u64]) -> Timing {
        let timing = Timing::new(1e-3, 3);
        for micros in spans {
            timing.took(Duration::from_micros(*micros));
        }
        timing
    }

    #[test]
    fn a_span_is_in_the_first_bucket_that_reaches_it() {
        let counts = counted(&[0, 1_000, 1_001, 4_000, 4_001, 9_000_000]).counts();
        let expected = [(1e-3, 2), (2e-3, 1), (4e-3, 1), (f64::INFINITY, 2)];
        assert_eq!(counts.buckets, expected);
        assert_eq!(
            (counts.count(), counts.sum),
            (6, Duration::from_micros(9_010_002))
        );
    }

    #[test]
    fn a_clone_counts_into_the_same_one_and_counts_add_up() {
        let timing = counted(&[500]);
        timing.clone().took(Duration::from_micros(1_500));
        let mut all = timing.counts();
        all.add(&counted(&[3_000, 500]).counts());
        assert_eq!(
            all.buckets.iter().map(|it| it.1).collect::<Vec<_>>(),
            [2, 1, 1, 0]
        );
        assert_eq!(all.sum, Duration::from_micros(5_500));
    }
}
