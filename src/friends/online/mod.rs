//! Tells friends and conversation partners who comes online and goes offline.
//!
//! Whether somebody is connected to this node is decided by [`delivery::connectedness`](crate::delivery::connectedness), which
//! outlasts a short break of the connection. Whether they are online follows from that: on a node that is alone at once
//! (`alone`), else by the registry that all nodes share (`everywhere`).
//!
//! - `alone`: one task announces one change after the other, and snapshots show what it has announced.
//! - `everywhere`: what this node knows of the others. `publishing`: says to the registry who is here (`publisher` decides what
//!   is still to be said). `telling`: finds whom a change concerns and where they are, and tells those nodes.
//!   `hearing`: passes on what was told to people here (`board` decides what is news). `sweeping`: ends what dead nodes left
//!   behind. `refusal`: a registry that takes nothing.

mod alone;
mod board;
mod everywhere;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod hearing;
#[cfg(test)]
mod model;
mod publisher;
mod publishing;
mod refusal;
mod sweeping;
mod telling;

use std::{convert::Infallible, sync::Arc, time::Duration};

use self::{alone::Alone, board::Known, everywhere::Everywhere};
use super::Shared;
use crate::{
    delivery::dispatch::Dispatch,
    kernel::{
        ids::{NodeId, UserId},
        time::Timestamp,
    },
    protocol::{
        event::{Event, FriendStatus, FriendStatusChanged, UserOffline, UserOnline},
        frame::Frame,
    },
};

/// Who is online.
pub(super) struct Online {
    alone: Alone,
    /// Nothing on a node that is alone.
    everywhere: Option<Everywhere>,
}

impl Online {
    /// As this node knows it, in a run with a number of its own.
    pub(super) fn new(dispatch: &Dispatch, lease: Duration, node: &NodeId, epoch: u64) -> Self {
        let redis = dispatch.backplane().redis();
        Self {
            alone: Alone::default(),
            everywhere: redis.map(|redis| {
                let metrics = Arc::clone(dispatch.metrics());
                Everywhere::new(redis, lease, node, epoch, metrics)
            }),
        }
    }

    /// Whether Redis does not take who is online here.
    pub(super) fn is_refused(&self) -> bool {
        let everywhere = self.everywhere.as_ref();
        everywhere.is_some_and(|it| it.refusal.is())
    }

    /// Somebody connects.
    pub(super) fn arrived(&self, user: &UserId) {
        if let Some(everywhere) = &self.everywhere {
            everywhere.doubt(user.clone());
        }
    }
}

/// Somebody, and when they were last seen, as far as that was read.
pub(super) type Person = (UserId, Option<Timestamp>);

/// Whether somebody is online, or when they were last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// They are.
    Online,
    /// They are not, since then if ever they were.
    Offline(Option<Timestamp>),
}

/// Who of some people is online. Nobody, if neither the registry nor the store can tell.
pub(super) type Statuses = Vec<(UserId, Presence)>;

/// What was told up to now: to find what is told from now on.
#[derive(Debug, Clone, Copy)]
pub struct Mark(u64);

impl Shared {
    /// To be taken before anything is read for [`Shared::statuses`].
    pub(super) fn mark(&self) -> Mark {
        Mark(self.online.everywhere.as_ref().map_or(0, Everywhere::mark))
    }

    /// Waits until other nodes can know that somebody is here, who just came: for a moment at most.
    pub(super) async fn published(&self, user: &UserId) {
        if let Some(everywhere) = &self.online.everywhere {
            everywhere.published(self, user).await;
        }
    }

    /// Who of some people is online, as whoever reads it has been told or will be told afterwards.
    pub(super) async fn statuses(&self, since: Mark, people: Vec<Person>) -> Statuses {
        match &self.online.everywhere {
            None => self.online.alone.statuses(people),
            Some(everywhere) => everywhere.statuses(self, since, people).await,
        }
    }
}

/// Tells who comes online and goes offline, for as long as it is polled: by one task of the server.
pub(super) async fn announce(shared: &Shared) -> Infallible {
    match &shared.online.everywhere {
        None => alone::announce(shared, &shared.online.alone).await,
        Some(everywhere) => everywhere::announce(shared, everywhere).await,
    }
}

/// What is told of a change: to everybody who knows the person, and beside it to conversation partners.
struct Frames {
    everybody: Frame,
    partners: Frame,
}

impl Frames {
    /// `at` is when it changed, in milliseconds.
    fn of(user: &UserId, known: Known, at: i64) -> Self {
        let (status, since, partners) = match known {
            Known::Online => {
                let told = UserOnline {
                    user_id: user.clone(),
                    timestamp: at.div_euclid(1_000),
                };
                (FriendStatus::Online, at, Event::from(told))
            }
            Known::Offline(seen) => {
                let told = UserOffline {
                    user_id: user.clone(),
                    timestamp: at.div_euclid(1_000),
                    last_seen: seen.unix_seconds(),
                };
                (FriendStatus::Offline, seen.millis(), Event::from(told))
            }
        };
        let everybody = FriendStatusChanged {
            user_id: user.clone(),
            status,
            timestamp: since,
        };
        Self {
            everybody: Frame::new(&everybody.into()),
            partners: Frame::new(&partners),
        }
    }
}
