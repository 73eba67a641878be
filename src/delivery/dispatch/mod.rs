//! The one way out to clients, for every room above.
//!
//! A [`Dispatch`] finds the workers that a frame concerns and sends each of them one message; the
//! worker's [`Shard`] does the rest. It never waits for a client and holds no lock across a send.
//!
//! Bounds: broadcasts are joined per worker (at most one frame per key waits, see
//! [`super::broadcast`]). Addressed frames follow from commands, so what holds them back is the door:
//! above `QUEUE_HIGH` frames on their way to one worker [`Dispatch::congested`] says so and sessions
//! refuse further commands (`UNAVAILABLE`) until the queue is shorter. What is already under way is
//! never dropped.

mod everywhere;
mod here;
mod queue;
mod resend;
mod rooms;

use std::{
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use actix::{Actor, Addr};
use actix_rt::time::sleep;
use bytes::Bytes;
use tokio::sync::oneshot;

pub(super) use self::queue::Queue;
pub use self::rooms::Hearing;
use super::{
    broadcast::{Broadcast, Poke},
    counters::Counters,
    farewell::Farewell,
    inbox::Seq,
    leave::Graces,
    line::SessionRef,
    lines::{Lines, To},
    messages::{CloseAll, LineReport, Observe, Open, Receipt, SnapshotSource, Subscribe},
    nodes::{Nodes, Saying, Whom},
    reply::{Post, PostOutcome, PostedCommand},
    roster::Roster,
    rounds::Numbered,
    shard::Shard,
    writes::Delays,
};
use crate::{
    backplane::Backplane,
    kernel::{
        ids::{SessionId, UserId},
        metrics::Metrics,
        standing::Standing,
        time::Clock,
    },
    protocol::{
        close_code::CloseCode,
        frame::Frame,
        spec::{Kind, Priority, Topic},
        tracking::{Trackers, Tracking},
    },
};

/// Addressed frames on their way to one worker above which new commands are refused. A worker takes in
/// a million a second; this is its backlog of a few milliseconds.
const QUEUE_HIGH: usize = 16_384;

/// How long whoever comes waits for a node that has to join the others again, in looks.
const CURRENT_LOOKS: u32 = 250;

/// Between two of them.
const CURRENT_LOOK: Duration = Duration::from_millis(20);

/// One worker as others reach it.
#[derive(Default)]
struct Worker {
    /// Set once, when the worker's thread has started. One address for all senders: each clone of an
    /// actix address brings a place of its own beyond the mailbox's bound.
    shard: OnceLock<Addr<Shard>>,
    queue: Arc<Queue>,
}

struct Inner {
    workers: Box<[Worker]>,
    next_worker: AtomicUsize,
    broadcast: Arc<Broadcast>,
    roster: Roster,
    trackers: Trackers,
    metrics: Arc<Metrics>,
    nodes: Nodes,
    settings: Settings,
}

/// How delivery is set up. By default nothing is held back.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Worker threads, each of which calls [`Dispatch::start_worker`] once.
    pub workers: usize,
    /// The most by which updates are held back to be written together (`outbox.join_delay`).
    pub join_delay: Duration,
    /// For how long low-priority events are gathered (`outbox.low_window`).
    pub low_window: Duration,
    /// How long people count as there without a connection.
    pub graces: Graces,
    /// What a grant's end is measured by.
    pub clock: Clock,
    /// Whether this node may act: what other nodes say is passed over while it may not.
    pub standing: Standing,
}

/// The way out to clients. Clones share everything.
#[derive(Clone)]
pub struct Dispatch(Arc<Inner>);

impl Dispatch {
    /// Nobody is connected yet.
    pub fn new(settings: Settings, backplane: Backplane, metrics: Arc<Metrics>) -> Self {
        let workers = settings.workers;
        Self(Arc::new(Inner {
            workers: (0..workers).map(|_| Worker::default()).collect(),
            next_worker: AtomicUsize::new(0),
            broadcast: Arc::new(Broadcast::new(workers)),
            roster: Roster::new(settings.graces, backplane.clone()),
            trackers: Trackers::new(&metrics),
            metrics,
            nodes: Nodes::new(backplane),
            settings,
        }))
    }

    /// Starts delivery on the calling worker thread. `None` if there are as many as were announced.
    pub fn start_worker(&self) -> Option<std::rc::Rc<Lines>> {
        let number = self.0.next_worker.fetch_add(1, Ordering::Relaxed);
        let worker = self.0.workers.get(number)?;
        let lines = Lines::new(
            u16::try_from(number).ok()?,
            self.0.roster.clone(),
            self.0.settings.clock.clone(),
            Delays {
                join: self.0.settings.join_delay,
                low: self.0.settings.low_window,
            },
            Counters::new(Arc::clone(&self.0.metrics)),
        );
        let shard = Shard::new(
            std::rc::Rc::clone(&lines),
            Arc::clone(&self.0.broadcast),
            Arc::clone(&worker.queue),
            self.0.settings.join_delay,
        );
        worker.shard.set(shard.start()).ok()?;
        Some(lines)
    }

    /// Who is connected.
    pub fn roster(&self) -> &Roster {
        &self.0.roster
    }

    /// What is counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// The way to other nodes.
    pub fn backplane(&self) -> &Backplane {
        &self.0.nodes.backplane
    }

    /// What is known of other nodes.
    pub(super) fn nodes(&self) -> &Nodes {
        &self.0.nodes
    }

    /// Whether this node may act.
    pub fn is_current(&self) -> bool {
        self.0.settings.standing.is_current()
    }

    /// Waits until it may, if it is about to; but not for long.
    pub async fn becomes_current(&self) {
        for _ in 0..CURRENT_LOOKS {
            if self.is_current() {
                return;
            }
            sleep(CURRENT_LOOK).await;
        }
    }

    /// Follows an event on its way that was accepted then and is worth sending for so long after: for [`Frame::tracked`]. `None`
    /// for a kind that is not published.
    pub fn track(
        &self,
        kind: Kind,
        priority: Priority,
        accepted: Instant,
        ttl: Option<Duration>,
    ) -> Option<Tracking> {
        self.0.trackers.track(kind, priority, accepted, ttl)
    }

    /// Whether every worker that was started still delivers.
    pub fn is_alive(&self) -> bool {
        let mut shards = self.0.workers.iter().filter_map(|it| it.shard.get());
        shards.all(Addr::connected)
    }

    /// Whether a worker has so much to deliver that nothing new should be begun.
    pub fn congested(&self) -> bool {
        self.0
            .workers
            .iter()
            .any(|worker| worker.queue.waiting() > QUEUE_HIGH)
    }

    /// Sends a frame to some connections, as far as they subscribe to its topic.
    pub fn tell(&self, to: To, frame: Frame) {
        let saying = |to| Saying::Frame {
            to,
            label: frame.label(),
        };
        self.everywhere(&to, saying, frame.json(), |receipt| {
            self.deliver_here(to.clone(), frame.clone(), receipt);
        });
    }

    /// The same; resolves to the number of outboxes that the frame entered.
    pub fn tell_counted(&self, to: To, frame: Frame) -> impl Future<Output = usize> + Send + use<> {
        let saying = |to| Saying::Frame {
            to,
            label: frame.label(),
        };
        self.everywhere_counted(&to, saying, frame.json(), |receipt| {
            self.deliver_here(to.clone(), frame.clone(), receipt);
        })
        .sum()
    }

    /// The same on this node alone: for what each node is told of by itself, or concerns nobody but its own clients.
    pub fn tell_here(&self, to: To, frame: Frame) {
        self.deliver_here(to, frame, None);
    }

    /// Sends a durable event that was just stored to all connections of its user.
    pub fn durable(&self, user: &UserId, seq: Seq, frame: &Frame) {
        let to = To::User(user.clone());
        let saying = |_| durable(user, seq, frame);
        self.everywhere(&to, saying, frame.json(), |receipt| {
            self.durable_here(user, seq, frame, receipt);
        });
    }

    /// The same; resolves to the number of connections that get it, at once or as soon as they can take it.
    pub fn durable_counted(
        &self,
        user: &UserId,
        seq: Seq,
        frame: &Frame,
    ) -> impl Future<Output = usize> + Send + use<> {
        let to = To::User(user.clone());
        let saying = |_| durable(user, seq, frame);
        self.everywhere_counted(&to, saying, frame.json(), |receipt| {
            self.durable_here(user, seq, frame, receipt);
        })
        .sum()
    }

    /// Has each of a user's sessions send fresh snapshots of the chat and of friends. However often this is asked while a session is
    /// reading them, it reads only once more.
    pub fn chat_outdated(&self, user: &UserId) {
        let to = To::User(user.clone());
        let saying = |_| Saying::ChatOutdated { user: user.clone() };
        self.everywhere(&to, saying, &Bytes::new(), |_| {
            self.chat_outdated_here(user);
        });
    }

    /// Leaves frames for everybody who listens to their topic.
    pub fn broadcast(&self, frames: &[Numbered]) {
        for (number, worker) in self.0.workers.iter().enumerate() {
            let addressed = worker.queue.entered();
            if self.0.broadcast.put(number, frames, addressed) == Poke::Needed {
                worker.poke();
            }
        }
    }

    /// Sends a session the snapshot of a topic and from then on the topic's events. Resolves when the
    /// snapshot is queued.
    pub fn subscribe(
        &self,
        to: SessionRef,
        topic: Topic,
        source: Arc<dyn SnapshotSource>,
    ) -> impl Future<Output = usize> + use<> {
        let (receipt, queued) = Receipt::new();
        self.worker(to.worker, |worker, said| {
            worker.send(Subscribe {
                to,
                topic,
                source,
                receipt,
                said,
            });
        });
        async { queued.await.unwrap_or(0) }
    }

    /// Hands a posted command to a session.
    pub async fn post(&self, to: SessionRef, command: PostedCommand) -> PostOutcome {
        let (outcome, reported) = oneshot::channel();
        self.worker(to.worker, |worker, _| {
            worker.send(Post {
                to,
                command,
                outcome,
            });
        });
        reported.await.unwrap_or(PostOutcome::NoSession)
    }

    /// Sends `ready` and lets live frames flow.
    pub fn open(&self, to: SessionRef, ready: Frame) {
        self.worker(to.worker, |worker, said| {
            worker.send(Open { to, ready, said })
        });
    }

    /// Closes some of a user's connections; resolves to their number.
    pub fn close(
        &self,
        to: To,
        code: CloseCode,
        reason: &'static str,
    ) -> impl Future<Output = usize> + Send + use<> {
        let saying = |to| closing(to, code, reason, None);
        self.everywhere_counted(&to, saying, &Bytes::new(), |receipt| {
            self.close_here(&to, Farewell::new(code, reason), receipt);
        })
        .sum()
    }

    /// Closes those connections of a user to other nodes that began before a session.
    pub fn close_elsewhere(
        &self,
        user: &UserId,
        before: SessionId,
        code: CloseCode,
        reason: &'static str,
    ) {
        let to = To::User(user.clone());
        let saying = |to| closing(to, code, reason, Some(before));
        self.everywhere(&to, saying, &Bytes::new(), |_| {});
    }

    /// Closes every connection of this node.
    pub fn close_all(&self, farewell: Farewell) {
        for worker in &self.0.workers {
            if let Some(shard) = worker.shard.get() {
                shard.do_send(CloseAll(farewell));
            }
        }
    }

    /// How every line of this node is.
    pub async fn observe(&self) -> Vec<LineReport> {
        let mut reports = Vec::new();
        for shard in self
            .0
            .workers
            .iter()
            .filter_map(|worker| worker.shard.get())
        {
            // A worker that has stopped has no lines.
            reports.extend(shard.send(Observe).await.unwrap_or_default());
        }
        reports
    }
}

fn durable(user: &UserId, seq: Seq, frame: &Frame) -> Saying {
    Saying::Durable {
        user: user.clone(),
        seq: seq.get(),
        label: frame.label(),
    }
}

fn closing(to: Whom, code: CloseCode, reason: &str, before: Option<SessionId>) -> Saying {
    Saying::Close {
        to,
        code: code.number(),
        reason: reason.to_owned(),
        before,
    }
}
