//! Calls that are over, as one device has heard.

use std::collections::BTreeSet;

use crate::support::{Json, field};

/// Calls of which a device has heard the end.
#[derive(Default)]
pub struct Over(BTreeSet<String>);

impl Over {
    /// Whether an event is the answer to a request or an accept whose call has ended meanwhile: a node whose store answers late
    /// answers after another node has said the end. Everything else that is said of a call goes forward, on each connection.
    pub fn overtook(&mut self, event: &Json) -> bool {
        let Some(call) = event["callId"].as_str() else {
            return false;
        };
        match field(event, "type") {
            "call_end" | "call_rejected" | "call_cancelled" => {
                self.0.insert(call.to_owned());
                false
            }
            "call_accepted" | "call_accept_ack" => self.0.contains(call),
            _ => false,
        }
    }
}
