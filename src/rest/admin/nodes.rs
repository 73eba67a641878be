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
    /// Its last sign of life.
    alive_at: Iso,
    /// Until when it counts as alive without another; `null` once it has left, or what it left is settled.
    lease_until: Option<Iso>,
    advertise: Option<String>,
    /// How it is, by its own account; `null` for one that does not answer.
    report: Option<NodeReport>,
}

impl NodeView {
    fn new(node: &Node, own: &NodeId, now: Timestamp, reports: &[NodeReport]) -> Self {
        let report = reports.iter().find(|it| it.node == node.row.name);
        let this = node.row.name == *own;
        Self {
            name: node.row.name.clone(),
            this,
            alive: this || node.row.is_alive(now),
            epoch: node.row.epoch,
            started_at: node.started_at.into(),
            alive_at: node.row.alive_at.into(),
            lease_until: node.row.lease_until.map(Iso),
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
    let (own, now) = (shared.membership.node(), shared.store.now());
    let nodes = nodes.iter().map(|it| NodeView::new(it, own, now, &reports));
    Ok(Json(Nodes {
        nodes: nodes.collect(),
    }))
}
