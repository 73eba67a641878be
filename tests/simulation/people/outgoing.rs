//! The messages that a device sends: each until it is acknowledged, again if there was no answer.

use std::collections::{BTreeMap, VecDeque};

use serde_json::json;

use crate::{
    invariants::promises::STORED_ONCE,
    support::{Json, field},
};

/// Messages that may be in flight at once.
const WINDOW: usize = 2;

/// A message.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its `clientMessageId`.
    pub id: String,
    pub to: String,
}

/// The messages that a device has to send, and has sent.
#[derive(Default)]
pub struct Outgoing {
    unsent: VecDeque<Draft>,
    in_flight: Vec<Draft>,
    /// The messages that are acknowledged, with what the acknowledgement says.
    pub sent: BTreeMap<String, (Draft, Json)>,
}

impl Outgoing {
    pub fn write(&mut self, draft: Draft) {
        self.unsent.push_back(draft);
    }

    /// The next command, if one may go.
    pub fn next(&mut self) -> Option<Json> {
        if self.in_flight.len() >= WINDOW {
            return None;
        }
        let draft = self.unsent.pop_front()?;
        let command = json!({
            "type": "message_send",
            "toUserId": draft.to,
            "clientMessageId": draft.id,
            "body": draft.id,
        });
        self.in_flight.push(draft);
        Some(command)
    }

    pub fn is_done(&self) -> bool {
        self.unsent.is_empty() && self.in_flight.is_empty()
    }

    /// Takes an acknowledgement. A later one of the same message must agree with it.
    pub fn acknowledged(&mut self, ack: &Json) {
        let id = field(ack, "clientMessageId");
        if let Some(draft) = self.take(id) {
            self.sent.insert(id.to_owned(), (draft, ack.clone()));
            return;
        }
        let known = self.sent.get(id);
        let (_, known) =
            known.unwrap_or_else(|| panic!("only what is sent is acknowledged: {ack}"));
        assert_eq!(known["messageId"], ack["messageId"], "{STORED_ONCE}: {ack}");
    }

    /// It was refused for now.
    pub fn requeue(&mut self, id: &str) {
        let draft = self.take(id);
        self.unsent.extend(draft);
    }

    /// The connection is gone: everything without an answer is sent again, in order.
    pub fn requeue_all(&mut self) {
        while let Some(draft) = self.in_flight.pop() {
            self.unsent.push_front(draft);
        }
    }

    fn take(&mut self, id: &str) -> Option<Draft> {
        let place = self.in_flight.iter().position(|draft| draft.id == id)?;
        Some(self.in_flight.remove(place))
    }
}
