//! The calls of one person, as their app sees them: what they do next, and what must not be said of a call.

use std::collections::BTreeMap;

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

/// What was said of one call.
#[derive(Debug, Default)]
pub struct Story {
    /// Whom it is for, if this person has made it.
    pub to: Option<String>,
    /// What decided over it: `call_accepted`, `call_rejected`.
    pub verdict: Option<Json>,
    /// The end of an answered one.
    pub end: Option<Json>,
}

/// Somebody's calls.
pub struct Phone {
    who: String,
    calls: BTreeMap<Uuid, Story>,
    live: Option<(Uuid, Phase)>,
    /// Whom they may call. Empty: they do not.
    otomo: Vec<String>,
    is_otomo: bool,
}

impl Phone {
    pub fn new(who: &str, otomo: Vec<String>, is_otomo: bool) -> Self {
        Self {
            who: who.to_owned(),
            calls: BTreeMap::new(),
            live: None,
            otomo,
            is_otomo,
        }
    }

    /// The calls that this person has heard of, with what they were told.
    pub fn stories(&self) -> impl Iterator<Item = (&Uuid, &Story)> {
        self.calls.iter()
    }

    /// How many calls they have made.
    pub fn requested(&self) -> usize {
        self.calls.values().filter(|it| it.to.is_some()).count()
    }

    /// How many of those were answered.
    pub fn answered(&self) -> usize {
        let mine = self.calls.values().filter(|it| it.to.is_some());
        mine.filter(|it| {
            let accepted = |verdict: &Json| verdict["type"] == "call_accepted";
            it.verdict.as_ref().is_some_and(accepted)
        })
        .count()
    }

    /// Whether they are in no call, as far as they know.
    pub fn is_quiet(&self) -> bool {
        self.live.is_none()
    }

    /// What they do now, if anything. Once it is `calm` they hang up, and call nobody.
    pub fn act(&mut self, dice: &mut Dice, calm: bool) -> Option<Json> {
        match self.live {
            None if calm || self.otomo.is_empty() || !dice.one_in(4) => None,
            None => {
                let (call, to) = (Uuid::new_v4(), dice.pick(&self.otomo).clone());
                self.calls.entry(call).or_default().to = Some(to);
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
        let to = self.calls.get(&call)?.to.as_ref()?;
        let mut request = of("call_request", call);
        request["toUserId"] = to.as_str().into();
        Some(request)
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
        let Some(call) = event["callId"].as_str() else {
            return;
        };
        let call: Uuid = call.parse().expect("a call's id");
        match name {
            "call_request_ack" => match field(event, "status") {
                "ended" => self.over(call),
                _ => self.advance(call, Phase::Rings),
            },
            "incoming_call" => {
                assert!(self.is_otomo, "{}: {event}", self.who);
                self.calls.entry(call).or_default();
                self.advance(call, Phase::Rings);
            }
            "call_accepted" | "call_rejected" => {
                self.decide(call, event);
                match name {
                    "call_accepted" => self.advance(call, Phase::Answered),
                    _ => self.over(call),
                }
            }
            "call_accept_ack" | "signaling_start" | "call_connected" => {
                self.advance(call, Phase::Answered);
            }
            "call_end" => {
                let who = self.who.clone();
                let story = self.calls.entry(call).or_default();
                if let Some(known) = &story.end {
                    let same = ["reason", "endedAt", "durationSeconds", "totalChargedPoints"];
                    for part in same {
                        assert_eq!(known[part], event[part], "{who}: two ends of {call}");
                    }
                }
                story.end = Some(event.clone());
                self.over(call);
            }
            "call_cancelled"
            | "call_reject_ack"
            | "call_cancel_ack"
            | "call_end_request_ack"
            | "call_missed" => self.over(call),
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
        let people = [&live["caller"]["userId"], &live["otomo"]["userId"]];
        assert!(people.contains(&&json!(self.who)), "{}: {live}", self.who);
        self.calls.entry(call).or_default();
        let phase = match field(live, "phase") {
            "requesting" | "ringing" => Phase::Rings,
            _ => Phase::Answered,
        };
        self.live = Some((call, phase));
    }

    fn decide(&mut self, call: Uuid, event: &Json) {
        let who = &self.who;
        let story = self.calls.get_mut(&call);
        let story = story.unwrap_or_else(|| panic!("{who} has not made it: {event}"));
        assert!(story.to.is_some(), "{who} has not made it: {event}");
        if let Some(known) = &story.verdict {
            assert_eq!(
                known["type"], event["type"],
                "{who}: two verdicts on {call}"
            );
            assert_eq!(known["reason"], event["reason"], "{who}: {call}");
        }
        story.verdict = Some(event.clone());
    }

    fn refused(&mut self, error: &Json) {
        let Some(call) = error["requestId"].as_str().and_then(|id| id.parse().ok()) else {
            return;
        };
        match error["code"].as_str().unwrap_or_default() {
            // Tried again, or the next snapshot tells.
            "UNAVAILABLE" | "NOT_FOUND" | "RATE_LIMITED" | "INTERNAL_ERROR"
            | "PEER_UNAVAILABLE" => {}
            // It has come further than was known, or is over.
            "INVALID_CALL_STATE" | "CALL_ALREADY_ACCEPTED" => {}
            "CALL_ALREADY_ENDED" => self.over(call),
            // Only before there is a call.
            "CALLER_BUSY" | "OTOMO_NOT_FOUND" => {
                let asked = self.live == Some((call, Phase::Asked));
                assert!(asked, "{}: {error}", self.who);
                self.over(call);
            }
            // A request that was not stored, after which something was said of its call.
            "CALL_NOT_PARTICIPANT" => {
                let verdict = self.calls.get(&call).and_then(|it| it.verdict.as_ref());
                assert_eq!(verdict, None, "{}: {error}", self.who);
                self.over(call);
            }
            other => panic!("{}: {other}: {error}", self.who),
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
