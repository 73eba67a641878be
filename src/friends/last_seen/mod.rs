//! When people were last online, which must be known even of those who were online when the server was killed.
//!
//! So the store knows who is online, and on which node, and the node says every few seconds that it is alive. Who was there
//! when it died is taken to have left at its last sign of life: by itself when it starts again, or by another node that has
//! found it dead ([`cluster`](crate::cluster)).
//!
//! Noted is only who has come or gone. Which of the two is looked up when the writer stores it, in the roster, which decides
//! it: of one who comes on one thread and goes on another at the same moment, the notes may come in either order, but the
//! last write is after both.
//!
//! What cannot be stored is tried again, and its time stays that of the movement. Nobody is told of a departure that is not
//! stored.

mod unstored;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_rt::time::{Instant, sleep};

use self::unstored::{Moved, Unstored};
use super::Friends;
use crate::{
    delivery::{
        line::Client,
        roster::{Remaining, Roster},
    },
    kernel::{
        ids::{NodeId, UserId},
        logging::chain,
        time::Timestamp,
    },
    people::last_seen,
    store::{Handle, StoreError, Tx},
};

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
        // There is no other try.
        if let Err(fault) = self.0.last_seen.store(Unstored::take_now).await {
            let (users, cause) = (self.0.last_seen.unstored.users().len(), chain(&fault));
            log::warn!("who came and went is not stored users={users} cause={cause}");
        }
    }
}

/// Keeps when people were last seen. Clones share everything.
#[derive(Clone)]
pub(super) struct LastSeen {
    store: Handle,
    roster: Roster,
    node: NodeId,
    unstored: Arc<Unstored>,
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
            unstored: Arc::default(),
        })
    }

    /// Has it stored that somebody has come or gone, without waiting for the outcome: at once after a pause, else with others
    /// that move soon.
    fn note(&self, user: &UserId) {
        let at = self.store.now();
        if let Some(pause) = self.unstored.add(user, at, Instant::now()) {
            self.store_in(pause);
        }
    }

    /// Has movements stored after a pause, and tries again until they are.
    fn store_in(&self, pause: Duration) {
        // Without one it is queued at the call.
        let now = pause.is_zero().then(|| self.attempt());
        let this = self.clone();
        actix_rt::spawn(async move {
            // Whoever must know the outcome asks for it.
            let _: Result<(), StoreError> = match now {
                Some(now) => now.await,
                None => {
                    sleep(pause).await;
                    this.attempt().await
                }
            };
        });
    }

    /// Stores who has moved, in a write that is queued at the call. If it fails, a task tries again.
    fn attempt(&self) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let stored = self.store(Unstored::take_now);
        let this = self.clone();
        async move {
            let stored = stored.await;
            if let Err(fault) = &stored
                && this.unstored.claim_retry()
            {
                let (users, cause) = (this.unstored.users().len(), chain(fault));
                log::warn!("who came and went is not stored yet users={users} cause={cause}");
                actix_rt::spawn(async move { this.try_again().await });
            }
            stored
        }
    }

    /// Tries until nothing is left that could not be stored: by one task at a time.
    async fn try_again(&self) {
        while self.store.is_alive() {
            sleep(PAUSE).await;
            // While the store's queue is full, messages matter more.
            if let Err(fault) = self.store(Unstored::take_now).await
                && !fault.is_outage()
            {
                self.store_each().await;
            }
            if self.unstored.release_retry() {
                return log::info!("who came and went is stored again");
            }
        }
    }

    /// Stores each in a write of their own: one of them was refused, and the others could never be stored with it.
    async fn store_each(&self) {
        for user in self.unstored.users() {
            let of = user.clone();
            let stored = self.store(move |unstored| unstored.take_one(&of)).await;
            match stored {
                Ok(()) => {}
                Err(fault) if fault.is_outage() => return,
                Err(fault) => {
                    // The next try would be refused too.
                    self.unstored.take_one(&user);
                    let cause = chain(&fault);
                    log::error!(
                        "that somebody came or went cannot be stored user={user} cause={cause}"
                    );
                }
            }
        }
    }

    /// Stores whom `take` takes, in a write that is queued at the call. Who could not be stored is put back.
    fn store<F>(&self, take: F) -> impl Future<Output = Result<(), StoreError>> + use<F>
    where
        F: Fn(&Unstored) -> Moved + Send + 'static,
    {
        let (unstored, taken) = (Arc::clone(&self.unstored), Arc::new(OnceLock::new()));
        let (waiting, takes) = (Arc::clone(&unstored), Arc::clone(&taken));
        let (roster, node) = (self.roster.clone(), self.node.clone());
        let stored = self.store.write::<_, StoreError, _>(move |tx| {
            // What it takes it keeps, so that it may run again; the roster is asked anew each time, and a later answer is as
            // good.
            let moved: &Moved = takes.get_or_init(|| take(&waiting));
            let (came, went) = moved
                .iter()
                .map(|(user, at)| (user.clone(), *at))
                .partition(|(user, _)| roster.has(user));
            last_seen::store(tx, &came, &went, &node)
        });
        async move {
            let stored = stored.await;
            if let (Err(_), Some(taken)) = (&stored, taken.get()) {
                unstored.put_back(taken);
            }
            stored
        }
    }

    /// When some people were last seen, in their order: what has just been noted is in it, or could not be stored and is the
    /// fault.
    pub(super) async fn of(
        &self,
        users: Vec<UserId>,
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        // Queued before the look.
        let stored = self.attempt();
        let found = self.store.write(move |tx: &mut Tx<'_>| {
            let found = last_seen::find_many(tx, &users)?;
            Ok(users.iter().map(|user| found.get(user).copied()).collect())
        });
        stored.await?;
        found.await
    }
}

#[cfg(test)]
mod tests;
