//! What somebody learns: nothing of a call or a conversation that is not theirs.

use std::collections::BTreeSet;

use otomo::kernel::ids::{ConversationId, UserId};

use crate::support::Json;

/// The conversations that somebody may hear of: each with one other person, who write to each other by name alone.
#[derive(Debug)]
pub struct Learned {
    own: BTreeSet<String>,
}

impl Learned {
    /// What is somebody's, among these others.
    pub fn of(who: &str, others: &[String]) -> Self {
        let user = |name: &str| -> UserId { name.parse().expect("a name") };
        let with = |other: &String| {
            let (me, them) = (user(who), user(other));
            [(&me, &them), (&them, &me)].map(|(one, other)| ConversationId::between(one, other))
        };
        Self {
            own: others
                .iter()
                .flat_map(with)
                .map(|id| id.to_string())
                .collect(),
        }
    }

    /// Looks whether all in a message was theirs to hear.
    ///
    /// # Panics
    /// If something was not, with the sentence.
    pub fn hear(&self, event: &Json) {
        for conversation in named(event, "conversationId") {
            assert!(
                self.own.contains(conversation),
                "only members hear anything of a conversation: {event}"
            );
        }
    }
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
