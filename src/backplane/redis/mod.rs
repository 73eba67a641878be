//! The backplane over Redis.
//!
//! One connection (RESP3) carries commands, subscriptions and what is published, so they have one order; a thread of its own
//! drives it, so that neither a busy worker delays it nor it a worker.
//!
//! Why a connection of our own making and not the client library's `ConnectionManager`: that one connects again by itself,
//! unseen, asks for all subscriptions in one command, and takes no part in telling whether it is heard. Here each connection
//! is one `life`: it begins with a probe that must come back, resubscribes in batches, and when anything takes too long it
//! is over, and everybody is told.
//!
//! - [`dial`]: how a connection is made. `life`: one connection, from the first word to its end. `incoming`: what is heard on it.
//! - [`commands`]: what other rooms of the house say to Redis.

pub mod commands;
pub mod dial;
mod incoming;
mod life;

use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use ::redis::aio::MultiplexedConnection;
use bytes::Bytes;
use tokio::sync::{Notify, oneshot, watch};

use self::{commands::Server, dial::Dial};
use super::{
    Channel, Echo, Link, Message, Subject,
    envelope::{Envelope, Kind, Speaker},
    holds::Holds,
    listener::Listeners,
    outbox::{LIMITS, Outbox, Outgoing},
};
use crate::kernel::{config::RedisConfig, draw, ids::NodeId, metrics::Metrics};

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why there is no backplane.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The address is not valid.
    #[error("redis.url is no address of a Redis")]
    Address(#[source] ::redis::RedisError),
    /// The system starts no thread.
    #[error("there is no thread for what nodes tell each other")]
    Thread(#[source] std::io::Error),
}

/// The backplane's hold on what drives it: dropped, that ends.
pub(super) struct Remote {
    pub(super) shared: Arc<Shared>,
    /// Nothing where somebody else polls it.
    thread: Option<JoinHandle<()>>,
}

/// What the thread and everybody else share.
pub(super) struct Shared {
    dial: Dial,
    probe_interval: Duration,
    speaker: Speaker,
    metrics: Arc<Metrics>,
    pub(super) listeners: Listeners,
    holds: Mutex<Holds>,
    outbox: Mutex<Outbox>,
    link: watch::Sender<Link>,
    /// The connection while the link is up, and whose it is.
    current: Mutex<Option<(MultiplexedConnection, Server)>>,
    /// Something is to be subscribed to.
    holds_changed: Notify,
    /// Something is to be published.
    said: Notify,
    closing: AtomicBool,
    close: Notify,
    closed: watch::Sender<bool>,
}

impl Remote {
    /// Starts a thread for it, without waiting for Redis.
    pub(super) fn start(
        config: &RedisConfig,
        url: &str,
        node: NodeId,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StartFault> {
        let dial = dial::at(url).map_err(StartFault::Address)?;
        let shared = Shared::new(dial, config.probe_interval, node, metrics);
        let lives = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartFault::Thread)?;
        let thread = std::thread::Builder::new()
            .name("otomo-backplane".to_owned())
            .spawn(move || runtime.block_on(life::lives(&lives)))
            .map_err(StartFault::Thread)?;
        let thread = Some(thread);
        Ok(Self { shared, thread })
    }

    /// The same without a thread: it lives for as long as the future is polled.
    pub(super) fn polled(
        dial: Dial,
        probe_interval: Duration,
        node: NodeId,
        metrics: Arc<Metrics>,
    ) -> (Self, impl Future<Output = ()>) {
        let shared = Shared::new(dial, probe_interval, node, metrics);
        let lives = Arc::clone(&shared);
        let thread = None;
        let remote = Self { shared, thread };
        (remote, async move { life::lives(&lives).await })
    }

    /// Whether its thread still runs.
    pub(super) fn is_alive(&self) -> bool {
        let ended = self.thread.as_ref().is_some_and(JoinHandle::is_finished);
        !ended || self.shared.is_closing()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.shared.begin_closing();
    }
}

impl Shared {
    fn new(dial: Dial, probe_interval: Duration, node: NodeId, metrics: Arc<Metrics>) -> Arc<Self> {
        let mut holds = Holds::default();
        for channel in [Channel::Everyone, Channel::Node(node.clone())] {
            drop(holds.hold(&channel));
        }
        let (life, _) = draw::random().as_u64_pair();
        Arc::new(Self {
            dial,
            probe_interval,
            speaker: Speaker { node, life },
            listeners: Listeners::new(Arc::clone(&metrics)),
            metrics,
            holds: Mutex::new(holds),
            outbox: Mutex::new(Outbox::new(LIMITS)),
            link: watch::Sender::new(Link::Down),
            current: Mutex::default(),
            holds_changed: Notify::new(),
            said: Notify::new(),
            closing: AtomicBool::new(false),
            close: Notify::new(),
            closed: watch::Sender::new(false),
        })
    }

    pub(super) fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    pub(super) fn is_up(&self) -> bool {
        *self.link.borrow() == Link::Up
    }

    pub(super) fn hold(&self, channel: &Channel) -> Option<oneshot::Receiver<()>> {
        let wait = {
            let mut holds = self.holds();
            let wait = holds.hold(channel);
            self.count_held(&holds);
            wait
        };
        // The link may go down right after this look: then nobody waits for what is not heard.
        let wait = wait.filter(|_| self.is_up());
        if wait.is_some() {
            self.holds_changed.notify_one();
        }
        wait
    }

    pub(super) fn release(&self, channel: &Channel) {
        let mut holds = self.holds();
        let changed = holds.release(channel);
        self.count_held(&holds);
        drop(holds);
        if changed && self.is_up() {
            self.holds_changed.notify_one();
        }
    }

    pub(super) fn tell(
        &self,
        channel: &Channel,
        subject: Subject,
        body: Bytes,
        echo: Echo,
        counted: Option<oneshot::Sender<usize>>,
    ) {
        let metrics = &self.metrics.backplane;
        let kind = match echo {
            Echo::Skip => Kind::Skip,
            Echo::Hear => Kind::Hear,
        };
        let own = (echo == Echo::Hear).then(|| Message {
            from: self.speaker.node.clone(),
            channel: channel.clone(),
            subject,
            body: body.clone(),
        });
        let mut outbox = self.outbox();
        if !outbox.up {
            outbox.owes_gap = true;
            metrics.dropped.of("link_down").inc();
            // Under the lock, so that it is heard after what was said before, and before what is said when the link is up.
            if let Some(message) = own {
                self.hear_own(message);
            }
            return;
        }
        metrics.told.of(subject.as_str()).inc();
        let number = outbox.next_number();
        let envelope = Envelope {
            kind,
            speaker: self.speaker.clone(),
            number,
            subject,
            body,
        };
        let gone = outbox.put(Outgoing {
            channel: channel.clone(),
            payload: envelope.encode(),
            number,
            own,
            counted,
            said: Instant::now(),
        });
        metrics
            .queue
            .set(i64::try_from(outbox.len()).unwrap_or(i64::MAX));
        drop(outbox);
        if gone > 0 {
            metrics.dropped.of("overflow").inc_by(gone as u64);
        }
        self.said.notify_one();
    }

    /// Says what is waiting and then goodbye, for a second at most.
    pub(super) async fn close(&self) {
        let mut closed = self.closed.subscribe();
        self.begin_closing();
        // Elapsed, or gone already: then the rest is lost with the connection, as at `kill -9`.
        let _ = tokio::time::timeout(GOODBYE, closed.wait_for(|closed| *closed)).await;
    }

    fn begin_closing(&self) {
        self.closing.store(true, Ordering::Release);
        self.close.notify_one();
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// What this node said itself and hears at once, because it cannot come back.
    fn hear_own(&self, message: Message) {
        if self.holds().is_held(&message.channel) {
            self.listeners.tell(message);
        }
    }

    fn count_held(&self, holds: &Holds) {
        let held = i64::try_from(holds.len()).unwrap_or(i64::MAX);
        self.metrics.backplane.channels.set(held);
    }

    // Locked in this order where both are: the outbox, then the holds.
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds(&self) -> MutexGuard<'_, Holds> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> MutexGuard<'_, Option<(MultiplexedConnection, Server)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
