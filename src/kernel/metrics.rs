//! What the server counts about itself, for Prometheus.

use std::time::Duration;

use prometheus_client::{
    metrics::histogram::{Histogram, exponential_buckets},
    registry::Registry,
};

/// All counters, gauges and histograms of this process. Never labelled by user, call or room.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    broadcast_walk: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("otomo");
        let broadcast_walk = Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        registry.register(
            "broadcast_seconds",
            "Time in which a worker has told all its clients what was broadcast",
            broadcast_walk.clone(),
        );
        Self {
            registry,
            broadcast_walk,
        }
    }
}

impl Metrics {
    /// A worker has told all its clients what was broadcast.
    pub fn broadcast_walked(&self, took: Duration) {
        self.broadcast_walk.observe(took.as_secs_f64());
    }

    /// Everything in Prometheus' text format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string fails only if it cannot grow.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}
