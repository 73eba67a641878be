//! A frame in an outbox, with what differs for its receiver.

use super::outbox::{Fate, Item, Lane};
use crate::protocol::{
    frame::{Frame, Stamp},
    spec::{Key, Kind, Priority},
    tracking::Loss,
};

/// One frame that waits for one client.
#[derive(Debug, Clone)]
pub struct Queued {
    /// What everybody gets.
    pub frame: Frame,
    /// What only this client gets.
    pub stamp: Stamp,
}

/// How soon a line is written that has a frame to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Urgency {
    /// Once the window of what is low is over.
    #[default]
    Held,
    /// Together with what else comes within `outbox.join_delay`, when updates come fast.
    Joined,
    /// As soon as the worker has handled what waits.
    Now,
}

impl Queued {
    pub(super) fn urgency(&self) -> Urgency {
        match self.lane().priority() {
            None | Some(Priority::High) => Urgency::Now,
            Some(Priority::Normal) => Urgency::Joined,
            Some(Priority::Low) => Urgency::Held,
        }
    }
}

impl Item for Queued {
    type Key = Key;

    fn lane(&self) -> Lane {
        match self.frame.kind() {
            _ if self.stamp == Stamp::InTurn => Lane::Durable,
            Kind::Preamble => Lane::Preamble,
            Kind::Control => Lane::Control,
            Kind::Durable => Lane::Durable,
            Kind::State => Lane::State(self.frame.priority()),
            Kind::Ephemeral => Lane::Ephemeral(self.frame.priority()),
        }
    }

    fn key(&self) -> Option<&Key> {
        self.frame.key()
    }

    fn size(&self) -> usize {
        self.frame.size()
    }

    fn is_expired(&self) -> bool {
        // A durable event is in the inbox, which knows for how long.
        self.frame.kind() != Kind::Durable
            && self.frame.tracking().is_some_and(|it| it.is_expired())
    }

    fn meets(&self, fate: Fate) {
        let Some(tracking) = self.frame.tracking() else {
            return;
        };
        match fate {
            Fate::Left => tracking.delivered(),
            Fate::Replaced => tracking.coalesced(),
            Fate::NoRoom => tracking.dropped(Loss::NoRoom),
            Fate::Expired => tracking.dropped(Loss::Expired),
            Fate::Closed => tracking.dropped(Loss::Closed),
        }
    }
}
