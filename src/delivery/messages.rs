//! What a worker's [`Shard`](super::shard::Shard) is told.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix::Message;
use tokio::sync::oneshot;

use super::{
    farewell::Farewell,
    inbox::Seq,
    line::SessionRef,
    lines::To,
    rooms::{JoinOutcome, Renewed, Stay},
    rounds::Round,
};
use crate::{
    kernel::{
        ids::{RoomId, UserId},
        time::Timestamp,
    },
    protocol::{frame::Frame, spec::Topic},
};

/// A frame for some connections.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Deliver {
    pub(super) to: To,
    pub(super) frame: Frame,
    /// Whether it was said before, and is for those who have not heard it.
    pub(super) again: bool,
    pub(super) receipt: Option<Arc<Receipt>>,
    /// The last broadcast before it: the clients that it concerns must have been told up to that one.
    pub(super) said: Round,
}

/// A durable event that was just stored, for all connections of its user.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct DeliverDurable {
    pub(super) user: UserId,
    pub(super) seq: Seq,
    pub(super) frame: Frame,
    pub(super) receipt: Option<Arc<Receipt>>,
    /// The last broadcast before it: the clients that it concerns must have been told up to that one.
    pub(super) said: Round,
}

/// A user's stream is known to reach so far: whoever trails reads on.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Reaches {
    pub(super) user: UserId,
    pub(super) head: Seq,
}

/// Broadcast frames wait to be taken.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Poked;

/// A snapshot for one session, which from this step on gets the topic's events.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Subscribe {
    pub(super) to: SessionRef,
    pub(super) topic: Topic,
    pub(super) source: Arc<dyn SnapshotSource>,
    pub(super) receipt: Arc<Receipt>,
    /// The last broadcast before it: the clients that it concerns must have been told up to that one.
    pub(super) said: Round,
}

/// A user's durable events after a place are to be sent again to those of their sessions that are open.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Resend {
    pub(super) user: UserId,
    pub(super) after: Seq,
    pub(super) receipt: Option<Arc<Receipt>>,
}

/// A user's snapshots of the chat and of friends no longer hold: each of their sessions sends fresh ones.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ChatOutdated {
    pub(super) user: UserId,
}

/// A session enters a room.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Join {
    pub(super) to: SessionRef,
    pub(super) room: RoomId,
    pub(super) stay: Stay,
    /// The most rooms that the session may be in.
    pub(super) at_most: usize,
    /// What it is told before the room's events.
    pub(super) first: Vec<Frame>,
    /// What it is told instead if it is in too many rooms.
    pub(super) refusal: Option<Frame>,
    pub(super) outcome: oneshot::Sender<JoinOutcome>,
    /// The last broadcast before it: the clients that it concerns must have been told up to that one.
    pub(super) said: Round,
}

/// Sessions that are in a room may be there until another time.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Renew {
    pub(super) to: To,
    pub(super) room: RoomId,
    pub(super) until: Option<Timestamp>,
    pub(super) whose: Renewed,
    pub(super) receipt: Option<Arc<Receipt>>,
}

/// Sessions leave a room.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct LeaveRoom {
    pub(super) to: To,
    pub(super) room: RoomId,
    /// Only those whose time there is over.
    pub(super) expired: Option<Timestamp>,
    /// What those that were in it are told after its events.
    pub(super) last: Option<Frame>,
    pub(super) receipt: Option<Arc<Receipt>>,
    /// The last broadcast before it: the clients that it concerns must have been told up to that one.
    pub(super) said: Round,
}

/// Everything that must come first has been said: live frames may flow.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Open {
    pub(super) to: SessionRef,
    pub(super) ready: Frame,
    /// The last broadcast before it: the clients that it concerns must have been told up to that one.
    pub(super) said: Round,
}

/// Close these connections.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Close {
    pub(super) to: To,
    pub(super) farewell: Farewell,
    pub(super) receipt: Option<Arc<Receipt>>,
}

/// Close all connections of this worker.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct CloseAll(pub(super) Farewell);

/// How the lines of a worker are, for admins and tests.
#[derive(Message)]
#[rtype(result = "Vec<LineReport>")]
pub(super) struct Observe;

/// How one line is.
#[derive(Debug, Clone)]
pub struct LineReport {
    /// Where it is.
    pub at: SessionRef,
    /// Whose it is.
    pub client: super::line::Client,
    /// Bytes that wait for it.
    pub backlog: usize,
    /// For how long its transport has taken nothing although something waits; `None` while it flows.
    pub stalled: Option<Duration>,
}

/// What a topic looks like right now, taken by the worker in the step that subscribes a session.
pub trait SnapshotSource: Send + Sync {
    /// The snapshot, in as many messages as it takes, and the number of the last broadcast that it contains. It must
    /// contain every broadcast that was published before the call.
    fn snapshot(&self) -> (Arc<[Frame]>, Round);
}

/// Counts, over all workers that a message went to, how many outboxes it entered. The last worker to
/// drop it sends the sum.
pub(super) struct Receipt {
    count: AtomicUsize,
    answer: Mutex<Option<oneshot::Sender<usize>>>,
}

impl Receipt {
    pub(super) fn new() -> (Arc<Self>, oneshot::Receiver<usize>) {
        let (answer, sum) = oneshot::channel();
        let receipt = Self {
            count: AtomicUsize::new(0),
            answer: Mutex::new(Some(answer)),
        };
        (Arc::new(receipt), sum)
    }

    pub(super) fn add(&self, count: usize) {
        self.count.fetch_add(count, Ordering::Relaxed);
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        let answer = self
            .answer
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(answer) = answer {
            // Nobody waits any more: nobody to tell.
            let _ = answer.send(*self.count.get_mut());
        }
    }
}
