//! A node that is alone: who is connected to it is online.
//!
//! One task follows who is connected and announces changes in their order, so that nobody hears of a return before the
//! departure; those that come at about the same time are read for together. If the task falls behind, it gets the full set and announces the differences.
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

/// Departures that are remembered with their last seen: more than are announced while a snapshot is being read, because
/// each announcement takes a commit, after which it pauses.
const DEPARTURES_MAX: usize = 4 * TOGETHER;

/// Who is online, as far as that was announced.
#[derive(Debug, Default)]
pub(super) struct Alone(RwLock<Announced>);

/// What was announced.
#[derive(Debug, Default)]
struct Announced {
    online: HashSet<UserId>,
    /// The latest departures with their last seen, the newest last. A snapshot that was being read when one was announced
    /// may have an earlier last seen.
    departures: VecDeque<(UserId, Timestamp)>,
}

impl Announced {
    /// When the latest of them left.
    fn left(&self) -> HashMap<&UserId, Timestamp> {
        self.departures
            .iter()
            .map(|(user, at)| (user, *at))
            .collect()
    }
}

impl Alone {
    /// Who of some people is online.
    pub(super) fn statuses(&self, people: Vec<Person>) -> Statuses {
        let announced = self.announced();
        let left = announced.left();
        let status = |(user, seen): Person| {
            let presence = match announced.online.contains(&user) {
                true => Presence::Online,
                // They may have left while this was being read.
                false => Presence::Offline(left.get(&user).copied().max(seen)),
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
        let departures = &mut self.write().departures;
        if departures.len() == DEPARTURES_MAX {
            departures.pop_front();
        }
        departures.push_back((user.clone(), at));
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
        false => shared.last_seen(gone).await?,
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
    fn only_differences_are_announced() {
        let user = |name: &str| -> UserId { name.parse().unwrap() };
        let there = HashSet::from([user("ann"), user("ben")]);
        let changes = differences(&there, vec![user("ben"), user("cat")]);
        let expected = [Change::Offline(user("ann")), Change::Online(user("cat"))];
        assert_eq!(changes, expected);
    }
}
