//! What somebody has to send: each message until it is acknowledged, again where there was no answer.

use std::collections::VecDeque;

use super::town::Draft;
use crate::support::{Json, field};

/// Messages that may be on their way at once.
const WINDOW: usize = 4;

/// A message that is stored.
pub struct Sent {
    pub draft: Draft,
    pub ack: Json,
}

/// What somebody has to send, and has sent.
pub struct Desk {
    unsent: VecDeque<Draft>,
    on_their_way: VecDeque<Draft>,
    pub sent: Vec<Sent>,
}

impl Desk {
    pub fn with(unsent: VecDeque<Draft>) -> Self {
        Self {
            unsent,
            on_their_way: VecDeque::new(),
            sent: Vec::new(),
        }
    }

    /// The next command, if one may go.
    pub fn next(&mut self) -> Option<Json> {
        if self.on_their_way.len() >= WINDOW {
            return None;
        }
        let draft = self.unsent.pop_front()?;
        let command = draft.command();
        self.on_their_way.push_back(draft);
        Some(command)
    }

    /// What would go next, if it only went half way.
    pub fn half(&self) -> Option<Json> {
        self.unsent.front().map(Draft::command)
    }

    /// An acknowledgement. Says whether it is news; if not, it says what was said before.
    pub fn acknowledged(&mut self, ack: &Json) -> bool {
        let Some(draft) = self.take(field(ack, "clientMessageId")) else {
            let known = |it: &&Sent| it.draft.id == field(ack, "clientMessageId");
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

    /// One will not be answered: it is sent again.
    pub fn unanswered(&mut self, id: &str) {
        let draft = self.take(id);
        self.unsent.extend(draft);
    }

    /// The connection is gone: whatever has no answer is sent again, in its order.
    pub fn cut_off(&mut self) {
        while let Some(draft) = self.on_their_way.pop_back() {
            self.unsent.push_front(draft);
        }
    }

    fn take(&mut self, id: &str) -> Option<Draft> {
        let place = self.on_their_way.iter().position(|draft| draft.id == id)?;
        self.on_their_way.remove(place)
    }
}
