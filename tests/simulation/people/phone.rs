//! The calls of one device, as its app sees them: what it does next, and what it makes of what it is told.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::{Builder, Uuid};

use super::owner::Owner;
use crate::support::{Dice, Json, field};

/// How far a call is, for this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Asked for here, and not acknowledged yet.
    Asked,
    /// Asked for by its owner, and not answered yet.
    Waits,
    /// It rings here.
    Rings,
    Answered,
}

/// The call that a device knows of.
pub struct Phone {
    owner: String,
    live: Option<(Uuid, Phase)>,
    /// The last call that was made here, and for whom.
    made: Option<(Uuid, String)>,
    /// Whom it may call.
    otomo: Vec<String>,
    /// One in how many times its owner calls somebody who could.
    calls_one_in: usize,
}

impl Phone {
    pub fn new(owner: &Owner) -> Self {
        Self {
            owner: owner.name.clone(),
            live: None,
            made: None,
            otomo: owner.otomo.clone(),
            calls_one_in: match owner.role {
                // They are there to be called.
                Role::Otomo => 6,
                _ => 3,
            },
        }
    }

    /// Whether it is in no call, as far as it knows.
    pub fn is_quiet(&self) -> bool {
        self.live.is_none()
    }

    /// What its owner does now, if anything. Once it is calm they call nobody and hang up, but let it ring: that has to end by
    /// itself.
    pub fn act(&mut self, dice: &mut Dice, calm: bool) -> Option<Json> {
        match self.live {
            None if calm || self.otomo.is_empty() || !dice.one_in(self.calls_one_in) => None,
            None => {
                let to = dice.pick(&self.otomo).clone();
                Some(self.begin_call(to, dice))
            }
            // Said again until it is answered: it is the same request.
            Some((call, Phase::Asked)) => dice.one_in(3).then(|| self.request(call)),
            Some((_, Phase::Waits | Phase::Rings)) if calm => None,
            Some((call, Phase::Answered)) if calm => Some(of("call_end_request", call)),
            // The app is begun anew, and knows of no call.
            Some((call, _)) if dice.one_in(40) && self.callee(call).is_some() => {
                let to = self.callee(call).expect("it was made here").to_owned();
                Some(self.begin_call(to, dice))
            }
            Some((call, Phase::Waits)) => dice.one_in(12).then(|| of("call_cancel", call)),
            Some((call, Phase::Rings)) => match dice.below(12) {
                0..6 => Some(of("call_accept", call)),
                6 => Some(of("call_reject", call)),
                7 | 8 => Some(of("call_ringing", call)),
                _ => None,
            },
            Some((call, Phase::Answered)) => match dice.below(12) {
                0 => Some(of("call_end_request", call)),
                1..6 => Some(of("call_connected", call)),
                _ => None,
            },
        }
    }

    /// Its owner calls somebody right now, unless they are in a call.
    pub fn call(&mut self, to: &str, dice: &mut Dice) -> Option<Json> {
        self.live
            .is_none()
            .then(|| self.begin_call(to.to_owned(), dice))
    }

    fn begin_call(&mut self, to: String, dice: &mut Dice) -> Json {
        let call = draw(dice);
        self.made = Some((call, to));
        self.live = Some((call, Phase::Asked));
        self.request(call)
    }

    fn request(&self, call: Uuid) -> Json {
        let mut request = of("call_request", call);
        request["toUserId"] = self.callee(call).expect("it was made here").into();
        request
    }

    /// Whom a call is for that was made here.
    fn callee(&self, call: Uuid) -> Option<&str> {
        let made = self.made.as_ref().filter(|it| it.0 == call);
        made.map(|it| it.1.as_str())
    }

    /// Takes in whatever comes.
    pub fn hear(&mut self, event: &Json) {
        let name = field(event, "type");
        if name == "call_snapshot" {
            return self.begin(event);
        }
        let Some(call) = event["callId"].as_str().map(parsed) else {
            return;
        };
        match name {
            "call_request_ack" => self.acknowledged(call, event),
            "incoming_call" => self.advance(call, Phase::Rings),
            "call_accepted" | "call_accept_ack" | "signaling_start" | "call_connected" => {
                self.advance(call, Phase::Answered);
            }
            "call_rejected"
            | "call_cancelled"
            | "call_end"
            | "call_reject_ack"
            | "call_cancel_ack"
            | "call_end_request_ack"
            | "call_missed" => self.over(call),
            _ => {}
        }
    }

    fn acknowledged(&mut self, call: Uuid, ack: &Json) {
        let joined = ack["joinedCallId"].as_str().map(parsed);
        match (field(ack, "status"), joined) {
            ("ended", _) => self.over(call),
            ("requesting" | "ringing", _) => self.advance(call, Phase::Waits),
            // The two have called each other: it counts as the answer to the other's call.
            (_, Some(first)) => {
                self.over(call);
                self.advance(first, Phase::Answered);
            }
            (_, None) => self.advance(call, Phase::Answered),
        }
    }

    /// A command about a call was refused.
    pub fn refused(&mut self, command: &Json, code: &str) {
        let call = parsed(field(command, "callId"));
        match code {
            // It is asked again.
            "UNAVAILABLE" | "INTERNAL_ERROR" | "BILLING_FAILED" => {}
            // What it knew was not so any more; whatever is so is told.
            "INVALID_CALL_STATE" => {}
            "OTOMO_NOT_FOUND"
            | "CALLER_BUSY"
            | "INSUFFICIENT_POINTS"
            | "CALL_ALREADY_ENDED"
            | "CALL_ALREADY_ACCEPTED"
            | "CALL_NOT_PARTICIPANT" => self.over(call),
            other => panic!("no command may be refused with {other}: {command}"),
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
        let phase = match field(live, "phase") {
            "requesting" | "ringing" if live["caller"]["userId"] == self.owner.as_str() => {
                Phase::Waits
            }
            "requesting" | "ringing" => Phase::Rings,
            _ => Phase::Answered,
        };
        self.live = Some((parsed(call), phase));
    }

    fn advance(&mut self, call: Uuid, to: Phase) {
        match &mut self.live {
            Some((known, phase)) if *known == call => {
                if *phase != Phase::Answered {
                    *phase = to;
                }
            }
            // A call that it has asked for and not heard of goes on, and is told again.
            live => *live = Some((call, to)),
        }
    }

    fn over(&mut self, call: Uuid) {
        self.live.take_if(|(live, _)| *live == call);
    }
}

fn of(command: &str, call: Uuid) -> Json {
    json!({"type": command, "callId": call})
}

fn parsed(call: &str) -> Uuid {
    call.parse().expect("a call's id")
}

/// A new id for a call.
fn draw(dice: &mut Dice) -> Uuid {
    let [high, low] = [0, 1].map(|_| dice.within(0..u64::MAX));
    Builder::from_random_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes()).into_uuid()
}
