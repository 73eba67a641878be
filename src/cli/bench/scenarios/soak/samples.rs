//! What a server holds over time, and whether that levels off. Pure.

/// Fewer samples than this in half a run say nothing about where it goes.
const FEW: usize = 3;

/// What a server holds at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Seconds since the beginning.
    pub(super) at: f64,
    pub(super) memory_kib: f64,
    pub(super) descriptors: f64,
    pub(super) threads: f64,
    /// Where it is known.
    pub(super) database_kib: Option<f64>,
    /// Of that, what waits in the write-ahead log.
    pub(super) log_kib: Option<f64>,
}

/// All samples of a run, oldest first.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<Sample>);

impl Samples {
    pub(super) fn extend(&mut self, samples: impl IntoIterator<Item = Sample>) {
        self.0.extend(samples);
    }

    pub(super) fn last(&self) -> Option<&Sample> {
        self.0.last()
    }

    /// Growth of a figure over the last half of the run, in percent of its fitted value at the start of that half. None where
    /// there are too few samples. One peak at the end is no growth: it hardly moves the line that fits best.
    pub(super) fn growth_percent(&self, figure: impl Fn(&Sample) -> f64) -> Option<f64> {
        let (slope, half) = self.slope(&figure)?;
        let (first, last) = (half.first()?, half.last()?);
        let mean = half.iter().map(&figure).sum::<f64>() / half.len() as f64;
        let grown = slope * (last.at - first.at);
        Some(grown / (mean - grown / 2.0).max(f64::MIN_POSITIVE) * 100.0)
    }

    /// How fast a figure grew over the last half of the run, in a second.
    pub(super) fn growth_per_second(&self, figure: impl Fn(&Sample) -> f64) -> Option<f64> {
        self.slope(&figure).map(|(slope, _)| slope)
    }

    /// The slope of the line that fits the last half best (least squares), and that half.
    fn slope(&self, figure: &impl Fn(&Sample) -> f64) -> Option<(f64, &[Sample])> {
        let half = self.0.get(self.0.len() / 2..)?;
        if half.len() < FEW {
            return None;
        }
        let count = half.len() as f64;
        let mean = |of: &dyn Fn(&Sample) -> f64| half.iter().map(of).sum::<f64>() / count;
        let (at, value) = (mean(&|it| it.at), mean(&|it| figure(it)));
        let along = mean(&|it| (it.at - at) * (figure(it) - value));
        let spread = mean(&|it| (it.at - at).powi(2));
        (spread > 0.0).then_some((along / spread, half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples every second with this much memory.
    fn samples(memory: impl Fn(f64) -> f64) -> Samples {
        let sample = |at| Sample {
            at,
            memory_kib: memory(at),
            descriptors: 10.0,
            threads: 3.0,
            database_kib: None,
            log_kib: None,
        };
        Samples((0..20).map(|at| sample(f64::from(at))).collect())
    }

    fn memory_growth(samples: &Samples) -> f64 {
        samples.growth_percent(|it| it.memory_kib).unwrap()
    }

    #[test]
    fn what_has_levelled_off_does_not_grow_however_it_rose_before() {
        let levelled = samples(|at| 1_000.0 + 500.0 * at.min(9.0));
        assert!(memory_growth(&levelled).abs() < 1e-6);
        let leaking = samples(|at| 1_000.0 + 100.0 * at);
        // From 2,000 at the 10th to 2,900 at the 19th second.
        assert!((memory_growth(&leaking) - 45.0).abs() < 1e-6);
        let slope = leaking.growth_per_second(|it| it.memory_kib).unwrap();
        assert!((slope - 100.0).abs() < 1e-6);
    }

    #[test]
    fn one_peak_is_no_growth() {
        let peak = samples(|at| if at == 14.0 { 1_500.0 } else { 1_000.0 });
        assert!(memory_growth(&peak).abs() < 5.0, "{}", memory_growth(&peak));
    }

    #[test]
    fn too_few_samples_say_nothing() {
        let mut few = Samples::default();
        assert_eq!(few.growth_percent(|it| it.memory_kib), None);
        few.extend(samples(|_| 1.0).0.into_iter().take(4));
        assert_eq!(few.growth_percent(|it| it.memory_kib), None);
    }
}
