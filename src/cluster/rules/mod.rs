//! Who may be a node, for how long, and when it counts as dead. Pure.
//!
//! ```text
//!            join                  the lease runs out here, or the row was taken
//!  (none) ---------> current ------------------------------------------> expired
//!    ^                |    ^ renewed, or the store is away                  |
//!    |          leave |    '--                                              |
//!    '----------------'<----------------- join, in a new epoch -------------'
//! ```

use std::time::Duration;

use crate::kernel::{ids::NodeId, time::Timestamp};

/// A life of a node. A later one has a greater number, whatever becomes of the rows meanwhile.
pub type Epoch = i64;

/// A row of `nodes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: NodeId,
    /// Which life of it.
    pub epoch: Epoch,
    /// When it last gave a sign of life.
    pub alive_at: Timestamp,
    /// Until when it counts as alive; `None` once it has left, or its affairs are settled.
    pub lease_until: Option<Timestamp>,
}

impl Row {
    /// Whether it counts as alive.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| now < until)
    }

    /// Whether it has died and nobody has settled what it left.
    pub fn is_left_behind(&self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| until <= now)
    }

    /// Whether a node may write as this life of itself.
    pub fn holds(&self, epoch: Epoch) -> bool {
        self.epoch == epoch && self.lease_until.is_some()
    }
}

/// What a node that wants a name finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The name is free: it is the node's.
    Free,
    /// Somebody had it a moment ago. This is how long until it counts as dead if it is.
    Wait(Duration),
    /// Somebody has it and is alive.
    Taken,
}

/// Whether a node can have a place that `found` is in. `seen` is until when its lease ran when it was first looked at: who
/// has renewed it since is alive. `ended` says that it is known to be gone: the same database file, or the same machine
/// and no such process any more.
///
/// Why wait at all: a lease that runs is no proof of life for as long as it lasts. A node that was killed is started again
/// at once by whoever looks after it; it must come back by itself, and soon.
pub fn enter(found: Option<&Row>, seen: Option<Timestamp>, ended: bool, now: Timestamp) -> Entry {
    let Some(until) = found.and_then(|row| row.lease_until) else {
        return Entry::Free;
    };
    if ended || until <= now {
        Entry::Free
    } else if seen.is_some_and(|seen| seen < until) {
        Entry::Taken
    } else {
        Entry::Wait(now.until(until))
    }
}

/// The epoch of a new life. It counts in milliseconds, so that it rises even if the row of the last one is gone.
pub fn next_epoch(before: Option<Epoch>, now: Timestamp) -> Epoch {
    before.map_or(now.millis(), |before| {
        now.millis().max(before.saturating_add(1))
    })
}

/// What came of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It is stored.
    Held,
    /// The row is another's, or nobody's, by now.
    Taken,
    /// The store cannot be reached, or does not answer.
    Away,
}

/// A node's hold on its own life, by a clock of its own that never goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    lease: Duration,
    until: Duration,
    settle_from: Duration,
    away: bool,
}

impl Tenure {
    /// Of a node that asked to join at `asked`. It settles nobody's affairs in its first term: after a start of many, or
    /// an outage of the database, those who are not back yet are most likely on their way.
    pub fn begin(lease: Duration, asked: Duration) -> Self {
        Self {
            lease,
            until: asked + lease,
            settle_from: asked + lease,
            away: false,
        }
    }

    /// Until when the node is itself, if nothing else comes.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// Whether the node is itself.
    pub fn is_current(&self, now: Duration) -> bool {
        now < self.until
    }

    /// Whether it may settle the affairs of those that died.
    pub fn may_settle(&self, now: Duration) -> bool {
        self.is_current(now) && !self.away && self.settle_from <= now
    }

    /// A renewal that was asked for at `asked` has come to something by `now`.
    ///
    /// The lease counts from the question, which is before it does in the store. Once it is over nothing brings it back: a
    /// process that was frozen gets the answer to its question when it wakes.
    ///
    /// While the store is away nobody can take the node's place, and nothing it does is stored: it waits, for as long as
    /// that takes. If only this node cannot reach the store, another does take its place, and the first renewal after
    /// that says so; until then what it would store is refused.
    pub fn answered(&mut self, asked: Duration, now: Duration, renewal: Renewal) {
        if !self.is_current(now) {
            return;
        }
        match renewal {
            Renewal::Held => {
                self.until = self.until.max(asked + self.lease);
                if std::mem::take(&mut self.away) {
                    self.settle_from = now + self.lease;
                }
            }
            Renewal::Away => {
                self.until = now + self.lease;
                self.away = true;
            }
            Renewal::Taken => self.until = Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests;
