//! The call that one is in, and those that are over: `call_snapshot`, and after it what is told to the devices of the two.

use std::collections::BTreeSet;

use crate::support::{Json, field};

/// A call that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    call: String,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Not answered yet. Whether it rings already its caller is not told.
    Asked,
    /// Answered; media is not up.
    Connecting,
    /// Since when media is.
    Connected(Json),
}

/// What somebody's only device knows of calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    live: Option<Live>,
    /// Calls that they made and that are over. Of those that never rang for them the called ones are not told.
    over: BTreeSet<String>,
    made: BTreeSet<String>,
}

impl Calls {
    /// Takes in whatever comes; what is not about calls changes nothing.
    pub fn hear(&mut self, me: &str, event: &Json) {
        let name = field(event, "type");
        if name == "call_snapshot" {
            return *self = Self::of(me, event);
        }
        let Some(call) = event["callId"].as_str() else {
            return;
        };
        match name {
            "call_request_ack" => {
                self.made.insert(call.to_owned());
                match (field(event, "status"), event["joinedCallId"].as_str()) {
                    ("ended", _) => self.end(call),
                    (_, Some(first)) => {
                        self.end(call);
                        self.turn(first, Phase::Connecting);
                    }
                    (_, None) => self.turn(call, Phase::Asked),
                }
            }
            "incoming_call" => self.turn(call, Phase::Asked),
            "call_accepted" | "call_accept_ack" => self.turn(call, Phase::Connecting),
            "call_connected" => {
                self.turn(call, Phase::Connected(event["connectedAt"].clone()));
            }
            "call_rejected"
            | "call_cancelled"
            | "call_end"
            | "call_reject_ack"
            | "call_cancel_ack"
            | "call_end_request_ack" => self.end(call),
            _ => {}
        }
    }

    /// The call that is not over.
    #[allow(
        dead_code,
        reason = "where somebody has several devices only this is the same on each"
    )]
    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    /// The calls that they made and that are over.
    #[allow(
        dead_code,
        reason = "where somebody has several devices each knows of its own calls"
    )]
    pub fn over(&self) -> &BTreeSet<String> {
        &self.over
    }

    fn of(me: &str, snapshot: &Json) -> Self {
        let mut calls = Self::default();
        let call = &snapshot["call"];
        if let Some(id) = call["callId"].as_str() {
            let phase = match field(call, "phase") {
                "requesting" | "ringing" => Phase::Asked,
                "connecting" => Phase::Connecting,
                _ => Phase::Connected(call["connectedAt"].clone()),
            };
            calls.turn(id, phase);
            if call["caller"]["userId"] == me {
                calls.made.insert(id.to_owned());
            }
        }
        for over in snapshot["recent"].as_array().expect("a list") {
            if over["userId"] == me {
                let id = field(over, "callId").to_owned();
                calls.made.insert(id.clone());
                calls.over.insert(id);
            }
        }
        calls
    }

    fn turn(&mut self, call: &str, phase: Phase) {
        let call = call.to_owned();
        self.live = Some(Live { call, phase });
    }

    fn end(&mut self, call: &str) {
        self.live.take_if(|live| live.call == call);
        if self.made.contains(call) {
            self.over.insert(call.to_owned());
        }
    }
}
