//! What people were told of each call, held against each other as it comes.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use crate::{
    invariants::{
        learned::named,
        promises::{
            CALLERS_ANSWER, JOINED_ONCE, ONE_ANSWER, ONE_END, OVER_ONCE, PARTICIPANTS_ONLY,
            RINGS_IN_TIME, RINGS_THE_CALLED,
        },
    },
    support::{Json, field},
};

/// What was told of one call.
#[derive(Debug, Default)]
pub struct Story {
    pub caller: String,
    pub otomo: String,
    /// What decided over it, as the caller heard: `call_accepted`, or `call_rejected` or `call_cancelled` with its reason.
    pub verdict: Option<(String, Json)>,
    /// Why it rings no more, as devices of the otomo heard.
    pub stops: BTreeSet<String>,
    /// `call_end`: the end of an accepted one.
    pub end: Option<Json>,
    /// How it went, as snapshots list what is over.
    pub recent: Option<Json>,
    /// Whether the caller was told, in whatever way, what has become of it.
    pub is_decided: bool,
    /// Whether the request was acknowledged: it is stored.
    pub acknowledged: bool,
    /// The call that it was joined into, as its caller heard.
    pub joined: Option<String>,
}

/// All calls that were ever asked for. Clones share them.
#[derive(Clone, Default)]
pub struct Stories(Rc<RefCell<BTreeMap<String, Story>>>);

impl Stories {
    /// Somebody asks for a call, perhaps again.
    pub fn requested(&self, caller: &str, request: &Json) {
        let mut stories = self.0.borrow_mut();
        let story = stories.entry(field(request, "callId").to_owned());
        story.or_insert_with(|| Story {
            caller: caller.to_owned(),
            otomo: field(request, "toUserId").to_owned(),
            ..Story::default()
        });
    }

    /// Somebody hears something of a call, or of several.
    ///
    /// # Panics
    /// If it is not theirs to hear, or not what was said before, with the sentence.
    pub fn hear(&self, who: &str, event: &Json) {
        let mut stories = self.0.borrow_mut();
        let joined = named(event, "joinedCallId");
        for call in named(event, "callId").into_iter().chain(joined) {
            let story = stories.get(call);
            let story = story.unwrap_or_else(|| panic!("nobody has asked for this call: {event}"));
            assert!(
                [&story.caller, &story.otomo].iter().any(|it| *it == who),
                "{PARTICIPANTS_ONLY}: {who} hears {event}"
            );
        }
        if field(event, "type") == "call_snapshot" {
            let live = std::iter::once(&event["call"]).filter(|it| it.is_object());
            let over = event["recent"].as_array().expect("a list");
            for told in live.chain(over) {
                let story = stories.get_mut(field(told, "callId"));
                story.expect("it is known").is_listed(who, told);
            }
        } else if let Some(call) = event["callId"].as_str() {
            let story = stories.get_mut(call);
            story.expect("it is known").goes_on(who, event);
        }
    }

    /// Whether every request has come to something, as far as its caller knows.
    pub fn are_answered(&self) -> bool {
        self.0.borrow().values().all(Story::is_answered)
    }

    /// Looks at each of them.
    pub fn for_each(&self, mut look: impl FnMut(&str, &Story)) {
        for (call, story) in self.0.borrow().iter() {
            look(call, story);
        }
    }
}

impl Story {
    /// Whether its caller knows what has come of it, if they know that it is stored.
    pub fn is_answered(&self) -> bool {
        self.is_decided || !self.acknowledged
    }

    /// An event tells of it.
    fn goes_on(&mut self, who: &str, event: &Json) {
        let name = field(event, "type");
        match name {
            "call_request_ack" => {
                self.acknowledged = true;
                if let Some(joined) = event["joinedCallId"].as_str() {
                    let known = self.joined.get_or_insert_with(|| joined.to_owned());
                    assert_eq!(known, joined, "{JOINED_ONCE}: {event}");
                }
                self.is_decided |= !["requesting", "ringing"].contains(&field(event, "status"));
            }
            "call_accepted" | "call_rejected" => {
                assert_eq!(who, self.caller, "{CALLERS_ANSWER}: {event}");
                self.is_answered_by(name, event);
            }
            "call_cancelled" if who == self.caller => self.is_answered_by(name, event),
            "call_cancelled" => {
                self.stops.insert(field(event, "reason").to_owned());
            }
            "call_cancel_ack" => self.is_decided |= who == self.caller,
            "incoming_call" => {
                assert_eq!(who, self.otomo, "{RINGS_THE_CALLED}: {event}");
                let left = event["remainingMs"].as_u64().expect("a number");
                assert!(left > 0, "{RINGS_IN_TIME}: {event}");
            }
            "call_end" => {
                let known = self.end.get_or_insert_with(|| event.clone());
                assert_eq!(known, event, "{ONE_END}: {event}");
                self.is_decided |= who == self.caller;
            }
            _ => {}
        }
    }

    /// Its caller hears what has become of it.
    fn is_answered_by(&mut self, name: &str, event: &Json) {
        let verdict = (name.to_owned(), event["reason"].clone());
        let known = self.verdict.get_or_insert_with(|| verdict.clone());
        assert_eq!(*known, verdict, "{ONE_ANSWER}: {event}");
        self.is_decided = true;
    }

    /// A snapshot tells of it: as a live one, or as one that is over.
    fn is_listed(&mut self, who: &str, told: &Json) {
        let is_over = told["outcome"].is_string();
        if is_over {
            let known = self.recent.get_or_insert_with(|| told.clone());
            assert_eq!(known, told, "{OVER_ONCE}: {told}");
        }
        let is_accepted = ["connecting", "connected"]
            .iter()
            .any(|it| told["phase"] == *it);
        self.is_decided |= who == self.caller && (is_over || is_accepted);
    }
}
