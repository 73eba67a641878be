//! What goes past the outbox, because nothing is in it: answers, and what is broadcast.

use bytes::Bytes;

use super::{Accepted, Line};
use crate::{
    delivery::{
        express::{Hears, Seat},
        queued::Urgency,
    },
    protocol::{command::RequestId, event::Event, frame},
};

impl Line {
    /// Says something to this client alone, if nothing waits for it: without the outbox, and without a frame that others could
    /// share. It leaves when the line is pumped.
    pub fn say(&self, event: &Event, request_id: Option<&RequestId>) -> Accepted {
        let free = self.opened.get() && !self.closing.get() && self.outbox.borrow().is_idle();
        if !free {
            return Accepted::Busy;
        }
        let write = |json: &mut Vec<u8>| frame::write_answer(event, request_id, json);
        let accepted = self.sink.say(&write);
        if accepted == Accepted::Taken {
            self.noted.want(Urgency::Now);
            self.counters.sent(event.spec().name, 1);
        }
        accepted
    }

    /// Sends bytes that many lines share, if nothing of this line comes before them: `ready`, a goodbye, a frame.
    pub(in crate::delivery) fn send_shared(&self, bytes: &Bytes) -> Accepted {
        if !self.opened.get() || self.closing.get() {
            return Accepted::Busy;
        }
        if self.outbox.borrow().has_due() {
            self.pump();
        }
        match self.outbox.borrow().has_due() {
            false => self.sink.send_shared(bytes),
            true => Accepted::Busy,
        }
    }

    /// The same of what a bare write has begun: so many bytes of it were taken.
    pub(in crate::delivery) fn finish_shared(&self, bytes: &Bytes, written: usize) {
        self.sink.finish_shared(bytes, written);
    }

    /// Lets the next broadcast be written to its socket right away, if nothing waits for the line anywhere.
    pub(in crate::delivery) fn board(&self) {
        let flows = self.opened.get() && !self.closing.get() && !self.outbox.borrow().has_due();
        let Some(socket) = flows.then(|| self.sink.bare(&self.seat)).flatten() else {
            return self.seat.leave();
        };
        let hears = Hears {
            topics: self.subscribed.get(),
            versioned: self.versioned,
            format: self.sink.format(),
        };
        self.seat.board(socket, hears);
    }

    /// Its place in the table of the fan-out.
    pub(in crate::delivery) fn seat(&self) -> &Seat {
        &self.seat
    }
}
