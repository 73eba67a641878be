//! What somebody learns: nothing of a call or a conversation that is not theirs.

use std::collections::BTreeMap;

use otomo::kernel::ids::{ConversationId, UserId};

use super::promises::{MEMBERS_HEAR, MEMBERS_TYPE};
use crate::support::{Json, field};

/// The conversations that somebody may hear of, and with whom each is: people write to each other by name alone.
#[derive(Debug)]
pub struct Learned {
    own: BTreeMap<String, String>,
}

impl Learned {
    /// What is somebody's, among these others.
    pub fn of(who: &str, others: &[String]) -> Self {
        let with = |other: &String| (conversation(who, other), other.clone());
        Self {
            own: others.iter().map(with).collect(),
        }
    }

    /// With whom a conversation of theirs is.
    pub fn partner(&self, conversation: &str) -> &str {
        &self.own[conversation]
    }

    /// Looks whether all in a message was theirs to hear.
    ///
    /// # Panics
    /// If something was not, with the sentence.
    pub fn hear(&self, event: &Json) {
        for conversation in named(event, "conversationId") {
            assert!(
                self.own.contains_key(conversation),
                "{MEMBERS_HEAR}: {event}"
            );
        }
        if field(event, "type").starts_with("typing-") {
            assert_eq!(
                field(event, "userId"),
                self.partner(field(event, "conversationId")),
                "{MEMBERS_TYPE}: {event}"
            );
        }
    }
}

/// The conversation of two people.
pub fn conversation(one: &str, other: &str) -> String {
    let [one, other] = [one, other].map(|name| name.parse::<UserId>().expect("a name"));
    ConversationId::between(&one, &other).to_string()
}

/// Every text in a message that stands under one of these names, however deep.
pub fn named<'a>(json: &'a Json, name: &str) -> Vec<&'a str> {
    match json {
        Json::Object(fields) => {
            let own = fields.get(name).and_then(Json::as_str);
            let deeper = fields.values().flat_map(|it| named(it, name));
            own.into_iter().chain(deeper).collect()
        }
        Json::Array(items) => items.iter().flat_map(|it| named(it, name)).collect(),
        _ => Vec::new(),
    }
}
