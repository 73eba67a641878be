//! For operators: is the process alive, may it get traffic, and what it counts.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    web::{Data, Json},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{Answer, Shared, tags};
use crate::{
    backplane::Link,
    contract::{
        Access, Area, get,
        gives::{Gives, Operation, Schemas},
    },
    kernel::{
        logging::chain,
        metrics,
        time::{Clock, Timestamp},
    },
    protocol::{error_code::ErrorCode, fault::Fault},
    store::StoreError,
};

/// How long the store may take before it counts as away. A load balancer asks every few seconds and waits no longer.
const STORE_PATIENCE: Duration = Duration::from_secs(1);

/// How far the node's clock may be from the store's. Beyond it people would be told wrong deadlines.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

pub(super) fn area() -> Area {
    Area::new("", Access::Anyone).with(
        &tags::OPERATIONS,
        [
            get(
                "/health/live",
                "isLive",
                live,
                "Whether the process answers",
            ),
            get(
                "/health/ready",
                "isReady",
                ready,
                "Whether this node should get new clients",
            )
            .details("If not, `context.reasons` says why: `draining`, `store`, `clock`, `lease`.")
            .refuses([ErrorCode::Unavailable]),
            get(
                "/metrics",
                "getMetrics",
                counted,
                "Everything that is counted, for Prometheus",
            ),
        ],
    )
}

#[derive(Serialize, JsonSchema)]
struct Live {
    live: bool,
}

/// The process answers: all that this asks.
async fn live() -> Answer<Live> {
    Ok(Json(Live { live: true }))
}

#[derive(Serialize, JsonSchema)]
struct Ready {
    ready: bool,
    /// What works worse than it should. The node serves its clients all the same: to send them elsewhere would help nobody, for
    /// what is away is away for all nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degraded: Vec<Degraded>,
}

/// What a node does without for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Degraded {
    /// Redis: this node and others do not hear each other.
    Redis,
    /// Redis does not take who is online: of friends on other nodes it is known late.
    Friends,
}

/// Why a node should get no new clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Unready {
    /// It is about to stop.
    Draining,
    /// The database does not answer.
    Store,
    /// Its clock is too far from the store's.
    Clock,
    /// It has been away for longer than its lease and has to join the others again.
    Lease,
}

async fn ready(shared: Data<Shared>) -> Answer<Ready> {
    let checked = actix_rt::time::timeout(STORE_PATIENCE, shared.store.check()).await;
    let store = match checked {
        Ok(checked) => checked.inspect_err(|error| {
            let cause = chain(error);
            log::warn!("not ready cause={cause}");
        }),
        Err(_elapsed) => Err(StoreError::Overloaded("it takes too long to answer")),
    };
    let (own, stored) = (Clock::system().now(), shared.store.now());
    let mut reasons = reasons(shared.gate.drain().has_begun(), store.is_ok(), own, stored);
    if !shared.membership.is_current() {
        reasons.push(Unready::Lease);
    }
    if reasons.is_empty() {
        let degraded = match shared.dispatch.backplane().link() {
            Link::Down => Some(Degraded::Redis),
            Link::Alone | Link::Up => shared.friends.are_refused().then_some(Degraded::Friends),
        };
        return Ok(Json(Ready {
            ready: true,
            degraded: Vec::from_iter(degraded),
        }));
    }
    let message = "this node should get no new clients";
    Err(Fault::new(ErrorCode::Unavailable, message)
        .about("reasons", json!(reasons))
        .into())
}

/// `own` is the node's clock, `stored` the store's. On SQLite they are the same one.
fn reasons(draining: bool, store: bool, own: Timestamp, stored: Timestamp) -> Vec<Unready> {
    let apart = own.until(stored).max(stored.until(own));
    let found = [
        (draining, Unready::Draining),
        (!store, Unready::Store),
        (apart > CLOCK_TOLERANCE, Unready::Clock),
    ];
    let found = found.into_iter().filter(|(is, _)| *is);
    found.map(|(_, reason)| reason).collect()
}

/// Everything that is counted, for Prometheus.
async fn counted(shared: Data<Shared>) -> Page {
    Page(shared.metrics.encode())
}

/// The page that Prometheus reads.
struct Page(String);

impl Responder for Page {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(metrics::CONTENT_TYPE)
            .body(self.0)
    }
}

impl Gives for Page {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        let text = schemas.outgoing::<String>();
        operation.answer(200, "Done.", metrics::CONTENT_TYPE, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_says_all_that_keeps_it_from_being_ready() {
        let now = Timestamp::from_millis(10_000);
        let (early, late) = (
            now - Duration::from_secs(1),
            now + Duration::from_millis(1_001),
        );
        assert_eq!(reasons(false, true, now, now), []);
        assert_eq!(reasons(false, true, now, early), []);
        assert_eq!(reasons(false, true, now, late), [Unready::Clock]);
        assert_eq!(reasons(false, true, late, now), [Unready::Clock]);
        let all = [Unready::Draining, Unready::Store, Unready::Clock];
        assert_eq!(reasons(true, false, now, late), all);
    }
}
