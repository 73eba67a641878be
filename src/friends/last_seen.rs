//! When people were last online, which must be known even of those who were online when the server was killed.
//!
//! So the store knows who is online, and on which node, and the node says every few seconds that it is alive. Who was there
//! when it died is taken to have left at its last sign of life: by itself when it starts again, or by another node that has
//! found it dead ([`cluster`](crate::cluster)).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_rt::time::{Instant, sleep};

use super::{Friends, Shared};
use crate::{
    delivery::{line::Client, roster::Remaining},
    kernel::{
        ids::{NodeId, UserId},
        time::Timestamp,
    },
    people::last_seen,
    store::{StoreError, Tx},
};

/// How long movements gather after some were stored, when many come at a time: a commit each costs more CPU than all else
/// that a server does for a connection.
const GATHER: Duration = Duration::from_millis(20);

impl Friends {
    /// A session has begun. With the first one its user has come online.
    pub fn arrived(&self, client: &Client) {
        self.0.online.arrived(&client.user);
        if self.0.dispatch.roster().sessions(&client.user).len() == 1 {
            self.note(&client.user, Movement::Came);
        }
    }

    /// A session has ended. With the last one its user was last seen.
    pub fn left(&self, client: &Client, remaining: Remaining) {
        if remaining.of_user == 0 {
            self.note(&client.user, Movement::Went);
        }
    }

    /// Marks everybody as gone whom a killed run of the server has left behind.
    pub(super) async fn settle(&self) -> Result<(), StoreError> {
        let node = self.0.node.clone();
        let settled = move |tx: &mut Tx<'_>| last_seen::settle(tx, &node);
        match self.0.store.write::<_, StoreError, _>(settled).await? {
            0 => {}
            users => log::info!("users were online when the server was killed users={users}"),
        }
        Ok(())
    }

    /// Has a movement stored, without waiting for the outcome: at once after a pause, else with others that move within
    /// [`GATHER`]. The store logs a commit that fails; when its queue is full, messages matter more than when somebody was
    /// last seen.
    fn note(&self, user: &UserId, movement: Movement) {
        let Some(pause) = self.0.movements.note(user, movement, Instant::now()) else {
            return;
        };
        if pause.is_zero() {
            // Queued at the call.
            let stored = self.0.store_movements();
            actix_rt::spawn(stored);
        } else {
            let friends = self.clone();
            actix_rt::spawn(async move {
                sleep(pause).await;
                friends.0.store_movements().await;
            });
        }
    }

    /// Stores who has come and gone up to now. At the end of the server: before the store is closed.
    pub async fn flush(&self) {
        self.0.store_movements().await;
    }
}

impl Shared {
    /// Stores who has moved, in a write that is queued at the call.
    fn store_movements(&self) -> impl Future<Output = ()> + use<> {
        let (movements, node) = (Arc::clone(&self.movements), self.node.clone());
        let mut taken = None;
        // It may run twice, and takes what there is the first time.
        let stored = self.store.write::<_, StoreError, _>(move |tx| {
            let taken = taken.get_or_insert_with(|| movements.take(Instant::now()));
            store(tx, taken, &node)
        });
        let movements = Arc::clone(&self.movements);
        async move {
            if let Err(StoreError::Overloaded(_)) = stored.await {
                // Nobody will take them.
                movements.take(Instant::now());
            }
        }
    }

    /// When some people were last seen, in their order: what has just been noted is in it.
    pub(super) async fn last_seen(
        &self,
        users: Vec<UserId>,
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        // Queued before the look.
        actix_rt::spawn(self.store_movements());
        let find = move |tx: &mut Tx<'_>| {
            let users = users.iter();
            users.map(|user| last_seen::find(tx, user)).collect()
        };
        self.store.write(find).await
    }
}

/// Stores who is on a node and who no longer is, in the order of the ids.
fn store(
    tx: &mut Tx<'_>,
    movements: &BTreeMap<UserId, Movement>,
    node: &NodeId,
) -> Result<(), StoreError> {
    let of = |movement| {
        let moved = movements.iter().filter(move |(_, it)| **it == movement);
        moved.map(|(user, _)| user).collect::<Vec<_>>()
    };
    last_seen::arrive(tx, &of(Movement::Came), node)?;
    last_seen::leave(tx, &of(Movement::Went), node)
}

/// Whether somebody came to this node or went from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Movement {
    Came,
    Went,
}

/// The last movement of each who has moved since one write took them. The first of them has a write queued, and when its
/// turn comes it takes all.
#[derive(Debug, Default)]
pub(super) struct Movements(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    moved: BTreeMap<UserId, Movement>,
    /// When a write took some last.
    taken_at: Option<Instant>,
}

impl Movements {
    /// Says in which time a write is to be queued, which takes it; `None` if there will be one.
    fn note(&self, user: &UserId, movement: Movement, now: Instant) -> Option<Duration> {
        let mut waiting = self.waiting();
        let first = waiting.moved.is_empty();
        waiting.moved.insert(user.clone(), movement);
        let next = waiting.taken_at.map(|taken_at| taken_at + GATHER);
        first.then(|| next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now)))
    }

    fn take(&self, now: Instant) -> BTreeMap<UserId, Movement> {
        let mut waiting = self.waiting();
        waiting.taken_at = Some(now);
        std::mem::take(&mut waiting.moved)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // It is complete between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_write_takes_all_who_have_moved_and_what_each_did_last() {
        let movements = Movements::default();
        let user = |name: &str| -> UserId { name.parse().unwrap() };
        let now = Instant::now();
        let note = |name, movement, at| movements.note(&user(name), movement, at);
        assert_eq!(note("hana", Movement::Came, now), Some(Duration::ZERO));
        assert_eq!(note("taro", Movement::Came, now), None);
        assert_eq!(note("hana", Movement::Went, now), None);
        let expected = [
            (user("hana"), Movement::Went),
            (user("taro"), Movement::Came),
        ];
        assert_eq!(movements.take(now), expected.into());
        assert_eq!(note("hana", Movement::Came, now), Some(GATHER));
        assert_eq!(note("taro", Movement::Came, now), None);
        assert_eq!(movements.take(now).len(), 2);
        let later = now + 2 * GATHER;
        assert_eq!(note("hana", Movement::Went, later), Some(Duration::ZERO));
    }
}
