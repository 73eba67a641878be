//! Why an otomo has the status that they have, for an admin who wonders.

use super::{
    decide::{Decision, Facts, LiveCall, decide},
    lease::{Lease, connected},
    policy::Policy,
    settle::{Published, Standing},
};
use crate::kernel::{ids::CallId, time::Timestamp};

/// The whole explanation: every fact, what follows from them, and what people were told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What people were told.
    pub published: Published,
    /// What follows from the facts now. Differs from what was told only until somebody settles it.
    pub decision: Decision,
    /// The facts themselves.
    pub facts: Facts,
    /// What `connected` follows from.
    pub connections: Vec<Connection>,
    /// The call behind `call`.
    pub call_id: Option<CallId>,
}

/// One connection, and how it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The connection.
    pub lease: Lease,
    /// How it counts.
    pub presence: Presence,
}

/// How a connection counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Connected.
    Connected,
    /// Gone, and in its grace.
    InGrace,
    /// Gone for good.
    Expired,
}

/// Explains an otomo's status as it is `now`.
pub fn why(
    standing: &Standing,
    leases: Vec<Lease>,
    call: Option<(CallId, LiveCall)>,
    policy: &Policy,
    now: Timestamp,
) -> Explanation {
    let facts = Facts {
        connected: connected(&leases, now),
        readiness: standing.readiness.lapse(now),
        call: call.map(|(_, phase)| phase),
    };
    Explanation {
        published: standing.published,
        decision: decide(&facts, policy),
        facts,
        connections: leases
            .into_iter()
            .map(|lease| connection(lease, now))
            .collect(),
        call_id: call.map(|(id, _)| id),
    }
}

fn connection(lease: Lease, now: Timestamp) -> Connection {
    let presence = match (lease.counts(now), lease.leaving) {
        (true, false) => Presence::Connected,
        (true, true) => Presence::InGrace,
        (false, _) => Presence::Expired,
    };
    Connection { lease, presence }
}
