//! `/admin/api/nodes`: the nodes of the database.

use actix_web::web::{Data, Json};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cluster::records::Node,
    delivery::nodes::NodeReport,
    kernel::{ids::NodeId, iso::Iso, time::Timestamp},
    rest::{Answer, Shared},
};

/// All of them.
#[derive(Serialize, JsonSchema)]
pub(super) struct Nodes {
    nodes: Vec<NodeView>,
}

/// One.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Node")]
struct NodeView {
    name: NodeId,
    /// Whether it is the one that answers.
    this: bool,
    alive: bool,
    /// Which life of it: a later one has a greater number.
    epoch: i64,
    started_at: Iso,
    /// Its last sign of life. The one node of an SQLite database gives none while nobody is online: that it answers is one.
    alive_at: Iso,
    /// Until when it counts as alive without another; `null` once it has left, or what it left is settled, and on SQLite,
    /// where there are no leases.
    lease_until: Option<Iso>,
    advertise: Option<String>,
    /// How it is, by its own account; `null` for one that does not answer.
    report: Option<NodeReport>,
}

impl NodeView {
    /// `leases`: whether the database has them.
    fn new(
        node: &Node,
        (own, leases): (&NodeId, bool),
        now: Timestamp,
        reports: &[NodeReport],
    ) -> Self {
        let report = reports.iter().find(|it| it.node == node.row.name);
        let this = node.row.name == *own;
        Self {
            name: node.row.name.clone(),
            this,
            alive: this || leases && node.row.is_alive(now),
            epoch: node.row.epoch,
            started_at: node.started_at.into(),
            alive_at: match this && !leases {
                true => now.into(),
                false => node.row.alive_at.into(),
            },
            lease_until: node.row.lease_until.filter(|_| leases).map(Iso),
            advertise: node.advertise.clone(),
            report: report.cloned(),
        }
    }
}

/// `GET /admin/api/nodes`: by name, also those that have left. The others are asked how they are, and waited for a second at
/// most.
pub(super) async fn list(shared: Data<Shared>) -> Answer<Nodes> {
    let reports = shared.dispatch.node_reports();
    let known = shared.membership.nodes();
    let (reports, nodes) = tokio::join!(reports, known.refresh());
    let nodes = nodes?;
    let now = shared.store.now();
    let place = (
        shared.membership.node(),
        shared.config.database.url.is_shared(),
    );
    let nodes = nodes
        .iter()
        .map(|it| NodeView::new(it, place, now, &reports));
    Ok(Json(Nodes {
        nodes: nodes.collect(),
    }))
}
