//! What of presence is configured, and which node this is.

use std::{num::NonZeroU32, time::Duration};

use super::rules::Policy;
use crate::{
    delivery::leave::Graces,
    kernel::{
        config::{CallsConfig, PresenceConfig},
        ids::NodeId,
    },
};

/// How often rows are read that changed in the database without the hub having heard of it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What of presence is configured, and which node this is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The node. Must be the same over restarts: by it a node knows the leases that it left behind.
    pub node: NodeId,
    /// What the rules need.
    pub policy: Policy,
    /// How long a connection counts that is not renewed; renewed every third of it (`presence.lease`).
    pub lease: Duration,
    /// Between two looks at what changed in the database.
    pub look_every: Duration,
}

impl Settings {
    /// Those of the configuration.
    pub fn new(node: NodeId, presence: &PresenceConfig, calls: &CallsConfig) -> Self {
        Self {
            node,
            policy: policy(presence, calls),
            lease: presence.lease,
            look_every: LOOK_EVERY,
        }
    }
}

/// What the rules need of the configuration, on whichever node.
pub fn policy(presence: &PresenceConfig, calls: &CallsConfig) -> Policy {
    Policy {
        busy_while_ringing: calls.busy_while_ringing,
        missed_limit: calls.missed_limit.map_or(0, NonZeroU32::get),
        graces: Graces {
            reload: presence.reload_grace,
            leave: presence.leave_grace,
        },
        restart_grace: presence.restart_grace,
    }
}
