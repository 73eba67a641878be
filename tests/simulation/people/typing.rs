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
    /// Who types: since when it was heard, and until when it is shown if nothing else comes.
    shown: BTreeMap<Typist, (Instant, Instant)>,
    /// Who has typed and does not any more, and for how long that was heard.
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

    /// Another connection begins, on which nobody types yet.
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
                let before = self.shown.get(&typist(event));
                let since = before.filter(|it| it.1 > now).map_or(now, |it| it.0);
                self.shown.insert(typist(event), (since, until));
            }
            "typing-stop" => {
                let shown = self.shown.remove(&typist(event));
                let lasted = shown.map(|(since, _)| (typist(event), since.elapsed()));
                self.over.extend(lasted);
            }
            _ => {}
        }
    }

    /// Forgets who has typed before: of that the end may be lost.
    pub fn forget(&mut self) {
        self.shown.clear();
        self.over.clear();
    }

    /// Whether it has heard that somebody types, now or before.
    pub fn has_heard_of(&self, typist: &Typist) -> bool {
        self.shown.contains_key(typist) || self.over.contains_key(typist)
    }

    /// Whether it was told that somebody types, and not yet that they do not. On another connection nobody does.
    pub fn shows(&self, typist: &Typist) -> bool {
        self.shown.contains_key(typist)
    }

    /// For how long somebody was heard to type, if that is over.
    pub fn lasted(&self, typist: &Typist) -> Option<Duration> {
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
