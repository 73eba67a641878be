//! The metrics of one part of the product each.

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

use super::{Labelled, Page, Timing};

/// What is counted of the events that backends publish.
#[derive(Debug)]
pub struct EventMetrics {
    /// Events of backends that were handed to a client's transport, by priority and kind: one for each client. Durable events that
    /// wait in the inbox for a client who is away, or slow, are not among them.
    ///
    /// The delivery success rate:
    /// `sum(rate(otomo_events_delivered_total[5m])) / (sum(rate(otomo_events_delivered_total[5m])) +
    /// sum(rate(otomo_events_dropped_total[5m])))`. A state that a newer one has replaced is no loss.
    pub delivered: Labelled<Counter, 2>,
    /// Events of backends that a client was spared because a newer state of their key came, by priority and kind.
    pub coalesced: Labelled<Counter, 2>,
    /// Events of backends that a client did not get, by reason (`no_room`, `expired`, `closed`), priority and kind.
    pub dropped: Labelled<Counter, 3>,
    /// From the moment an event of a backend was accepted to the one at which a client's transport took it, by priority and kind.
    /// The 99th percentile:
    /// `histogram_quantile(0.99, sum by (le, priority) (rate(otomo_event_latency_seconds_bucket[5m])))`.
    pub latency: Labelled<Timing, 2>,
}

impl EventMetrics {
    pub(super) fn new(page: &mut Page) -> Self {
        Self {
            delivered: page.labelled_by(
                "events_delivered",
                "Events of backends that clients were sent",
                ["priority", "kind"],
            ),
            coalesced: page.labelled_by(
                "events_coalesced",
                "Events of backends that gave way to a newer state",
                ["priority", "kind"],
            ),
            dropped: page.labelled_by(
                "events_dropped",
                "Events of backends that clients did not get",
                ["reason", "priority", "kind"],
            ),
            // 100 µs to 13 s.
            latency: page.timings(
                "event_latency",
                "From an event's acceptance to a client's transport",
                ["priority", "kind"],
                || Timing::new(100e-6, 18),
            ),
        }
    }
}

/// What is counted of points.
#[derive(Debug)]
pub struct PointMetrics {
    /// Orders to change points, by what became of them: `applied`, `repeated`, `insufficient`, `refused`, `failed`.
    pub orders: Labelled<Counter>,
    /// Events of points that were told, by type.
    pub events: Labelled<Counter>,
    /// Those of them that could not be delivered to connected clients, and wait in the inbox.
    pub undelivered: Counter,
}

impl PointMetrics {
    pub(super) fn new(page: &mut Page) -> Self {
        Self {
            orders: page.labelled("point_orders", "Orders to change points", "outcome"),
            events: page.labelled("point_events", "Events of points that were told", "type"),
            undelivered: page.counter(
                "point_events_undelivered",
                "Events of points that could not be delivered at once",
            ),
        }
    }
}

/// What is counted of actions.
#[derive(Debug)]
pub struct ActionMetrics {
    /// By what came of them: `answered`, or why there is no result.
    pub asked: Labelled<Counter>,
    /// What the app's backend took for those that it was asked for.
    pub took: Timing,
    /// Whether it is asked: 0 it is, 1 one action finds out whether it works again, 2 it is left alone.
    pub breaker: Gauge,
}

impl ActionMetrics {
    pub(super) fn new(page: &mut Page) -> Self {
        Self {
            asked: page.labelled(
                "actions",
                "Actions of clients, by what came of them",
                "outcome",
            ),
            // 1 ms to 65 s, past `actions.timeout`.
            took: page.timing("action", "What the webhook took for an action", 1e-3, 17),
            breaker: page.gauge(
                "actions_breaker",
                "Whether the webhook is asked: 0 yes, 1 once, to see whether it works, 2 no",
            ),
        }
    }
}

/// What is counted of the nodes of a database.
#[derive(Debug)]
pub struct NodeMetrics {
    /// Nodes that are alive, as this one last saw.
    pub alive: Gauge,
    /// How often this one found itself expired and joined again.
    pub expired: Counter,
    /// Nodes that died and whose affairs this one settled.
    pub settled: Counter,
}

impl NodeMetrics {
    pub(super) fn new(page: &mut Page) -> Self {
        Self {
            alive: page.gauge("nodes_alive", "Nodes of the database that are alive"),
            expired: page.counter(
                "node_expired",
                "Times that this node was away for longer than its lease",
            ),
            settled: page.counter(
                "nodes_settled",
                "Dead nodes that this one settled the affairs of",
            ),
        }
    }
}

/// What is counted of what nodes tell each other through Redis. All 0 for a node that is alone.
#[derive(Debug)]
pub struct BackplaneMetrics {
    /// Whether other nodes are heard: 1 they are, 0 not.
    pub up: Gauge,
    /// Channels that this node hears: its own, that of all nodes, those of its users and of its rooms.
    pub channels: Gauge,
    /// Messages to other nodes, by subject.
    pub told: Labelled<Counter>,
    /// Messages that were heard, by subject; also those of this node that came back to it.
    pub heard: Labelled<Counter>,
    /// Messages that were lost, by reason: `overflow` (too many waited), `link_down`, `slow_listener`, `garbled`. They are hints:
    /// what they tell of is in the store.
    pub dropped: Labelled<Counter>,
    /// Times at which this node may have missed something, and looked into the store for it.
    pub gaps: Counter,
    /// Messages that wait to be published.
    pub queue: Gauge,
    /// From the moment at which a message was told to the one at which Redis had passed it on.
    pub published: Timing,
    /// What one pipeline of messages took.
    pub pipeline: Timing,
    /// Times at which Redis was asked something else, each answered in one round trip.
    pub round_trips: Counter,
    /// Whether Redis refuses to be told who is online: 1 it does, 0 not.
    pub refuses: Gauge,
    /// Times at which it did.
    pub refusals: Counter,
}

impl BackplaneMetrics {
    pub(super) fn new(page: &mut Page) -> Self {
        Self {
            up: page.gauge("backplane_up", "Whether other nodes are heard"),
            channels: page.gauge("backplane_channels", "Channels that are heard"),
            told: page.labelled("backplane_told", "Messages to other nodes", "subject"),
            heard: page.labelled("backplane_heard", "Messages of nodes", "subject"),
            dropped: page.labelled(
                "backplane_dropped",
                "Messages between nodes that were lost",
                "reason",
            ),
            gaps: page.counter(
                "backplane_gaps",
                "Times at which something may have been missed",
            ),
            queue: page.gauge("backplane_queue", "Messages that wait to be published"),
            // 50 µs to 1.6 s.
            published: page.timing(
                "backplane_publish",
                "From a message's telling to its publication",
                50e-6,
                16,
            ),
            pipeline: page.timing("backplane_pipeline", "One pipeline of messages", 50e-6, 16),
            round_trips: page.counter(
                "redis_round_trips",
                "Times at which Redis was asked something",
            ),
            refuses: page.gauge("redis_refuses", "Whether Redis refuses who is online"),
            refusals: page.counter(
                "redis_refusals",
                "Times at which Redis refused who is online",
            ),
        }
    }
}
