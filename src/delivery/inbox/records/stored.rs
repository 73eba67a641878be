//! An event as it is read again.

use super::{Seq, seq};
use crate::{
    kernel::{ids::UserId, time::Timestamp},
    protocol::{spec::Topic, stored::is_event},
    store::{Lossy, StoreError},
};

/// An event in a user's stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredEvent {
    /// Its place in the stream.
    pub seq: Seq,
    /// What a client must have subscribed to.
    pub topic: Topic,
    /// Its `type` on the wire.
    pub type_name: String,
    /// The whole message as JSON, without what differs per connection.
    pub body: String,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// Its place in the stream, and the event itself unless it is lost: topic, type, body, created at.
pub(super) type EventRow = (i64, Option<(Lossy, Lossy, Lossy, i64)>);

/// An event of a user's stream, if it can be read.
pub(super) fn read(user: &UserId, (number, event): EventRow) -> Result<StoredEvent, StoreError> {
    let Some((topic, type_name, body, created_at)) = event else {
        let what = format!("the event {number} of {user} is lost");
        return Err(StoreError::corrupt(what));
    };
    let body = String::from(body);
    if !is_event(&body) {
        let what = format!("the event {number} of {user} is no event of JSON");
        return Err(StoreError::corrupt(what));
    }
    let no_topic = |fault| {
        let what = format!("events.topic of the event {number} of {user}: {fault}");
        StoreError::corrupt(what)
    };
    Ok(StoredEvent {
        seq: seq(number)?,
        topic: String::from(topic).parse().map_err(no_topic)?,
        type_name: type_name.into(),
        body,
        created_at: Timestamp::from_millis(created_at),
    })
}
