//! Calls that are over, as one device has heard.

use std::collections::BTreeSet;

use crate::support::{Json, field};

/// Calls of which a device has heard the end.
#[derive(Default)]
pub struct Over(BTreeSet<String>);

impl Over {
    /// Whether something is said of a call of which the end was said before it: a node whose store answers late says what it
    /// has stored after another node has said the end. A call that is over stays so, as in the client library.
    pub fn overtook(&mut self, event: &Json) -> bool {
        let Some(call) = event["callId"].as_str() else {
            return false;
        };
        match field(event, "type") {
            "call_end" | "call_rejected" | "call_cancelled" => {
                self.0.insert(call.to_owned());
                false
            }
            "call_accepted" | "call_accept_ack" | "signaling_start" | "call_connected"
            | "incoming_call" => self.0.contains(call),
            _ => false,
        }
    }
}
