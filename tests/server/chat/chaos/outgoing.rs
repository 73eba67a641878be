//! The messages that a person sends: each one until it is acknowledged, again if there was no answer.

use std::collections::VecDeque;

use super::world::Draft;
use crate::support::{Json, field};

/// Messages that may be in flight at once.
const WINDOW: usize = 4;

/// A message that is stored.
pub struct Sent {
    pub draft: Draft,
    pub ack: Json,
}

/// The messages that a person has to send, and has sent.
pub struct Outgoing {
    unsent: VecDeque<Draft>,
    in_flight: VecDeque<Draft>,
    pub sent: Vec<Sent>,
}

impl Outgoing {
    pub fn new(unsent: VecDeque<Draft>) -> Self {
        Self {
            unsent,
            in_flight: VecDeque::new(),
            sent: Vec::new(),
        }
    }

    /// The next command, if one may go.
    pub fn next(&mut self) -> Option<Json> {
        if self.in_flight.len() >= WINDOW {
            return None;
        }
        let draft = self.unsent.pop_front()?;
        let command = draft.command();
        self.in_flight.push_back(draft);
        Some(command)
    }

    /// The command that would go next.
    pub fn peek(&self) -> Option<Json> {
        self.unsent.front().map(Draft::command)
    }

    /// Whether everything is acknowledged.
    #[allow(
        dead_code,
        reason = "the faults of a cluster are over before everything is said"
    )]
    pub fn is_done(&self) -> bool {
        self.unsent.is_empty() && self.in_flight.is_empty()
    }

    /// Takes an acknowledgement: `true` for the first one of a message; a later one must agree with it.
    pub fn acknowledged(&mut self, ack: &Json) -> bool {
        let id = field(ack, "clientMessageId");
        // One that was sent twice may be refused and done: then it waits to be sent again, and need not be.
        let again = |it: &mut Self| {
            let place = it.unsent.iter().position(|draft| draft.id == id)?;
            it.unsent.remove(place)
        };
        let Some(draft) = self.take(id).or_else(|| again(self)) else {
            let known = |it: &&Sent| it.draft.id == id;
            let known = self
                .sent
                .iter()
                .find(known)
                .expect("only what is sent is acknowledged");
            assert_eq!(known.ack["messageId"], ack["messageId"], "{ack}");
            return false;
        };
        let ack = ack.clone();
        self.sent.push(Sent { draft, ack });
        true
    }

    /// A message that will not be answered is sent again.
    pub fn requeue(&mut self, id: &str) {
        let draft = self.take(id);
        self.unsent.extend(draft);
    }

    /// The connection is gone: everything without an answer is sent again, in order.
    pub fn requeue_all(&mut self) {
        while let Some(draft) = self.in_flight.pop_back() {
            self.unsent.push_front(draft);
        }
    }

    fn take(&mut self, id: &str) -> Option<Draft> {
        let place = self.in_flight.iter().position(|draft| draft.id == id)?;
        self.in_flight.remove(place)
    }
}
