//! Connections as they are stored: leases that a node renews while a session is connected, and lets run
//! out when it has left.

use super::policy::Policy;
use crate::{
    delivery::leave::Leave,
    kernel::{
        ids::{DeviceId, NodeId, SessionId},
        time::Timestamp,
    },
};

/// One connection of an otomo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The session.
    pub session: SessionId,
    /// The device it belongs to.
    pub device: DeviceId,
    /// The node that it is, or was, connected to.
    pub node: NodeId,
    /// Until when it counts. A node that dies renews nothing, and its leases run out.
    pub expires_at: Timestamp,
    /// The session has left and only its grace runs: nobody renews it.
    pub leaving: bool,
}

impl Lease {
    /// Whether it counts.
    pub fn counts(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether it is over with `arriving`: the same session, or a device that had left and is back. Its
    /// grace would else outlive a clean goodbye that the device says next.
    pub fn gives_way_to(&self, arriving: &Lease) -> bool {
        self.session == arriving.session || (self.leaving && self.device == arriving.device)
    }

    /// The lease after its session has left, `None` if that counts at once: after a goodbye, or if another
    /// of the otomo's sessions (`others`) keeps the device connected anyway.
    pub fn left(
        self,
        leave: Leave,
        others: &[Lease],
        policy: &Policy,
        now: Timestamp,
    ) -> Option<Lease> {
        let of_device = |other: &Lease| {
            other.session != self.session && other.device == self.device && !other.leaving
        };
        if others.iter().any(|it| of_device(it) && it.counts(now)) {
            return None;
        }
        leave
            .grace_end(now, &policy.graces)
            .map(|expires_at| Lease {
                expires_at,
                leaving: true,
                ..self
            })
    }

    /// The lease after its node has started again: whoever was there keeps their status until they are
    /// back or the restart grace is over, however long the node was away. A grace that was promised for longer stays.
    #[must_use]
    pub fn held(self, policy: &Policy, now: Timestamp) -> Lease {
        let (held, promised) = (now + policy.restart_grace, self.expires_at);
        Lease {
            expires_at: if self.leaving {
                held.max(promised)
            } else {
                held
            },
            leaving: true,
            ..self
        }
    }
}

/// Whether an otomo counts as connected: one of their devices is, or a grace still runs.
pub fn connected(leases: &[Lease], now: Timestamp) -> bool {
    leases.iter().any(|lease| lease.counts(now))
}
