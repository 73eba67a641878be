//! What this room asks of the store, one transaction each.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use uuid::Uuid;

use super::{
    fault::RoomsFault,
    publication::{Publication, RepeatKey, Target},
    records::{
        members, publications,
        states::{self, State},
    },
    rules::{self, DURABLE_MEMBERS_MAX, EVERYONE, Kind, PLACES_MAX, Right},
};
use crate::{
    delivery::inbox::{self, Seq, records::NewEvent},
    kernel::ids::{IdempotencyKey, RoomId, UserId},
    store::{StoreError, Tx},
};

/// An event to be stored, with those who are in its room right now.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) publication: Publication,
    /// Who is in the room without a grant, by a claim of their token: durable events are for them, too.
    pub(super) present: Arc<[UserId]>,
}

/// What became of one event.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It is to be said; with its place in each inbox.
    Stored(Vec<(UserId, Seq)>),
    /// It is to be said, and holds: as which revision, in the room of each target.
    Holds(Vec<i64>),
    /// It is to be said.
    NotStored,
    /// It was published before: it is not said again. With how much was stored then.
    Repeated(u64),
    /// The same, for a state. Whoever published it may have died before it was said, and nobody looks into an inbox for it: so
    /// what holds by now is said again, in the room of each target.
    HeldBefore {
        /// How much was stored then.
        stored: u64,
        /// `None` where nothing holds any more.
        held: Vec<Option<State>>,
    },
}

/// What may be kept of the states of a room.
#[derive(Debug, Clone, Copy)]
pub(super) struct StateLimits {
    /// How many keys.
    pub(super) most: u32,
    /// How many bytes together.
    pub(super) most_bytes: usize,
    /// How long one that says nothing itself.
    pub(super) retention: Duration,
}

impl Outcome {
    /// How much of it is stored.
    pub(super) fn stored(&self) -> u64 {
        match self {
            Self::Stored(places) => places.len() as u64,
            Self::Holds(revisions) => revisions.len() as u64,
            Self::NotStored => 0,
            Self::Repeated(stored) | Self::HeldBefore { stored, .. } => *stored,
        }
    }

    /// Whether it is news.
    pub(super) fn is_first(&self) -> bool {
        !matches!(self, Self::Repeated(_) | Self::HeldBefore { .. })
    }
}

/// Stores all events of one request, or none.
pub(super) fn publish(
    tx: &mut Tx<'_>,
    entries: &[Entry],
    request: Uuid,
    limits: StateLimits,
) -> Result<Vec<Outcome>, RoomsFault> {
    let mut outcomes = Vec::with_capacity(entries.len());
    let (mut places, mut keys) = (0, HashSet::new());
    for (index, entry) in entries.iter().enumerate() {
        let repeat = entry.publication.repeat.as_ref();
        let first = match repeat {
            Some(repeat) => stored_first(tx, index, repeat, request, &mut keys)?,
            None => None,
        };
        let outcome = match first {
            Some(stored) => repeated(tx, &entry.publication, stored)?,
            None => store(tx, index, entry, limits)?,
        };
        if let (Some(repeat), None) = (repeat, first) {
            publications::insert(tx, &repeat.key, request, &repeat.digest, outcome.stored())?;
        }
        if let Outcome::Stored(stored) = &outcome {
            places += stored.len();
        }
        if places > PLACES_MAX {
            return Err(RoomsFault::TooManyPlaces);
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// How much was stored the first time of an event that is repeated: of another request, or of one further up in this. What another
/// run of this very request has stored counts as not published: it is yet to be said.
fn stored_first<'a>(
    tx: &mut Tx<'_>,
    index: usize,
    repeat: &'a RepeatKey,
    request: Uuid,
    keys: &mut HashSet<&'a IdempotencyKey>,
) -> Result<Option<u64>, RoomsFault> {
    let first_here = keys.insert(&repeat.key);
    match publications::find(tx, &repeat.key, request)? {
        Some(first) if first.digest != repeat.digest => Err(RoomsFault::KeyReused(index)),
        Some(first) if first.own && first_here => Ok(None),
        Some(first) => Ok(Some(first.stored)),
        None => Ok(None),
    }
}

/// What becomes of an event that is repeated.
fn repeated(
    tx: &mut Tx<'_>,
    publication: &Publication,
    stored: u64,
) -> Result<Outcome, RoomsFault> {
    if publication.kind != Kind::State {
        return Ok(Outcome::Repeated(stored));
    }
    let (now, key) = (tx.now(), publication.state_key());
    let held = places(publication)
        .iter()
        .map(|room| states::find(tx, room, &key, now))
        .collect::<Result<_, _>>()?;
    Ok(Outcome::HeldBefore { stored, held })
}

fn store(
    tx: &mut Tx<'_>,
    index: usize,
    entry: &Entry,
    limits: StateLimits,
) -> Result<Outcome, RoomsFault> {
    match entry.publication.kind {
        Kind::Durable => durable(tx, index, entry),
        Kind::State => state(tx, index, &entry.publication, limits),
        Kind::Ephemeral => Ok(Outcome::NotStored),
    }
}

fn durable(tx: &mut Tx<'_>, index: usize, entry: &Entry) -> Result<Outcome, RoomsFault> {
    let publication = &entry.publication;
    let recipients = match &publication.target {
        Target::User(user) => vec![user.clone()],
        Target::Users(users) => users.clone(),
        Target::Room(room) => {
            let now = tx.now();
            let granted = members::current(tx, room, now, DURABLE_MEMBERS_MAX + 1)?;
            let all: BTreeSet<UserId> = granted
                .into_iter()
                .chain(entry.present.iter().cloned())
                .collect();
            if all.len() > DURABLE_MEMBERS_MAX {
                return Err(RoomsFault::TooManyMembers(index));
            }
            all.into_iter().collect()
        }
        // Refused when it was checked.
        Target::Everyone => Vec::new(),
    };
    let event = NewEvent {
        id: publication.id,
        topic: publication.topic,
        type_name: publication.wire_name(),
        body: publication.json(),
        expires_at: publication.ttl.map(|ttl| tx.now() + ttl),
    };
    let places = inbox::records::append(tx, &event, &recipients)?;
    Ok(Outcome::Stored(places))
}

fn state(
    tx: &mut Tx<'_>,
    index: usize,
    publication: &Publication,
    limits: StateLimits,
) -> Result<Outcome, RoomsFault> {
    let (rooms, key) = (places(publication), publication.state_key());
    let expires_at = tx.now() + publication.ttl.unwrap_or(limits.retention);
    let size = publication.json().len() as u64;
    let mut revisions = Vec::with_capacity(rooms.len());
    for room in &rooms {
        if !fits(tx, room, &key, size, limits)? {
            return Err(RoomsFault::TooManyStates(index));
        }
        let revision = states::put(tx, room, &key, publication.json(), expires_at)?;
        revisions.push(revision);
    }
    Ok(Outcome::Holds(revisions))
}

/// Where a state is kept: the room of each target.
fn places(publication: &Publication) -> Vec<String> {
    match &publication.target {
        Target::User(user) => vec![own_room(user)],
        Target::Users(users) => users.iter().map(own_room).collect(),
        Target::Room(room) => vec![room.as_str().to_owned()],
        Target::Everyone => vec![EVERYONE.to_owned()],
    }
}

/// Whether a room may hold a state of so many bytes. Only one that makes the room grow is counted, and that is rare.
fn fits(
    tx: &mut Tx<'_>,
    room: &str,
    key: &str,
    size: u64,
    limits: StateLimits,
) -> Result<bool, StoreError> {
    let now = tx.now();
    if states::size(tx, room, key, now)?.is_some_and(|before| before >= size) {
        return Ok(true);
    }
    // Read again under the lock: another node may have stored something since.
    tx.lock_name(&format!("states:{room}"))?;
    let before = states::size(tx, room, key, now)?;
    let held = states::held(tx, room, now)?;
    let keys = held.keys + u64::from(before.is_none());
    let bytes = (held.bytes + size).saturating_sub(before.unwrap_or_default());
    Ok(keys <= u64::from(limits.most) && bytes <= limits.most_bytes as u64)
}

/// What somebody who joins a room is told.
#[derive(Debug)]
pub(super) struct Entrance {
    /// Why they may be in it.
    pub(super) right: Right,
    /// The states that hold.
    pub(super) states: Vec<State>,
}

/// Whether a user may join a room now, and what holds there.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    user: &UserId,
    room: &RoomId,
    claims: &[RoomId],
) -> Result<Entrance, RoomsFault> {
    let now = tx.now();
    let grant = members::grant(tx, room, user)?;
    let right = rules::right(user, room, claims, grant, now);
    let right = right.ok_or_else(|| RoomsFault::Forbidden(room.clone()))?;
    let states = states::of(tx, room.as_str(), now)?;
    Ok(Entrance { right, states })
}

/// The states that hold for a user wherever they are: those of their own room, and those for everybody.
pub(super) fn standing(
    tx: &mut Tx<'_>,
    user: &UserId,
) -> Result<Vec<(RoomId, Vec<State>)>, StoreError> {
    let now = tx.now();
    // The own room of a user with the longest of ids has no name.
    let rooms = [own_room(user).parse(), EVERYONE.parse()].into_iter();
    let of = |room: RoomId| states::of(tx, room.as_str(), now).map(|held| (room, held));
    let standing: Result<Vec<_>, StoreError> = rooms.flatten().map(of).collect();
    Ok(standing?
        .into_iter()
        .filter(|(_, states)| !states.is_empty())
        .collect())
}

fn own_room(user: &UserId) -> String {
    format!("{}{user}", RoomId::USER_PREFIX)
}
