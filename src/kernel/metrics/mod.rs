//! What is counted and measured, for Prometheus (`/metrics`).
//!
//! Nothing is ever labelled by user, call or room: that would be one series each, forever. Labels are
//! `&'static str`, which a name from outside cannot be; the enums of the rooms have them (`as_str`).
//!
//! A labelled metric hands out handles ([`Labelled::of`]). Looking one up takes a lock and a search; a handle is
//! one atomic addition. Code that counts on a hot path (per delivery, per frame) looks them up at the start and keeps them.

mod groups;
mod handles;
mod labelled;
mod timing;

use std::time::{Duration, Instant};

use prometheus_client::{
    encoding::text,
    metrics::{
        TypedMetric,
        counter::Counter,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Metric, Registry, Unit},
};

pub use self::{
    groups::{ActionMetrics, BackplaneMetrics, EventMetrics, NodeMetrics, PointMetrics},
    handles::Handles,
    labelled::Labelled,
    timing::{Timing, TimingCounts},
};

/// What [`Metrics::encode`] writes, for the header `Content-Type`.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted. One for each server, shared.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    since: Instant,
    /// Connected clients, by transport.
    pub connections: Labelled<Gauge>,
    /// Requests of long polling (Socket.IO) for a session, by method.
    pub polls: Labelled<Counter>,
    /// WebSockets that came to take over from long polling (Socket.IO), by outcome.
    pub upgrades: Labelled<Counter>,
    /// Requests for sessions of other nodes, by outcome: `answered`, or why that node gave no answer.
    pub forwards: Labelled<Counter>,
    /// Handshakes that were refused, by reason.
    pub handshakes_refused: Labelled<Counter>,
    /// Connections that have ended, by the code with which the server closed them; `client` for those that it did not.
    pub closes: Labelled<Counter>,
    /// Messages from clients, by type; `unknown` for those that are not commands.
    pub messages_in: Labelled<Counter>,
    /// Messages to clients, by type: one for each client. `broadcast` stands for those that were told to all at once.
    pub messages_out: Labelled<Counter>,
    /// Bytes that wait in all outboxes.
    pub outbox_bytes: Gauge,
    /// Events that a client was spared because it reads slowly, by reason: `replaced` by a newer state, or `no_room`.
    pub drops: Labelled<Counter>,
    /// Updates that left together with others instead of by themselves.
    pub joins: Counter,
    /// What a worker took to tell all its clients what was broadcast.
    pub broadcast: Timing,
    /// Events of backends, on their way to clients.
    pub events: EventMetrics,
    /// Otomo, by the status that people see.
    pub otomo: Labelled<Gauge>,
    /// Actions of clients, and the app's backend that they go to.
    pub actions: ActionMetrics,
    /// Calls that ended, by outcome.
    pub calls_ended: Labelled<Counter>,
    /// Charges of metered calls that have fallen due, by what became of them.
    pub call_charges: Labelled<Counter>,
    /// From accept to media on both sides.
    pub call_setup: Timing,
    /// The nodes of the database.
    pub nodes: NodeMetrics,
    /// Changes of points.
    pub points: PointMetrics,
    /// What one commit of the store took.
    pub commit: Timing,
    /// Jobs that one commit answered.
    pub commit_jobs: Histogram,
    /// Jobs that wait for the store's writer.
    pub store_queue: Gauge,
    /// What nodes tell each other.
    pub backplane: BackplaneMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut page = Page(Registry::with_prefix("otomo"));
        Self {
            connections: page.labelled("connections", "Connected clients", "transport"),
            polls: page.labelled("polls", "Requests of long polling", "method"),
            upgrades: page.labelled(
                "upgrades",
                "WebSockets that came to take over from long polling",
                "outcome",
            ),
            forwards: page.labelled(
                "forwards",
                "Requests for sessions of other nodes",
                "outcome",
            ),
            handshakes_refused: page.labelled(
                "handshakes_refused",
                "Handshakes that were refused",
                "reason",
            ),
            closes: page.labelled(
                "closes",
                "Connections that ended, by who closed them",
                "code",
            ),
            messages_in: page.labelled("messages_in", "Messages from clients", "type"),
            messages_out: page.labelled("messages_out", "Messages to clients", "type"),
            outbox_bytes: page.gauge("outbox_bytes", "Bytes that wait for clients"),
            drops: page.labelled("drops", "Events that slow clients were spared", "reason"),
            joins: page.counter("joins", "Updates that left together with others"),
            // From a handful of sessions to tens of thousands: 50 µs to 1.6 s.
            broadcast: page.timing("broadcast", "Telling all clients of a worker", 50e-6, 16),
            events: EventMetrics::new(&mut page),
            otomo: page.labelled("otomo", "Otomo, by the status that people see", "status"),
            actions: ActionMetrics::new(&mut page),
            calls_ended: page.labelled("calls_ended", "Calls that ended", "outcome"),
            call_charges: page.labelled("call_charges", "Charges of metered calls", "outcome"),
            // 50 ms to 25 s, past `calls.connect_timeout`.
            call_setup: page.timing(
                "call_setup",
                "From accept to media on both sides",
                50e-3,
                10,
            ),
            nodes: NodeMetrics::new(&mut page),
            points: PointMetrics::new(&mut page),
            // A flush of a good disk is 0.1 ms, of a bad one 100 ms.
            commit: page.timing("commit", "One commit of the store", 100e-6, 15),
            commit_jobs: page.histogram("commit_jobs", "Jobs that one commit answered", 12),
            store_queue: page.gauge("store_queue", "Jobs that wait for the store's writer"),
            backplane: BackplaneMetrics::new(&mut page),
            registry: page.0,
            since: Instant::now(),
        }
    }
}

impl Metrics {
    /// For how long it has been counted: since the server's start.
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Everything in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        let mut page = String::new();
        // Writing to a `String` does not fail.
        let _ = text::encode(&mut page, &self.registry);
        page
    }
}

/// The page as it is laid out: each metric is made and put on it in one step.
struct Page(Registry);

impl Page {
    fn labelled<M>(&mut self, name: &str, help: &str, label: &'static str) -> Labelled<M>
    where
        M: Clone + Default + TypedMetric,
        Labelled<M>: Metric,
    {
        self.labelled_by(name, help, [label])
    }

    fn labelled_by<M, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
    ) -> Labelled<M, N>
    where
        M: Clone + Default + TypedMetric,
        Labelled<M, N>: Metric,
    {
        let labelled = Labelled::new(labels, M::default);
        self.0.register(name, help, labelled.clone());
        labelled
    }

    /// Spans of time by labels; the buckets are those of `new`.
    fn timings<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
        new: fn() -> Timing,
    ) -> Labelled<Timing, N> {
        let labelled = Labelled::new(labels, new);
        let unit = Unit::Seconds;
        self.0
            .register_with_unit(name, help, unit, labelled.clone());
        labelled
    }

    fn counter(&mut self, name: &str, help: &str) -> Counter {
        let counter = Counter::default();
        self.0.register(name, help, counter.clone());
        counter
    }

    fn gauge(&mut self, name: &str, help: &str) -> Gauge {
        let gauge = Gauge::default();
        self.0.register(name, help, gauge.clone());
        gauge
    }

    /// Buckets of numbers that double from 1 on.
    fn histogram(&mut self, name: &str, help: &str, buckets: u16) -> Histogram {
        let histogram = Histogram::new(exponential_buckets(1.0, 2.0, buckets));
        self.0.register(name, help, histogram.clone());
        histogram
    }

    /// Buckets of seconds that double from `first` on.
    fn timing(&mut self, name: &str, help: &str, first: f64, buckets: u16) -> Timing {
        let timing = Timing::new(first, buckets);
        let unit = Unit::Seconds;
        self.0.register_with_unit(name, help, unit, timing.clone());
        timing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_on_the_page() {
        let metrics = Metrics::default();
        metrics.connections.of("websocket").inc_by(3);
        let connected = metrics.messages_out.of("connected");
        connected.inc();
        connected.inc();
        metrics.outbox_bytes.set(512);
        metrics.joins.inc_by(7);
        metrics.commit.took(Duration::from_millis(3));
        metrics.commit_jobs.observe(5.0);
        let page = metrics.encode();
        for line in [
            "otomo_connections{transport=\"websocket\"} 3\n",
            "otomo_messages_out_total{type=\"connected\"} 2\n",
            "otomo_outbox_bytes 512\n",
            "otomo_joins_total 7\n",
            "otomo_commit_seconds_count 1\n",
            "otomo_commit_jobs_bucket{le=\"4.0\"} 0\n",
            "otomo_commit_jobs_bucket{le=\"8.0\"} 1\n",
        ] {
            assert!(page.contains(line), "{line:?} is missing in\n{page}");
        }
        assert!(page.ends_with("# EOF\n"));
    }

    #[test]
    fn a_handle_and_its_name_count_into_the_same_series() {
        let metrics = Metrics::default();
        let kept = metrics.drops.of("no_room");
        metrics.drops.of("no_room").inc();
        kept.inc();
        assert_eq!(metrics.drops.of("no_room").get(), 2);
    }
}
