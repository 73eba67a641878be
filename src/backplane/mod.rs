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
//! - [`channel`]: whom a message is for. [`listener`]: how a room hears what is for it. `envelope`: a message as it travels.
//! - `holds`: which channels a node holds. `outbox`: what it says and has not said yet.
//! - [`redis`]: the connection, and what other rooms say to Redis themselves.

pub mod channel;
mod envelope;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod holds;
pub mod listener;
mod outbox;
pub mod redis;

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::{oneshot, watch};

use self::redis::{Remote, StartFault, commands::Commands, dial::Dial};
pub use self::{
    channel::{Channel, Subject},
    listener::{Listener, Message, News},
};
use crate::kernel::{config::RedisConfig, ids::NodeId, metrics::Metrics};

/// What nodes tell each other. Clones share everything.
#[derive(Clone)]
pub struct Backplane(Arc<Own>);

struct Own {
    node: NodeId,
    /// Nothing for a node that is alone.
    remote: Option<Remote>,
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
    /// It does, in one order with what others say on that channel. While the link is down only this node hears it, and at once;
    /// so it does with what was on its way when the link went down.
    Hear,
}

impl Backplane {
    /// The backplane of a node that is alone.
    pub fn alone(node: NodeId) -> Self {
        Self(Arc::new(Own { node, remote: None }))
    }

    /// The backplane that is configured. Never waits for Redis: the link is down until it has been heard.
    ///
    /// # Errors
    /// The address is not valid, or no thread can be started.
    pub fn start(
        config: &RedisConfig,
        node: NodeId,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StartFault> {
        let Some(url) = &config.url else {
            return Ok(Self::alone(node));
        };
        let remote = Remote::start(config, url.reveal(), node.clone(), metrics)?;
        let remote = Some(remote);
        Ok(Self(Arc::new(Own { node, remote })))
    }

    /// A backplane over connections that the caller makes, which lives for as long as the future is polled: for simulations,
    /// where nothing may have a thread of its own.
    pub fn over(
        dial: Dial,
        probe_interval: Duration,
        node: NodeId,
        metrics: Arc<Metrics>,
    ) -> (Self, impl Future<Output = ()>) {
        let (remote, lives) = Remote::polled(dial, probe_interval, node.clone(), metrics);
        let remote = Some(remote);
        (Self(Arc::new(Own { node, remote })), lives)
    }

    /// This node.
    pub fn node(&self) -> &NodeId {
        &self.0.node
    }

    /// Whether other nodes are heard right now.
    pub fn link(&self) -> Link {
        match &self.0.remote {
            None => Link::Alone,
            Some(remote) if remote.shared.is_up() => Link::Up,
            Some(_) => Link::Down,
        }
    }

    /// Whether other nodes are heard, and each change of that. Nothing for a node that is alone.
    pub fn watch(&self) -> Option<watch::Receiver<Link>> {
        let remote = self.0.remote.as_ref()?;
        Some(remote.shared.link())
    }

    /// Hears what is said about a subject, on all channels that this node holds. One listener for each subject.
    pub fn listen(&self, subject: Subject) -> Listener {
        self.listen_to(&[subject])
    }

    /// Hears what is about several subjects, in the order in which each node said it.
    pub fn listen_to(&self, subjects: &[Subject]) -> Listener {
        match &self.0.remote {
            None => Listener::silent(),
            Some(remote) => remote.shared.listeners.listen(subjects),
        }
    }

    /// Holds a channel from now on. Resolves when what is said there is heard, or at once if the link is down: the channel is
    /// held as soon as it is up again, after a gap. Holds are counted; each is to be released.
    pub fn hold(&self, channel: &Channel) -> impl Future<Output = ()> + Send + use<> {
        let remote = self.0.remote.as_ref();
        let heard = remote.and_then(|remote| remote.shared.hold(channel));
        async {
            if let Some(heard) = heard {
                // Fails if the link goes down meanwhile: then there is nothing to wait for.
                let _ = heard.await;
            }
        }
    }

    /// Holds a channel no longer, once it is released as often as it was held.
    pub fn release(&self, channel: &Channel) {
        if let Some(remote) = &self.0.remote {
            remote.shared.release(channel);
        }
    }

    /// Says something to the nodes that hold a channel. Never waits; what is said on one channel is heard in the order of the
    /// calls.
    pub fn tell(&self, channel: &Channel, subject: Subject, body: Bytes, echo: Echo) {
        if let Some(remote) = &self.0.remote {
            remote.shared.tell(channel, subject, body, echo, None);
        }
    }

    /// The same; resolves to how many other nodes it went to: none while the link is down. This node is never counted, whether
    /// it hears itself or not.
    pub fn tell_counted(
        &self,
        channel: &Channel,
        subject: Subject,
        body: Bytes,
        echo: Echo,
    ) -> impl Future<Output = usize> + Send + use<> {
        let (counted, count) = oneshot::channel();
        if let Some(remote) = &self.0.remote {
            let shared = &remote.shared;
            shared.tell(channel, subject, body, echo, Some(counted));
        }
        // What is lost reaches nobody.
        async { count.await.unwrap_or(0) }
    }

    /// What other rooms say to Redis. Nothing for a node that is alone.
    pub fn redis(&self) -> Option<Commands> {
        let remote = self.0.remote.as_ref()?;
        Some(Commands(Arc::clone(&remote.shared)))
    }

    /// Whether it still does its work, up or down.
    pub fn is_alive(&self) -> bool {
        self.0.remote.as_ref().is_none_or(Remote::is_alive)
    }

    /// Says what is waiting and then goodbye, for a second at most. Nothing is heard and told after it.
    pub async fn close(&self) {
        if let Some(remote) = &self.0.remote {
            remote.shared.close().await;
        }
    }
}
