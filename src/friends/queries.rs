//! The questions that are answered here: lists, who is online, the status of one person.

use std::collections::{BTreeMap, HashMap};

use super::{
    Friends, FriendsFault,
    records::{self, Friendship, Place},
    rules::Standing,
};
use crate::{
    delivery::filter::Scope,
    kernel::{ids::UserId, time::Timestamp},
    people::{self, Person, circle, last_seen},
    protocol::event::FriendStatusSnapshot,
    store::{Conn, StoreError},
};

/// What others may know of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Whether they are online.
    pub is_online: bool,
    /// When they last came or went, if they ever did.
    pub last_seen: Option<Timestamp>,
    /// When the server first knew them.
    pub created_at: Timestamp,
}

impl Friends {
    /// A user's friends and open requests, of all kinds or one, after a place in the list, the latest first, at most `limit`;
    /// with who they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(
        &self,
        of: &UserId,
        which: Option<Standing>,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<(Friendship, Option<Person>)>, StoreError> {
        let of = of.clone();
        let read = self.0.store.read(move |conn| {
            let page = records::page(conn, &of, which, after.as_ref(), limit)?;
            let others: Vec<UserId> = page.iter().map(|it| it.other.clone()).collect();
            Ok::<_, StoreError>((page, people::records::find_many(conn, &others)?))
        });
        let (page, mut people): (_, HashMap<UserId, Person>) = read.await?;
        let with = |it: Friendship| {
            let person = people.remove(&it.other);
            (it, person)
        };
        Ok(page.into_iter().map(with).collect())
    }

    /// Which of a user's friends are online, in one look-up however many they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn online_status(&self, of: &UserId) -> Result<BTreeMap<UserId, bool>, StoreError> {
        let of = of.clone();
        let friends = self.0.store.read(move |conn| circle::friends(conn, &of));
        let friends: Vec<UserId> = friends.await?;
        let announced = self.0.online.announced();
        let status = |user: UserId| {
            let online = announced.is_online(&user);
            (user, online)
        };
        Ok(friends.into_iter().map(status).collect())
    }

    /// The snapshot for one user. Who is online is looked up last: any change that it does not contain is announced after
    /// this future is ready.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn snapshot(
        &self,
        of: &UserId,
        scope: Scope,
    ) -> Result<FriendStatusSnapshot, StoreError> {
        let of = of.clone();
        let read = move |conn: &mut Conn| circle::with_last_seen(conn, &of, scope);
        let circle = self.0.store.read(read).await?;
        let mut snapshot = FriendStatusSnapshot {
            statuses: BTreeMap::new(),
            last_seen: BTreeMap::new(),
        };
        let announced = self.0.online.announced();
        for (user, seen) in circle {
            let online = announced.is_online(&user);
            if let Some(seen) = seen.filter(|_| !online) {
                let seconds = seen.unix_seconds();
                snapshot.last_seen.insert(user.clone(), seconds);
            }
            snapshot.statuses.insert(user, online);
        }
        // Those who left while this was being read.
        for (user, seen) in announced.departures() {
            if snapshot.statuses.get(user) == Some(&false) {
                let known = snapshot.last_seen.entry(user.clone()).or_default();
                *known = seen.unix_seconds().max(*known);
            }
        }
        Ok(snapshot)
    }

    /// The status of a user, as `viewer` may see it.
    ///
    /// # Errors
    /// [`FriendsFault::UserNotFound`] for anybody but the viewer, their friends and their conversation partners, or those of
    /// the store.
    pub async fn status(&self, viewer: &UserId, of: &UserId) -> Result<Status, FriendsFault> {
        let (viewer, user) = (viewer.clone(), of.clone());
        let stored = self.0.store.read(move |conn| {
            let known = viewer == user || circle::know_each_other(conn, &viewer, &user)?;
            let created_at = people::records::known_since(conn, &user)?.filter(|_| known);
            let Some(created_at) = created_at else {
                return Err(FriendsFault::UserNotFound(user));
            };
            Ok((created_at, last_seen::find(conn, &user)?))
        });
        let (created_at, last_seen) = stored.await?;
        let connectedness = self.0.dispatch.roster().connectedness();
        Ok(Status {
            is_online: connectedness.is_online(of),
            last_seen,
            created_at,
        })
    }
}
