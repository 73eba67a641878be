//! What somebody learns: nothing of a call or a conversation that is not theirs.

use std::collections::BTreeSet;

use crate::support::Json;

/// The conversations of which one device has heard, in whatever message.
#[derive(Debug, Default)]
pub struct Learned {
    conversations: BTreeSet<String>,
}

impl Learned {
    pub fn hear(&mut self, event: &Json) {
        let heard = named(event, "conversationId").into_iter();
        self.conversations.extend(heard.map(str::to_owned));
    }

    /// Looks whether all of it was theirs to hear. `members`: who, and of which conversation.
    ///
    /// # Panics
    /// If something was not, with the sentence.
    pub fn is_for(&self, who: &str, members: &BTreeSet<(String, String)>) {
        for it in &self.conversations {
            assert!(
                members.contains(&(who.to_owned(), it.clone())),
                "only members hear anything of a conversation: {who} hears of {it}"
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
