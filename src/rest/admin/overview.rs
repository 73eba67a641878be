//! `/admin/api/overview`: this node in one look.
//!
//! What is counted is told as it stands since the node's start, and not as a rate. Whoever wants rates looks twice and divides
//! by what `uptimeMs` grew by. So each reader has rates over its own interval, however many look and however often; nothing is
//! kept here for them; and a look that failed costs precision, not correctness. Two looks compare only if they are of one
//! process: the same `node`, and `uptimeMs` has grown. A load balancer may have asked another node the second time.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    calls::rules::call::PhaseName,
    kernel::{
        ids::NodeId,
        iso::Iso,
        memory,
        metrics::{Metrics, TimingCounts},
        time::millis,
    },
    presence::rules::Status,
    rest::{Answer, Shared},
};

/// The node.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overview {
    node: NodeId,
    version: &'static str,
    /// The store's clock.
    now: Iso,
    /// Milliseconds since the node's start, by a clock that only runs forward.
    uptime_ms: u64,
    /// What the process takes of the machine's memory; `null` where that is not known.
    memory_bytes: Option<u64>,
    draining: bool,
    /// Sockets that are open, also of those who have yet to say who they are.
    connections: usize,
    /// Connected clients by transport.
    transports: BTreeMap<&'static str, i64>,
    /// Different people among the connected.
    users: usize,
    /// People who are there: also those who have been gone for less than their grace.
    users_online: usize,
    otomo: OtomoCounts,
    live_calls: usize,
    /// The live calls of all nodes.
    calls: CallCounts,
    /// Whether delivery has so much to do that new commands are refused.
    congested: bool,
    /// Bytes that wait for clients.
    outbox_bytes: i64,
    /// Jobs that wait for the store's writer.
    store_queue: i64,
    totals: OverviewTotals,
    latency: OverviewLatencies,
}

/// How many otomo have which status.
#[derive(Serialize, JsonSchema)]
struct OtomoCounts {
    online: i64,
    busy: i64,
    #[serde(rename = "break")]
    on_break: i64,
    offline: i64,
}

impl OtomoCounts {
    fn of(metrics: &Metrics) -> Self {
        let count = |status: Status| metrics.otomo.of(status.as_str()).get();
        Self {
            online: count(Status::Online),
            busy: count(Status::Busy),
            on_break: count(Status::Break),
            offline: count(Status::Offline),
        }
    }
}

/// How many live calls are in which phase.
#[derive(Default, Serialize, JsonSchema)]
struct CallCounts {
    requesting: u64,
    ringing: u64,
    connecting: u64,
    connected: u64,
}

impl CallCounts {
    fn new(counts: Vec<(PhaseName, u64)>) -> Self {
        let mut all = Self::default();
        for (phase, count) in counts {
            match phase {
                PhaseName::Requesting => all.requesting = count,
                PhaseName::Ringing => all.ringing = count,
                PhaseName::Connecting => all.connecting = count,
                PhaseName::Connected => all.connected = count,
                PhaseName::Ended => {}
            }
        }
        all
    }
}

/// What was counted since the node's start.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OverviewTotals {
    /// Messages from clients.
    messages_in: u64,
    /// Messages to clients, one for each client.
    messages_out: u64,
    /// Handshakes that were refused, by reason.
    handshakes_refused: BTreeMap<&'static str, u64>,
    /// Connections that ended, by the code with which the server closed them; `client` for the others.
    closes: BTreeMap<&'static str, u64>,
    /// Events that slow clients were spared, by reason.
    drops: BTreeMap<&'static str, u64>,
    /// Calls that ended, by outcome.
    calls_ended: BTreeMap<&'static str, u64>,
}

impl OverviewTotals {
    fn of(metrics: &Metrics) -> Self {
        Self {
            messages_in: metrics.messages_in.counts().values().sum(),
            messages_out: metrics.messages_out.counts().values().sum(),
            handshakes_refused: metrics.handshakes_refused.counts(),
            closes: metrics.closes.counts(),
            drops: metrics.drops.counts(),
            calls_ended: metrics.calls_ended.counts(),
        }
    }
}

/// How long things took since the node's start.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OverviewLatencies {
    /// What a worker took to tell all its clients what was broadcast.
    broadcast: Latency,
    /// What one commit of the store took.
    commit: Latency,
    /// From the acceptance of a backend's event to a client's transport.
    event: Latency,
    /// From a call's accept to media on both sides.
    call_setup: Latency,
}

impl OverviewLatencies {
    fn of(metrics: &Metrics) -> Self {
        let events = metrics.events.latency.series().into_iter();
        let events = events.map(|(_, timing)| timing.counts());
        let events = events.reduce(|mut all, one| {
            all.add(&one);
            all
        });
        Self {
            broadcast: metrics.broadcast.counts().into(),
            commit: metrics.commit.counts().into(),
            event: events.map_or_else(Latency::default, Latency::from),
            call_setup: metrics.call_setup.counts().into(),
        }
    }
}

/// A histogram.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Latency {
    count: u64,
    sum_seconds: f64,
    /// From short to long. Quantiles follow from what two looks differ by.
    buckets: Vec<LatencyBucket>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LatencyBucket {
    /// How long the longest in it may have taken; `null` for the last one, in which are all that took longer.
    up_to_seconds: Option<f64>,
    /// Those in this bucket alone.
    count: u64,
}

impl From<TimingCounts> for Latency {
    fn from(counts: TimingCounts) -> Self {
        let bucket = |(bound, count): (f64, u64)| LatencyBucket {
            up_to_seconds: bound.is_finite().then_some(bound),
            count,
        };
        Self {
            count: counts.count(),
            sum_seconds: counts.sum.as_secs_f64(),
            buckets: counts.buckets.into_iter().map(bucket).collect(),
        }
    }
}

/// `GET /admin/api/overview`
pub(super) async fn show(shared: Data<Shared>) -> Answer<Overview> {
    let (metrics, roster) = (&shared.metrics, shared.dispatch.roster());
    let transports = metrics.connections.series().into_iter();
    Ok(Json(Overview {
        node: shared.node.clone(),
        version: env!("CARGO_PKG_VERSION"),
        now: shared.store.now().into(),
        uptime_ms: millis(metrics.age()),
        memory_bytes: memory::resident_kib().map(|kib| kib * 1_024),
        draining: shared.gate.drain().has_begun(),
        connections: shared.gate.connections(),
        transports: transports
            .map(|([name], count)| (name, count.get()))
            .collect(),
        users: roster.users(),
        users_online: roster.connectedness().online(),
        otomo: OtomoCounts::of(metrics),
        live_calls: shared.calls.live(),
        calls: CallCounts::new(shared.calls.live_by_phase().await?),
        congested: shared.dispatch.congested(),
        outbox_bytes: metrics.outbox_bytes.get(),
        store_queue: metrics.store_queue.get(),
        totals: OverviewTotals::of(metrics),
        latency: OverviewLatencies::of(metrics),
    }))
}
