//! The durable events of a line: those that are next go straight out, the others are read from the inbox.

use std::cell::RefCell;

use super::{Delivered, Line};
use crate::{
    delivery::{
        inbox::{
            Seq,
            cursor::{Cursor, Offer},
        },
        queued::Queued,
    },
    protocol::frame::{Frame, Stamp},
};

impl Line {
    /// Offers a durable event that was just stored. It goes straight out if it is the next one;
    /// otherwise, and before the line is open, the session reads on from the inbox.
    pub fn offer(&self, seq: Seq, frame: &Frame) -> Delivered {
        let passes = self.filter.passes(frame);
        if !self.is_open() || !self.has_room() {
            // It would only wait in memory: it waits in the inbox instead.
            self.cursor.borrow_mut().heard(seq);
            return if passes {
                Delivered::Yes
            } else {
                Delivered::No
            };
        }
        let offer = self.cursor.borrow_mut().offer(seq, passes);
        match offer {
            Offer::SendNow { prev } => {
                let stamp = Stamp::Durable {
                    seq: seq.get(),
                    prev: prev.get(),
                };
                self.enqueue(Queued {
                    frame: frame.clone(),
                    stamp,
                })
            }
            Offer::Behind => {
                self.signal(|signals| signals.read_inbox = true);
                Delivered::Yes
            }
            Offer::Skip | Offer::Duplicate => Delivered::No,
        }
    }

    /// The stream of durable events is known to reach so far: what of it is missing is read from the inbox.
    pub(in crate::delivery) fn reaches(&self, head: Seq) {
        self.cursor.borrow_mut().heard(head);
        self.reads_on();
    }

    /// The cursor of the durable lane, for the session that pages the inbox.
    pub fn cursor(&self) -> &RefCell<Cursor> {
        &self.cursor
    }

    /// Queues one event of a page from the inbox, or what is said between two of them. Until the line is open it belongs to
    /// what comes before anything live.
    pub fn push_page(&self, frame: Frame, stamp: Stamp) -> Delivered {
        let item = Queued { frame, stamp };
        if self.is_open() {
            return self.enqueue(item);
        }
        self.seat.leave();
        self.counters.sent(item.frame.spec().name, 1);
        let mut outbox = self.outbox.borrow_mut();
        let before = outbox.bytes();
        outbox.push_preamble(item);
        self.counters.waiting(before, outbox.bytes());
        Delivered::Yes
    }

    /// Sends the durable events after a place once more. Returns whether it will: not before the line is open, when they are
    /// on their way anyway.
    pub(in crate::delivery) fn rewind(&self, after: Seq) -> bool {
        if !self.is_open() {
            return false;
        }
        self.cursor.borrow_mut().rewind(after);
        self.reads_on();
        true
    }

    /// Has the session read a page, if one is due. A line that is not open yet reads to the end before it is; one without
    /// room when there is some.
    fn reads_on(&self) {
        if self.cursor.borrow().wants_page() && self.is_open() && self.has_room() {
            self.signal(|signals| signals.read_inbox = true);
        }
    }
}
