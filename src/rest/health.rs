//! For operators: is the process alive, may it get traffic, and what it counts.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use super::{Answer, Shared, error::ApiError, read};
use crate::{
    backplane::Link,
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

pub(super) fn routes(routes: &mut web::ServiceConfig) {
    let at = web::resource::<&str>;
    routes
        .service(at("/health/live").route(read().to(live)))
        .service(at("/health/ready").route(read().to(ready)))
        .service(at("/metrics").route(read().to(counted)));
}

#[derive(Serialize)]
struct Live {
    live: bool,
}

/// The process answers: all that this asks.
async fn live() -> Answer<Live> {
    Ok(web::Json(Live { live: true }))
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    /// What works worse than it should. The node serves its clients all the same: to send them elsewhere would help nobody, for
    /// what is away is away for all nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degraded: Vec<Degraded>,
}

/// What a node does without for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Degraded {
    /// Redis: this node and others do not hear each other.
    Redis,
    /// Redis does not take who is online: of friends on other nodes it is known late.
    Friends,
}

/// Why a node should get no new clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

async fn ready(shared: web::Data<Shared>) -> Answer<Ready> {
    let checked = actix_rt::time::timeout(STORE_PATIENCE, shared.store.check()).await;
    let store = match checked {
        Ok(checked) => checked.inspect_err(|error| {
            let cause = chain(error);
            log::warn!("not ready cause={cause}");
        }),
        Err(_elapsed) => Err(StoreError::Overloaded("it takes too long to answer")),
    };
    let (own, stored) = (Clock::system().now(), shared.store.now());
    let mut reasons = reasons(shared.gate.is_draining(), store.is_ok(), own, stored);
    if !shared.membership.is_current() {
        reasons.push(Unready::Lease);
    }
    if reasons.is_empty() {
        let degraded = match shared.dispatch.backplane().link() {
            Link::Down => Some(Degraded::Redis),
            Link::Alone | Link::Up => shared.friends.are_refused().then_some(Degraded::Friends),
        };
        return Ok(web::Json(Ready {
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
async fn counted(shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let page = shared.metrics.encode();
    Ok(HttpResponse::Ok()
        .content_type(metrics::CONTENT_TYPE)
        .body(page))
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
