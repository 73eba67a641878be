//! `/admin/api/drain`: stops this node without cutting anybody off, and how far that is.

use actix_web::web::{Data, Json, ReqData};
use schemars::JsonSchema;
use serde::Serialize;

use super::audited::audited;
use crate::{
    audit::{Action, AuditEvent},
    contract::Accepted,
    kernel::{ids::NodeId, iso::Iso, time::millis},
    people::Person,
    rest::{Answer, Shared, error::ApiError},
    session::drain::Phase,
};

/// How far the node is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DrainProgress")]
pub(super) struct DrainView {
    /// Which it is: the one that answers.
    node: NodeId,
    /// Whether it is about to stop.
    draining: bool,
    /// What it waits for. `null`, as the three that follow, while it serves, and where it waits for nothing.
    phase: Option<Phase>,
    /// When the drain began.
    started_at: Option<Iso>,
    /// When calls that go on are ended.
    limit_at: Option<Iso>,
    /// Milliseconds until then, by the store's clock.
    remaining_ms: Option<u64>,
    /// Connections of clients, whatever the transport.
    connections: usize,
    /// Live calls that have people here.
    live_calls: usize,
    /// Milliseconds over which clients that are sent away come back (`server.drain_spread`).
    spread_ms: u64,
}

/// `GET /admin/api/drain`
pub(super) async fn show(shared: Data<Shared>) -> Answer<DrainView> {
    let now = shared.store.now();
    let drain = shared.gate.drain();
    let progress = drain.progress();
    Ok(Json(DrainView {
        node: shared.node.clone(),
        draining: drain.has_begun(),
        phase: progress.map(|it| it.phase),
        started_at: progress.map(|it| it.started_at.into()),
        limit_at: progress.map(|it| it.limit_at.into()),
        remaining_ms: progress.map(|it| millis(now.until(it.limit_at))),
        connections: shared.gate.connections(),
        live_calls: shared.calls.live_here(),
        spread_ms: millis(shared.config.server.drain_spread),
    }))
}

/// What has begun.
#[derive(Serialize, JsonSchema)]
pub(super) struct DrainBegun {
    /// Which node drains: the one that answers.
    node: NodeId,
    draining: bool,
}

/// `POST /admin/api/drain`: 202, and then what SIGTERM does: no new connections, no new rings, live calls may end, at the
/// latest at `server.drain_limit`; then the process ends. Asked twice, it is done once.
pub(super) async fn begin(
    shared: Data<Shared>,
    who: ReqData<Person>,
) -> Result<Accepted<DrainBegun>, ApiError> {
    let event = AuditEvent::new(&who.user, Action::Drain, &shared.node);
    let gate = shared.gate.clone();
    audited(&shared, event, async move {
        gate.drain().ask();
        Ok(())
    })
    .await?;
    let node = shared.node.clone();
    Ok(Accepted(DrainBegun {
        node,
        draining: true,
    }))
}
