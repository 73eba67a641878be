//! Which lines of a worker take what is broadcast by one bare write: one dense table, in the order of the walk.
//!
//! A line, its outbox, its socket and what the runtime knows of that socket lie all over the heap. To look at each of them
//! before each delivery made a walk over ten thousand lines wait for memory five times a line, which cost more than all
//! else that this program does for a delivery. What a walk has to know of a line that keeps up is 16 bytes, and those of its
//! neighbours lie beside them: four lines in each piece of memory that the processor fetches, and fetches ahead.
//!
//! A line is *boarded*, with its socket, by the walk itself, when it has just seen that nothing waits for it: not in the
//! outbox, not in the transport, and no goodbye has been said. Whoever then makes anything wait for the line takes it off
//! first ([`Seat::leave`]): the line for what is queued, the transport for what it says itself. A line that is off is told the
//! long way once, and boarded again if it keeps up. So a boarded line has nothing that a bare write could overtake.
//!
//! A table of bare descriptors would be a trap if one could be closed and given to somebody else while it is here. It
//! cannot: a place is taken from the table together with its line ([`super::lines::Lines::remove`]), and the line holds
//! the transport, which holds the socket.

use std::{
    cell::{Cell, RefCell},
    os::fd::RawFd,
    rc::Rc,
};

use nix::sys::socket::{MsgFlags, send};

use super::rounds::{Audience, Round};
use crate::protocol::{frame::WireFormat, spec::Topics};

/// A socket that takes bytes as they are: nothing is between it and the wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BareSocket(RawFd);

impl BareSocket {
    /// What a line has that is not boarded.
    const NONE: BareSocket = BareSocket(-1);

    /// The socket with this descriptor, which stays open for as long as its line is in the table.
    pub const fn new(descriptor: RawFd) -> Self {
        Self(descriptor)
    }

    /// Writes what the socket takes now. 0: nothing, or it is broken; whoever looks at the socket itself finds out which.
    pub(super) fn write(self, bytes: &[u8]) -> usize {
        send(
            self.0,
            bytes,
            MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT,
        )
        .unwrap_or(0)
    }
}

/// What lines must have in common to be told the same bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hears {
    pub(super) topics: Topics,
    pub(super) versioned: bool,
    pub(super) format: WireFormat,
}

/// What a walk knows of one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The last broadcast round that the line has seen.
    pub(super) seen: Round,
    socket: BareSocket,
    hears: Hears,
}

// Four of them to a cache line.
const _: () = assert!(size_of::<Entry>() == 16);

impl Entry {
    const VACANT: Entry = Entry {
        seen: Round::MAX,
        socket: BareSocket::NONE,
        hears: Hears {
            topics: Topics::NONE,
            versioned: false,
            format: WireFormat::WebSocket,
        },
    };

    /// The socket, while the line is boarded.
    pub(super) fn socket(&self) -> Option<BareSocket> {
        (self.socket != BareSocket::NONE).then_some(self.socket)
    }

    pub(super) fn audience(&self) -> Audience {
        let Hears {
            topics,
            versioned,
            format,
        } = self.hears;
        Audience {
            after: self.seen,
            topics,
            versioned,
            format,
        }
    }

    /// Having seen so much.
    pub(super) fn told(self, seen: Round) -> Self {
        Self { seen, ..self }
    }

    /// Not boarded.
    pub(super) fn off(self) -> Self {
        Self {
            socket: BareSocket::NONE,
            ..self
        }
    }
}

/// The table of one worker. Its places are those of the worker's lines.
#[derive(Debug, Default)]
pub(super) struct Express(RefCell<Vec<Cell<Entry>>>);

impl Express {
    /// A place for a new line, which has nothing to hear of what was broadcast up to `seen`.
    pub(super) fn seat(self: &Rc<Self>, slot: u32, seen: Round) -> Seat {
        let mut entries = self.0.borrow_mut();
        let place = slot as usize;
        if entries.len() <= place {
            entries.resize(place + 1, Cell::new(Entry::VACANT));
        }
        if let Some(entry) = entries.get(place) {
            entry.set(Entry::VACANT.told(seen));
        }
        Seat {
            table: Rc::clone(self),
            slot,
        }
    }

    /// The line has gone.
    pub(super) fn vacate(&self, slot: u32) {
        self.update(slot, |_| Entry::VACANT);
    }

    /// How many places there are, with those that are vacant.
    pub(super) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Goes through the places from `from` up to `end`, until one is not to be gone past. Returns that one, or `end`.
    pub(super) fn walk(
        &self,
        from: usize,
        end: usize,
        mut pass: impl FnMut(&Cell<Entry>) -> bool,
    ) -> usize {
        let entries = self.0.borrow();
        let places = entries.get(from..end).unwrap_or_default();
        let halt = places.iter().position(|entry| !pass(entry));
        halt.map_or(end, |halt| from + halt)
    }

    fn update(&self, slot: u32, change: impl FnOnce(Entry) -> Entry) {
        if let Some(entry) = self.0.borrow().get(slot as usize) {
            entry.set(change(entry.get()));
        }
    }
}

/// The place of one line in the table: for the line, and for its transport.
#[derive(Debug, Clone)]
pub struct Seat {
    table: Rc<Express>,
    slot: u32,
}

impl Seat {
    pub(super) fn slot(&self) -> u32 {
        self.slot
    }

    /// The last broadcast round that the line has seen.
    pub(super) fn seen(&self) -> Round {
        let entries = self.table.0.borrow();
        let entry = entries.get(self.slot as usize);
        entry.map_or(Round::MAX, |entry| entry.get().seen)
    }

    pub(super) fn see(&self, seen: Round) {
        self.table.update(self.slot, |entry| entry.told(seen));
    }

    /// Nothing waits for the line.
    pub(super) fn board(&self, socket: BareSocket, hears: Hears) {
        self.table.update(self.slot, |entry| Entry {
            socket,
            hears,
            ..entry
        });
    }

    /// A place in a table of its own.
    #[cfg(test)]
    pub(crate) fn alone() -> Self {
        Rc::<Express>::default().seat(0, 0)
    }

    #[cfg(test)]
    pub(crate) fn board_for_tests(&self, socket: BareSocket) {
        let hears = Entry::VACANT.hears;
        self.board(socket, hears);
    }

    #[cfg(test)]
    pub(crate) fn is_boarded(&self) -> bool {
        let entries = self.table.0.borrow();
        let entry = entries.get(self.slot as usize);
        entry.is_some_and(|entry| entry.get().socket().is_some())
    }

    /// Something is about to wait for the line, or it ends: no bare write must overtake that.
    /// From the seat of a line that has gone this takes whoever sits there now off, which costs them one look.
    pub fn leave(&self) {
        self.table.update(self.slot, Entry::off);
    }
}
