//! The commits of a server, from its metrics.

use std::time::Duration;

use super::{Endpoint, http};
use crate::cli::bench::fault::BenchFault;

/// Commits, and what was in them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Commits {
    count: f64,
    writes: f64,
    seconds: f64,
}

impl Commits {
    /// Those since the server started.
    pub(crate) fn read(endpoint: &Endpoint) -> Result<Self, BenchFault> {
        let page = http::get(endpoint, "/metrics")?;
        Self::parse(&page).ok_or(BenchFault::NoMetrics)
    }

    /// Those after `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            count: self.count - before.count,
            writes: self.writes - before.writes,
            seconds: self.seconds - before.seconds,
        }
    }

    /// Writes that one commit stored, in the mean.
    pub(crate) fn mean_writes(&self) -> f64 {
        self.writes / self.count.max(1.0)
    }

    /// How long one commit took, in the mean.
    pub(crate) fn mean_time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.max(0.0) / self.count.max(1.0))
    }

    fn parse(page: &str) -> Option<Self> {
        let figure = |name: &str| -> Option<f64> {
            let mut figures = page.lines().filter_map(|line| line.split_once(' '));
            let (_, figure) = figures.find(|(its, _)| *its == name)?;
            figure.parse().ok()
        };
        Some(Self {
            count: figure("otomo_commit_jobs_count")?,
            writes: figure("otomo_commit_jobs_sum")?,
            seconds: figure("otomo_commit_seconds_sum")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::metrics::Metrics;

    #[test]
    fn the_servers_own_page_is_understood() {
        let metrics = Metrics::default();
        let before = Commits::parse(&metrics.encode()).unwrap();
        for (jobs, millis) in [(1.0, 2), (15.0, 4)] {
            metrics.commit_jobs.observe(jobs);
            metrics.commit.took(Duration::from_millis(millis));
        }
        let since = Commits::parse(&metrics.encode()).unwrap().since(&before);
        assert_eq!(since.mean_writes(), 8.0);
        assert_eq!(since.mean_time(), Duration::from_millis(3));
        assert_eq!(Commits::parse("# EOF\n"), None);
    }
}
