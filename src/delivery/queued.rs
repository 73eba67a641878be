//! A frame in an outbox, with what differs for its receiver.

use super::outbox::{Item, Lane};
use crate::protocol::{
    frame::{Frame, Stamp},
    spec::{Key, Kind},
};

/// One frame that waits for one client.
#[derive(Debug, Clone)]
pub struct Queued {
    /// What everybody gets.
    pub frame: Frame,
    /// What only this client gets.
    pub stamp: Stamp,
}

impl Item for Queued {
    type Key = Key;

    fn lane(&self) -> Lane {
        match self.frame.kind() {
            Kind::Preamble => Lane::Preamble,
            Kind::Control => Lane::Control,
            Kind::Durable => Lane::Durable,
            Kind::State => Lane::State,
            Kind::Ephemeral => Lane::Ephemeral,
        }
    }

    fn key(&self) -> Option<&Key> {
        self.frame.key()
    }

    fn size(&self) -> usize {
        self.frame.size()
    }
}
