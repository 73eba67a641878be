//! Friends in the words of the protocol.

use serde_json::{Map, Value};

use crate::{
    kernel::{ids::EventId, time::Timestamp},
    people::Person,
    protocol::event::Notification,
};

/// What the notification of a request is filed under.
const REQUEST: &str = "friend_request";

/// What that of an accepted request is filed under.
const ACCEPTED: &str = "friend_accepted";

/// Tells somebody that they were asked.
pub(super) fn asked(id: EventId, by: &Person, now: Timestamp) -> Notification {
    let message = format!("{} asks to be your friend", name(by));
    notification(id, REQUEST, message, by, now)
}

/// Tells somebody that the one they asked has accepted.
pub(super) fn accepted(id: EventId, by: &Person, now: Timestamp) -> Notification {
    let message = format!("{} is your friend now", name(by));
    notification(id, ACCEPTED, message, by, now)
}

fn notification(
    id: EventId,
    category: &str,
    message: String,
    by: &Person,
    now: Timestamp,
) -> Notification {
    let avatar = by.avatar.clone().map_or(Value::Null, Value::String);
    let about = [
        ("userId", Value::String(by.user.to_string())),
        ("name", Value::String(by.name.clone())),
        ("avatar", avatar),
    ];
    Notification {
        id,
        title: None,
        message,
        category: category.to_owned(),
        data: Map::from_iter(about.map(|(field, value)| (field.to_owned(), value))),
        timestamp: now.unix_seconds(),
    }
}

fn name(person: &Person) -> &str {
    match person.name.as_str() {
        "" => person.user.as_str(),
        name => name,
    }
}
