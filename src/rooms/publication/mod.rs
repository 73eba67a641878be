//! An event that a backend publishes: as it is asked ([`Draft`]), and checked, as it is stored and said ([`Publication`]).
//!
//! Clients get `data` with the `type` in it, as the emitter of source document 003 does. What the backend wrote is passed on
//! letter by letter: numbers are not rewritten, and fields keep their order. An event of the app's own type in a room is
//! wrapped (`room_event`), so that a client can tell in which of its rooms it was said.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, value::RawValue};

use super::{
    records::states,
    rules::{self, EVERYONE, KEY_MAX_BYTES, Kind, USERS_MAX},
};
use crate::{
    delivery::{dispatch::Dispatch, lines::To},
    kernel::{
        ids::{EventId, IdempotencyKey, RoomId, UserId},
        time::Timestamp,
    },
    protocol::{
        event::{Event, RoomEvent},
        frame::{Frame, Published},
        publishing::{self, Publishable, Violation},
        socket_io::ROOM_EVENT,
        spec::{self, Key, Priority, Topic},
    },
};

/// What the states of backends are called among those of the protocol.
const PUBLISHED: &str = "published";

/// For whom an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// For one user.
    User(UserId),
    /// For these.
    Users(Vec<UserId>),
    /// For those in a room.
    Room(RoomId),
    /// For everybody who is connected.
    Everyone,
}

impl Target {
    /// The clients it is for.
    pub(super) fn clients(&self) -> Vec<To> {
        match self {
            Self::User(user) => vec![To::User(user.clone())],
            Self::Users(users) => users.iter().cloned().map(To::User).collect(),
            Self::Room(room) => vec![To::Room(room.clone())],
            Self::Everyone => vec![To::Everyone],
        }
    }

    /// How many users and rooms it names.
    pub fn recipients(&self) -> usize {
        match self {
            Self::Users(users) => users.len(),
            Self::User(_) | Self::Room(_) | Self::Everyone => 1,
        }
    }
}

/// An event as a backend asks for it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// For whom it is.
    pub target: Target,
    /// Its `type`.
    pub name: String,
    /// Its fields: a JSON object.
    pub data: Box<RawValue>,
    /// How it behaves; `None`: as its type does.
    pub kind: Option<Kind>,
    /// How soon it goes out.
    pub priority: Priority,
    /// What a newer one replaces.
    pub key: Option<String>,
    /// How long it is worth sending.
    pub ttl: Option<Duration>,
    /// How a repeat is recognised.
    pub repeat: Option<RepeatKey>,
}

/// How a repeat of an event is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatKey {
    /// The key that its backend gave it.
    pub key: IdempotencyKey,
    /// SHA-256 of the event, in hex: the same key for another event is a mistake.
    pub digest: String,
}

/// An event that may be published.
#[derive(Debug, Clone)]
pub struct Publication {
    /// For whom it is. A user's own room is that user.
    pub target: Target,
    /// How it behaves.
    pub kind: Kind,
    /// How long it is worth sending.
    pub ttl: Option<Duration>,
    /// How a repeat is recognised.
    pub repeat: Option<RepeatKey>,
    /// Its id, should it be stored.
    pub(super) id: EventId,
    /// Its `type` as its backend calls it.
    pub(super) name: String,
    /// What a newer one replaces, within its target and type. A state has one.
    pub(super) key: Option<String>,
    pub(super) topic: Topic,
    priority: Priority,
    /// The whole message.
    json: String,
}

impl Publication {
    /// Checks an event, and puts it into the words of the wire. `max_bytes` is how large the message may be.
    ///
    /// # Errors
    /// Where it is not what its type or kind asks for.
    pub fn check(draft: Draft, now: Timestamp, max_bytes: usize) -> Result<Self, Violation> {
        let known = match publishing::publishable(&draft.name) {
            Publishable::Known => Event::known_spec(&draft.name),
            Publishable::Custom | Publishable::Reserved | Publishable::Malformed => None,
        };
        let id = EventId::new();
        let target = target(draft.target)?;
        let fields = fields(&draft.data)?;
        let key = draft.key.or_else(|| usual_key(&draft.name, &fields));
        let kind = draft
            .kind
            .unwrap_or_else(|| rules::kind(known, key.is_some()));
        let added = added(&draft.name, fields, now, id)?;
        let json = match &target {
            Target::Room(room) if known.is_none() => wrapped(room, &draft.name, draft.data),
            _ => spliced(&added, &draft.data),
        };
        if json.len() > max_bytes {
            let message = format!("the message has {} bytes; at most {max_bytes}", json.len());
            return Err(Violation::new("data", message));
        }
        Ok(Self {
            key: checked_key(kind, key)?,
            kind: checked_kind(kind, &target)?,
            ttl: draft.ttl,
            repeat: draft.repeat,
            id,
            topic: known.map_or(Topic::Rooms, |spec| spec.topic),
            priority: draft.priority,
            target,
            name: draft.name,
            json,
        })
    }

    /// Its type on the wire.
    pub(super) fn wire_name(&self) -> &str {
        match &self.target {
            Target::Room(_) if Event::known_spec(&self.name).is_none() => ROOM_EVENT,
            _ => &self.name,
        }
    }

    /// The room in whose members' inboxes it is to be, if it is for one.
    pub(super) fn durable_room(&self) -> Option<&RoomId> {
        match (&self.target, self.kind) {
            (Target::Room(room), Kind::Durable) => Some(room),
            _ => None,
        }
    }

    /// The whole message.
    pub(super) fn json(&self) -> &str {
        &self.json
    }

    /// Of what it is the newest, if it is a state: within its room.
    pub(super) fn state_key(&self) -> String {
        states::key(&self.name, self.key.as_deref().unwrap_or_default())
    }

    /// The event on its way to clients, followed there since it was accepted.
    pub(super) fn frame(&self, dispatch: &Dispatch, accepted: Instant) -> Frame {
        self.frame_of(self.json.clone(), dispatch, accepted, self.ttl)
    }

    /// The same, in the words of an earlier or a later one, which is worth telling for so long.
    pub(super) fn frame_of(
        &self,
        json: String,
        dispatch: &Dispatch,
        accepted: Instant,
        ttl: Option<Duration>,
    ) -> Frame {
        let kind = match self.kind {
            Kind::Durable => spec::Kind::Durable,
            Kind::State => spec::Kind::State,
            Kind::Ephemeral => spec::Kind::Ephemeral,
        };
        let published = Published {
            name: self.wire_name(),
            topic: self.topic,
            kind,
            priority: self.priority,
            key: self.frame_key(),
        };
        let tracking = dispatch.track(kind, self.priority, accepted, ttl);
        let frame = Frame::published(&published, json).tracked(tracking);
        match (&self.target, self.kind) {
            // What is durable is in the inbox of those who have left, too.
            (Target::Room(room), Kind::State | Kind::Ephemeral) => frame.in_room(room.clone()),
            _ => frame,
        }
    }

    fn frame_key(&self) -> Option<Key> {
        let scope = match &self.target {
            Target::User(_) | Target::Users(_) => "",
            Target::Room(room) => room.as_str(),
            Target::Everyone => EVERYONE,
        };
        let key = states::key(&self.name, self.key.as_deref()?);
        Some(state_key(scope, &key))
    }
}

/// What a newer frame of a state replaces. `scope` is its room; nothing for one user's.
pub(super) fn state_key(scope: &str, key: &str) -> Key {
    Key {
        state: PUBLISHED,
        id: Arc::from(format!("{scope}\n{key}")),
    }
}

/// A user's own room is that user.
fn target(target: Target) -> Result<Target, Violation> {
    match target {
        Target::Room(room) => match rules::owner(&room) {
            Some(owner) => owner
                .parse()
                .map(Target::User)
                .map_err(|_unfit| Violation::new("target.room", "user_ is followed by a user id")),
            None if rules::is_closed(&room) => {
                let message = "no room has this name; everybody is {\"all\": true}";
                Err(Violation::new("target.room", message))
            }
            None => Ok(Target::Room(room)),
        },
        Target::Users(users) if users.is_empty() || users.len() > USERS_MAX => {
            let message = format!("name 1 to {USERS_MAX} users");
            Err(Violation::new("target.users", message))
        }
        Target::Users(mut users) => {
            users.sort_unstable();
            users.dedup();
            Ok(Target::Users(users))
        }
        Target::User(_) | Target::Everyone => Ok(target),
    }
}

fn fields(data: &RawValue) -> Result<Map<String, Value>, Violation> {
    serde_json::from_str(data.get()).map_err(|_unread| {
        let message = "must be a JSON object that every client can read: no half surrogate pairs, no numbers beyond a double";
        Violation::new("data", message)
    })
}

/// What the message needs and the backend left out.
fn added(
    name: &str,
    mut fields: Map<String, Value>,
    now: Timestamp,
    id: EventId,
) -> Result<Map<String, Value>, Violation> {
    let own: Vec<String> = fields.keys().cloned().collect();
    publishing::complete(name, &mut fields, now, id)?;
    own.iter().for_each(|name| drop(fields.remove(name)));
    if !own.iter().any(|field| field == "type") {
        fields.insert("type".to_owned(), name.into());
    }
    Ok(fields)
}

/// Of a player there is one status.
fn usual_key(name: &str, fields: &Map<String, Value>) -> Option<String> {
    let player = fields.get("user_id").and_then(Value::as_str);
    player
        .filter(|_| name == "player_status_update")
        .map(str::to_owned)
}

/// The fields that were added, and then what the backend wrote, as it wrote it.
fn spliced(added: &Map<String, Value>, data: &RawValue) -> String {
    let own = data.get().trim_start();
    let own = own.strip_prefix('{').unwrap_or(own);
    if added.is_empty() {
        return format!("{{{own}");
    }
    let added: Vec<String> = added
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    let more = match own.trim_start().starts_with('}') {
        true => "",
        false => ",",
    };
    format!("{{{}{more}{own}", added.join(","))
}

fn wrapped(room: &RoomId, name: &str, data: Box<RawValue>) -> String {
    let event = Event::from(RoomEvent {
        room: room.clone(),
        event: name.to_owned(),
        data,
    });
    // A name, a text and JSON: there is nothing in it that could fail.
    serde_json::to_string(&event).unwrap_or_default()
}

fn checked_key(kind: Kind, key: Option<String>) -> Result<Option<String>, Violation> {
    let unfit = |key: &str| {
        key.is_empty() || key.len() > KEY_MAX_BYTES || key.contains(|c: char| c.is_control())
    };
    match (kind, key) {
        (Kind::State, None) => {
            let message =
                "is missing, and a state needs it: of two with the same key only the newer counts";
            Err(Violation::new("key", message))
        }
        // Also where it does nothing: who sends it means something by it.
        (_, Some(key)) if unfit(&key) => {
            let message = format!("must be 1 to {KEY_MAX_BYTES} bytes without control characters");
            Err(Violation::new("key", message))
        }
        (Kind::State, key) => Ok(key),
        (Kind::Durable | Kind::Ephemeral, _) => Ok(None),
    }
}

fn checked_kind(kind: Kind, target: &Target) -> Result<Kind, Violation> {
    if kind == Kind::Durable && *target == Target::Everyone {
        let message = "must not be durable for all, for whom it would be stored one by one; name users or a room";
        return Err(Violation::new("kind", message));
    }
    Ok(kind)
}

#[cfg(test)]
mod tests;
