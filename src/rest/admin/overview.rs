//! `/admin/api/overview`: this node in one look.

use actix_web::web::{Data, Json};
use serde::Serialize;

use crate::{
    kernel::{ids::NodeId, iso::Iso, metrics::Metrics},
    presence::rules::Status,
    rest::{Answer, Shared},
};

/// The node.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overview {
    node: NodeId,
    version: &'static str,
    /// The store's clock.
    now: Iso,
    draining: bool,
    /// Sockets that are open, also of those who have yet to say who they are.
    connections: usize,
    /// Different people among the connected.
    users: usize,
    /// People who are there: also those who have been gone for less than their grace.
    users_online: usize,
    otomo: OtomoCounts,
    live_calls: usize,
    /// Whether delivery has so much to do that new commands are refused.
    congested: bool,
}

/// How many otomo have which status.
#[derive(Serialize)]
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

/// `GET /admin/api/overview`
pub(super) async fn show(shared: Data<Shared>) -> Answer<Overview> {
    let roster = shared.dispatch.roster();
    Ok(Json(Overview {
        node: shared.node.clone(),
        version: env!("CARGO_PKG_VERSION"),
        now: shared.store.now().into(),
        draining: shared.gate.is_draining(),
        connections: shared.gate.connections(),
        users: roster.users(),
        users_online: roster.connectedness().online(),
        otomo: OtomoCounts::of(&shared.metrics),
        live_calls: shared.calls.live(),
        congested: shared.dispatch.congested(),
    }))
}
