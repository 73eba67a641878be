//! The queue from a session to the body of its response, two tasks of one thread.
//!
//! The session's line pumps into it, the HTTP dispatcher takes from it whenever it can write. It is short: what a client does
//! not read waits in its outbox, where newer states replace older ones. Bytes that many lines share are not copied.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix_rt::time::Instant;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use crate::{
    delivery::{
        line::{Accepted, Sink},
        outbox::Outbox,
        queued::Queued,
    },
    protocol::{close_code::CloseCode, event_stream::HEARTBEAT, frame::WireFormat},
    transport::connection::SocketHandle,
};

/// Bytes that may wait for the body. More would be stale by the time they are read; in the outbox they can be replaced.
const WAITING_MAX: usize = 16 * 1024;

/// How far a stream has come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Nothing was sent yet: the answer may still be a refusal.
    Unopened,
    /// The client is not served.
    Refused(CloseCode, String),
    /// Events flow.
    Open,
    /// Everything was queued; the stream ends when it has been taken.
    Ending,
    /// The stream has ended.
    Ended,
}

/// The queue, shared by the session's line, its actor and the body.
pub(super) struct Handoff {
    format: WireFormat,
    waiting: RefCell<VecDeque<Bytes>>,
    /// Bytes in `waiting`.
    bytes: Cell<usize>,
    state: RefCell<State>,
    /// Since when something waits and nothing was taken.
    stalled_since: Cell<Option<Instant>>,
    /// Whether the session wants to know when something is taken: the queue was full, or it has sent a heartbeat.
    wants_progress: Cell<bool>,
    body_waker: RefCell<Option<Waker>>,
    session_waker: RefCell<Option<Waker>>,
    connection: RefCell<Option<SocketHandle>>,
}

impl Handoff {
    /// `connection` is that of the stream, if it has one to itself.
    pub(super) fn new(
        format: WireFormat,
        first: Bytes,
        connection: Option<SocketHandle>,
    ) -> Rc<Self> {
        Rc::new(Self {
            format,
            bytes: Cell::new(first.len()),
            waiting: RefCell::new([first].into()),
            state: RefCell::new(State::Unopened),
            stalled_since: Cell::new(None),
            wants_progress: Cell::new(false),
            body_waker: RefCell::default(),
            session_waker: RefCell::default(),
            connection: RefCell::new(connection),
        })
    }

    /// Resolves when it is known whether the client is served.
    pub(super) fn poll_opened(&self, task: &Context<'_>) -> Poll<Result<(), (CloseCode, String)>> {
        match &*self.state.borrow() {
            State::Unopened => {
                *self.body_waker.borrow_mut() = Some(task.waker().clone());
                Poll::Pending
            }
            State::Refused(code, reason) => Poll::Ready(Err((*code, reason.clone()))),
            State::Open | State::Ending => Poll::Ready(Ok(())),
            State::Ended => Poll::Ready(Err((CloseCode::Internal, "try again".to_owned()))),
        }
    }

    /// The next bytes for the client; `None` at the end.
    pub(super) fn poll_take(&self, task: &Context<'_>) -> Poll<Option<Bytes>> {
        let next = self.waiting.borrow_mut().pop_front();
        let Some(next) = next else {
            if matches!(&*self.state.borrow(), State::Ending | State::Ended) {
                self.end();
                return Poll::Ready(None);
            }
            // Dropped rather than kept empty: a quiet stream holds no buffer.
            *self.waiting.borrow_mut() = VecDeque::new();
            let mut body = self.body_waker.borrow_mut();
            if !body.as_ref().is_some_and(|it| it.will_wake(task.waker())) {
                *body = Some(task.waker().clone());
            }
            return Poll::Pending;
        };
        let left = self.bytes.get() - next.len();
        self.bytes.set(left);
        self.stalled_since.set((left > 0).then(Instant::now));
        if self.wants_progress.get() && left < WAITING_MAX {
            wake(&self.session_waker);
        }
        Poll::Ready(Some(next))
    }

    /// The body is gone or complete: the connection is no longer ours.
    pub(super) fn end(&self) {
        *self.state.borrow_mut() = State::Ended;
        self.connection.take();
        self.forget();
        wake(&self.session_waker);
    }

    fn forget(&self) {
        *self.waiting.borrow_mut() = VecDeque::new();
        self.bytes.set(0);
        self.stalled_since.set(None);
    }

    fn is(&self, state: &State) -> bool {
        *self.state.borrow() == *state
    }

    fn has_room(&self) -> bool {
        let room = self.bytes.get() < WAITING_MAX;
        if !room {
            self.wants_progress.set(true);
        }
        room
    }

    fn put(&self, bytes: Bytes) {
        if self.stalled_since.get().is_none() {
            self.stalled_since.set(Some(Instant::now()));
        }
        self.bytes.set(self.bytes.get() + bytes.len());
        self.waiting.borrow_mut().push_back(bytes);
        wake(&self.body_waker);
    }

    /// Takes from the outbox what fits. Returns whether anything did.
    fn pull(&self, outbox: &mut Outbox<Queued>, room: usize) -> bool {
        let mut joined = BytesMut::new();
        let mut put = |item: Queued| item.frame.write(item.stamp, self.format, &mut joined);
        let pulled = outbox.pull(room, &mut put);
        if pulled > 0 {
            self.put(joined.freeze());
        }
        pulled > 0
    }
}

fn wake(task: &RefCell<Option<Waker>>) {
    if let Some(task) = &*task.borrow() {
        task.wake_by_ref();
    }
}

impl Sink for Handoff {
    fn pump(&self, outbox: &mut Outbox<Queued>) {
        // The answer is a stream from the first event on; a session with none yet may still be refused.
        if self.is(&State::Unopened) && !outbox.is_idle() {
            *self.state.borrow_mut() = State::Open;
        }
        while self.is(&State::Open) && !outbox.is_idle() && self.has_room() {
            let room = WAITING_MAX.saturating_sub(self.bytes.get());
            if !self.pull(outbox, room) {
                return;
            }
        }
    }

    fn send_shared(&self, bytes: &Bytes) -> Accepted {
        if !self.is(&State::Open) || !self.has_room() {
            return Accepted::Busy;
        }
        self.put(bytes.clone());
        Accepted::Taken
    }

    fn format(&self) -> WireFormat {
        self.format
    }

    /// A client does not answer a comment: that it was taken is the sign of life.
    fn ping(&self) {
        self.wants_progress.set(true);
        self.put(Bytes::from_static(HEARTBEAT));
    }

    fn stalled(&self) -> Option<Duration> {
        self.stalled_since.get().map(|since| since.elapsed())
    }

    fn finish(&self, outbox: &mut Outbox<Queued>, code: CloseCode, reason: &str) {
        let next = match &*self.state.borrow() {
            State::Unopened => State::Refused(code, reason.to_owned()),
            State::Open => State::Ending,
            State::Refused(..) | State::Ending | State::Ended => return,
        };
        if next == State::Ending {
            // What still waits goes out before the end; the outbox's limits bound it.
            self.pull(outbox, usize::MAX);
        } else {
            self.connection.take();
        }
        *self.state.borrow_mut() = next;
        wake(&self.body_waker);
    }

    /// A dispatcher that cannot write does not poll the body, so it would not see the end: its connection is cut.
    fn abort(&self) {
        if matches!(&*self.state.borrow(), State::Refused(..) | State::Ended) {
            return;
        }
        if let Some(connection) = self.connection.take() {
            connection.cut();
        }
        *self.state.borrow_mut() = State::Ended;
        self.forget();
        wake(&self.body_waker);
        wake(&self.session_waker);
    }
}

/// Something was taken, and the session had asked to know.
pub(super) struct Progress;

/// What the body tells the session. It ends with the body.
pub(super) struct ProgressStream(pub(super) Rc<Handoff>);

impl Stream for ProgressStream {
    type Item = Progress;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Progress>> {
        let handoff = &self.0;
        if handoff.is(&State::Ended) {
            return Poll::Ready(None);
        }
        let mut session = handoff.session_waker.borrow_mut();
        if !session
            .as_ref()
            .is_some_and(|it| it.will_wake(task.waker()))
        {
            *session = Some(task.waker().clone());
        }
        if handoff.bytes.get() < WAITING_MAX
            && handoff.stalled_since.get().is_none()
            && handoff.wants_progress.replace(false)
        {
            return Poll::Ready(Some(Progress));
        }
        Poll::Pending
    }
}
