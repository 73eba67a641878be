//! Friends, and who is online (source document 004).
//!
//! ```text
//!   rest ----> Friends ----> store: both sides, and what the other one is told (one transaction)
//!                 +--------> dispatch: the notification, fresh snapshots for both
//!   delivery (who is connected) ----> online ----> friends and conversation partners who are online
//! ```
//! - [`rules`]: who becomes a friend of whom. Pure. [`records`]: the queries. [`repair`]: what may not be stored.
//!   `transactions`: the writes.
//! - `online`: tells who comes online and goes offline. `last_seen`: when they were last there.
//! - [`queries`]: lists, the snapshot, the status of one person. `wire`: notifications. [`fault`]: why something was refused.
//!
//! Friends and conversation partners hear of the same thing from the same place, in one order, whoever of them somebody is
//! to whom ([`people::circle`](crate::people::circle)). What a conversation is, this room does not know.
//!
//! Why requests are told with `notification`: it is durable, every app that shows notifications shows these too, and on every
//! topic; a type of its own would be one that no client knows.

pub mod fault;
mod last_seen;
mod online;
pub mod queries;
pub mod records;
pub mod repair;
pub mod rules;
mod transactions;
mod wire;

use std::{convert::Infallible, future::Future, sync::Arc};

use self::{
    last_seen::LastSeen, online::Online, records::Friendship, rules::Bounds, transactions::Outcome,
};
use crate::{
    delivery::dispatch::Dispatch,
    kernel::{
        config::Config,
        ids::{EventId, NodeId, UserId},
        keyed_rate::KeyedRate,
    },
    store::{Handle, StoreError, Tx},
};

#[cfg(any(test, fuzzing))]
pub(crate) use self::online::fuzz;
pub use self::{fault::FriendsFault, online::Mark};

/// Friends, and who is online, for the rooms above. Clones share everything.
#[derive(Clone)]
pub struct Friends(Arc<Shared>);

struct Shared {
    store: Handle,
    dispatch: Dispatch,
    online: Online,
    last_seen: LastSeen,
    rate: KeyedRate<UserId>,
    bounds: Bounds,
}

impl Friends {
    /// Friends over what is stored, on this node.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn start(
        store: Handle,
        dispatch: Dispatch,
        config: &Config,
        node: &NodeId,
    ) -> Result<Self, StoreError> {
        // Another at each start: what an earlier run has said is not ours.
        let epoch = u64::try_from(store.now().millis()).unwrap_or_default();
        let roster = dispatch.roster().clone();
        let last_seen = LastSeen::start(store.clone(), roster, node.clone()).await?;
        Ok(Self(Arc::new(Shared {
            online: Online::new(&dispatch, config.cluster.lease, node, epoch),
            last_seen,
            rate: KeyedRate::per_minute(&config.limits, |limits| limits.friend_requests_per_minute),
            bounds: Bounds {
                friends: config.friends.max_friends,
                requests: config.friends.max_requests,
            },
            store,
            dispatch,
        })))
    }

    /// Whether Redis is heard and does not take who is online here, so that other nodes do not know it.
    pub fn are_refused(&self) -> bool {
        self.0.online.is_refused()
    }

    /// Asks somebody to be a friend, or accepts if they have asked. Asked twice is asked once. Must be called on an arbiter.
    ///
    /// # Errors
    /// The refusals of [`FriendsFault`], and those of the store.
    pub async fn ask(&self, asker: &UserId, other: &UserId) -> Result<Friendship, FriendsFault> {
        if let Some(wait) = self.0.rate.take(asker) {
            return Err(FriendsFault::RateLimited(wait));
        }
        let (asker, other, event) = (asker.clone(), other.clone(), EventId::new());
        let bounds = self.0.bounds;
        let asked = move |tx: &mut Tx<'_>| transactions::ask(tx, &asker, &other, bounds, event);
        self.publish(self.0.store.write(asked)).await
    }

    /// Takes a request back, refuses one, or ends a friendship; does nothing if there is neither. Must be called on an
    /// arbiter.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn remove(&self, user: &UserId, other: &UserId) -> Result<(), FriendsFault> {
        let (user, other) = (user.clone(), other.clone());
        let removed = move |tx: &mut Tx<'_>| transactions::remove(tx, &user, &other);
        self.publish(self.0.store.write(removed)).await
    }

    /// Forgets the rates of users who have not asked anybody lately. To be called every so often.
    pub fn tidy(&self) {
        self.0.rate.tidy();
    }

    /// Tells friends and conversation partners who comes online and goes offline, for as long as it is polled: by one task of
    /// the server.
    pub async fn announce_online(&self) -> Infallible {
        online::announce(&self.0).await
    }

    /// Tells everybody concerned what a transaction has stored, even if nobody waits for its answer, and returns that.
    fn publish<T: 'static>(
        &self,
        stored: impl Future<Output = Result<Outcome<T>, FriendsFault>> + 'static,
    ) -> impl Future<Output = Result<T, FriendsFault>> {
        let friends = self.clone();
        let task = actix_rt::spawn(async move {
            let outcome = stored.await?;
            if let Some((user, seq, frame)) = &outcome.told {
                friends.0.dispatch.durable(user, *seq, frame);
            }
            for user in &outcome.outdated {
                friends.0.dispatch.chat_outdated(user);
            }
            Ok(outcome.answer)
        });
        async move { task.await.unwrap_or(Err(FriendsFault::Stopped)) }
    }
}
