//! The questions that are answered here: lists, who is online, the status of one person.

use std::collections::{BTreeMap, HashMap};

use super::{
    Friends, FriendsFault,
    online::{Mark, Presence},
    records::{self, Friendship, Place},
    rules::Standing,
};
use crate::{
    kernel::{ids::UserId, time::Timestamp},
    people::{
        self, Person,
        circle::{self, Scope},
        last_seen,
    },
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
        let mark = self.0.mark();
        let friends = self.0.store.read(move |conn| circle::friends(conn, &of));
        let friends: Vec<UserId> = friends.await?;
        let friends = friends.into_iter().map(|user| (user, None)).collect();
        let statuses = self.0.statuses(mark, friends).await.into_iter();
        Ok(statuses
            .map(|(user, presence)| (user, presence == Presence::Online))
            .collect())
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
        let mark = self.begin_snapshot(of).await;
        let of = of.clone();
        let read = move |conn: &mut Conn| circle::with_last_seen(conn, &of, scope);
        Ok(self.snapshot_of(mark, self.0.store.read(read).await?).await)
    }

    /// For a snapshot of which somebody else reads the circle: to be awaited before that.
    pub async fn begin_snapshot(&self, of: &UserId) -> Mark {
        // Who is told of changes from now on must be known to be here.
        self.0.published(of).await;
        self.0.mark()
    }

    /// The snapshot with this circle. Any change that it does not contain is announced after this future is ready.
    pub async fn snapshot_of(
        &self,
        mark: Mark,
        circle: BTreeMap<UserId, Option<Timestamp>>,
    ) -> FriendStatusSnapshot {
        let mut snapshot = FriendStatusSnapshot {
            statuses: BTreeMap::new(),
            last_seen: BTreeMap::new(),
        };
        for (user, presence) in self.0.statuses(mark, circle.into_iter().collect()).await {
            if let Presence::Offline(Some(seen)) = presence {
                let seconds = seen.unix_seconds();
                snapshot.last_seen.insert(user.clone(), seconds);
            }
            let online = presence == Presence::Online;
            snapshot.statuses.insert(user, online);
        }
        snapshot
    }

    /// The status of a user, as `viewer` may see it.
    ///
    /// # Errors
    /// [`FriendsFault::UserNotFound`] for anybody but the viewer, their friends and their conversation partners, or those of
    /// the store.
    pub async fn status(&self, viewer: &UserId, of: &UserId) -> Result<Status, FriendsFault> {
        let mark = self.0.mark();
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
        let person = vec![(of.clone(), last_seen)];
        let presence = self.0.statuses(mark, person).await;
        Ok(Status {
            is_online: matches!(presence.as_slice(), [(_, Presence::Online)]),
            last_seen,
            created_at,
        })
    }
}
