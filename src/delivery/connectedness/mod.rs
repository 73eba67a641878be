//! Whether a person is there: the merged answer of all their connections to this node, which outlasts a short
//! break of the line. Otomo presence has its own, in the database; this one is for chat, friends and
//! whoever asks how many people there are.
//!
//! ```text
//!   roster: arrived, left ---> merged (pure) ---> changes ---> subscriptions
//!                                 ^
//!        end_graces: one timer ---+
//! ```
//! People come online with their first connection and go offline when the grace of the last one is over:
//! none after a goodbye, `presence.reload_grace` after a page went away, `presence.leave_grace` after a line
//! broke or the server closed it. So a reload is not seen. While a node drains those it has sent away
//! go offline after that grace, for they cannot come back to it; when it ends nothing more is told.
//! All this is in memory: after a start people come online as they connect.
//!
//! Why a table behind a lock and not an actor: what comes and goes must not be lost, so a mailbox for it could not
//! be bounded; here nothing queues. A change takes less than a microsecond, and is seen by whoever asks right after it.
//! Why one timer: nearly nobody is in a grace, and a timer each would cost every person the memory of one.
//!
//! A subscriber that is slow costs the server a fixed number of changes and then misses some; it is
//! told so by being given everybody anew ([`News::Everybody`]), so it never has a wrong picture for good.

mod merged;
pub mod registry;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_rt::time::{Instant, sleep_until};
use tokio::sync::{
    Notify,
    broadcast::{self, error::TryRecvError},
};

pub use self::merged::Change;
use self::merged::Merged;
use super::{
    leave::{Graces, Leave},
    line::Client,
};
use crate::kernel::ids::UserId;

/// Changes that wait for a subscriber. A thousand people who lose their line at once do not outrun one that takes
/// its time; beyond that the whole is as quick to take as its changes.
const CHANGES_KEPT: usize = 1_024;

/// Who is there. Clones share it.
#[derive(Debug, Clone)]
pub struct Connectedness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    graces: Graces,
    /// Held while changes are put in the subscribers' queue, which never waits: so their order is that in which they
    /// happened.
    merged: Mutex<Merged>,
    changes: broadcast::Sender<Change>,
    /// Wakes the timer for a grace that ends before the one it waits for.
    sooner: Notify,
}

impl Connectedness {
    /// Nobody is there yet.
    pub fn new(graces: Graces) -> Self {
        Self(Arc::new(Shared {
            graces,
            merged: Mutex::default(),
            changes: broadcast::Sender::new(CHANGES_KEPT),
            sooner: Notify::new(),
        }))
    }

    /// A session is connected.
    pub(super) fn arrived(&self, client: &Client) {
        let mut merged = self.merged();
        self.tell(merged.arrive(&client.user, &client.device, client.session));
    }

    /// A session has left.
    pub(super) fn left(&self, client: &Client, leave: Leave) {
        let grace = leave.grace(&self.0.graces);
        let until = grace.map(|grace| Instant::now() + grace);
        let mut merged = self.merged();
        let before = merged.next_due();
        self.tell(merged.left(&client.user, client.session, until));
        if merged.next_due() != before {
            self.0.sooner.notify_one();
        }
    }

    /// Whether a person is there.
    pub fn is_online(&self, user: &UserId) -> bool {
        self.merged().is_online(user)
    }

    /// How many people are there.
    pub fn online(&self) -> usize {
        self.merged().everybody().len()
    }

    /// Everybody who is there, in no order.
    pub fn everybody(&self) -> Vec<UserId> {
        self.merged().everybody().cloned().collect()
    }

    /// Hears who is there, and from then on who comes and goes.
    pub fn subscribe(&self) -> Subscription {
        Subscription {
            connectedness: self.clone(),
            changes: None,
        }
    }

    /// Ends graces as they run out, for as long as it is polled; one task of the server does that. Nobody in a grace
    /// goes offline without it.
    pub async fn end_graces(&self) -> Infallible {
        loop {
            let due = self.merged().next_due();
            let sooner = self.0.sooner.notified();
            match due {
                None => sooner.await,
                Some(due) => tokio::select! {
                    biased;
                    () = sleep_until(due) => {
                        let mut merged = self.merged();
                        self.tell(merged.due(Instant::now()));
                    }
                    () = sooner => {}
                },
            }
        }
    }

    fn tell(&self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            // Nobody has subscribed: nobody to tell.
            let _ = self.0.changes.send(change);
        }
    }

    fn merged(&self) -> MutexGuard<'_, Merged> {
        // Its changes are complete between any two statements that can panic.
        self.0.merged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a subscriber is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Everybody who is there now, in no order. The first news, and again whenever changes were missed.
    Everybody(Vec<UserId>),
    /// One of them has gone, or one more has come.
    Change(Change),
}

/// Who is there, as one subscriber hears of it.
#[derive(Debug)]
pub struct Subscription {
    connectedness: Connectedness,
    /// `None` before the first news.
    changes: Option<broadcast::Receiver<Change>>,
}

impl Subscription {
    /// The next news and what has come with it, `most` at most.
    pub async fn next_many(&mut self, most: usize) -> Vec<News> {
        let mut news = vec![self.next().await];
        while news.len() < most
            && let Some(changes) = &mut self.changes
        {
            match changes.try_recv() {
                Ok(change) => news.push(News::Change(change)),
                Err(TryRecvError::Empty) => break,
                // Some were missed: the next news is everybody.
                Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => self.changes = None,
            }
        }
        news
    }

    /// The next news, in the order in which things happened. Nothing is lost if it is dropped before it is ready.
    pub async fn next(&mut self) -> News {
        if let Some(changes) = &mut self.changes
            && let Ok(change) = changes.recv().await
        {
            return News::Change(change);
        }
        // Under the lock: what changes from now on is in the queue, and what changed before is in the list.
        let merged = self.connectedness.merged();
        self.changes = Some(self.connectedness.0.changes.subscribe());
        News::Everybody(merged.everybody().cloned().collect())
    }
}
