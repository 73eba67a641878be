//! The write transactions about friends. Each locks both people first, so that two who ask each other at once become
//! friends, on a database where transactions run side by side too.

use super::{
    FriendsFault,
    records::{self, Friendship},
    rules::{self, Bounds, Standing, Step},
    wire,
};
use crate::{
    delivery::inbox::{self, Seq, records::NewEvent},
    kernel::{
        identity::Role,
        ids::{EventId, UserId},
    },
    people,
    protocol::{event::Event, frame::Frame},
    store::{Conn, StoreError, Tx},
};

/// What a transaction has stored, and what to tell once it is committed.
pub(super) struct Outcome<T> {
    /// The answer.
    pub(super) answer: T,
    /// What the other one is told, and its place in their stream.
    pub(super) told: Option<(UserId, Seq, Frame)>,
    /// Who may now see more or less of each other.
    pub(super) outdated: Vec<UserId>,
}

/// `asker` asks `other`, or accepts.
pub(super) fn ask(
    tx: &mut Tx<'_>,
    asker: &UserId,
    other: &UserId,
    bounds: Bounds,
    event: EventId,
) -> Result<Outcome<Friendship>, FriendsFault> {
    if asker == other {
        return Err(FriendsFault::Oneself);
    }
    people::records::lock(tx, [asker, other])?;
    require_person(tx, other)?;
    let before = records::find(tx, asker, other)?;
    let standing = before.as_ref().map(|it| it.standing);
    let (own, theirs) = (records::count(tx, asker)?, records::count(tx, other)?);
    let now = tx.now();
    let by = require_person(tx, asker)?;
    let (standing, told) = match (rules::ask(standing, own, theirs, bounds)?, before) {
        (Step::None(_), Some(before)) => {
            return Ok(Outcome {
                answer: before,
                told: None,
                outdated: Vec::new(),
            });
        }
        (Step::None(standing), None) => (standing, None),
        (Step::Ask, _) => (Standing::Outgoing, Some(wire::asked(event, &by, now))),
        (Step::Befriend, _) => (Standing::Friend, Some(wire::accepted(event, &by, now))),
    };
    records::put(tx, asker, other, standing)?;
    let told = told.map(|told| tell(tx, other, &Event::Notification(told), event));
    Ok(Outcome {
        answer: Friendship {
            other: other.clone(),
            standing,
            since: now,
        },
        told: told.transpose()?,
        outdated: outdated_by(standing, asker, other),
    })
}

/// `user` ends what the two are to each other: takes back, refuses, or ends.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    user: &UserId,
    other: &UserId,
) -> Result<Outcome<()>, FriendsFault> {
    people::records::lock(tx, [user, other])?;
    let before = records::find(tx, user, other)?;
    let mut outdated = Vec::new();
    if let Some(before) = before {
        records::remove(tx, user, other)?;
        outdated = outdated_by(before.standing, user, other);
    }
    Ok(Outcome {
        answer: (),
        told: None,
        outdated,
    })
}

/// Whose circles change when a relation of this kind begins or ends: nobody's because of a request.
fn outdated_by(standing: Standing, one: &UserId, other: &UserId) -> Vec<UserId> {
    match standing {
        Standing::Friend => vec![one.clone(), other.clone()],
        Standing::Outgoing | Standing::Incoming => Vec::new(),
    }
}

fn tell(
    tx: &mut Tx<'_>,
    user: &UserId,
    event: &Event,
    id: EventId,
) -> Result<(UserId, Seq, Frame), StoreError> {
    let frame = Frame::new(event);
    let new = NewEvent::of(id, &frame)?;
    let places = inbox::records::append(tx, &new, std::slice::from_ref(user))?;
    let place = places.into_iter().next();
    let (user, seq) = place.ok_or_else(|| StoreError::corrupt("an event is in no inbox"))?;
    Ok((user, seq, frame))
}

/// Refuses somebody who is unknown, or a backend.
fn require_person(conn: &mut Conn, user: &UserId) -> Result<people::Person, FriendsFault> {
    let person = people::records::find(conn, user)?;
    person
        .filter(|person| person.role != Role::Service)
        .ok_or_else(|| FriendsFault::UserNotFound(user.clone()))
}
