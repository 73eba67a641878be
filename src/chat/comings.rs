//! People come and go: their conversation partners hear of it.
//!
//! Whether somebody is there says [`delivery::connectedness`](crate::delivery::connectedness), which outlasts a short break
//! of the line. One task follows it and tells the partners, each change before the next, so that nobody hears of a return
//! before the leave. Where it falls behind it is told anew who is there, and tells what is different.

use std::{
    collections::{BTreeMap, HashSet},
    convert::Infallible,
};

use super::{Shared, records::partners};
use crate::{
    delivery::{
        connectedness::{Change, News},
        lines::To,
        roster::Roster,
    },
    kernel::{ids::UserId, logging::chain},
    protocol::{
        event::{Event, FriendStatusSnapshot, UserOffline, UserOnline},
        frame::Frame,
    },
    store::StoreError,
};

/// Tells partners who comes and goes, for as long as it is polled; one task of the server does that.
pub(super) async fn follow(shared: &Shared) -> Infallible {
    let mut subscription = shared.dispatch.roster().connectedness().subscribe();
    let mut there: HashSet<UserId> = HashSet::new();
    loop {
        let changes = match subscription.next().await {
            News::Change(change) => vec![change],
            News::Everybody(everybody) => differences(&there, everybody),
        };
        for change in changes {
            match &change {
                Change::Online(user) => there.insert(user.clone()),
                Change::Offline(user) => there.remove(user),
            };
            if let Err(error) = tell(shared, &change).await {
                let (user, cause) = (change.user(), chain(&error));
                log::warn!("partners not told user={user} cause={cause}");
            }
        }
    }
}

/// Who of a person's partners is there, for the start.
pub(super) async fn snapshot(
    shared: &Shared,
    of: &UserId,
) -> Result<FriendStatusSnapshot, StoreError> {
    let user = of.clone();
    let read = move |conn: &mut _| partners::with_last_seen(conn, &user);
    let partners = shared.store.read(read).await?;
    let connectedness = shared.dispatch.roster().connectedness();
    let mut snapshot = FriendStatusSnapshot {
        statuses: BTreeMap::new(),
        last_seen: BTreeMap::new(),
    };
    for (user, seen) in partners {
        let online = connectedness.is_online(&user);
        if let Some(seen) = seen.filter(|_| !online) {
            let seconds = seen.unix_seconds();
            snapshot.last_seen.insert(user.clone(), seconds);
        }
        snapshot.statuses.insert(user, online);
    }
    Ok(snapshot)
}

/// What has changed since it was known who is there.
fn differences(there: &HashSet<UserId>, everybody: Vec<UserId>) -> Vec<Change> {
    let now: HashSet<UserId> = everybody.into_iter().collect();
    let gone = there.difference(&now).cloned().map(Change::Offline);
    let come = now.difference(there).cloned().map(Change::Online);
    gone.chain(come).collect()
}

async fn tell(shared: &Shared, change: &Change) -> Result<(), StoreError> {
    let user = change.user().clone();
    let read = move |conn: &mut _| {
        let partners = partners::of(conn, &user)?;
        Ok::<_, StoreError>((partners, partners::last_seen(conn, &user)?))
    };
    let (partners, seen) = shared.store.read(read).await?;
    let now = shared.store.now();
    let event: Event = match change.clone() {
        Change::Online(user_id) => UserOnline {
            user_id,
            timestamp: now.unix_seconds(),
        }
        .into(),
        Change::Offline(user_id) => UserOffline {
            user_id,
            timestamp: now.unix_seconds(),
            last_seen: seen.unwrap_or(now).unix_seconds(),
        }
        .into(),
    };
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
