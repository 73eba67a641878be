//! A node among others: who is online is what the registry says, which all of them share.
//!
//! ```text
//!  who is connected here ──> publishing ──> registry (Redis) ──> changed? ──> telling ──> the nodes of those concerned
//!                                              ^   │                            ^                    │
//!                            heartbeat, lease ─┘   └──> lives that are over ──> sweeping             v
//!                                                                                     hearing ──> people here
//! ```
//! Snapshots look into the registry, and then add what was told here while they were read. What changes after the look is told
//! by somebody who finds the reader in the registry, because the reader's own arrival was in it before (`published`).
//!
//! While Redis is away, or takes nothing (`refusal`), a node knows who is connected to it, and of the others what the store has: changes here are told to
//! people here, and look-ups answer from both. Back again it says who is here, and once all nodes had time to do so everybody here is
//! sent a fresh snapshot: no wave of changes, and nobody is offline meanwhile who is not.

use std::{
    collections::{HashSet, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_rt::time::timeout;
use tokio::sync::Notify;

use super::{
    Mark, Person, Presence, Statuses, board::Board, board::Known, hearing, publisher::Publisher,
    publishing, refusal::Refusal, sweeping, telling,
};
use crate::{
    backplane::{Link, redis::commands::Commands},
    delivery::connectedness::{
        Change,
        registry::{Changed, Lookup, Registry},
    },
    friends::Shared,
    kernel::{
        ids::{NodeId, UserId},
        logging::chain,
        metrics::Metrics,
    },
    people::last_seen,
    store::{Conn, StoreError},
};

/// How long a session's start waits for its user to be known to other nodes.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(1);

/// Changes that wait to be told. The oldest are dropped beyond that: the registry keeps them, and some node tells them later.
const TELLING_MAX: usize = 65_536;

/// A change that is to be told.
#[derive(Debug)]
pub(super) enum Tell {
    /// To whomever it concerns, wherever they are.
    Everywhere(Changed),
    /// To people here: other nodes are not heard.
    Here(Change),
}

/// What this node knows of who is online.
pub(super) struct Everywhere {
    pub(super) registry: Registry,
    pub(super) node: NodeId,
    pub(super) epoch: u64,
    publisher: Mutex<Publisher>,
    /// Something was said to the registry, or cannot be.
    pub(super) progress: Notify,
    pub(super) doubted: Notify,
    /// What nodes told may have been missed.
    pub(super) missed: Notify,
    /// The registry is read, and takes nothing.
    pub(super) refusal: Refusal,
    board: Mutex<Board>,
    telling: Mutex<VecDeque<Tell>>,
    to_tell: Notify,
}

impl Everywhere {
    pub(super) fn new(
        redis: Commands,
        lease: Duration,
        node: &NodeId,
        epoch: u64,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            registry: Registry::new(redis, lease),
            node: node.clone(),
            epoch,
            publisher: Mutex::default(),
            progress: Notify::new(),
            doubted: Notify::new(),
            missed: Notify::new(),
            refusal: Refusal::new(metrics),
            board: Mutex::default(),
            telling: Mutex::default(),
            to_tell: Notify::new(),
        }
    }

    /// Somebody connects: there may be something to say of them even if they were here before.
    pub(super) fn doubt(&self, user: UserId) {
        self.publisher().doubt(user);
        self.doubted.notify_one();
    }

    /// What is still to be said to the registry. Held for a moment.
    pub(super) fn publisher(&self) -> MutexGuard<'_, Publisher> {
        // It is consistent between any two statements, as are the others.
        let publisher = self.publisher.lock();
        publisher.unwrap_or_else(PoisonError::into_inner)
    }

    /// What was told here. Held for a moment.
    pub(super) fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mark(&self) -> u64 {
        self.board().mark()
    }

    /// Has a change told.
    pub(super) fn tell(&self, what: Tell) {
        let mut telling = self.telling();
        if telling.len() == TELLING_MAX {
            telling.pop_front();
        }
        telling.push_back(what);
        drop(telling);
        self.to_tell.notify_one();
    }

    /// The next changes to be told, at least one and at most `most`, in order.
    pub(super) async fn next_to_tell(&self, most: usize) -> Vec<Tell> {
        loop {
            let woken = self.to_tell.notified();
            let next: Vec<Tell> = {
                let mut telling = self.telling();
                let count = telling.len().min(most);
                telling.drain(..count).collect()
            };
            if !next.is_empty() {
                return next;
            }
            woken.await;
        }
    }

    fn telling(&self) -> MutexGuard<'_, VecDeque<Tell>> {
        self.telling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the registry knows of somebody who is connected here.
    pub(super) async fn published(&self, shared: &Shared, user: &UserId) {
        let connectedness = shared.dispatch.roster().connectedness();
        let known = async {
            loop {
                let mut progress = std::pin::pin!(self.progress.notified());
                // What happens from here on wakes it.
                progress.as_mut().enable();
                let link = shared.dispatch.backplane().link();
                let down = link != Link::Up || self.refusal.is();
                if down || self.publisher().has_said(user) || !connectedness.is_online(user) {
                    return;
                }
                progress.await;
            }
        };
        if timeout(PUBLISH_PATIENCE, known).await.is_err() {
            log::warn!("other nodes may not know yet who is here user={user}");
        }
    }

    /// Who of some people is online. Nobody, if neither the registry nor the store can tell.
    pub(super) async fn statuses(
        &self,
        shared: &Shared,
        since: Mark,
        people: Vec<Person>,
    ) -> Statuses {
        if people.is_empty() {
            return Statuses::new();
        }
        let users: Vec<UserId> = people.iter().map(|(user, _)| user.clone()).collect();
        let online = match self.look_up(shared, &users).await {
            Ok(online) => online,
            Err(error) => {
                log::debug!("who is connected is not known cause={}", chain(&error));
                return Statuses::new();
            }
        };
        let connectedness = shared.dispatch.roster().connectedness();
        let board = self.board();
        let presence = |((user, seen), online): (Person, bool)| {
            let presence = match board.since(since.0, &user) {
                Some(Known::Online) => Presence::Online,
                Some(Known::Offline(at)) => Presence::Offline(Some(at).max(seen)),
                // Somebody who is here and not in the registry yet is told of when they are; or never, if they go first.
                None if online => Presence::Online,
                // Unless they were told before, while Redis was away: then nobody hears it again.
                None if board.has_seen(&user) && connectedness.is_online(&user) => Presence::Online,
                None => Presence::Offline(seen),
            };
            (user, presence)
        };
        people.into_iter().zip(online).map(presence).collect()
    }

    /// Whether each of some people is online: by the registry, and by the store as well while the registry cannot tell of all.
    async fn look_up(&self, shared: &Shared, users: &[UserId]) -> Result<Vec<bool>, StoreError> {
        let found = match self.refusal.is() {
            // What is there is no longer so.
            true => Ok(Lookup {
                online: vec![false; users.len()],
                settling: true,
            }),
            false => self.registry.online(users).await,
        };
        let mut online = match found {
            Ok(found) if !found.settling => return Ok(found.online),
            Ok(found) => found.online,
            Err(fault) => {
                log::debug!(
                    "who is online elsewhere is not known cause={}",
                    chain(&fault)
                );
                vec![false; users.len()]
            }
        };
        add_connected(shared, users, &mut online).await?;
        Ok(online)
    }
}

/// Counts those as online, too, who are here, or connected to any node by what the store knows. It does not know of the grace of
/// a connection that has ended.
async fn add_connected(
    shared: &Shared,
    users: &[UserId],
    online: &mut [bool],
) -> Result<(), StoreError> {
    let connectedness = shared.dispatch.roster().connectedness();
    for (user, online) in users.iter().zip(&mut *online) {
        *online |= connectedness.is_online(user);
    }
    let unknown = users.iter().zip(&*online).filter(|(_, online)| !**online);
    let unknown: Vec<UserId> = unknown.map(|(user, _)| user.clone()).collect();
    let read = move |conn: &mut Conn| last_seen::anywhere(conn, &unknown);
    let connected: HashSet<UserId> = shared.store.read(read).await?;
    for (user, online) in users.iter().zip(online) {
        *online |= connected.contains(user);
    }
    Ok(())
}

/// All the work of a node among others for who is online, for as long as it is polled.
pub(super) async fn announce(shared: &Shared, everywhere: &Everywhere) -> Infallible {
    tokio::select! {
        biased;
        never = publishing::publish(shared, everywhere) => never,
        never = telling::tell(shared, everywhere) => never,
        never = hearing::hear(shared, everywhere) => never,
        never = sweeping::sweep(shared, everywhere) => never,
    }
}
