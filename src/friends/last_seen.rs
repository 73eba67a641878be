//! When people were last online, which must be known even of those who were online when the server was killed.
//!
//! So the store knows who is online, and on which node, and the node says every few seconds that it is alive. Who was there
//! when it died is taken to have left at its last sign of life: by itself when it starts again, or by another node that has
//! found it dead ([`cluster`](crate::cluster)).
//!
//! Noted is only who has come or gone. Which of the two is looked up when the writer stores it, in the roster, which decides
//! it: of one who comes on one thread and goes on another at the same moment, the notes may come in either order, but the
//! last write is after both.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use actix_rt::time::{Instant, sleep};

use super::Friends;
use crate::{
    delivery::{
        line::Client,
        roster::{Remaining, Roster},
    },
    kernel::{
        ids::{NodeId, UserId},
        time::Timestamp,
    },
    people::last_seen,
    store::{Handle, StoreError, Tx},
};

/// How long movements gather after some were stored, when many come at a time: a commit each costs more CPU than all else
/// that a server does for a connection.
const GATHER: Duration = Duration::from_millis(20);

/// How long movements that could not be stored wait for the next try.
const PAUSE: Duration = Duration::from_secs(1);

impl Friends {
    /// A session has begun. With the first one its user has come online.
    pub fn arrived(&self, client: &Client) {
        self.0.online.arrived(&client.user);
        if self.0.dispatch.roster().is_first(client) {
            self.0.last_seen.note(&client.user);
        }
    }

    /// A session has ended. With the last one its user was last seen.
    pub fn left(&self, client: &Client, remaining: Remaining) {
        if remaining.of_user == 0 {
            self.0.last_seen.note(&client.user);
        }
    }

    /// Stores who has come and gone up to now. At the end of the server: before the store is closed.
    pub async fn flush(&self) {
        // The store logs a commit that fails, and there is no other try.
        let _ = self.0.last_seen.store().await;
    }
}

/// Keeps when people were last seen. Clones share everything.
#[derive(Clone)]
pub(super) struct LastSeen {
    store: Handle,
    roster: Roster,
    node: NodeId,
    /// Who has come or gone, and is not stored yet.
    moved: Arc<Moved>,
}

impl LastSeen {
    /// Marks everybody as gone whom a killed run of the server has left behind.
    pub(super) async fn start(
        store: Handle,
        roster: Roster,
        node: NodeId,
    ) -> Result<Self, StoreError> {
        let here = node.clone();
        let settled = move |tx: &mut Tx<'_>| last_seen::settle(tx, &here);
        match store.write::<_, StoreError, _>(settled).await? {
            0 => {}
            users => log::info!("users were online when the server was killed users={users}"),
        }
        Ok(Self {
            store,
            roster,
            node,
            moved: Arc::default(),
        })
    }

    /// Has it stored that somebody has come or gone, without waiting for the outcome: at once after a pause, else with others
    /// that move within [`GATHER`].
    fn note(&self, user: &UserId) {
        if let Some(pause) = self.moved.note(user, Instant::now()) {
            self.store_in(pause);
        }
    }

    /// Has movements stored after a pause, and until they are.
    fn store_in(&self, pause: Duration) {
        // Without one it is queued at the call.
        let now = pause.is_zero().then(|| self.store());
        let this = self.clone();
        actix_rt::spawn(async move {
            let stored = match now {
                Some(now) => now.await,
                None => {
                    sleep(pause).await;
                    this.store().await
                }
            };
            if stored.is_err() && this.moved.begin_again() {
                this.try_again().await;
            }
        });
    }

    /// Tries until nothing is left that could not be stored: by one task at a time.
    async fn try_again(&self) {
        loop {
            sleep(PAUSE).await;
            // The store logs a commit that fails. While its queue is full, messages matter more.
            let _ = self.store().await;
            if self.moved.end_again() {
                break;
            }
        }
    }

    /// Stores who has moved, in a write that is queued at the call. Who could not be stored is put back.
    fn store(&self) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let (moved, taken) = (Arc::clone(&self.moved), Arc::new(OnceLock::new()));
        let (waiting, takes) = (Arc::clone(&moved), Arc::clone(&taken));
        let (roster, node) = (self.roster.clone(), self.node.clone());
        let stored = self.store.write::<_, StoreError, _>(move |tx| {
            // It may run twice, and takes what there is the first time.
            let users: &BTreeSet<_> = takes.get_or_init(|| waiting.take(Instant::now()));
            let is_here = |user: &&UserId| roster.has(user);
            let (came, went) = users.iter().partition::<Vec<_>, _>(is_here);
            last_seen::store(tx, &came, &went, &node)
        });
        async move {
            let stored = stored.await;
            if let (Err(_), Some(taken)) = (&stored, taken.get()) {
                moved.put_back(taken);
            }
            stored
        }
    }

    /// When some people were last seen, in their order: what has just been noted is in it.
    pub(super) async fn of(
        &self,
        users: Vec<UserId>,
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        // Queued before the look.
        self.store_in(Duration::ZERO);
        let find = move |tx: &mut Tx<'_>| {
            let found = last_seen::find_many(tx, &users)?;
            Ok(users.iter().map(|user| found.get(user).copied()).collect())
        };
        self.store.write(find).await
    }
}

/// Who has come or gone since a write took them. The first of them has a write queued, and when its turn comes it takes all.
#[derive(Debug, Default)]
struct Moved(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    users: BTreeSet<UserId>,
    /// When a write took some last.
    taken_at: Option<Instant>,
    /// Whether a task tries again, after a write that failed.
    again: bool,
}

impl Moved {
    /// Says in which time a write is to be queued, which takes it; `None` if there will be one.
    fn note(&self, user: &UserId, now: Instant) -> Option<Duration> {
        let mut waiting = self.waiting();
        let first = waiting.users.is_empty();
        waiting.users.insert(user.clone());
        let next = waiting.taken_at.map(|taken_at| taken_at + GATHER);
        first.then(|| next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now)))
    }

    fn take(&self, now: Instant) -> BTreeSet<UserId> {
        let mut waiting = self.waiting();
        waiting.taken_at = Some(now);
        std::mem::take(&mut waiting.users)
    }

    /// The write that took these has failed.
    fn put_back(&self, taken: &BTreeSet<UserId>) {
        self.waiting().users.extend(taken.iter().cloned());
    }

    /// A write has failed. Returns whether the caller is to try again: nobody else does.
    fn begin_again(&self) -> bool {
        !std::mem::replace(&mut self.waiting().again, true)
    }

    /// Returns whether nothing is left to try again for. Said in one step, so that who fails from now on begins anew.
    fn end_again(&self) -> bool {
        let mut waiting = self.waiting();
        waiting.again = !waiting.users.is_empty();
        !waiting.again
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // It is complete between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backplane::Backplane,
        delivery::dispatch::{self, Dispatch},
        kernel::{
            config::{DatabaseConfig, DatabaseUrl},
            identity::{Identity, Role},
            time::Clock,
        },
        people::People,
        store::{Writer, migrations::migrate},
    };

    /// A store in which hana is known.
    async fn store() -> (Handle, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let config = DatabaseConfig {
            url: DatabaseUrl::Sqlite(folder.path().join("otomo.db")),
            pool_size: 1,
            queue: 16,
            statement_timeout: Duration::from_secs(5),
        };
        migrate(&config.url).unwrap();
        let store = Handle::open(&config, Clock::system(), Arc::default()).unwrap();
        let hana = Identity {
            user: user("hana"),
            role: Role::User,
            name: None,
            avatar: None,
            rooms: Vec::new(),
            expires_at: Timestamp::from_millis(i64::MAX),
        };
        People::new(store.clone(), true).enter(hana).await.unwrap();
        (store, folder)
    }

    async fn until(mut is_so: impl AsyncFnMut() -> bool) {
        let comes = async {
            while !is_so().await {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let patience = Duration::from_secs(30);
        actix_rt::time::timeout(patience, comes).await.unwrap();
    }

    #[actix_rt::test]
    async fn who_has_moved_while_nothing_could_be_stored_is_stored_when_it_can() {
        let (store, _folder) = store().await;
        let node: NodeId = "n1".parse().unwrap();
        let backplane = Backplane::alone(node.clone());
        let dispatch = Dispatch::new(dispatch::Settings::default(), backplane, Arc::default());
        let roster = dispatch.roster().clone();
        let last_seen = LastSeen::start(store.clone(), roster, node).await.unwrap();
        let seen = async || {
            let find = |conn: &mut _| crate::people::last_seen::find(conn, &user("hana"));
            store.read(find).await.unwrap().is_some()
        };
        store.write_as(Writer::Nobody);
        last_seen.note(&user("hana"));
        until(async || last_seen.moved.waiting().again).await;
        assert!(!seen().await);
        store.write_as(Writer::Anybody);
        until(seen).await;
    }

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    #[test]
    fn one_write_takes_all_who_have_moved() {
        let moved = Moved::default();
        let now = Instant::now();
        let note = |name, at| moved.note(&user(name), at);
        assert_eq!(note("hana", now), Some(Duration::ZERO));
        assert_eq!(note("taro", now), None);
        assert_eq!(note("hana", now), None);
        assert_eq!(moved.take(now), [user("hana"), user("taro")].into());
        assert_eq!(note("hana", now), Some(GATHER));
        assert_eq!(note("taro", now), None);
        assert_eq!(moved.take(now).len(), 2);
        let later = now + 2 * GATHER;
        assert_eq!(note("hana", later), Some(Duration::ZERO));
    }

    #[test]
    fn who_could_not_be_stored_is_tried_again_for_by_one_task_until_nobody_is_left() {
        let moved = Moved::default();
        let now = Instant::now();
        let _ = moved.note(&user("hana"), now);
        let taken = moved.take(now);
        moved.put_back(&taken);
        assert!(moved.begin_again());
        assert!(!moved.begin_again(), "one task is enough");
        let _ = moved.note(&user("taro"), now);
        assert!(!moved.end_again(), "two are left");
        assert_eq!(moved.take(now), [user("hana"), user("taro")].into());
        assert!(moved.end_again());
        assert!(moved.begin_again(), "the next fault has a task of its own");
    }
}
