//! People come and go: their conversation partners hear of it.
//!
//! Whether somebody is there says [`delivery::connectedness`](crate::delivery::connectedness), which outlasts a short break
//! of the line. One task follows it and tells the partners, each change before the next, so that nobody hears of a return
//! before the leave. Where it falls behind it is told anew who is there, and tells what is different.
//!
//! Snapshots show what has been told, not what is newer. A change is noted, then it is read who the partners are, then they
//! are told: so a snapshot either contains a change, or its reader is told of it afterwards, whenever the two became
//! partners.

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

/// Departures that are remembered with their last seen: more than are told of while a snapshot is read, for each costs the
/// teller a commit.
const GONE_KEPT: usize = 256;

/// Who is there, as far as others have been told.
#[derive(Debug, Default)]
pub(super) struct Comings(RwLock<Told>);

/// What others have been told.
#[derive(Debug, Default)]
pub(super) struct Told {
    there: HashSet<UserId>,
    /// Who went lately, and when they were last there, the last one last. A snapshot that was being read when they were told
    /// of may know an earlier one.
    gone: VecDeque<(UserId, Timestamp)>,
}

impl Told {
    /// Whether somebody is there.
    pub(super) fn is_there(&self, user: &UserId) -> bool {
        self.there.contains(user)
    }

    /// Who went lately, and when they were last there, the last one last.
    pub(super) fn gone(&self) -> impl Iterator<Item = &(UserId, Timestamp)> {
        self.gone.iter()
    }
}

impl Comings {
    /// What others have been told.
    pub(super) fn told(&self) -> RwLockReadGuard<'_, Told> {
        // It is whole between any two statements.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: &Change) {
        let there = &mut self.write().there;
        match change {
            Change::Online(user) => there.insert(user.clone()),
            Change::Offline(user) => there.remove(user),
        };
    }

    fn note_last_seen(&self, user: &UserId, at: Timestamp) {
        let gone = &mut self.write().gone;
        if gone.len() == GONE_KEPT {
            gone.pop_front();
        }
        gone.push_back((user.clone(), at));
    }

    fn write(&self) -> RwLockWriteGuard<'_, Told> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells partners who comes and goes, for as long as it is polled; one task of the server does that.
pub(super) async fn follow(shared: &Shared) -> Infallible {
    let mut subscription = shared.dispatch.roster().connectedness().subscribe();
    loop {
        let changes = match subscription.next().await {
            News::Change(change) => vec![change],
            News::Everybody(everybody) => differences(&shared.comings.told().there, everybody),
        };
        for change in changes {
            shared.comings.note(&change);
            while let Err(error) = tell(shared, &change).await {
                let (user, cause) = (change.user(), chain(&error));
                log::warn!("partners not told yet user={user} cause={cause}");
                sleep(PAUSE).await;
            }
        }
    }
}

/// What has changed since it was known who is there.
fn differences(there: &HashSet<UserId>, everybody: Vec<UserId>) -> Vec<Change> {
    let now: HashSet<UserId> = everybody.into_iter().collect();
    let gone = there.difference(&now).cloned().map(Change::Offline);
    let come = now.difference(there).cloned().map(Change::Online);
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
            shared.comings.note_last_seen(&user_id, seen);
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
    fn who_was_missed_is_told_and_nobody_else() {
        let user = |name: &str| -> UserId { name.parse().unwrap() };
        let there = HashSet::from([user("ann"), user("ben")]);
        let changes = differences(&there, vec![user("ben"), user("cat")]);
        let expected = [Change::Offline(user("ann")), Change::Online(user("cat"))];
        assert_eq!(changes, expected);
    }
}
