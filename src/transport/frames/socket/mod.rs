//! The writing half of a WebSocket: what the sinks of a session's line write into.
//!
//! Many frames become one write. The frames of one pump are put together in a buffer that all sockets of
//! the thread share; what a socket does not take at once is kept for it, and its task goes on when the
//! socket has room. Bytes that many lines share are never copied.
//!
//! - `direct`: what goes past the outbox. `held`: what waits for the first that there is to say.

mod direct;
mod held;

use std::{
    cell::{Cell, OnceCell, RefCell, RefMut},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix_codec::Encoder as _;
use actix_http::ws::Codec;
use actix_rt::time::Instant;
use actix_web_actors::ws::{CloseReason, Message};
use bytes::{Buf as _, Bytes, BytesMut};

use super::wire::Wire;
use crate::{
    delivery::{express::Seat, line::Accepted, outbox::Outbox, queued::Queued},
    protocol::close_code::CloseCode,
};

/// Bytes put together for one write. More than a socket buffer takes at once helps nobody.
const WRITE_MAX: usize = 64 * 1024;

/// The largest reason that fits a close frame: 125 bytes less the code (RFC 6455, section 5.5.1).
const REASON_MAX: usize = 123;

thread_local! {
    /// Where the frames of one pump are put together: one buffer for all sockets of a thread.
    static JOINED: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(WRITE_MAX));
}

/// A taken-over connection, shared by its reading task and its line.
pub(in crate::transport) struct Socket<W> {
    wire: RefCell<W>,
    /// What the wire has not taken yet, in order.
    rest: RefCell<Option<Box<Rest>>>,
    /// Whether that is still to leave together with the first that the outbox has.
    held: Cell<bool>,
    /// The reading task, which also waits for room.
    task: RefCell<Option<Waker>>,
    stalled_since: Cell<Option<Instant>>,
    /// Whether the wire had no room at some time since the reading task last looked: then the outbox may
    /// hold what nobody else will pump.
    was_full: Cell<bool>,
    state: Cell<State>,
    /// Where others write to it, once they do: left before anything waits here, or ends.
    seat: OnceCell<Seat>,
}

/// On the heap only while there is something.
#[derive(Default)]
struct Rest {
    current: Bytes,
    /// Answers, pings and the close frame: they follow what is current and precede what is in the outbox.
    urgent: BytesMut,
    /// Whether the wire holds bytes that it must still pass on (TLS).
    unflushed: bool,
}

/// Whether the wire takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// No; the task is woken when it does.
    None,
    /// Yes, as it did all the time.
    Still,
    /// Yes, after it did not.
    Again,
}

/// How far the connection's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Both sides talk.
    Open,
    /// We have said goodbye and wait for the other side's.
    Closing,
    /// Both have said goodbye: the end comes when the last bytes are written.
    Leaving,
    /// The end, at once.
    Closed,
}

impl<W: Wire> Socket<W> {
    pub(in crate::transport) fn new(wire: W, left_over: Bytes) -> Rc<Self> {
        let rest = Rest {
            current: left_over,
            ..Rest::default()
        };
        Rc::new(Self {
            wire: RefCell::new(wire),
            rest: RefCell::new(Some(Box::new(rest))),
            held: Cell::new(false),
            task: RefCell::new(None),
            stalled_since: Cell::new(None),
            was_full: Cell::new(false),
            state: Cell::new(State::Open),
            seat: OnceCell::new(),
        })
    }

    pub(super) fn state(&self) -> State {
        self.state.get()
    }

    pub(super) fn wire(&self) -> &RefCell<W> {
        &self.wire
    }

    fn buffers(&self) -> bool {
        self.wire.borrow().buffers()
    }

    /// Remembers whom to wake, and goes on with what the wire had no room for.
    pub(super) fn go_on(&self, task: &Context<'_>) -> Room {
        let mut known = self.task.borrow_mut();
        if !known
            .as_ref()
            .is_some_and(|waker| waker.will_wake(task.waker()))
        {
            *known = Some(task.waker().clone());
        }
        drop(known);
        if self.held.get() && self.state.get() == State::Open {
            return Room::Still;
        }
        match self.write_rest() {
            false => Room::None,
            true if self.was_full.replace(false) => Room::Again,
            true => Room::Still,
        }
    }

    /// Wakes the reading task, to look at `state` again.
    fn wake(&self) {
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    /// Writes what is left. Returns whether all of it is gone.
    fn write_rest(&self) -> bool {
        self.held.set(false);
        let mut kept = self.rest.borrow_mut();
        let Some(rest) = kept.as_mut() else {
            return true;
        };
        loop {
            if rest.current.is_empty() && !rest.urgent.is_empty() {
                let written = self.write(&rest.urgent);
                if written == rest.urgent.len() {
                    rest.urgent.clear();
                    rest.unflushed |= self.buffers();
                } else {
                    rest.current = std::mem::take(&mut rest.urgent).freeze();
                    rest.current.advance(written);
                    rest.unflushed |= written > 0 && self.buffers();
                    if written == 0 {
                        return false;
                    }
                }
            }
            if rest.current.is_empty() {
                break;
            }
            let written = self.write(&rest.current);
            if written == 0 {
                return false;
            }
            rest.current.advance(written);
            rest.unflushed |= self.buffers();
        }
        if rest.unflushed {
            rest.unflushed = !self.flushed();
        }
        if let Some(done) = kept.take_if(|rest| !rest.unflushed) {
            direct::give_back(done);
        }
        kept.is_none()
    }

    /// What is not written yet.
    fn rest(&self) -> RefMut<'_, Rest> {
        RefMut::map(self.rest.borrow_mut(), |rest| {
            &mut **rest.get_or_insert_default()
        })
    }

    /// Writes what the wire takes now; 0 if it takes nothing or is broken.
    fn write(&self, bytes: &[u8]) -> usize {
        if self.state.get() == State::Closed {
            return 0;
        }
        let sent = self.with_task(|wire, task| wire.poll_send(task, bytes));
        match sent {
            Poll::Ready(Ok(written)) if written > 0 => {
                self.stalled_since.set(None);
                written
            }
            Poll::Ready(_) => {
                self.abort();
                0
            }
            Poll::Pending => {
                self.was_full.set(true);
                if self.stalled_since.get().is_none() {
                    self.stalled_since.set(Some(Instant::now()));
                }
                0
            }
        }
    }

    fn flushed(&self) -> bool {
        match self.with_task(|wire, task| wire.poll_through(task)) {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(_)) => {
                self.abort();
                false
            }
            Poll::Pending => {
                self.was_full.set(true);
                false
            }
        }
    }

    fn with_task<T>(
        &self,
        io: impl FnOnce(&mut W, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let known = self.task.borrow();
        let waker = known.as_ref().unwrap_or(Waker::noop());
        io(&mut self.wire.borrow_mut(), &mut Context::from_waker(waker))
    }

    /// Writes a frame after what is current and before what the outbox holds: a control frame, or what a protocol on top has
    /// in place of those. The caller bounds how many may wait.
    pub(in crate::transport) fn say(&self, message: Message) {
        if self.state.get() == State::Closed {
            return;
        }
        self.leave_seat();
        let encoded = Codec::new().encode(message, &mut self.rest().urgent);
        debug_assert!(encoded.is_ok(), "whole frames always encode");
        self.write_rest();
    }

    /// Ends our side of the connection, once what we said is written: a client that broke the protocol
    /// is not listened to any more, so its goodbye cannot be waited for.
    pub(super) fn hang_up(&self, task: &mut Context<'_>) {
        let shut = Pin::new(&mut *self.wire.borrow_mut()).poll_shutdown(task);
        if let Poll::Ready(Err(_)) = shut {
            self.abort();
        }
    }

    /// Answers a ping.
    pub(super) fn pong(&self, payload: Bytes) {
        // One at a time waits: a client that pings and does not read must not fill our memory.
        let waits = |rest: &Rest| !rest.urgent.is_empty();
        if !self.was_full.get() || !self.rest.borrow().as_deref().is_some_and(waits) {
            self.say(Message::Pong(payload));
        }
    }

    /// Answers the client's goodbye.
    pub(super) fn echo_close(&self, reason: Option<CloseReason>) {
        if self.state.get() == State::Open {
            self.say(Message::Close(reason));
        }
        self.leave_seat();
        if self.state.get() != State::Closed {
            self.state.set(State::Leaving);
        }
    }

    /// Writes as much of the outbox as the wire takes now. `encode` appends one frame.
    pub(in crate::transport) fn pump(
        &self,
        outbox: &mut Outbox<Queued>,
        encode: impl Fn(Queued, &mut BytesMut),
    ) {
        let mut held = self.held.get() && !outbox.is_idle();
        while (std::mem::take(&mut held) || self.write_rest())
            && self.state.get() == State::Open
            && !outbox.is_idle()
        {
            let pulled = JOINED.with_borrow_mut(|joined| {
                joined.clear();
                let pulled = outbox.pull(WRITE_MAX, &mut |item| encode(item, joined));
                if pulled > 0 {
                    self.write_joined(joined);
                }
                pulled
            });
            if pulled == 0 {
                return;
            }
        }
    }

    /// Writes bytes that many lines share, if nothing else is still being written.
    pub(in crate::transport) fn send_shared(&self, bytes: &Bytes) -> Accepted {
        if self.state.get() != State::Open || !self.write_rest() {
            return Accepted::Busy;
        }
        let written = self.write(bytes);
        if written == 0 {
            return Accepted::Busy;
        }
        let buffers = self.buffers();
        if buffers || written < bytes.len() {
            // Whoever is told here may still be boarded.
            self.leave_seat();
            let mut rest = self.rest();
            rest.unflushed = buffers;
            rest.current = bytes.slice(written..);
            drop(rest);
            self.write_rest();
        }
        Accepted::Taken
    }

    /// Since when the wire takes nothing although something waits.
    pub(in crate::transport) fn stalled(&self) -> Option<Duration> {
        self.stalled_since.get().map(|since| since.elapsed())
    }

    /// Writes what the outbox still holds, a last word if there is one, and the close frame.
    pub(in crate::transport) fn finish(
        &self,
        outbox: &mut Outbox<Queued>,
        encode: impl Fn(Queued, &mut BytesMut),
        last_word: Option<Message>,
        code: CloseCode,
        reason: &str,
    ) {
        if self.state.get() != State::Open {
            return;
        }
        self.pump(outbox, &encode);
        // What could not be written yet goes before the close frame; the outbox's limits bound it.
        let mut rest = self.rest();
        outbox.pull(usize::MAX, &mut |item| encode(item, &mut rest.urgent));
        drop(rest);
        if let Some(last_word) = last_word {
            self.say(last_word);
        }
        let end = reason.floor_char_boundary(REASON_MAX);
        let description = reason.get(..end).map(str::to_owned);
        let code = code.number().into();
        self.say(Message::Close(Some(CloseReason { code, description })));
        self.state.set(State::Closing);
        self.wake();
    }

    /// Ends the connection at once.
    pub(in crate::transport) fn abort(&self) {
        self.leave_seat();
        self.state.set(State::Closed);
        self.wake();
    }
}
