//! Requests that came here and are for a session on another node: passed on to that node, and answered with its answer.
//!
//! Any proxy may stand in front of the nodes, also one that gives each request to the next node. A session lives on one node,
//! so what its client asks elsewhere is passed on to `cluster.advertise` of that node: the errand, signed with `cluster.secret`
//! over everything that it is (`errand`). The other node believes it for a short while and runs it once (`seen`), and never
//! passes it on again, so there are no loops. A client's credentials stay where they came: what a node asks of another, it
//! has checked.
//!
//! A node without a secret runs no errands and has none to send; then, as with a node that cannot be reached, a session of
//! another node is an unknown one.
//!
//! - [`Peers`]: what all workers share. [`Courier`]: the connections of one of them. `arrivals`: where errands come in.

mod arrivals;
mod courier;
mod errand;
mod seen;

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

pub use self::courier::Courier;
pub(super) use self::courier::{Ask, Unpassed};
use self::seen::Seen;
use crate::{
    cluster::Nodes,
    kernel::{
        config::ClusterConfig, ids::NodeId, metrics::Metrics, secret::Secret, time::Timestamp,
    },
};

/// Where polls and posts of Socket.IO go. This path and the next one are for nodes alone.
pub(super) const SOCKET_IO: &str = "/cluster/socketio";

/// Where commands go that were posted.
pub(super) const COMMANDS: &str = "/cluster/commands";

/// What all workers of a node share of its dealings with others.
pub struct Peers {
    node: NodeId,
    secret: Secret,
    /// Where others are reached.
    nodes: Nodes,
    /// Errands under way.
    slots: Arc<Semaphore>,
    most: usize,
    seen: Mutex<Seen>,
    metrics: Arc<Metrics>,
}

impl Peers {
    /// `None` for a node that has no secret: it deals with no others.
    pub fn new(
        config: &ClusterConfig,
        nodes: Nodes,
        metrics: Arc<Metrics>,
        now: Timestamp,
    ) -> Option<Arc<Self>> {
        let secret = config.secret.clone()?;
        Some(Arc::new(Self {
            node: nodes.own().clone(),
            secret,
            nodes,
            slots: Arc::new(Semaphore::new(config.forwards)),
            most: config.forwards,
            seen: Mutex::new(Seen::new(now)),
            metrics,
        }))
    }
}
