//! Floor 2: what nodes tell each other.
//!
//! ```text
//!   rooms above ── tell, ask ──> Backplane ──> Redis, channel by channel ──> the nodes that hold the channel
//!               <── Listener ───     ^─────────────────────────────────────────┘
//! ```
//! A node holds the channels of the users and rooms that it has connections of, and hears of those alone, beside what
//! is for all nodes and for itself. What goes through here are hints: what must not be lost is in the store, and a message
//! that is lost or comes late costs time and nothing else. After a gap ([`News::Gap`]) whoever listens looks into the
//! store for what it may have missed.
//!
//! A node that is alone has a backplane too: one that tells nobody and costs nothing.
//!
//! - [`channel`]: whom a message is for. [`listener`]: how a room hears what is for it.

pub mod channel;
pub mod listener;

use std::{future::Future, sync::Arc};

use bytes::Bytes;

pub use self::{
    channel::{Channel, Subject},
    listener::{Listener, Message, News},
};
use crate::kernel::ids::NodeId;

/// What nodes tell each other. Clones share everything.
#[derive(Clone)]
pub struct Backplane(Arc<Shared>);

struct Shared {
    node: NodeId,
}

/// Whether other nodes are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// There are no others.
    Alone,
    /// They are heard.
    Up,
    /// They are not, for now.
    Down,
}

/// Whether a node hears what it says itself on a channel that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// It does not: it has done here what is to be done.
    Skip,
    /// It does, in one order with what others say on that channel. While the link is down nobody hears it.
    Hear,
}

impl Backplane {
    /// The backplane of a node that is alone.
    pub fn alone(node: NodeId) -> Self {
        Self(Arc::new(Shared { node }))
    }

    /// This node.
    pub fn node(&self) -> &NodeId {
        &self.0.node
    }

    /// Whether other nodes are heard right now.
    pub fn link(&self) -> Link {
        Link::Alone
    }

    /// Hears what is said about a subject, on all channels that this node holds. One listener for each subject.
    pub fn listen(&self, _subject: Subject) -> Listener {
        Listener::silent()
    }

    /// Holds a channel from now on. Resolves when what is said there is heard, or at once if the link is down: the channel is
    /// held as soon as it is up again, after a gap. Holds are counted; each is to be released.
    pub fn hold(&self, _channel: &Channel) -> impl Future<Output = ()> + Send + use<> {
        std::future::ready(())
    }

    /// Holds a channel no longer, once it is released as often as it was held.
    pub fn release(&self, _channel: &Channel) {}

    /// Says something to the nodes that hold a channel. Never waits; what is said on one channel is heard in the order of the
    /// calls.
    pub fn tell(&self, _channel: &Channel, _subject: Subject, _body: Bytes, _echo: Echo) {}

    /// The same to other nodes; resolves to how many of them it went to. None while the link is down.
    pub fn tell_counted(
        &self,
        _channel: &Channel,
        _subject: Subject,
        _body: Bytes,
    ) -> impl Future<Output = usize> + Send + use<> {
        std::future::ready(0)
    }
}
