//! What passes from a session to the body of its response: a short queue between two tasks of one thread.
//!
//! The session's line pumps into it, the HTTP dispatcher takes from it whenever it has room to write. It is bounded:
//! what a client does not take waits in its outbox, where states are thinned. Bytes that many lines share are not copied.

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

use super::connection::Handle;
use crate::{
    delivery::{
        line::{Accepted, Sink},
        outbox::Outbox,
        queued::Queued,
    },
    protocol::{close_code::CloseCode, event_stream::HEARTBEAT, frame::WireFormat},
};

/// Bytes that may wait for the body. What is beyond is stale by the time it is read, so it waits where it can be thinned.
const WAITING_MAX: usize = 16 * 1024;

/// How far a stream has come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Nothing was said: the answer may still be another one than a stream.
    Unbegun,
    /// The client will not be served.
    Refused(CloseCode, String),
    /// Events flow.
    Open,
    /// All was said; the end comes when it is taken.
    Ending,
    /// The end.
    Over,
}

/// The queue, shared by the session's line, its actor and the body.
pub(super) struct Handoff {
    format: WireFormat,
    waiting: RefCell<VecDeque<Bytes>>,
    /// Bytes in `waiting`.
    bytes: Cell<usize>,
    state: RefCell<State>,
    /// Since when nothing was taken although something waits.
    stalled_since: Cell<Option<Instant>>,
    /// Whether the session wants to know that something was taken: there was no room, or the client is to give a sign
    /// of life.
    curious: Cell<bool>,
    body: RefCell<Option<Waker>>,
    session: RefCell<Option<Waker>>,
    connection: RefCell<Option<Handle>>,
}

impl Handoff {
    /// `connection` is what the stream runs on, if it has one to itself.
    pub(super) fn new(format: WireFormat, first: Bytes, connection: Option<Handle>) -> Rc<Self> {
        Rc::new(Self {
            format,
            bytes: Cell::new(first.len()),
            waiting: RefCell::new([first].into()),
            state: RefCell::new(State::Unbegun),
            stalled_since: Cell::new(None),
            curious: Cell::new(false),
            body: RefCell::default(),
            session: RefCell::default(),
            connection: RefCell::new(connection),
        })
    }

    /// Resolves when it is known whether the client is served.
    pub(super) fn poll_begun(&self, task: &Context<'_>) -> Poll<Result<(), (CloseCode, String)>> {
        match &*self.state.borrow() {
            State::Unbegun => {
                *self.body.borrow_mut() = Some(task.waker().clone());
                Poll::Pending
            }
            State::Refused(code, reason) => Poll::Ready(Err((*code, reason.clone()))),
            State::Open | State::Ending => Poll::Ready(Ok(())),
            State::Over => Poll::Ready(Err((CloseCode::Internal, "try again".to_owned()))),
        }
    }

    /// The next bytes for the client; `None` at the end.
    pub(super) fn poll_take(&self, task: &Context<'_>) -> Poll<Option<Bytes>> {
        let next = self.waiting.borrow_mut().pop_front();
        let Some(next) = next else {
            if matches!(&*self.state.borrow(), State::Ending | State::Over) {
                self.end();
                return Poll::Ready(None);
            }
            // Dropped, not kept empty: a quiet stream holds no buffer.
            *self.waiting.borrow_mut() = VecDeque::new();
            let mut body = self.body.borrow_mut();
            if !body.as_ref().is_some_and(|it| it.will_wake(task.waker())) {
                *body = Some(task.waker().clone());
            }
            return Poll::Pending;
        };
        let left = self.bytes.get() - next.len();
        self.bytes.set(left);
        self.stalled_since.set((left > 0).then(Instant::now));
        if self.curious.get() && left < WAITING_MAX {
            wake(&self.session);
        }
        Poll::Ready(Some(next))
    }

    /// The body is gone, or has said all: the connection is not ours any more.
    pub(super) fn end(&self) {
        *self.state.borrow_mut() = State::Over;
        self.connection.take();
        self.forget();
        wake(&self.session);
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
            self.curious.set(true);
        }
        room
    }

    fn put(&self, bytes: Bytes) {
        if self.stalled_since.get().is_none() {
            self.stalled_since.set(Some(Instant::now()));
        }
        self.bytes.set(self.bytes.get() + bytes.len());
        self.waiting.borrow_mut().push_back(bytes);
        wake(&self.body);
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
        if self.is(&State::Unbegun) {
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

    /// Nobody answers a comment. That it was taken is the sign of life.
    fn ping(&self) {
        self.curious.set(true);
        self.put(Bytes::from_static(HEARTBEAT));
    }

    fn stalled(&self) -> Option<Duration> {
        self.stalled_since.get().map(|since| since.elapsed())
    }

    fn finish(&self, outbox: &mut Outbox<Queued>, code: CloseCode, reason: &str) {
        let next = match &*self.state.borrow() {
            State::Unbegun => State::Refused(code, reason.to_owned()),
            State::Open => State::Ending,
            State::Refused(..) | State::Ending | State::Over => return,
        };
        if next == State::Ending {
            // What could not be handed over yet goes before the end; the outbox's limits bound it.
            self.pull(outbox, usize::MAX);
        } else {
            self.connection.take();
        }
        *self.state.borrow_mut() = next;
        wake(&self.body);
    }

    /// A dispatcher that cannot write does not ask for more, so it would not hear of the end: its connection is cut.
    fn abort(&self) {
        if matches!(&*self.state.borrow(), State::Refused(..) | State::Over) {
            return;
        }
        if let Some(connection) = self.connection.take() {
            connection.cut();
        }
        *self.state.borrow_mut() = State::Over;
        self.forget();
        wake(&self.body);
        wake(&self.session);
    }
}

/// Something was taken about which the session wanted to know.
pub(super) struct Taken;

/// What the body tells the session. Ends with the body.
pub(super) struct Progress(pub(super) Rc<Handoff>);

impl Stream for Progress {
    type Item = Taken;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Taken>> {
        let handoff = &self.0;
        if handoff.is(&State::Over) {
            return Poll::Ready(None);
        }
        let mut session = handoff.session.borrow_mut();
        if !session
            .as_ref()
            .is_some_and(|it| it.will_wake(task.waker()))
        {
            *session = Some(task.waker().clone());
        }
        if handoff.bytes.get() < WAITING_MAX
            && handoff.stalled_since.get().is_none()
            && handoff.curious.replace(false)
        {
            return Poll::Ready(Some(Taken));
        }
        Poll::Pending
    }
}
