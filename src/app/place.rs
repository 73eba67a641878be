//! The node's place among the others of its database, and what is done there for one that died.

use std::sync::Arc;

use super::{StartFault, node};
use crate::{
    cluster::{Membership, Settings},
    kernel::{config::Config, ids::NodeId, metrics::Metrics},
    people::last_seen,
    store,
};

/// Joins the other nodes.
pub(super) async fn take(
    config: &Config,
    store: &store::Handle,
    metrics: &Arc<Metrics>,
) -> Result<(Membership, NodeId), StartFault> {
    let name = node::name(config).ok_or(StartFault::Node)?;
    let settings = Settings::new(name.clone(), config, vec![last_seen::settle]);
    Ok((Membership::join(store, settings, metrics).await?, name))
}
