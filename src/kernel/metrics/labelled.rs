//! Metrics with labels.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use prometheus_client::metrics::{counter::Counter, family::Family};

/// The labels of one series: their names, and what they are there.
pub(super) type Labels<const N: usize> = [(&'static str, &'static str); N];

/// The series of one metric.
pub(super) type Series<M, const N: usize> = Family<Labels<N>, M, fn() -> M>;

/// A metric with labels, mostly one.
#[derive(Debug)]
pub struct Labelled<M, const N: usize = 1> {
    labels: [&'static str; N],
    family: Series<M, N>,
    /// The values of the labels of each series: the family cannot be walked.
    known: Mutex<Vec<[&'static str; N]>>,
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
    pub(super) fn new(labels: [&'static str; N], family: Series<M, N>) -> Self {
        Self {
            labels,
            family,
            known: Mutex::default(),
        }
    }

    /// The handle for these values of the labels, in their order. Keep it where it is used often.
    pub fn with(&self, values: [&'static str; N]) -> M {
        let labels = self.labelled(values);
        if let Some(known) = self.family.get(&labels) {
            return known.clone();
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(&values) {
            known.push(values);
        }
        self.family.get_or_create_owned(&labels)
    }

    /// The handles that were handed out, each once, and the values of their labels.
    pub fn series(&self) -> Vec<([&'static str; N], M)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let series = known.iter().filter_map(|values| {
            let metric = self.family.get(&self.labelled(*values))?;
            Some((*values, metric.clone()))
        });
        series.collect()
    }

    fn labelled(&self, values: [&'static str; N]) -> Labels<N> {
        let mut labels = [("", ""); N];
        let named = self.labels.into_iter().zip(values);
        labels
            .iter_mut()
            .zip(named)
            .for_each(|(label, pair)| *label = pair);
        labels
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
