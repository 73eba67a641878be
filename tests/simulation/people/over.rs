//! Calls that are over, as one device has heard.

use std::{borrow::Cow, collections::BTreeSet};

use crate::support::{Json, field};

/// Calls of which a device has heard the end.
#[derive(Default)]
pub struct Over(BTreeSet<String>);

impl Over {
    /// What an event has to say, if anything. The answer to a request or an accept may be late: a node whose store answers late
    /// answers after another node has said the end. Everything else that is said of a call goes forward, on each connection.
    pub fn without_what_is_late<'a>(&mut self, event: &'a Json) -> Option<Cow<'a, Json>> {
        let call = |name: &str| event[name].as_str();
        let is_over = |name: &str| call(name).is_some_and(|it| self.0.contains(it));
        match field(event, "type") {
            "call_end" | "call_rejected" | "call_cancelled" => {
                self.0.extend(call("callId").map(str::to_owned));
            }
            "call_request_ack" | "call_accepted" | "call_accept_ack" if is_over("callId") => {
                return None;
            }
            // It was joined into a call that is over by now.
            "call_request_ack" if is_over("joinedCallId") => {
                let mut ended = event.clone();
                ended["status"] = "ended".into();
                return Some(Cow::Owned(ended));
            }
            _ => {}
        }
        Some(Cow::Borrowed(event))
    }
}
