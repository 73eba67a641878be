//! Tells conversation partners who comes online and goes offline.
//!
//! Whether somebody is online is decided by [`delivery::connectedness`](crate::delivery::connectedness), which outlasts a
//! short break of the connection. One task follows it and announces one change after the other, so that nobody hears of a
//! return before the departure. If the task falls behind, it gets the full set and announces the differences.
//!
//! Snapshots show what has been announced, not what is newer. A change is noted first, then the partners are read, then they
//! are told. So a snapshot either contains a change or its reader is told of it afterwards, whenever the two became partners.

use std::{
    collections::{HashSet, VecDeque},
    convert::Infallible,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use actix_rt::time::sleep;

use super::{
    Shared,
    records::{last_seen, partners},
};
use crate::{
    delivery::{
        connectedness::{Change, News},
        lines::To,
        roster::Roster,
    },
    kernel::{ids::UserId, logging::chain, time::Timestamp},
    protocol::{
        event::{Event, UserOffline, UserOnline},
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
                log::warn!("partners not told yet user={user} cause={cause}");
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
    let event: Event = match change.clone() {
        Change::Online(user_id) => UserOnline {
            user_id,
            timestamp: now.unix_seconds(),
        }
        .into(),
        Change::Offline(user_id) => {
            let user = user_id.clone();
            // As a write, although it writes nothing: so it sees the leave, which was queued before.
            let seen = move |tx: &mut Tx<'_>| last_seen::find(tx, &user);
            let seen: Option<_> = shared.store.write::<_, StoreError, _>(seen).await?;
            let seen = seen.unwrap_or(now);
            shared.online.note_last_seen(&user_id, seen);
            UserOffline {
                user_id,
                timestamp: now.unix_seconds(),
                last_seen: seen.unix_seconds(),
            }
            .into()
        }
    };
    let user = change.user().clone();
    let read = move |conn: &mut _| partners::of(conn, &user);
    let partners = shared.store.read(read).await?;
    let frame = Frame::new(&event);
    for partner in online(shared.dispatch.roster(), partners) {
        shared.dispatch.tell(To::User(partner), frame.clone());
    }
    Ok(())
}

fn online(roster: &Roster, users: Vec<UserId>) -> impl Iterator<Item = UserId> {
    let connectedness = roster.connectedness();
    users
        .into_iter()
        .filter(|user| connectedness.is_online(user))
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
