//! One connected client as delivery sees it: who it is, what it wants, what waits for it, and the
//! transport's end that takes it.
//!
//! A line belongs to one worker thread. Nothing here is sent between threads; other threads reach it
//! through the worker's [`Shard`](super::shard::Shard).

mod courses;
mod direct;
mod durable;
#[cfg(test)]
mod tests;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::Waker,
};

use self::courses::Courses;
pub use super::{
    client::{Client, SessionRef},
    signals::Signals,
    sink::{Accepted, Sink},
};
use super::{
    counters::Counters,
    express::Seat,
    filter::Filter,
    inbox::cursor::Cursor,
    outbox::{Fate, Item as _, Limits, Outbox, Pushed},
    queued::{Queued, Urgency},
    reply::{PostOutcome, Postbox, PostedCommand},
    writes::Noted,
};
use crate::{
    kernel::ids::RoomId,
    protocol::{
        close_code::CloseCode,
        frame::{Frame, Stamp, WireFormat},
        spec::{Topic, Topics},
    },
};

/// One connected client.
pub struct Line {
    /// Its place in its worker's tables.
    seat: Seat,
    client: Client,
    /// Whether state events carry `v`.
    versioned: bool,
    /// What the client wants.
    filter: Filter,
    /// What it gets by now: a topic is added in the step that sends its snapshot.
    subscribed: Cell<Topics>,
    outbox: RefCell<Outbox<Queued>>,
    cursor: RefCell<Cursor>,
    /// How far it has heard of calls.
    courses: Courses,
    sink: Rc<dyn Sink>,
    session: Waker,
    signals: Cell<Signals>,
    /// Commands for the session that came by requests of their own.
    posted: Postbox,
    limits: Rc<Limits>,
    counters: Rc<Counters>,
    /// What is still to be written, as the worker's list knows it.
    noted: Noted,
    /// Whether live frames may flow.
    opened: Cell<bool>,
    /// Whether nothing is taken any more: the session is about to close.
    closing: Cell<bool>,
}

/// What a new line is made of.
pub struct NewLine {
    /// Who is at the other end.
    pub client: Client,
    /// What they want.
    pub filter: Filter,
    /// Whether state events carry `v`.
    pub versioned: bool,
    /// Where the stream of durable events starts for them.
    pub cursor: Cursor,
    /// The transport's end.
    pub sink: Rc<dyn Sink>,
    /// Wakes the session's actor.
    pub session: Waker,
    /// The outbox's bounds.
    pub limits: Rc<Limits>,
}

impl Line {
    pub(super) fn new(new: NewLine, seat: Seat, counters: Rc<Counters>) -> Self {
        Self {
            seat,
            client: new.client,
            versioned: new.versioned,
            filter: new.filter,
            subscribed: Cell::new(Topics::NONE),
            outbox: RefCell::new(Outbox::gated()),
            cursor: RefCell::new(new.cursor),
            courses: Courses::default(),
            sink: new.sink,
            session: new.session,
            signals: Cell::default(),
            posted: Postbox::default(),
            limits: new.limits,
            counters,
            noted: Noted::default(),
            opened: Cell::new(false),
            closing: Cell::new(false),
        }
    }

    pub(super) fn slot(&self) -> u32 {
        self.seat.slot()
    }

    /// Who is at the other end.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the client wants to hear.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Lets events of a topic through, if the client wants them.
    pub fn subscribe(&self, topic: Topic) {
        if self.filter.wants(topic) {
            self.seat.leave();
            self.subscribed.set(self.subscribed.get().with(topic));
        }
    }

    /// What the client gets by now.
    pub fn subscribed(&self) -> Topics {
        self.subscribed.get()
    }

    /// Whether the client gets everything of a topic by now.
    pub(super) fn hears_all_of(&self, topic: Topic) -> bool {
        self.subscribed.get().contains(topic) && self.filter.passes_all_of(topic)
    }

    /// Queues a frame. What the client does not want, or does not get yet, is passed over.
    pub fn push(&self, frame: Frame) -> Delivered {
        if !self.subscribed.get().contains(frame.topic()) || !self.filter.passes(&frame) {
            return Delivered::No;
        }
        self.push_always(frame)
    }

    /// Queues a frame whatever the client is subscribed to: answers and snapshots. What it has outrun, and
    /// an end that it was told, is passed over.
    pub fn push_always(&self, frame: Frame) -> Delivered {
        if !frame.courses().is_empty() {
            if self.courses.outran(&frame) || self.courses.ended(&frame) {
                return Delivered::No;
            }
            self.hear_of_calls(&frame);
        }
        let stamp = Stamp::versioned(self.versioned);
        self.enqueue(Queued { frame, stamp })
    }

    /// Queues a frame that was said before, unless the client knows what it says.
    pub(super) fn push_again(&self, frame: Frame) -> Delivered {
        match self.courses.knows(&frame) {
            true => Delivered::No,
            false => self.push(frame),
        }
    }

    /// The client is told how far calls are. A snapshot goes before all that waits behind the gate, some of which it outruns.
    fn hear_of_calls(&self, frame: &Frame) {
        if self.courses.hear(frame) && !self.is_open() {
            let mut outbox = self.outbox.borrow_mut();
            let before = outbox.bytes();
            outbox.withdraw(|item| self.courses.outran(&item.frame));
            self.counters.waiting(before, outbox.bytes());
        }
    }

    fn enqueue(&self, item: Queued) -> Delivered {
        if self.closing.get() {
            item.meets(Fate::Closed);
            return Delivered::No;
        }
        self.seat.leave();
        self.noted.want(item.urgency());
        let name = item.frame.spec().name;
        let mut outbox = self.outbox.borrow_mut();
        let before = outbox.bytes();
        let pushed = outbox.push(item, &self.limits);
        self.counters.waiting(before, outbox.bytes());
        drop(outbox);
        match pushed {
            Pushed::Queued => {
                self.counters.sent(name, 1);
                Delivered::Yes
            }
            Pushed::Replaced => {
                self.counters.replaced();
                Delivered::Yes
            }
            Pushed::Dropped => {
                self.counters.no_room();
                Delivered::No
            }
            Pushed::Overflow => {
                self.closing.set(true);
                self.signal(|signals| signals.too_slow = true);
                Delivered::No
            }
        }
    }

    /// Lets live frames flow: everything that must come first has been queued.
    pub fn open(&self) {
        self.opened.set(true);
        self.outbox.borrow_mut().open();
    }

    /// Whether live frames flow.
    pub fn is_open(&self) -> bool {
        self.opened.get()
    }

    /// What is still to be written, as the worker's list knows it.
    pub(super) fn noted(&self) -> &Noted {
        &self.noted
    }

    /// Whether something of low priority waits for its window's end.
    pub(super) fn holds_low(&self) -> bool {
        self.outbox.borrow().holds_low()
    }

    /// The window of what is low is over: all of it may leave.
    pub(super) fn release_low(&self) {
        self.seat.leave();
        self.outbox.borrow_mut().release_low();
        self.noted.want(Urgency::Now);
    }

    /// Forgets what waits of a room that the client has left.
    pub(super) fn forget_room(&self, room: &RoomId) {
        let mut outbox = self.outbox.borrow_mut();
        let before = outbox.bytes();
        outbox.discard(|item| item.frame.room() == Some(room));
        self.counters.waiting(before, outbox.bytes());
    }

    /// Hands the sink what it can take, and asks for more of the inbox when there is room.
    pub fn pump(&self) {
        self.noted.wrote();
        let drained = {
            let mut outbox = self.outbox.borrow_mut();
            let before = outbox.bytes();
            self.sink.pump(&mut outbox);
            self.counters.waiting(before, outbox.bytes());
            self.leaves_room(&outbox)
        };
        if drained && self.cursor.borrow().wants_page() {
            self.signal(|signals| signals.read_inbox = true);
        }
    }

    pub(super) fn format(&self) -> WireFormat {
        self.sink.format()
    }

    pub(super) fn versioned(&self) -> bool {
        self.versioned
    }

    /// Whether the outbox has room for another page of the inbox.
    pub fn has_room(&self) -> bool {
        self.leaves_room(&self.outbox.borrow())
    }

    /// What waits behind the gate leaves only after all of the inbox that was missed, so it keeps none of that back.
    fn leaves_room(&self, outbox: &Outbox<Queued>) -> bool {
        let waits = match self.is_open() {
            true => outbox.bytes(),
            false => outbox.bytes() - outbox.live_bytes(),
        };
        waits < self.limits.soft / 2
    }

    /// Bytes that wait.
    pub fn backlog(&self) -> usize {
        self.outbox.borrow().bytes()
    }

    /// The transport's end.
    pub fn sink(&self) -> &dyn Sink {
        &*self.sink
    }

    /// Says goodbye: `closing` (as a frame of its own) and the transport's close. What the client has earned (the control
    /// lane) goes before that, everything else that waits is dropped. A client that is closed for reading too slowly would
    /// not take that either: it hears the goodbye alone.
    pub fn finish(&self, closing: Frame, code: CloseCode, reason: &str) {
        self.closing.set(true);
        self.seat.leave();
        let mut outbox = self.outbox.borrow_mut();
        let before = outbox.bytes();
        match code {
            CloseCode::SlowConsumer => outbox.clear(),
            _ => outbox.keep_control(),
        }
        outbox.open();
        self.counters.sent(closing.spec().name, 1);
        let goodbye = Queued {
            frame: closing,
            stamp: Stamp::None,
        };
        let _ = outbox.push(goodbye, &Limits::NONE);
        self.sink.finish(&mut outbox, code, reason);
        self.counters.waiting(before, outbox.bytes());
    }

    /// Tells the session's actor something.
    pub fn signal(&self, say: impl FnOnce(&mut Signals)) {
        let mut signals = self.signals.take();
        let quiet = signals == Signals::default();
        say(&mut signals);
        self.signals.set(signals);
        if quiet {
            self.session.wake_by_ref();
        }
    }

    /// Leaves a posted command for the session's actor.
    pub(super) fn post(&self, command: PostedCommand) -> PostOutcome {
        let outcome = self.posted.put(command);
        self.signal(|signals| signals.posted = true);
        outcome
    }

    /// The posted commands that wait for the session's actor, each handed out once.
    pub fn take_posted(&self) -> Vec<PostedCommand> {
        self.posted.take()
    }

    /// What there is to say to the session's actor, once.
    pub fn take_signals(&self) -> Signals {
        self.signals.take()
    }
}

/// Whether a frame entered an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It did.
    Yes,
    /// The client does not listen to it, or is too slow for it.
    No,
}

impl Drop for Line {
    fn drop(&mut self) {
        let outbox = self.outbox.get_mut();
        self.counters.waiting(outbox.bytes(), 0);
        outbox.clear();
    }
}
