//! Who is typing, as one device was told on its connection, and where its owner types.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use tokio::time::Instant;

use crate::support::{Dice, Json, field};

/// A conversation, and who types there.
pub type Typist = (String, String);

/// What a device knows of typing.
#[derive(Debug, Default)]
pub struct Typing {
    /// The conversations in which something was said, as far as it knows.
    conversations: BTreeSet<String>,
    /// Who types, and until when it is shown if nothing else comes.
    shown: BTreeMap<Typist, Instant>,
    /// Who has typed and does not any more, and how long before it would have ended by itself that was heard.
    over: BTreeMap<Typist, Duration>,
}

impl Typing {
    /// What its owner types, if anything: most in a conversation of theirs, some in one that is not.
    pub fn act(&self, foreign: impl FnOnce() -> String, dice: &mut Dice) -> Option<Json> {
        if !dice.one_in(25) {
            return None;
        }
        let own: Vec<&String> = self.conversations.iter().collect();
        let conversation = match dice.one_in(4) || own.is_empty() {
            true => foreign(),
            false => (*dice.pick(&own)).clone(),
        };
        Some(match dice.one_in(4) {
            true => json!({"type": "typing-stop", "conversationId": conversation}),
            false => starts(&conversation),
        })
    }

    /// The first conversation that it knows of.
    pub fn conversation(&self) -> Option<&String> {
        self.conversations.first()
    }

    /// Nobody types yet: another connection begins, or what was before does not matter.
    pub fn begin(&mut self) {
        self.shown.clear();
        self.over.clear();
    }

    /// Takes in whatever comes.
    pub fn hear(&mut self, event: &Json) {
        match field(event, "type") {
            "new-message" => {
                let conversation = field(event, "conversationId").to_owned();
                self.conversations.insert(conversation);
            }
            "typing-start" => {
                let (now, expires) = (Instant::now(), event["expiresInMs"].as_u64());
                let until = now + Duration::from_millis(expires.expect("a number"));
                self.shown.insert(typist(event), until);
            }
            "typing-stop" => {
                let until = self.shown.remove(&typist(event));
                let early =
                    until.map(|it| (typist(event), it.saturating_duration_since(Instant::now())));
                self.over.extend(early);
            }
            _ => {}
        }
    }

    /// Whether it has heard that somebody types, now or before.
    pub fn has_heard_of(&self, typist: &Typist) -> bool {
        self.shown.contains_key(typist) || self.over.contains_key(typist)
    }

    /// Whether it was told that somebody types, and not yet that they do not. On another connection nobody does.
    pub fn shows(&self, typist: &Typist) -> bool {
        self.shown.contains_key(typist)
    }

    /// How long before it would have ended by itself somebody's typing was over, if it is.
    pub fn ended_early_by(&self, typist: &Typist) -> Option<Duration> {
        self.over.get(typist).copied()
    }
}

/// Somebody types.
pub fn starts(conversation: &str) -> Json {
    json!({"type": "typing-start", "conversationId": conversation})
}

fn typist(event: &Json) -> Typist {
    let [conversation, who] = ["conversationId", "userId"].map(|it| field(event, it).to_owned());
    (conversation, who)
}
