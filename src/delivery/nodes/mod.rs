//! Delivery over nodes: what this one tells the others, and what it does when they tell it.
//!
//! ```text
//!   dispatch ──> its own workers
//!      └───────> letter ──> backplane ──> hear ──> the workers of the nodes that hold the user or the room
//!                              ^  what is said in a room: this node too, and not before
//!                              └── answers, to whoever counts or asks
//! ```
//! - `letter`: what travels. `hear`: what is done with it. `gather`: answers that are waited for.
//! - `questions`: what is asked of all nodes. `reports`: how connections and nodes are, for admins.
//! - `revisions`: of two states that cross, the newer one is told last. `trailing`: what is done for those who missed a hint.
//!
//! All of these are hints. A user's durable events are in the store, and each node compares how far its clients have come with
//! that. A node that is alone does none of this.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod gather;
mod hear;
mod letter;
mod questions;
mod reports;
mod revisions;
mod trailing;

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicBool},
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

pub(super) use self::letter::{Saying, Whom};
use self::{
    gather::Gatherings,
    letter::{Answer, Letter},
    revisions::Revisions,
};
pub use self::{
    questions::{NodeReport, RemoteSession, SessionReport},
    revisions::Notes,
};
use super::{dispatch::Dispatch, lines::To};
use crate::{
    backplane::{Backplane, Channel, Echo, Link, Listener, News, Subject},
    kernel::ids::NodeId,
};

/// What delivery knows of other nodes.
pub(super) struct Nodes {
    pub(super) backplane: Backplane,
    /// From the start on, so that nothing is missed until somebody hears it.
    listener: Mutex<Option<Listener>>,
    gatherings: Gatherings,
    revisions: Mutex<Revisions>,
    /// Counts the times at which something may have been missed.
    gaps: watch::Sender<u64>,
    statuses: OnceLock<mpsc::Sender<Statuses>>,
    /// Whether this one is about to stop.
    draining: AtomicBool,
}

/// What is heard in one order: a status, and what people are told because of it or before it.
const HEARD_IN_ORDER: [Subject; 2] = [Subject::Delivery, Subject::Presence];

/// What another node says of statuses of otomo, in its place among what it says to clients: that waits until this is taken.
#[derive(Debug)]
pub struct Statuses {
    /// What is said.
    pub news: News,
    /// Whoever has taken it drops this.
    pub taken: oneshot::Sender<()>,
}

/// Where something is to be said.
pub(super) enum Route {
    /// On this node alone.
    Here,
    /// On this node, and to others.
    Both(Channel),
    /// To all nodes that hold the channel, this one among them.
    Echo(Channel),
}

impl Nodes {
    pub(super) fn new(backplane: Backplane) -> Self {
        Self {
            listener: Mutex::new(Some(backplane.listen_to(&HEARD_IN_ORDER))),
            backplane,
            gatherings: Gatherings::default(),
            revisions: Mutex::default(),
            gaps: watch::Sender::new(0),
            statuses: OnceLock::new(),
            draining: AtomicBool::new(false),
        }
    }

    pub(super) fn is_alone(&self) -> bool {
        self.backplane.link() == Link::Alone
    }

    /// Where something for these clients is to be said.
    pub(super) fn route(&self, to: &To) -> Route {
        if self.is_alone() {
            return Route::Here;
        }
        match to {
            To::Session(_) => Route::Here,
            To::User(user) | To::Device(user, _) | To::OtherDevices(user, _) => {
                Route::Both(Channel::User(user.clone()))
            }
            To::Room(room) => Route::Echo(Channel::Room(room.clone())),
            To::Everyone => Route::Both(Channel::Everyone),
        }
    }

    /// Tells others something. `json` is the frame's, if there is one in it.
    pub(super) fn tell(&self, channel: &Channel, saying: Saying, json: &Bytes, echo: Echo) {
        let letter = Letter { ask: None, saying };
        let body = letter.encode(json);
        self.backplane.tell(channel, Subject::Delivery, body, echo);
    }

    /// The same, and asks each for an answer. `own` says whether this node is to answer too. Resolves to the answers
    /// of those that heard it, as far as they come within a second.
    fn ask(
        &self,
        channel: &Channel,
        saying: Saying,
        json: &Bytes,
        own: bool,
    ) -> impl Future<Output = Vec<Answer>> + Send + use<> {
        let gathering = self.gatherings.begin();
        let letter = Letter {
            ask: Some(gathering.number()),
            saying,
        };
        let body = letter.encode(json);
        let echo = if own { Echo::Hear } else { Echo::Skip };
        let told = self
            .backplane
            .tell_counted(channel, Subject::Delivery, body, echo);
        gathering.answers(told, usize::from(own))
    }

    /// The same for something of which each node says how many it reached; resolves to the sum.
    pub(super) fn count(
        &self,
        channel: &Channel,
        saying: Saying,
        json: &Bytes,
        own: bool,
    ) -> impl Future<Output = usize> + Send + use<> {
        let answers = self.ask(channel, saying, json, own);
        async {
            let answers = answers.await.into_iter();
            answers.map(|answer| answer.count()).sum()
        }
    }

    fn answer(&self, asker: &NodeId, ask: u64, answer: Answer) {
        if asker == self.backplane.node() {
            return self.gatherings.answered(ask, answer);
        }
        let letter = Letter {
            ask: Some(ask),
            saying: Saying::Answer(answer),
        };
        let channel = Channel::Node(asker.clone());
        let body = letter.encode(&Bytes::new());
        let subject = Subject::Delivery;
        self.backplane.tell(&channel, subject, body, Echo::Skip);
    }

    fn revisions(&self) -> MutexGuard<'_, Revisions> {
        self.revisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn take_listener(&self) -> Option<Listener> {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        listener.take()
    }
}

impl Whom {
    /// The same clients as others know them; none for a session, which only its own node knows.
    pub(super) fn of(to: &To) -> Option<Self> {
        match to.clone() {
            To::Session(_) => None,
            To::User(user) => Some(Self::User(user)),
            To::Device(user, device) => Some(Self::Device(user, device)),
            To::OtherDevices(user, device) => Some(Self::OtherDevices(user, device)),
            To::Room(room) => Some(Self::Room(room)),
            To::Everyone => Some(Self::Everyone),
        }
    }
}

impl From<Whom> for To {
    fn from(whom: Whom) -> Self {
        match whom {
            Whom::User(user) => Self::User(user),
            Whom::Device(user, device) => Self::Device(user, device),
            Whom::OtherDevices(user, device) => Self::OtherDevices(user, device),
            Whom::Room(room) => Self::Room(room),
            Whom::Everyone => Self::Everyone,
        }
    }
}

impl Dispatch {
    /// How often something may have been missed that other nodes said: whoever keeps a picture of what they do looks into the
    /// store at each change.
    pub fn gaps(&self) -> watch::Receiver<u64> {
        self.nodes().gaps.subscribe()
    }
}
