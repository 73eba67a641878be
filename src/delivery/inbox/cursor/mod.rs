//! The durable lane of one connection: a cursor over the user's inbox, not a queue.
//!
//! ```text
//!              offer(not the next one), heard(a later one)
//!   caught up ---------------------------------------------> behind
//!       ^                                                      |
//!       +---- next_page_after, replay.., page_done(the head) --+
//! ```
//! While it is *caught up* an event that comes live and is the next one goes straight out. Anything else
//! (a gap, a repeat, a client that is too slow, a `lastSeq` from yesterday) makes it *behind*: from then on
//! it only notes how far the stream has come and reads pages of the inbox, until nothing is missing. So
//! replay, overflow and reordering between nodes are one mechanism.
//!
//! [`Cursor::rewind`] makes it behind on purpose, for a client that has lost what it was sent. [`Cursor::pass`] goes on
//! behind what can be sent to nobody any more, of which the client is told.
//!
//! Each event that goes out carries `prev`, the event that went out before it on this connection, so that
//! a client can tell a hole from what its topics kept away. The first one's `prev` is where the connection
//! started: the client's `lastSeq`, or `connected.seq`; or where it went on: `resync.seq`.

#[cfg(test)]
mod tests;

use super::Seq;

/// What to do with a durable event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Offer {
    /// Send it, with this `prev`. The cursor counts it as sent.
    SendNow {
        /// The event that this connection was sent before it.
        prev: Seq,
    },
    /// It is not its turn: it will come with a page.
    Behind,
    /// The connection's topics do not let it through.
    Skip,
    /// It has had its turn.
    Duplicate,
}

/// How far one connection has come in its user's inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Everything up to here has had its turn: sent, or kept away by the topics.
    sent: Seq,
    /// The last event that was sent; the start until there is one.
    prev: Seq,
    /// The newest event that this connection knows of.
    head: Seq,
    paging: Paging,
}

/// Whether a page is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paging {
    /// None is.
    No,
    /// The one that comes next is.
    Reading,
    /// One is that began before a [`Cursor::rewind`]: what is in it has not its turn yet.
    Outdated,
}

impl Cursor {
    /// A cursor that starts after `start` in a stream whose newest event is `head`. Behind, if there is
    /// something between the two.
    pub fn new(start: Seq, head: Seq) -> Self {
        Self {
            sent: start,
            prev: start,
            head: head.max(start),
            paging: Paging::No,
        }
    }

    /// An event comes live. `passes` says whether the connection's topics let it through.
    pub fn offer(&mut self, seq: Seq, passes: bool) -> Offer {
        if seq <= self.sent {
            return Offer::Duplicate;
        }
        if self.is_behind() || seq != self.sent.next() {
            self.heard(seq);
            return Offer::Behind;
        }
        self.head = seq;
        self.take(seq, passes)
    }

    /// The stream is known to reach up to `head`, but the event is not at hand or there is no room for it.
    pub fn heard(&mut self, head: Seq) {
        self.head = self.head.max(head);
    }

    /// Everything up to here has had its turn.
    pub fn sent(&self) -> Seq {
        self.sent
    }

    /// Starts again after an earlier place: what came after it is sent once more.
    pub fn rewind(&mut self, after: Seq) {
        if after >= self.sent {
            return;
        }
        self.sent = after;
        self.prev = after;
        if self.paging == Paging::Reading {
            self.paging = Paging::Outdated;
        }
    }

    /// Whether events wait in the inbox for this connection.
    pub fn is_behind(&self) -> bool {
        self.sent < self.head
    }

    /// Whether a page should be read: the cursor is behind and none is on its way.
    pub fn wants_page(&self) -> bool {
        self.is_behind() && self.paging == Paging::No
    }

    /// Where the next page starts (after this event), if one should be read. Whoever gets an answer reads
    /// the page and comes back with [`Cursor::replay`] for each event and [`Cursor::page_done`].
    pub fn next_page_after(&mut self) -> Option<Seq> {
        if !self.wants_page() {
            return None;
        }
        self.paging = Paging::Reading;
        Some(self.sent)
    }

    /// An event comes with a page, in its order. Numbers may be missing there: expired events are not read.
    pub fn replay(&mut self, seq: Seq, passes: bool) -> Offer {
        if seq <= self.sent || self.paging == Paging::Outdated {
            return Offer::Duplicate;
        }
        self.heard(seq);
        self.take(seq, passes)
    }

    /// What a page should hold up to this place cannot be sent: it is passed, and what comes next follows that place. Returns
    /// whether the client is to be told so: not again of what it has passed, nor by a page that is outdated.
    pub fn pass(&mut self, through: Seq) -> bool {
        if through <= self.sent || self.paging == Paging::Outdated {
            return false;
        }
        self.sent = through;
        self.prev = through;
        self.heard(through);
        true
    }

    /// A page has been handed out. `through` is how far it looked: its last event if it was full, else the
    /// head that the inbox had when it was read. A page that could not be read looked no further than
    /// where it started.
    pub fn page_done(&mut self, through: Seq) {
        let paging = std::mem::replace(&mut self.paging, Paging::No);
        if paging != Paging::Outdated {
            self.sent = self.sent.max(through);
        }
        self.heard(through);
    }

    fn take(&mut self, seq: Seq, passes: bool) -> Offer {
        self.sent = seq;
        if !passes {
            return Offer::Skip;
        }
        let prev = std::mem::replace(&mut self.prev, seq);
        Offer::SendNow { prev }
    }
}
