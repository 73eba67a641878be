//! A node that is alone: who is connected to it is online.
//!
//! One task follows who is connected and announces changes in their order, so that nobody hears of a return before the
//! departure; those that come at about the same time are read for together. If the task falls behind, it gets the full set
//! and announces the differences.
//!
//! Snapshots show what has been announced, not what is newer. A change is noted first, then the circle of the person is read,
//! then it is told. So a snapshot either contains a change or its reader is told of it afterwards, whenever the two came to
//! know each other.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    convert::Infallible,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use actix_rt::time::sleep;

use super::{Frames, Known, Person, Presence, Statuses};
use crate::{
    delivery::{
        connectedness::{Change, News},
        lines::To,
    },
    friends::Shared,
    kernel::{ids::UserId, logging::chain, time::Timestamp},
    people::circle::{self, Circle},
    store::{Conn, StoreError},
};

/// Changes that are announced together.
const TOGETHER: usize = 256;

/// How long changes gather after several were announced: when many come at a time, they are announced together. One that
/// comes alone is announced at once.
const GATHER: Duration = Duration::from_millis(10);

/// How long to wait after the store could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Departures that are remembered with their last seen, for snapshots that are being read meanwhile. At most [`TOGETHER`] of
/// them are announced in a commit's time and [`GATHER`]: so these are the last 160 milliseconds when everybody leaves at
/// once, and far more at any other time. A read that takes longer may show an earlier last seen.
const DEPARTURES_MAX: usize = 16 * TOGETHER;

/// Who is online, as far as that was announced.
#[derive(Debug, Default)]
pub(super) struct Alone(RwLock<Announced>);

/// What was announced.
#[derive(Debug, Default)]
struct Announced {
    online: HashSet<UserId>,
    departures: Departures,
}

/// The latest departures with their last seen. A snapshot that was being read when one was announced may have an earlier
/// last seen.
#[derive(Debug, Default)]
struct Departures {
    last_seen: HashMap<UserId, Timestamp>,
    /// In their order, the newest last. Who has left again is in it twice.
    order: VecDeque<(UserId, Timestamp)>,
}

impl Departures {
    fn note(&mut self, user: &UserId, at: Timestamp) {
        // Told again after a fault: the older of two equal ones would take the newer one with it.
        if self.last_seen(user) == Some(at) {
            return;
        }
        if self.order.len() == DEPARTURES_MAX
            && let Some((oldest, at)) = self.order.pop_front()
            && self.last_seen.get(&oldest) == Some(&at)
        {
            self.last_seen.remove(&oldest);
        }
        self.order.push_back((user.clone(), at));
        self.last_seen.insert(user.clone(), at);
    }

    fn last_seen(&self, user: &UserId) -> Option<Timestamp> {
        self.last_seen.get(user).copied()
    }
}

impl Alone {
    /// Who of some people is online.
    pub(super) fn statuses(&self, people: Vec<Person>) -> Statuses {
        let announced = self.announced();
        let status = |(user, seen): Person| {
            let presence = match announced.online.contains(&user) {
                true => Presence::Online,
                // They may have left while this was being read.
                false => Presence::Offline(announced.departures.last_seen(&user).max(seen)),
            };
            (user, presence)
        };
        people.into_iter().map(status).collect()
    }

    fn announced(&self) -> RwLockReadGuard<'_, Announced> {
        // It is consistent between any two statements.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: &Change) {
        let online = &mut self.write().online;
        match change {
            Change::Online(user) => online.insert(user.clone()),
            Change::Offline(user) => online.remove(user),
        };
    }

    fn note_last_seen(&self, user: &UserId, at: Timestamp) {
        self.write().departures.note(user, at);
    }

    fn write(&self) -> RwLockWriteGuard<'_, Announced> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Announces who comes online and goes offline, for as long as it is polled: by one task of the server.
pub(super) async fn announce(shared: &Shared, alone: &Alone) -> Infallible {
    let mut subscription = shared.dispatch.roster().connectedness().subscribe();
    loop {
        let mut changes = Vec::new();
        for news in subscription.next_many(TOGETHER).await {
            match news {
                News::Change(change) => {
                    alone.note(&change);
                    changes.push(change);
                }
                News::Everybody(everybody) => {
                    let missed = differences(&alone.announced().online, everybody);
                    missed.iter().for_each(|change| alone.note(change));
                    changes.extend(missed);
                }
            }
        }
        for changes in changes.chunks(TOGETHER) {
            while let Err(error) = tell(shared, alone, changes).await {
                let (users, cause) = (changes.len(), chain(&error));
                log::warn!("statuses not told yet users={users} cause={cause}");
                sleep(PAUSE).await;
            }
        }
        if changes.len() > 1 {
            sleep(GATHER).await;
        }
    }
}

/// What has changed since `before`.
fn differences(before: &HashSet<UserId>, everybody: Vec<UserId>) -> Vec<Change> {
    let now: HashSet<UserId> = everybody.into_iter().collect();
    let gone = before.difference(&now).cloned().map(Change::Offline);
    let come = now.difference(before).cloned().map(Change::Online);
    gone.chain(come).collect()
}

/// Announces changes that were noted, in their order.
async fn tell(shared: &Shared, alone: &Alone, changes: &[Change]) -> Result<(), StoreError> {
    let now = shared.store.now();
    let gone = changes.iter().filter(|it| matches!(it, Change::Offline(_)));
    let gone: Vec<UserId> = gone.map(|it| it.user().clone()).collect();
    let mut seen = match gone.is_empty() {
        true => Vec::new(),
        false => shared.last_seen.of(gone).await?,
    }
    .into_iter();
    let users: Vec<UserId> = changes.iter().map(|it| it.user().clone()).collect();
    let mut known = Vec::with_capacity(changes.len());
    for change in changes {
        known.push(match change {
            Change::Online(_) => Known::Online,
            Change::Offline(user) => {
                let seen = seen.next().flatten().unwrap_or(now);
                alone.note_last_seen(user, seen);
                Known::Offline(seen)
            }
        });
    }
    let read = move |conn: &mut Conn| circle::of_many(conn, &users.iter().collect::<Vec<_>>());
    let circles = shared.store.read(read).await?;
    for (change, known) in changes.iter().zip(known) {
        // Most know nobody.
        if let Some(circle) = circles.get(change.user()) {
            tell_circle(
                shared,
                circle,
                &Frames::of(change.user(), known, now.millis()),
            );
        }
    }
    Ok(())
}

fn tell_circle(shared: &Shared, circle: &Circle, frames: &Frames) {
    let connectedness = shared.dispatch.roster().connectedness();
    let online = |user: &&UserId| connectedness.is_online(user);
    for user in circle.everybody().filter(online) {
        let to = To::User(user.clone());
        shared.dispatch.tell(to, frames.everybody.clone());
    }
    for partner in circle.partners.iter().filter(online) {
        let to = To::User(partner.clone());
        shared.dispatch.tell(to, frames.partners.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_departures_are_remembered_each_with_its_last_one() {
        let mut departures = Departures::default();
        let (user, at) = (
            |number| format!("u{number}").parse().unwrap(),
            Timestamp::from_millis,
        );
        departures.note(&user(0), at(1));
        departures.note(&user(1), at(2));
        departures.note(&user(0), at(3));
        for number in 2..DEPARTURES_MAX {
            departures.note(&user(number), at(4));
        }
        assert_eq!(departures.last_seen(&user(0)), Some(at(3)));
        assert_eq!(departures.last_seen(&user(1)), Some(at(2)));
        departures.note(&user(DEPARTURES_MAX), at(5));
        assert_eq!(departures.last_seen(&user(1)), None, "it was the oldest");
        assert_eq!(departures.last_seen(&user(0)), Some(at(3)));
        assert_eq!(departures.order.len(), DEPARTURES_MAX);
    }

    #[test]
    fn a_departure_that_is_noted_twice_is_remembered_as_long_as_others() {
        let mut departures = Departures::default();
        let (user, at) = (
            |number| format!("u{number}").parse().unwrap(),
            Timestamp::from_millis,
        );
        departures.note(&user(0), at(1));
        departures.note(&user(1), at(2));
        departures.note(&user(0), at(1));
        for number in 2..DEPARTURES_MAX {
            departures.note(&user(number), at(4));
        }
        assert_eq!(departures.order.len(), DEPARTURES_MAX);
        assert_eq!(departures.last_seen(&user(0)), Some(at(1)));
    }

    #[test]
    fn only_differences_are_announced() {
        let user = |name: &str| -> UserId { name.parse().unwrap() };
        let there = HashSet::from([user("ann"), user("ben")]);
        let changes = differences(&there, vec![user("ben"), user("cat")]);
        let expected = [Change::Offline(user("ann")), Change::Online(user("cat"))];
        assert_eq!(changes, expected);
    }
}
