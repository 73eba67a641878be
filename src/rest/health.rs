//! For operators: is the process alive, may it get traffic, and what it counts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::{Answer, Shared, tags};
use crate::{
    backplane::Link,
    contract::{
        Access, Area, get,
        gives::{Gives, Operation, Raw, Schemas},
    },
    kernel::{
        logging::chain,
        metrics,
        time::{CLOCK_TOLERANCE, Clock, Timestamp},
    },
    protocol::{error_code::ErrorCode, fault::Fault},
    store::{self, StoreError},
};

/// How long the store may take before it counts as away. A load balancer asks every few seconds and waits no longer.
const STORE_PATIENCE: Duration = Duration::from_secs(1);

/// How long an answer of the store is good for. Anybody may ask, and each look is a write: so many ask at the price of one.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// Whether the store works: looked at once for all who ask at the same time, or soon after.
#[derive(Default)]
pub struct StoreCheck(Arc<Mutex<Option<Checked>>>);

/// What the store was like, and when.
#[derive(Clone, Copy)]
struct Checked {
    at: Instant,
    works: bool,
}

impl StoreCheck {
    /// Whether it reads and writes, within [`STORE_PATIENCE`].
    async fn works(&self, store: &store::Handle) -> bool {
        let mut latest = Arc::clone(&self.0).lock_owned().await;
        if let Some(Checked { at, works }) = *latest
            && at.elapsed() < GOOD_FOR
        {
            return works;
        }
        let store = store.clone();
        // In a task of its own: if who asked goes away, the others still wait for this look and begin no further one.
        let looking = actix_rt::spawn(async move {
            let works = look(&store).await;
            let at = Instant::now();
            *latest = Some(Checked { at, works });
            works
        });
        looking.await.unwrap_or(false)
    }
}

async fn look(store: &store::Handle) -> bool {
    let checked = actix_rt::time::timeout(STORE_PATIENCE, store.check()).await;
    let checked = checked.unwrap_or(Err(StoreError::Overloaded("it takes too long to answer")));
    checked
        .inspect_err(|error| log::warn!("not ready cause={}", chain(error)))
        .is_ok()
}

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
            .details(
                "If not, `context.reasons` says why: `draining`, `store`, `clock`, `lease`. If so, `degraded` says what the \
                 node does without for now: `redis`, `friends` (of friends on other nodes it is known late whether they are \
                 online), `clock` (the time of day of a machine with SQLite has jumped, and is not followed while that would \
                 cost somebody something).",
            )
            .refuses([ErrorCode::Unavailable]),
            get(
                "/metrics",
                "getMetrics",
                metrics,
                "Everything that is counted, for Prometheus",
            ),
        ],
    )
}

#[derive(Serialize, JsonSchema)]
struct Liveness {
    live: bool,
}

/// The process answers: all that this asks.
async fn live() -> Answer<Liveness> {
    Ok(Json(Liveness { live: true }))
}

#[derive(Serialize, JsonSchema)]
struct Readiness {
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
    /// The machine's time of day has jumped, and is not followed for now. There is no other node with which this one would have to
    /// agree, and whoever talks must be able to come back.
    Clock,
}

/// Why a node should get no new clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Unready {
    /// It is about to stop.
    Draining,
    /// The database does not answer.
    Store,
    /// Its clock is too far from that of the server of the database, by which all nodes go: PostgreSQL alone.
    Clock,
    /// It has been away for longer than its lease and has to join the others again.
    Lease,
}

async fn ready(shared: Data<Shared>) -> Answer<Readiness> {
    let store = shared.store_check.works(&shared.store).await;
    let is_off = is_off(Clock::system().now(), shared.store.now());
    let shares_clock = shared.store.shares_clock();
    let draining = shared.gate.drain().has_begun();
    let mut reasons = reasons(draining, store, is_off && shares_clock);
    if !shared.membership.is_current() {
        reasons.push(Unready::Lease);
    }
    if reasons.is_empty() {
        let link = match shared.dispatch.backplane().link() {
            Link::Down => Some(Degraded::Redis),
            Link::Alone | Link::Up => shared.friends.are_refused().then_some(Degraded::Friends),
        };
        let clock = is_off.then_some(Degraded::Clock);
        return Ok(Json(Readiness {
            ready: true,
            degraded: link.into_iter().chain(clock).collect(),
        }));
    }
    let message = "this node should get no new clients";
    Err(Fault::new(ErrorCode::Unavailable, message)
        .about("reasons", json!(reasons))
        .into())
}

/// Whether the machine's time of day is too far from the time on the store's clock.
fn is_off(own: Timestamp, stored: Timestamp) -> bool {
    own.apart(stored) > CLOCK_TOLERANCE
}

fn reasons(draining: bool, store: bool, is_off: bool) -> Vec<Unready> {
    let found = [
        (draining, Unready::Draining),
        (!store, Unready::Store),
        (is_off, Unready::Clock),
    ];
    let found = found.into_iter().filter(|(is, _)| *is);
    found.map(|(_, reason)| reason).collect()
}

/// Everything that is counted, for Prometheus.
async fn metrics(shared: Data<Shared>) -> Raw<MetricsPage> {
    let mut response = HttpResponse::Ok();
    let response = response.content_type(metrics::CONTENT_TYPE);
    response.body(shared.metrics.encode()).into()
}

/// The page that Prometheus reads.
struct MetricsPage;

impl Gives for MetricsPage {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        let text = schemas.outgoing::<String>();
        operation.answer(200, "Done.", metrics::CONTENT_TYPE, text);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;
    use crate::{
        kernel::{
            config::{DatabaseConfig, DatabaseUrl},
            metrics::Metrics,
        },
        store::migrations::migrate,
    };

    /// An open store in a folder, and what counts its writes.
    fn open(folder: &tempfile::TempDir) -> (store::Handle, Arc<Metrics>) {
        let config = DatabaseConfig {
            url: DatabaseUrl::Sqlite(folder.path().join("otomo.db")),
            pool_size: 1,
            queue: 100,
            statement_timeout: Duration::from_secs(5),
        };
        migrate(&config.url).unwrap();
        let metrics = Arc::<Metrics>::default();
        let store = store::Handle::open(&config, Clock::system(), Arc::clone(&metrics)).unwrap();
        (store, metrics)
    }

    /// How many jobs were written: a commit may hold many.
    fn writes(metrics: &Metrics) -> String {
        let page = metrics.encode();
        let mut lines = page.lines();
        let sum = lines.find_map(|line| line.strip_prefix("otomo_commit_jobs_sum "));
        sum.unwrap().to_owned()
    }

    #[actix_rt::test]
    async fn all_who_ask_at_once_share_one_write_and_a_second_later_there_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (store, metrics) = open(&folder);
        let check = StoreCheck::default();
        let all = || join_all((0..100).map(|_| check.works(&store)));
        // The first who asks goes away at once.
        let mut gone = Box::pin(check.works(&store));
        assert!(futures_util::poll!(&mut gone).is_pending());
        drop(gone);
        assert_eq!(all().await, [true; 100]);
        assert_eq!(writes(&metrics), "1.0");
        let make_old = async || {
            let mut latest = check.0.lock().await;
            let latest = latest.as_mut().unwrap();
            latest.at = latest.at.checked_sub(GOOD_FOR).unwrap();
        };
        make_old().await;
        assert_eq!(all().await, [true; 100]);
        assert_eq!(writes(&metrics), "2.0");
        // A store that is away is asked no more often, and is not believed for longer.
        store.close().await;
        assert_eq!(all().await, [true; 100]);
        make_old().await;
        assert_eq!(all().await, [false; 100]);
    }

    #[test]
    fn a_node_says_all_that_keeps_it_from_being_ready() {
        let now = Timestamp::from_millis(10_000);
        let (early, late) = (
            now - Duration::from_secs(1),
            now + Duration::from_millis(1_001),
        );
        assert!(!is_off(now, now) && !is_off(now, early));
        assert!(is_off(now, late) && is_off(late, now));
        assert_eq!(reasons(false, true, false), []);
        let all = [Unready::Draining, Unready::Store, Unready::Clock];
        assert_eq!(reasons(true, false, true), all);
        assert_eq!(reasons(false, true, true), [Unready::Clock]);
    }
}
