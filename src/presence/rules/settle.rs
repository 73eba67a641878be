//! From changed facts to what people are told: at most one update, only if the status differs.

use super::{
    decide::{Cause, Decision, Facts, LiveCall, decide},
    invariants,
    lease::{Lease, connected},
    policy::Policy,
    readiness::Readiness,
    status::Status,
};
use crate::kernel::{ids::UserId, time::Timestamp};

/// What people were last told of an otomo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The status.
    pub status: Status,
    /// How many changes there were; each has its own number, without holes.
    pub version: u64,
    /// When it changed.
    pub changed_at: Timestamp,
}

/// What is stored of an otomo beside their connections and calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who it is.
    pub otomo: UserId,
    /// What people were last told.
    pub published: Published,
    /// Whether they want calls.
    pub readiness: Readiness,
}

/// A status that people have to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// Whose.
    pub otomo: UserId,
    /// What it is now.
    pub status: Status,
    /// Its number among this otomo's changes.
    pub version: u64,
    /// When it changed.
    pub at: Timestamp,
    /// Which fact decided it.
    pub cause: Cause,
}

/// What is to be stored, and what is to be told after that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Stored, if it differs from what was.
    pub standing: Standing,
    /// Told, once it is stored.
    pub change: Option<StatusChange>,
    /// What the status follows from.
    pub facts: Facts,
}

impl Settled {
    /// The status that follows if something else is chosen, and all else is as it is.
    pub fn shown_with(&self, readiness: Readiness, policy: &Policy) -> Status {
        let facts = Facts {
            readiness,
            ..self.facts
        };
        decide(&facts, policy).status
    }
}

impl Standing {
    /// That of an otomo who was never here, first heard of `now`.
    pub const fn new(otomo: UserId, now: Timestamp) -> Self {
        let published = Published {
            status: Status::Offline,
            version: 0,
            changed_at: now,
        };
        Self {
            otomo,
            published,
            readiness: Readiness::NEW,
        }
    }

    /// A session of the otomo connects. The first one after `offline` is a login; a return within a grace,
    /// or a second device, leaves the choice alone. What counts is what people were told: a grace that ran
    /// out unnoticed was not an absence.
    #[must_use]
    pub fn arrived(self) -> Self {
        match self.published.status {
            Status::Offline => Self {
                readiness: self.readiness.login(),
                ..self
            },
            Status::Online | Status::Busy | Status::Break => self,
        }
    }
}

/// Compares the facts as they are `now` with what people were told. To be called after every change of
/// a fact, and when a lease or a break has run out.
pub fn settle(
    standing: Standing,
    leases: &[Lease],
    call: Option<LiveCall>,
    policy: &Policy,
    now: Timestamp,
) -> Settled {
    let readiness = standing.readiness.lapse(now);
    let facts = Facts {
        connected: connected(leases, now),
        readiness,
        call,
    };
    let decision = decide(&facts, policy);
    debug_assert!(invariants::busy_means_in_call(&facts, &decision, policy));
    debug_assert!(invariants::the_cause_explains_the_status(&decision));
    let change = publish(&standing, decision, now);
    let published = change.as_ref().map_or(standing.published, Published::from);
    let standing = Standing {
        published,
        readiness,
        ..standing
    };
    Settled {
        standing,
        change,
        facts,
    }
}

fn publish(standing: &Standing, decision: Decision, now: Timestamp) -> Option<StatusChange> {
    let published = &standing.published;
    if decision.status == published.status {
        return None;
    }
    let change = StatusChange {
        otomo: standing.otomo.clone(),
        status: decision.status,
        version: published.version + 1,
        at: now,
        cause: decision.cause,
    };
    debug_assert!(invariants::no_update_repeats(published, &change));
    Some(change)
}

impl From<&StatusChange> for Published {
    fn from(change: &StatusChange) -> Self {
        Self {
            status: change.status,
            version: change.version,
            changed_at: change.at,
        }
    }
}
