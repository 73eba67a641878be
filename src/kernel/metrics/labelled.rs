//! Metrics with labels.

use std::{
    array,
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::{MetricType, TypedMetric, counter::Counter},
};

/// A metric with labels, mostly one. Clones count into the same series.
#[derive(Debug)]
pub struct Labelled<M, const N: usize = 1>(Arc<Series<M, N>>);

/// The series of one metric.
#[derive(Debug)]
struct Series<M, const N: usize> {
    labels: [&'static str; N],
    /// Makes a series that has counted nothing yet.
    new: fn() -> M,
    /// Each that was asked for, by the values of its labels.
    known: RwLock<BTreeMap<[&'static str; N], M>>,
}

impl<M: Clone> Labelled<M> {
    /// The handle for one value of the label. Keep it where it is used often.
    pub fn of(&self, value: &'static str) -> M {
        self.with([value])
    }
}

impl Labelled<Counter> {
    /// What was counted for each value of the label.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let series = self.series().into_iter();
        series
            .map(|([value], counter)| (value, counter.get()))
            .collect()
    }
}

impl<M: Clone, const N: usize> Labelled<M, N> {
    pub(super) fn new(labels: [&'static str; N], new: fn() -> M) -> Self {
        Self(Arc::new(Series {
            labels,
            new,
            known: RwLock::default(),
        }))
    }

    /// The handle for these values of the labels, in their order. Keep it where it is used often.
    pub fn with(&self, values: [&'static str; N]) -> M {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(metric) = known.get(&values) {
            return metric.clone();
        }
        drop(known);
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(values).or_insert_with(self.0.new).clone()
    }

    /// The handles that were handed out, each once, and the values of their labels.
    pub fn series(&self) -> Vec<([&'static str; N], M)> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let series = known.iter();
        series
            .map(|(values, metric)| (*values, metric.clone()))
            .collect()
    }
}

impl<M, const N: usize> Clone for Labelled<M, N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Clone + EncodeMetric + TypedMetric, const N: usize> EncodeMetric for Labelled<M, N> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for (values, metric) in self.series() {
            let mut values = self.0.labels.into_iter().zip(values);
            let labels: [_; N] = array::from_fn(|_| values.next().unwrap_or_default());
            metric.encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        M::TYPE
    }

    fn is_empty(&self) -> bool {
        let known = self.0.known.read();
        known.unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::metrics::Metrics;

    #[test]
    fn what_was_counted_is_told_by_label_and_looking_adds_no_series() {
        let metrics = Metrics::default();
        assert!(metrics.closes.counts().is_empty());
        metrics.closes.of("drain").inc();
        metrics.closes.of("client").inc_by(2);
        metrics.closes.of("drain").inc();
        let counts = metrics.closes.counts();
        assert_eq!(
            counts.into_iter().collect::<Vec<_>>(),
            [("client", 2), ("drain", 2)]
        );
        let page = metrics.encode();
        assert_eq!(page.matches("otomo_closes_total{").count(), 2);
    }
}
