//! What people were told of each call, held against each other as it comes.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use crate::support::{Json, field};

/// What was told of one call.
#[derive(Debug, Default)]
pub struct Story {
    pub caller: String,
    pub otomo: String,
    /// What decided over it, as the caller heard: `call_accepted` or `call_rejected` with its reason.
    pub verdict: Option<(String, Json)>,
    /// The reason of the end of an accepted one.
    pub end: Option<Json>,
    /// Whether the request was acknowledged: it is stored.
    pub acknowledged: bool,
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

    /// Somebody hears something of a call.
    pub fn hear(&self, who: &str, event: &Json) {
        let Some(call) = event["callId"].as_str() else {
            return;
        };
        let mut stories = self.0.borrow_mut();
        let story = stories.get_mut(call);
        let story = story.unwrap_or_else(|| panic!("nobody has asked for this call: {event}"));
        assert!(
            [&story.caller, &story.otomo].iter().any(|it| *it == who),
            "who is not a participant learns nothing: {who} hears {event}"
        );
        match field(event, "type") {
            "call_request_ack" => story.acknowledged = true,
            name @ ("call_accepted" | "call_rejected") => {
                let verdict = (name.to_owned(), event["reason"].clone());
                let known = story.verdict.get_or_insert_with(|| verdict.clone());
                assert_eq!(*known, verdict, "the caller gets one final answer: {event}");
                assert_eq!(who, story.caller, "it is the caller's answer: {event}");
            }
            "incoming_call" => {
                assert_eq!(who, story.otomo, "the called one is rung: {event}");
                let left = event["remainingMs"].as_u64().expect("a number");
                assert!(left > 0, "nothing rings after its deadline: {event}");
            }
            "call_end" => {
                let known = story.end.get_or_insert_with(|| event["reason"].clone());
                assert_eq!(*known, event["reason"], "a call has one end: {event}");
            }
            _ => {}
        }
    }

    /// Looks at each of them.
    pub fn for_each(&self, mut look: impl FnMut(&str, &Story)) {
        for (call, story) in self.0.borrow().iter() {
            look(call, story);
        }
    }
}
