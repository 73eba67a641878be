//! The calls of one device, as its app sees them, and what it does next. What it was told is checked with the history.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use uuid::Uuid;

use crate::support::{Dice, Json, field};

/// What is known of a call that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Asked for, and there is no answer yet.
    Asked,
    /// It rings: for the caller, or for the one who is called.
    Rings,
    Answered,
}

/// The phone of an otomo, or of somebody who calls.
pub struct Phone {
    /// Calls that were made here, and for whom; and those of them that were answered.
    made: BTreeMap<Uuid, String>,
    answered: BTreeSet<Uuid>,
    live: Option<(Uuid, Phase)>,
    /// Whom they may call. Empty: they do not.
    otomo: Vec<String>,
    is_otomo: bool,
    /// What an otomo has chosen last, and what the server has acknowledged.
    chosen: &'static str,
    is_chosen: bool,
    is_calm: bool,
}

impl Phone {
    /// One that calls these. Nobody: it does not.
    pub fn calling(otomo: Vec<String>) -> Self {
        Self {
            made: BTreeMap::new(),
            answered: BTreeSet::new(),
            live: None,
            otomo,
            is_otomo: false,
            chosen: "online",
            is_chosen: true,
            is_calm: false,
        }
    }

    /// One that is called.
    pub fn called() -> Self {
        Self {
            is_otomo: true,
            ..Self::calling(Vec::new())
        }
    }

    /// How many calls were made.
    pub fn requested(&self) -> usize {
        self.made.len()
    }

    /// How many of those were answered.
    pub fn answered(&self) -> usize {
        self.answered.len()
    }

    /// Whether they are in no call, as far as they know, and can be called if that is what they are there for.
    pub fn is_quiet(&self) -> bool {
        let is_there = !self.is_otomo || (self.is_calm && self.is_chosen);
        self.live.is_none() && is_there
    }

    /// What they do now, if anything. Once it is `calm` they hang up, and call nobody.
    pub fn act(&mut self, dice: &mut Dice, calm: bool) -> Option<Json> {
        match self.live {
            None if self.is_otomo => self.choose(dice, calm),
            None if calm || self.otomo.is_empty() || !dice.one_in(4) => None,
            None => {
                let (call, to) = (Uuid::new_v4(), dice.pick(&self.otomo).clone());
                self.made.insert(call, to);
                self.live = Some((call, Phase::Asked));
                self.request(call)
            }
            // Said again until it is answered: it is the same request.
            Some((call, Phase::Asked)) if dice.one_in(4) => self.request(call),
            Some((_, Phase::Asked)) => None,
            Some((call, _)) if calm => Some(of("call_end_request", call)),
            Some((call, Phase::Rings)) if self.is_otomo => match dice.below(20) {
                0..12 => Some(of("call_accept", call)),
                12 => Some(of("call_reject", call)),
                _ => None,
            },
            Some((call, Phase::Rings)) => dice.one_in(60).then(|| of("call_cancel", call)),
            Some((call, Phase::Answered)) if dice.one_in(60) => Some(of("call_end_request", call)),
            Some((call, Phase::Answered)) => dice.one_in(4).then(|| of("call_connected", call)),
        }
    }

    fn request(&self, call: Uuid) -> Option<Json> {
        let mut request = of("call_request", call);
        request["toUserId"] = self.made.get(&call)?.as_str().into();
        Some(request)
    }

    /// An otomo takes a break now and then. Once it is calm they say that they are there, whatever they have said before: it may
    /// have come late.
    fn choose(&mut self, dice: &mut Dice, calm: bool) -> Option<Json> {
        let chosen = match calm {
            true => "online",
            false if dice.one_in(40) => *dice.pick(&["online", "break"]),
            false => self.chosen,
        };
        let begins_calm = calm && !std::mem::replace(&mut self.is_calm, calm);
        self.is_chosen &= chosen == self.chosen && !begins_calm;
        self.chosen = chosen;
        let set = json!({"type": "otomo_status_set", "requestId": chosen, "status": chosen});
        (!self.is_chosen && dice.flip()).then_some(set)
    }

    /// Takes in whatever comes.
    pub fn hear(&mut self, event: &Json) {
        let name = field(event, "type");
        if name == "call_snapshot" {
            return self.begin(event);
        }
        if name == "error" {
            return self.refused(event);
        }
        if name == "otomo_status_set_ack" {
            self.is_chosen |= event["status"] == self.chosen;
        }
        let Some(call) = event["callId"].as_str() else {
            return;
        };
        let call: Uuid = call.parse().expect("a call's id");
        match name {
            "call_request_ack" if event["status"] != "ended" => self.advance(call, Phase::Rings),
            "incoming_call" => self.advance(call, Phase::Rings),
            "call_accepted" => {
                self.answered.insert(call);
                self.advance(call, Phase::Answered);
            }
            "call_accept_ack" | "signaling_start" | "call_connected" => {
                self.advance(call, Phase::Answered);
            }
            "call_request_ack"
            | "call_rejected"
            | "call_end"
            | "call_cancelled"
            | "call_reject_ack"
            | "call_cancel_ack"
            | "call_end_request_ack"
            | "call_missed" => {
                self.over(call);
            }
            _ => {}
        }
    }

    /// A connection begins: what the server knows counts.
    fn begin(&mut self, snapshot: &Json) {
        let live = &snapshot["call"];
        let Some(call) = live["callId"].as_str() else {
            // What was asked for and is not there is asked for again, unless it is over.
            let recent = snapshot["recent"].as_array().expect("a list");
            let over = |call: Uuid| recent.iter().any(|it| it["callId"] == json!(call));
            self.live
                .take_if(|(call, phase)| *phase != Phase::Asked || over(*call));
            return;
        };
        let call: Uuid = call.parse().expect("a call's id");
        if live["bound"] == false && live["connectedAt"].is_number() {
            // Another device has it.
            self.live = None;
            return;
        }
        let phase = match field(live, "phase") {
            "requesting" | "ringing" => Phase::Rings,
            _ => Phase::Answered,
        };
        self.live = Some((call, phase));
    }

    fn refused(&mut self, error: &Json) {
        let Some(call) = error["requestId"].as_str().and_then(|id| id.parse().ok()) else {
            return;
        };
        match error["code"].as_str().unwrap_or_default() {
            // It is over, or there is none: not any more, or because it was refused.
            "CALL_ALREADY_ENDED" | "CALLER_BUSY" | "OTOMO_NOT_FOUND" | "CALL_NOT_PARTICIPANT" => {
                self.over(call);
            }
            code @ ("BAD_REQUEST" | "UNKNOWN_TYPE") => panic!("{code}: {error}"),
            // Tried again, or it has come further than was known, or is another device's: the next message, or the next
            // snapshot, tells.
            _ => {}
        }
    }

    fn advance(&mut self, call: Uuid, phase: Phase) {
        match &mut self.live {
            Some((live, known)) if *live == call => {
                if *known != Phase::Answered {
                    *known = phase;
                }
            }
            live => *live = Some((call, phase)),
        }
    }

    fn over(&mut self, call: Uuid) {
        self.live.take_if(|(live, _)| *live == call);
    }
}

/// A command about a call. Its answer and its error carry the call's id.
fn of(name: &str, call: Uuid) -> Json {
    json!({"type": name, "callId": call, "requestId": call})
}
