//! Tells friends and conversation partners who comes online and goes offline.
//!
//! Whether somebody is online is decided by [`delivery::connectedness`](crate::delivery::connectedness), which outlasts a
//! short break of the connection. One task follows it and announces one change after the other, so that nobody hears of a
//! return before the departure. If the task falls behind, it gets the full set and announces the differences.
//!
//! Snapshots show what has been announced, not what is newer. A change is noted first, then the circle of the person is read,
//! then it is told. So a snapshot either contains a change or its reader is told of it afterwards, whenever the two came to
//! know each other.

use std::{
    collections::{HashSet, VecDeque},
    convert::Infallible,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use actix_rt::time::sleep;

use super::Shared;
use crate::{
    delivery::{
        connectedness::{Change, News},
        lines::To,
    },
    kernel::{ids::UserId, logging::chain, time::Timestamp},
    people::{circle, last_seen},
    protocol::{
        event::{Event, FriendStatus, FriendStatusChanged, UserOffline, UserOnline},
        frame::Frame,
    },
    store::{StoreError, Tx},
};

/// How long to wait after the store could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Departures that are remembered with their last seen: more than are announced while a snapshot is being read, because
/// each announcement takes a commit.
const DEPARTURES_MAX: usize = 256;

/// Who is online, as far as that was announced.
#[derive(Debug, Default)]
pub(super) struct Online(RwLock<Announced>);

/// What was announced.
#[derive(Debug, Default)]
pub(super) struct Announced {
    online: HashSet<UserId>,
    /// The latest departures with their last seen, the newest last. A snapshot that was being read when one was announced
    /// may have an earlier last seen.
    departures: VecDeque<(UserId, Timestamp)>,
}

impl Announced {
    /// Whether a user is online.
    pub(super) fn is_online(&self, user: &UserId) -> bool {
        self.online.contains(user)
    }

    /// The latest departures with their last seen, the newest last.
    pub(super) fn departures(&self) -> impl Iterator<Item = &(UserId, Timestamp)> {
        self.departures.iter()
    }
}

impl Online {
    /// What was announced.
    pub(super) fn announced(&self) -> RwLockReadGuard<'_, Announced> {
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
pub(super) async fn announce(shared: &Shared) -> Infallible {
    let mut subscription = shared.dispatch.roster().connectedness().subscribe();
    loop {
        let changes = match subscription.next().await {
            News::Change(change) => vec![change],
            News::Everybody(everybody) => differences(&shared.online.announced().online, everybody),
        };
        for change in changes {
            shared.online.note(&change);
            while let Err(error) = tell(shared, &change).await {
                let (user, cause) = (change.user(), chain(&error));
                log::warn!("status not told yet user={user} cause={cause}");
                sleep(PAUSE).await;
            }
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

async fn tell(shared: &Shared, change: &Change) -> Result<(), StoreError> {
    let now = shared.store.now();
    let (status, partners_told) = match change.clone() {
        Change::Online(user_id) => {
            let told = UserOnline {
                user_id,
                timestamp: now.unix_seconds(),
            };
            ((FriendStatus::Online, now), Event::from(told))
        }
        Change::Offline(user_id) => {
            let user = user_id.clone();
            // As a write, although it writes nothing: so it sees the leave, which was queued before.
            let seen = move |tx: &mut Tx<'_>| last_seen::find(tx, &user);
            let seen: Option<_> = shared.store.write::<_, StoreError, _>(seen).await?;
            let seen = seen.unwrap_or(now);
            shared.online.note_last_seen(&user_id, seen);
            let told = UserOffline {
                user_id,
                timestamp: now.unix_seconds(),
                last_seen: seen.unix_seconds(),
            };
            ((FriendStatus::Offline, seen), Event::from(told))
        }
    };
    let (status, since) = status;
    let everybody_told = FriendStatusChanged {
        user_id: change.user().clone(),
        status,
        timestamp: since.millis(),
    };
    let user = change.user().clone();
    let read = move |conn: &mut _| circle::of(conn, &user);
    let known = shared.store.read(read).await?;
    let (everybody_told, partners_told) = (
        Frame::new(&everybody_told.into()),
        Frame::new(&partners_told),
    );
    let connectedness = shared.dispatch.roster().connectedness();
    let online = |user: &&UserId| connectedness.is_online(user);
    for user in known.everybody().filter(online) {
        let to = To::User(user.clone());
        shared.dispatch.tell(to, everybody_told.clone());
    }
    for partner in known.partners.iter().filter(online) {
        let to = To::User(partner.clone());
        shared.dispatch.tell(to, partners_told.clone());
    }
    Ok(())
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
